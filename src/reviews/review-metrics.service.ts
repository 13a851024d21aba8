import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Gauge } from 'prom-client';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { Pace } from '../platform/metrics/pace.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { REVIEW_STATUSES } from '../sessions/session-review.ts';

const EVERY_MS = 5_000;

/** What waits for people. Every instance shows the same. */
@Injectable()
export class ReviewMetrics {
  private readonly logger = new Logger(ReviewMetrics.name);
  private readonly open: Gauge<'status'>;
  private readonly overdue: Gauge;
  private readonly oldestSeconds: Gauge;
  private readonly pace = new Pace();

  constructor(
    metrics: Metrics,
    private readonly sessions: SessionQueries,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {
    this.open = metrics.gauge<'status'>({
      name: 'ekyc_reviews_open',
      help: 'Sessions that wait for a person, by whom they wait for',
      labelNames: ['status'],
    });
    this.overdue = metrics.gauge({
      name: 'ekyc_reviews_overdue',
      help: 'Sessions that have waited for a person for longer than REVIEW_DUE_WITHIN_S',
    });
    this.oldestSeconds = metrics.gauge({
      name: 'ekyc_reviews_oldest_seconds',
      help: 'How long the session that has waited longest has waited for a person; 0 without any',
    });
  }

  /** In the background, because a scrape must be answered while the database is not. */
  @Interval(EVERY_MS)
  async refreshRegularly(): Promise<void> {
    try {
      await this.pace.run(() => this.refresh());
    } catch (error) {
      this.logger.warn({ err: error }, 'open reviews could not be counted; the metrics stay as they were');
    }
  }

  private async refresh(): Promise<void> {
    const now = this.clock.now();
    const dueBefore = new Date(now.getTime() - this.config.reviews.dueWithinSeconds * 1000);
    const { open, overdue, oldestAt } = await this.sessions.reviewBacklog(now, dueBefore);
    for (const status of REVIEW_STATUSES) this.open.set({ status }, open[status]);
    this.overdue.set(overdue);
    this.oldestSeconds.set(oldestAt === null ? 0 : Math.max(0, now.getTime() - oldestAt.getTime()) / 1000);
  }
}
