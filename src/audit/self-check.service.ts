import { Worker } from 'node:worker_threads';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { SchedulerRegistry } from '@nestjs/schedule';
import type { Connection, mongo } from 'mongoose';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { type ReadinessCheck, ReadinessChecks } from '../platform/health/readiness.ts';
import { Leases } from '../platform/leases/leases.service.ts';
import { MongoEndpoint } from '../platform/mongo/mongo-endpoint.ts';
import { siblingProgram } from '../platform/sibling-program.ts';
import { SELF_CHECKS_PLAN } from './audit-collections.ts';
import type { SelfCheckFinding, SelfCheckResult, SelfCheckTask } from './self-check-result.ts';
import { LogKeys } from './log-keys.service.ts';
import { SelfCheckMetrics } from './self-check-metrics.service.ts';

type SelfCheckDocument = SelfCheckResult & { readonly _id: 'latest' };

const LEASE = 'self-check';
const LEASE_MS = 60_000;

/** Verifies the whole log from time to time, as an auditor would, and makes the service unready if it diverges. */
@Injectable()
export class SelfCheck implements ReadinessCheck, OnModuleInit {
  readonly name = 'verification';
  private readonly logger = new Logger(SelfCheck.name);
  private readonly collection: mongo.Collection<SelfCheckDocument>;
  private running: Promise<SelfCheckResult> | null = null;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly endpoint: MongoEndpoint,
    private readonly keys: LogKeys,
    private readonly leases: Leases,
    private readonly clock: Clock,
    private readonly config: AppConfig,
    private readonly metrics: SelfCheckMetrics,
    private readonly schedule: SchedulerRegistry,
    checks: ReadinessChecks,
  ) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<SelfCheckDocument>(SELF_CHECKS_PLAN.name);
    checks.add(this);
  }

  onModuleInit(): void {
    const timer = setInterval(
      () => void this.runRegularly(),
      this.config.audit.selfCheckIntervalSeconds * 1000,
    );
    this.schedule.addInterval(LEASE, timer);
  }

  /** The last verification by any instance, or null before the first. */
  async findLatest(): Promise<SelfCheckResult | null> {
    return this.collection.findOne({ _id: 'latest' }, { projection: { _id: 0 } });
  }

  async check(): Promise<void> {
    const latest = await this.findLatest();
    if (latest?.outcome === 'DIVERGED') {
      throw new Error(
        `${latest.case} at ${latest.index ?? 'the checkpoint'}: see GET /v1/audit/verification`,
      );
    }
  }

  /** Verifies now; a second call while one runs gets the same result. */
  run(): Promise<SelfCheckResult> {
    this.running ??= this.verify().finally(() => {
      this.running = null;
    });
    return this.running;
  }

  private async runRegularly(): Promise<void> {
    try {
      if ((await this.leases.hold(LEASE, LEASE_MS)) !== null) await this.run();
    } catch (error) {
      this.metrics.failed();
      this.logger.error({ err: error }, 'the self-check could not be carried out');
    }
  }

  private async verify(): Promise<SelfCheckResult> {
    const previous = await this.findLatest();
    const started = performance.now();
    const finding = await inThread({
      uri: withDatabase(this.endpoint.uri, this.connection.name),
      vkeys: this.keys.vkeys,
      trusted: previous?.outcome === 'VERIFIED' ? this.trustedState(previous) : null,
    });
    const result = { ...finding, at: this.clock.now(), seconds: (performance.now() - started) / 1000 };
    if (finding.outcome === 'DIVERGED') this.logger.error(finding, 'THE AUDIT LOG IS NOT WHAT WAS SIGNED');
    this.metrics.finished(result);
    await this.collection.replaceOne({ _id: 'latest' }, result, { upsert: true });
    return result;
  }

  private trustedState({ size, root }: { size: number; root: string }): SelfCheckTask['trusted'] {
    const [vkey] = this.keys.vkeys;
    return vkey === undefined ? null : { origin: this.keys.origin, vkey, size, root };
  }
}

function inThread(task: SelfCheckTask): Promise<SelfCheckFinding> {
  return new Promise((resolve, reject) => {
    const thread = new Worker(siblingProgram(import.meta.url, 'self-check.program'), { workerData: task });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', () => reject(new Error('the self-check ended without a result')));
  });
}

/**
 * The verifier takes the database from the path of the address. A user is looked up where the address without
 * that path would have looked: in its own database, or else in `admin`.
 */
function withDatabase(uri: string, database: string): string {
  const [, hosts = '', path = '', query = ''] =
    /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri) ?? [];
  const needsAuthSource = hosts.includes('@') && !/(?:^|&)authSource=/.test(query);
  const options = [query, needsAuthSource ? `authSource=${path || 'admin'}` : ''].filter(
    (part) => part !== '',
  );
  return `${hosts}/${database}${options.length > 0 ? `?${options.join('&')}` : ''}`;
}
