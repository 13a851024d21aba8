import { Injectable } from '@nestjs/common';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import { LogGrowth } from '../audit/log-growth.service.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { invalid } from '../platform/http/validation.ts';
import { Problem } from '../platform/http/problem.ts';
import { type FeedPage, FeedPages } from './feed-pages.ts';

/** Requests that may wait at one instance, and those among them of one API client. */
const MAX_WAITING = 256;
const MAX_WAITING_OF_CLIENT = 32;

export interface FeedPosition {
  /** The last index that the reader has seen; -1 for none. */
  readonly after: number;
  /** How many changes at most. */
  readonly limit: number;
}

/** Lets internal services follow where sessions stand. */
@Injectable()
export class FeedService {
  private readonly pages: FeedPages;
  private readonly waiting = new Map<string, number>();

  constructor(
    private readonly log: AuditQueries,
    private readonly growth: LogGrowth,
    metrics: Metrics,
  ) {
    this.pages = new FeedPages(log);
    metrics.gauge({
      name: 'ekyc_feed_waiting_requests',
      help: 'Requests to the feed that wait for a change',
      collect() {
        this.set(growth.waiters);
      },
    });
  }

  /**
   * The changes behind a position; where there are none, waits for the first.
   * @param clientId of whom the wait counts
   * @param gone ends the wait when nobody listens any more
   * @throws Problem VALIDATION_FAILED for a position that the log has not reached, TOO_MANY_REQUESTS or
   *   OVERLOADED where too many wait, LOG_DIVERGED where the log lacks an entry
   */
  async read(
    { after, limit }: FeedPosition,
    waitMs: number,
    clientId: string,
    gone: AbortSignal,
  ): Promise<FeedPage> {
    const heardOf = this.growth.heardOf;
    const page = await this.pages.read(after, limit);
    if (page.atHead && page.next === after && after >= 0 && !(await this.log.holds(after))) {
      throw invalid([
        { path: 'after', message: 'must be a next of an earlier page; the log does not reach that far' },
      ]);
    }
    if (!isWorthWaiting(page) || waitMs === 0) return page;
    const leave = this.enter(clientId);
    try {
      return await this.follow(page, limit, heardOf, performance.now() + waitMs, gone);
    } finally {
      leave();
    }
  }

  /** @param heardOf size of the log before the page was read: what came while it was read is looked for at once */
  private async follow(
    first: FeedPage,
    limit: number,
    heardOf: number,
    deadline: number,
    gone: AbortSignal,
  ): Promise<FeedPage> {
    let page = first;
    let seen = heardOf;
    while (isWorthWaiting(page)) {
      const size = Math.max(page.next + 1, seen);
      if (!(await this.growth.beyond(size, deadline - performance.now(), gone))) break;
      seen = this.growth.heardOf;
      page = await this.pages.read(page.next, limit);
    }
    return page;
  }

  /** @throws Problem TOO_MANY_REQUESTS, OVERLOADED */
  private enter(clientId: string): () => void {
    const own = this.waiting.get(clientId) ?? 0;
    if (own >= MAX_WAITING_OF_CLIENT) {
      throw new Problem('TOO_MANY_REQUESTS', 'Let fewer requests wait at once.', { retryAfterSeconds: 1 });
    }
    const all = [...this.waiting.values()].reduce((sum, count) => sum + count, 0);
    if (all >= MAX_WAITING) {
      throw new Problem('OVERLOADED', 'Ask without wait, or try again shortly.', { retryAfterSeconds: 1 });
    }
    this.waiting.set(clientId, own + 1);
    return () => {
      const left = (this.waiting.get(clientId) ?? 1) - 1;
      if (left === 0) this.waiting.delete(clientId);
      else this.waiting.set(clientId, left);
    };
  }
}

/** Nothing to tell, and nothing left to look at. A page that only reached its bound is answered as it is. */
function isWorthWaiting({ items, atHead }: FeedPage): boolean {
  return items.length === 0 && atHead;
}
