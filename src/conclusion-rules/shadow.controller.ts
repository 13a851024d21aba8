import { Controller, Delete, Get, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { RuleSetParams } from './rule-set-requests.dto.ts';
import { ShadowResponse } from './shadow.dto.ts';
import { toShadowResponse } from './shadow.mapper.ts';
import { Shadow } from './shadow.service.ts';

@ApiTags('Rules')
@Controller('v1/rule-sets/:version/shadow')
export class ShadowController {
  constructor(private readonly shadow: Shadow) {}

  /** Shows where a rule set that runs, or ran, as shadow differs from the active one. */
  @Get()
  @RequireScope('rules:read')
  @ApiProblems('VALIDATION_FAILED', 'SHADOW_NOT_FOUND')
  async getShadow(@Param() { version }: RuleSetParams): Promise<ShadowResponse> {
    return toShadowResponse(await this.shadow.report(version));
  }

  /**
   * Lets a rule set, draft or not, conclude beside the active one on live traffic, without any effect.
   * @remarks One at a time: it takes the place of whichever did. Sessions whose callback and pulled result
   * contradict each other are left out, as they go to a person in any case.
   */
  @Post()
  @RequireScope('rules:write')
  @ApiOnBehalfOf('optional')
  @ApiProblems('VALIDATION_FAILED', 'RULE_SET_NOT_FOUND')
  async startShadow(
    @Param() { version }: RuleSetParams,
    @CurrentActor() actor: Actor,
  ): Promise<ShadowResponse> {
    return toShadowResponse(await this.shadow.start(version, actor));
  }

  /**
   * Ends the run of a rule set as shadow.
   * @remarks Nothing changes if it is not the shadow.
   */
  @Delete()
  @HttpCode(HttpStatus.NO_CONTENT)
  @RequireScope('rules:write')
  @ApiOnBehalfOf('optional')
  @ApiResponse({ status: HttpStatus.NO_CONTENT, description: 'It is not the shadow any more.' })
  @ApiProblems('VALIDATION_FAILED')
  async endShadow(@Param() { version }: RuleSetParams, @CurrentActor() actor: Actor): Promise<void> {
    await this.shadow.end(version, actor);
  }
}
