import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { whenGone } from '../platform/http/when-gone.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { FeedQuery, FeedResponse } from './feed.dto.ts';
import { FeedService } from './feed.service.ts';

@ApiTags('Sessions')
@Controller('v1/feed')
export class FeedController {
  constructor(private readonly feed: FeedService) {}

  /**
   * Follows where sessions stand: every change of status, decision or confirmation, in order, none left out.
   * @remarks Process the items, keep `next` with what you did, and ask again with it as `after`; an empty page
   * is not the end. The same position gives the same items for ever, so after a crash start from the last
   * `next` that you kept. A position that the log has not reached is 400: then it was restored to an earlier
   * state, and what you have seen since must be looked at by a person.
   */
  @Get()
  @RequireScope('sessions:read')
  @ApiProblems('VALIDATION_FAILED')
  async readFeed(
    @Query() { after, limit, wait }: FeedQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<FeedResponse> {
    const clientId = actor.type === 'person' ? actor.via : actor.id;
    const { items, next } = await this.feed.read({ after, limit }, wait * 1000, clientId, whenGone(reply));
    return { items: [...items], next };
  }
}
