import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Gauge } from 'prom-client';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { EVIDENCE_KINDS } from '../results/normalised-result.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { EvidenceArchive } from './evidence-archive.service.ts';
import { EvidenceClaims } from './evidence-claims.repository.ts';

const LEASE = 'evidence';
const LEASE_MS = 5_000;
const EVERY_MS = 500;
const HOUSEKEEPING_EVERY_MS = 5_000;
/** Longer than any attempt, and than any commit whose outcome is unknown. */
const ORPHAN_AFTER_MS = 3_600_000;
const ORPHANS_BATCH = 100;
/** Due sessions that are looked at for each that may be fetched: dead instances hold claims to some. */
const LOOK_AHEAD = 4;
/** For what an attempt does besides fetching. */
const CLAIM_MARGIN_MS = 60_000;

/**
 * Fetches the media of pulled results as soon as they are known, and again with back-off as long as the vendor
 * keeps them. One instance does so at a time.
 */
@Injectable()
export class EvidenceTask implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  private readonly logger = new Logger(EvidenceTask.name);
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly stopping = new AbortController();
  private readonly concurrency: number;
  private readonly claimMs: number;
  private readonly waiting: Gauge;
  private readonly oldestSeconds: Gauge;
  private running = false;
  /** On the clock of `performance`. */
  private housekeepingFrom = 0;

  constructor(
    private readonly config: AppConfig,
    private readonly archive: EvidenceArchive,
    private readonly queries: SessionQueries,
    private readonly claims: EvidenceClaims,
    private readonly leases: Leases,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.concurrency = config.evidence === null ? 0 : config.media.concurrency;
    this.claimMs = EVIDENCE_KINDS.length * config.media.timeoutMs + CLAIM_MARGIN_MS;
    this.waiting = metrics.gauge({
      name: 'ekyc_evidence_waiting_sessions',
      help: 'Sessions that wait for pictures or video; seen by the instance that archives',
    });
    this.oldestSeconds = metrics.gauge({
      name: 'ekyc_evidence_waiting_oldest_seconds',
      help: 'How long the oldest of them has waited; 0 without any',
    });
  }

  onApplicationBootstrap(): void {
    if (this.config.evidence === null && this.config.vendor !== null) {
      this.logger.warn('RESOURCE_HOSTS is empty, so pictures and videos are not archived');
    }
  }

  /** Starts what is due as far as places are free. */
  @Interval(EVERY_MS)
  async runRegularly(): Promise<void> {
    if (this.running || this.stopping.signal.aborted) return;
    this.running = true;
    try {
      if ((await this.leases.hold(LEASE, LEASE_MS)) === null) return;
      await this.startDue();
      await this.keepHouse();
    } catch (error) {
      this.logger.warn({ err: error }, 'the archiving of media could not go on; it is tried again');
    } finally {
      this.running = false;
    }
  }

  /** Breaks attempts off, because a video may take longer than a stop; the next start or instance makes them again. */
  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new Error('the service stops'));
    await Promise.all(this.underWay.values());
  }

  /** Once the last request has its answer: it must not wait for a database that doesn't. */
  async onApplicationShutdown(): Promise<void> {
    await this.leases.release(LEASE);
  }

  private async startDue(): Promise<void> {
    if (this.underWay.size >= this.concurrency) return;
    const due = await this.queries.findEvidenceDue(this.clock.now(), LOOK_AHEAD * this.concurrency);
    for (const { uuid } of due) {
      if (this.underWay.size >= this.concurrency || this.stopping.signal.aborted) return;
      if (this.underWay.has(uuid)) continue;
      const claim = await this.claims.take(uuid, this.claimMs);
      if (claim !== null) this.start(uuid, claim);
    }
  }

  private start(uuid: string, claim: string): void {
    const attempt = this.attempt(uuid, claim)
      .catch((error: unknown) => {
        this.logger.warn({ err: error }, 'an attempt at the media of a session failed and is repeated later');
      })
      .finally(() => this.underWay.delete(uuid));
    this.underWay.set(uuid, attempt);
  }

  private async attempt(uuid: string, claim: string): Promise<void> {
    try {
      await this.archive.archive(uuid, this.stopping.signal);
    } catch (error) {
      // Broken off, the attempt is free for another. After a fault the claim holds it back for a while.
      if (!this.stopping.signal.aborted) throw error;
    }
    await this.claims.end(uuid, claim);
  }

  private async keepHouse(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs < this.housekeepingFrom) return;
    this.housekeepingFrom = nowMs + HOUSEKEEPING_EVERY_MS;
    const now = this.clock.now().getTime();
    const { count, oldestAt } = await this.queries.awaitingEvidence();
    this.waiting.set(count);
    this.oldestSeconds.set(oldestAt === null ? 0 : Math.max(0, now - Date.parse(oldestAt)) / 1_000);
    await this.archive.collectOrphans(new Date(now - ORPHAN_AFTER_MS), ORPHANS_BATCH);
  }
}
