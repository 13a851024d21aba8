import { Body, Controller, Get, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor, CurrentPerson } from '../access/actor.ts';
import type { EntityTag } from '../platform/http/entity-tag.ts';
import { IfMatch } from '../platform/http/if-match.ts';
import { PageQuery } from '../platform/http/page.dto.ts';
import { ApiIfMatch, ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { SessionParams } from '../sessions/session-requests.dto.ts';
import { SessionResponse } from '../sessions/session-responses.dto.ts';
import { toSessionResponse } from '../sessions/session.mapper.ts';
import { ReviewSessionRequest } from './review-requests.dto.ts';
import { OpinionPage, ReviewPendingResponse } from './review-responses.dto.ts';
import { toOpinionResponse, toPendingResponse } from './review.mapper.ts';
import { Reviews } from './reviews.service.ts';

@ApiTags('Reviews')
@Controller('v1/sessions/:uuid/reviews')
export class SessionReviewsController {
  constructor(private readonly reviews: Reviews) {}

  /**
   * Decides on a session in a person's name.
   * @remarks `If-Match` says on what: of two who decide at the same time one wins, the other gets 412. Where the
   * rule set demanded four eyes when the session was concluded, the first person's decision is a proposal (202);
   * a second person confirms it by deciding the same (201) or refuses it by deciding otherwise (202). A new
   * result voids a proposal. The comments are kept encrypted; the audit log has the reason code.
   */
  @Post()
  @RequireScope('reviews:write')
  @ApiOnBehalfOf('required')
  @ApiIfMatch()
  @ApiResponse({ status: HttpStatus.CREATED, type: SessionResponse, description: 'Decided.' })
  @ApiResponse({
    status: HttpStatus.ACCEPTED,
    type: ReviewPendingResponse,
    description: 'Recorded; a second person must confirm it, or the second person refused it.',
  })
  @ApiProblems(
    ...(['VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'FOUR_EYES', 'SESSION_NOT_FOUND'] as const),
    ...(['NOT_REVIEWABLE', 'CLAIMED_BY_ANOTHER', 'STALE_SESSION', 'IF_MATCH_REQUIRED'] as const),
  )
  async reviewSession(
    @Param() { uuid }: SessionParams,
    @Body() { decision, reasonCode, comment, customerMessage }: ReviewSessionRequest,
    @IfMatch() lookedAt: readonly EntityTag[],
    @CurrentPerson() person: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse | ReviewPendingResponse> {
    const request = { decision, reasonCode, comment, customerMessage: customerMessage ?? null };
    const { outcome, state } = await this.reviews.decide(uuid, request, lookedAt, person);
    void reply.header('etag', `"${state.version}"`);
    if (outcome === 'DECIDED') return toSessionResponse(state);
    void reply.status(HttpStatus.ACCEPTED);
    return toPendingResponse(outcome, decision, state);
  }

  /**
   * Lists what people said about a session, with what they wrote, oldest first.
   * @remarks Leaves an audit entry `personal_data.viewed` in the name of the caller.
   */
  @Get()
  @RequireScope('results:read')
  @ApiOnBehalfOf('optional')
  @ApiProblems('VALIDATION_FAILED', 'SESSION_NOT_FOUND')
  async listSessionReviews(
    @Param() { uuid }: SessionParams,
    @Query() { limit, cursor }: PageQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OpinionPage> {
    const page = await this.reviews.history(uuid, limit, cursor, actor);
    void reply.header('cache-control', 'no-store');
    return { ...page, items: page.items.map(toOpinionResponse) };
  }
}
