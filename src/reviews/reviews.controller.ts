import { Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentPerson } from '../access/actor.ts';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { SessionParams } from '../sessions/session-requests.dto.ts';
import type { SessionState } from '../sessions/session-state.ts';
import { REVIEW_REASONS } from './review-reasons.ts';
import { ReviewsQuery } from './review-requests.dto.ts';
import { ReviewPage, ReviewReasonPage, ReviewResponse } from './review-responses.dto.ts';
import { toReviewResponse } from './review.mapper.ts';
import { Reviews } from './reviews.service.ts';

@ApiTags('Reviews')
@Controller('v1')
export class ReviewsController {
  constructor(
    private readonly reviews: Reviews,
    private readonly queries: SessionQueries,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /** Lists the reasons that a decision may be given, each with the decision that it goes with. */
  @Get('review-reasons')
  @RequireScope('sessions:read')
  listReviewReasons(): ReviewReasonPage {
    return {
      items: REVIEW_REASONS.map((reason) => ({ ...reason, text: { ...reason.text } })),
      nextCursor: null,
    };
  }

  /** Lists the sessions that wait for a person, that which is due first before the others. */
  @Get('reviews')
  @RequireScope('reviews:write')
  @ApiProblems('VALIDATION_FAILED')
  async listReviews(@Query() { limit, cursor, ...filter }: ReviewsQuery): Promise<ReviewPage> {
    const now = this.clock.now();
    const page = await this.queries.findReviews({ ...filter, now }, limit, cursor);
    return { ...page, items: page.items.map((state) => this.toResponse(state, now)) };
  }

  /**
   * Keeps others from deciding for REVIEW_CLAIM_TIMEOUT_S.
   * @remarks Claiming again starts the time anew. The session's ETag stays as it is. Nobody has to claim in order
   * to decide.
   */
  @Post('reviews/:uuid/claim')
  @HttpCode(HttpStatus.OK)
  @RequireScope('reviews:write')
  @ApiOnBehalfOf('required')
  @ApiProblems(
    ...(['VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'FOUR_EYES', 'SESSION_NOT_FOUND'] as const),
    ...(['NOT_REVIEWABLE', 'CLAIMED_BY_ANOTHER'] as const),
  )
  async claimReview(
    @Param() { uuid }: SessionParams,
    @CurrentPerson() person: Actor,
  ): Promise<ReviewResponse> {
    return this.toResponse(await this.reviews.claim(uuid, person));
  }

  /**
   * Gives a claim back before it is over.
   * @remarks Answers the same where there is none.
   */
  @Post('reviews/:uuid/release')
  @HttpCode(HttpStatus.OK)
  @RequireScope('reviews:write')
  @ApiOnBehalfOf('required')
  @ApiProblems(
    ...(['VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'SESSION_NOT_FOUND'] as const),
    ...(['NOT_REVIEWABLE', 'CLAIMED_BY_ANOTHER'] as const),
  )
  async releaseReview(
    @Param() { uuid }: SessionParams,
    @CurrentPerson() person: Actor,
  ): Promise<ReviewResponse> {
    return this.toResponse(await this.reviews.release(uuid, person));
  }

  private toResponse(state: SessionState, now = this.clock.now()): ReviewResponse {
    return toReviewResponse(state, now, this.config.reviews.dueWithinSeconds);
  }
}
