import { Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { SessionParams } from '../sessions/session-requests.dto.ts';
import { toSessionResponse } from '../sessions/session.mapper.ts';
import { RetrievalResponse } from './retrieval.dto.ts';
import { RetrievalService } from './retrieval.service.ts';

@ApiTags('Sessions')
@Controller('v1/sessions/:uuid/retrievals')
export class RetrievalsController {
  constructor(private readonly retrieval: RetrievalService) {}

  /**
   * Pulls the session's result from the vendor now.
   * @remarks Scheduled pulls go on all the same. Every pull leaves an audit entry, whatever it came to.
   */
  @Post()
  @HttpCode(HttpStatus.OK)
  @RequireScope('sessions:write')
  @ApiProblems('VALIDATION_FAILED', 'SESSION_NOT_FOUND')
  async retrieveResult(
    @Param() { uuid }: SessionParams,
    @CurrentActor() actor: Actor,
  ): Promise<RetrievalResponse> {
    const { outcome, state } = await this.retrieval.pull(uuid, actor);
    return { outcome, session: toSessionResponse(state) };
  }
}
