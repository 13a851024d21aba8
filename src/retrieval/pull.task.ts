import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Gauge } from 'prom-client';
import { SYSTEM_ACTOR } from '../access/actor.ts';
import type { Fold } from '../audit/stream.ts';
import { Clock } from '../platform/clock.ts';
import { AppConfig, type PullPolicy } from '../platform/config/app-config.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { pullDue } from '../sessions/pull-need.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import type { SessionState } from '../sessions/session-state.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import { PullClaims } from './pull-claims.repository.ts';
import { RetrievalService } from './retrieval.service.ts';

const LEASE = 'pulls';
const LEASE_MS = 5_000;
const EVERY_MS = 250;
const EXPIRE_EVERY_MS = 1_000;
const EXPIRY_BATCH = 200;
const CLAIM_LOOK_AGAIN_MS = 1_000;

/**
 * Pulls what is due: every callback at once, then with back-off until it is proven, and every registered
 * session whose result is overdue until it expires. One instance does so at a time.
 */
@Injectable()
export class PullTask implements BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly logger = new Logger(PullTask.name);
  private readonly underWay = new Map<string, Promise<void>>();
  /** Sessions that another instance has claimed, alive or dead, and until when they are passed over. */
  private readonly claimedElsewhere = new Map<string, number>();
  private readonly concurrency: number;
  private readonly policy: PullPolicy;
  private readonly overdueSeconds: Gauge;
  private expireFrom = 0;
  /** The next place is for the session that came last, and not for the one with the least time left. */
  private newestNext = false;
  private running = false;
  private stopped = false;

  constructor(
    config: AppConfig,
    private readonly retrieval: RetrievalService,
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly claims: PullClaims,
    private readonly leases: Leases,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.concurrency = config.vendor?.concurrency ?? 0;
    this.policy = config.pulls;
    this.overdueSeconds = metrics.gauge({
      name: 'ekyc_pull_overdue_seconds',
      help: 'By how much the most overdue pull is late; seen by the instance that pulls',
    });
  }

  @Interval(EVERY_MS)
  async runRegularly(): Promise<void> {
    await this.run(() => this.expireOverdue());
  }

  /** Starts what is due as far as places are free; again whenever one becomes free, so that a backlog drains at once. */
  private async run(before: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    if (this.running || this.stopped) return;
    this.running = true;
    try {
      if ((await this.leases.hold(LEASE, LEASE_MS)) === null) return;
      await before();
      if (this.concurrency > 0) await this.startDue();
    } catch (error) {
      this.logger.warn({ err: error }, 'the pulls could not go on; they are tried again');
    } finally {
      this.running = false;
    }
  }

  /** Lets pulls under way come to their end, so that no answer of the vendor is thrown away. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.underWay.values());
  }

  /** Once the last request has its answer: it must not wait for a database that doesn't. */
  async onApplicationShutdown(): Promise<void> {
    await this.leases.release(LEASE);
  }

  private async startDue(): Promise<void> {
    const free = this.concurrency - this.underWay.size;
    if (free <= 0) return;
    const now = this.clock.now();
    for (const [uuid, until] of this.claimedElsewhere) {
      if (until <= performance.now()) this.claimedElsewhere.delete(uuid);
    }
    // Those that can't be started stand at the head of the list and must not hold up the others.
    const limit = this.underWay.size + this.claimedElsewhere.size + free;
    const urgent = await this.queries.findPullDue(now, limit, 'LEAST_TIME_LEFT');
    const isAll = urgent.length < limit;
    const newest = isAll ? [] : await this.queries.findPullDue(now, limit, 'MOST_TIME_LEFT');
    const due = [...urgent, ...newest];
    const lateMs = due.map(({ state }) => now.getTime() - (pullDue(state, this.policy)?.at ?? now).getTime());
    this.overdueSeconds.set(Math.max(0, ...lateMs) / 1000);
    await Promise.all(this.takeTurns(urgent, newest, free).map((session) => this.start(session)));
  }

  /**
   * Chooses who is pulled where more is due than there are places: in turn the one with the least time left and the
   * one that came last. Else sessions that the vendor has no result for, which are older, would keep the newest
   * callbacks from being proven at once.
   */
  private takeTurns(
    urgent: readonly Fold<SessionState>[],
    newest: readonly Fold<SessionState>[],
    places: number,
  ): Fold<SessionState>[] {
    const isFree = ({ id }: Fold<SessionState>) => !this.underWay.has(id) && !this.claimedElsewhere.has(id);
    const [fromOldest, fromNewest] = [urgent.filter(isFree), newest.filter(isFree)];
    const chosen = new Map<string, Fold<SessionState>>();
    while (chosen.size < places) {
      const [first, second] = this.newestNext ? [fromNewest, fromOldest] : [fromOldest, fromNewest];
      this.newestNext = !this.newestNext;
      const next = first.shift() ?? second.shift();
      if (next === undefined) break;
      chosen.set(next.id, next);
    }
    return [...chosen.values()];
  }

  private async start({ id: uuid, lastIndex }: Fold<SessionState>): Promise<void> {
    if (!(await this.claims.take(uuid, lastIndex))) {
      this.claimedElsewhere.set(uuid, performance.now() + CLAIM_LOOK_AGAIN_MS);
      return;
    }
    const pull = this.retrieval
      .pull(uuid, SYSTEM_ACTOR)
      .finally(() => this.claims.end(uuid, lastIndex))
      .then(() => undefined)
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'a pull failed and is repeated later');
      })
      .finally(() => {
        this.underWay.delete(uuid);
        void this.run();
      });
    this.underWay.set(uuid, pull);
  }

  private async expireOverdue(): Promise<void> {
    if (performance.now() < this.expireFrom) return;
    this.expireFrom = performance.now() + EXPIRE_EVERY_MS;
    const overdue = await this.queries.findExpired(this.clock.now(), EXPIRY_BATCH);
    // At once, so that they share a batch: one after the other would outlast the lease.
    await Promise.all(overdue.map(({ uuid }) => this.sessions.expire(uuid)));
  }
}
