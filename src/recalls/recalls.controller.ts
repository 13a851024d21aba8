import { Body, Controller, Get, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentPerson } from '../access/actor.ts';
import { RuleSetParams } from '../conclusion-rules/rule-set-requests.dto.ts';
import { PageQuery } from '../platform/http/page.dto.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { RecallParams, RequestRecallRequest } from './recall-requests.dto.ts';
import {
  RecallPage,
  RecallPreviewResponse,
  RecallResponse,
  RequestedRecallResponse,
} from './recall-responses.dto.ts';
import { toRecallPreviewResponse, toRecallResponse, toRequestedRecallResponse } from './recall.mapper.ts';
import { Recalls } from './recalls.service.ts';

@ApiTags('Rules')
@Controller('v1')
export class RecallsController {
  constructor(private readonly recalls: Recalls) {}

  /**
   * Asks that sessions which a rule set has concluded on are concluded on anew by the active one.
   * @remarks Nothing happens before a second person approves. With `dryRun` it only says which sessions these
   * are. They are found by the time of their conclusion, at most up to now.
   */
  @Post('rule-sets/:version/recalls')
  @RequireScope('rules:write')
  @ApiOnBehalfOf('required')
  @ApiResponse({
    status: HttpStatus.OK,
    type: RecallPreviewResponse,
    description: 'With dryRun: what it would concern.',
  })
  @ApiResponse({ status: HttpStatus.CREATED, type: RequestedRecallResponse, description: 'Asked for.' })
  @ApiProblems('VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'RULE_SET_NOT_FOUND', 'RULE_SET_IN_FORCE')
  async requestRecall(
    @Param() { version }: RuleSetParams,
    @Body() { from, to, ruleCode, reason, dryRun }: RequestRecallRequest,
    @CurrentPerson() person: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RequestedRecallResponse | RecallPreviewResponse> {
    const times = { from, to };
    const wanted = { ruleSetVersion: version, ...times, ruleCode: ruleCode ?? null, reason: reason ?? null };
    void reply.status(dryRun ? HttpStatus.OK : HttpStatus.CREATED);
    if (dryRun) return toRecallPreviewResponse(await this.recalls.preview(wanted));
    const { state, sample } = await this.recalls.request(wanted, person);
    return toRequestedRecallResponse(state, sample);
  }

  /**
   * Lets a recall begin, in the name of a second person.
   * @remarks It is carried out in the background. What people decided holds unless the new conclusion contradicts
   * it; then the session comes before people again.
   */
  @Post('recalls/:id/approval')
  @RequireScope('rules:approve')
  @ApiOnBehalfOf('required')
  @ApiProblems(
    ...(['VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'FOUR_EYES', 'RECALL_NOT_FOUND'] as const),
    ...(['RECALL_NOT_REQUESTED', 'RULE_SET_IN_FORCE'] as const),
  )
  async approveRecall(
    @Param() { id }: RecallParams,
    @CurrentPerson() person: Actor,
  ): Promise<RecallResponse> {
    return toRecallResponse(await this.recalls.approve(id, person));
  }

  /** Lists the recalls, newest first. */
  @Get('recalls')
  @RequireScope('rules:read')
  @ApiProblems('VALIDATION_FAILED')
  async listRecalls(@Query() { limit, cursor }: PageQuery): Promise<RecallPage> {
    const page = await this.recalls.page(limit, cursor);
    return { ...page, items: page.items.map(toRecallResponse) };
  }

  /** Reads a recall and how far it is. */
  @Get('recalls/:id')
  @RequireScope('rules:read')
  @ApiProblems('VALIDATION_FAILED', 'RECALL_NOT_FOUND')
  async getRecall(@Param() { id }: RecallParams): Promise<RecallResponse> {
    return toRecallResponse(await this.recalls.getOrThrow(id));
  }
}
