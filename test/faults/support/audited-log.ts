import mongoose, { type Connection, type mongo } from 'mongoose';
import { Appender } from '../../../src/audit/appender.ts';
import { AUDIT_PLANS } from '../../../src/audit/audit-collections.ts';
import { AuditLogRepository } from '../../../src/audit/audit-log.repository.ts';
import { AuditLog } from '../../../src/audit/audit-log.service.ts';
import { AuditMetrics } from '../../../src/audit/audit-metrics.service.ts';
import { CheckpointMetrics } from '../../../src/audit/checkpoint-metrics.service.ts';
import { CheckpointQueries } from '../../../src/audit/checkpoint-queries.service.ts';
import { CheckpointSigning } from '../../../src/audit/checkpoint-signing.service.ts';
import { Checkpointer } from '../../../src/audit/checkpointer.service.ts';
import { CheckpointsRepository } from '../../../src/audit/checkpoints.repository.ts';
import { KeyRotation } from '../../../src/audit/key-rotation.service.ts';
import { LogIntegrity } from '../../../src/audit/log-integrity.service.ts';
import { LogKeys } from '../../../src/audit/log-keys.service.ts';
import { ProjectedRanges } from '../../../src/audit/projected-ranges.ts';
import type { Command, Stream } from '../../../src/audit/stream.ts';
import { TilesRepository } from '../../../src/audit/tiles.repository.ts';
import { Tiles } from '../../../src/audit/tiles.service.ts';
import { Witnesses } from '../../../src/audit/witnesses.service.ts';
import { Clock } from '../../../src/platform/clock.ts';
import type { AppConfig } from '../../../src/platform/config/app-config.ts';
import { ReadinessChecks } from '../../../src/platform/health/readiness.ts';
import { Leases } from '../../../src/platform/leases/leases.service.ts';
import { Metrics } from '../../../src/platform/metrics/metrics.service.ts';
import { provideCollection } from '../../../src/platform/mongo/collections.ts';
import { testDatabase, type TestDatabase } from '../../support/test-database.ts';

export const ORIGIN = 'audit.bank.example/faults';
export const LOG_SEED = Buffer.alloc(32, 1);

/** Stands still until it is moved. */
export class MovableClock extends Clock {
  private time = Date.parse('2026-06-01T08:00:00.000Z');

  moveTo(time: Date): void {
    this.time = time.getTime();
  }

  override now(): Date {
    return new Date(this.time);
  }

  move(ms: number): void {
    this.time += ms;
  }
}

/** Name and keys under which an instance runs. */
export interface Identity {
  readonly origin?: string;
  /** Ed25519 seeds, the current one first. */
  readonly seeds?: readonly Buffer[];
}

/** The parts of one running service that write and prove the log. */
export interface Instance {
  readonly appender: Appender;
  readonly checkpointer: Checkpointer;
  readonly queries: CheckpointQueries;
  readonly checkpoints: CheckpointsRepository;
  readonly keys: LogKeys;
}

const COMMITS_AT_ONCE = 50;

/** A log in a MongoDB database of its own, written by the service's own appender and checkpointer. */
export class AuditedLog {
  readonly clock: Clock;
  private readonly database: TestDatabase;
  readonly connection: Connection;
  private next = 0;

  private constructor(database: TestDatabase, connection: Connection, clock: Clock) {
    this.database = database;
    this.connection = connection;
    this.clock = clock;
  }

  static async open(clock: Clock): Promise<AuditedLog> {
    const database = testDatabase();
    const connection = await mongoose.createConnection(database.uri, { dbName: database.name }).asPromise();
    const log = new AuditedLog(database, connection, clock);
    for (const plan of AUDIT_PLANS) await provideCollection(log.db, plan);
    return log;
  }

  /** What an auditor passes to `--mongo`. */
  get uri(): string {
    const url = new URL(this.database.uri);
    url.pathname = `/${this.database.name}`;
    return url.href;
  }

  get db(): mongo.Db {
    return this.connection.getClient().db(this.database.name);
  }

  instance({ origin = ORIGIN, seeds = [LOG_SEED] }: Identity = {}): Instance {
    const { connection, clock } = this;
    const audit = {
      origin,
      signingSeeds: seeds,
      witnesses: [],
      witnessQuorum: 0,
      queueLimit: 100_000,
      commitTimeoutMs: 30_000,
      clockToleranceMs: 5_000,
    };
    const config = { audit } as unknown as AppConfig;
    const entries = new AuditLogRepository(connection);
    const checkpoints = new CheckpointsRepository(connection);
    const tileStore = new TilesRepository(connection);
    const tiles = new Tiles(tileStore, entries);
    const keys = new LogKeys(config);
    const metrics = new Metrics();
    const checkpointMetrics = new CheckpointMetrics(metrics);
    const witnesses = new Witnesses(config, checkpoints, tiles, metrics);
    const log = new AuditLog(entries, clock, config, new AuditMetrics(metrics), new ProjectedRanges());
    return {
      appender: new Appender(entries, clock, silent, audit),
      checkpointer: new Checkpointer(
        entries,
        new LogIntegrity(entries, checkpoints, tiles, keys, clock, config),
        tileStore,
        new CheckpointSigning(checkpoints, keys, witnesses, checkpointMetrics, clock),
        new KeyRotation(log, keys),
        log,
        new Leases(connection),
        checkpointMetrics,
        new ReadinessChecks(),
      ),
      queries: new CheckpointQueries(checkpoints, entries, tiles, config),
      checkpoints,
      keys,
    };
  }

  /** Commits that many entries; no two calls write the same. */
  async append(count: number, { appender }: Pick<Instance, 'appender'> = this.instance()): Promise<void> {
    for (let left = count; left > 0; left -= COMMITS_AT_ONCE) {
      if (this.clock instanceof MovableClock) this.clock.move(1_000);
      const commands = Array.from({ length: Math.min(left, COMMITS_AT_ONCE) }, () => aCommand(this.next++));
      await Promise.all(commands.map((command) => appender.submit(command)));
    }
  }

  /** Has the service sign a checkpoint over everything that is in the log. */
  async seal(identity?: Identity): Promise<void> {
    await this.instance(identity).checkpointer.integrate();
  }

  async close(): Promise<void> {
    await this.database.drop();
    await this.connection.close();
  }
}

/** Of an appender whose work nobody watches. */
export const silent = {
  committed: () => undefined,
  attemptFailed: () => undefined,
  projecting: () => () => undefined,
  projectionFailed: () => undefined,
  knownSubjectsFailed: () => undefined,
};
const SESSIONS: Stream<null> = { subjectType: 'session', initial: () => null, evolve: () => null };
const ACTORS = [
  { type: 'vendor', id: 'fpt-ai' },
  { type: 'client', id: 'account-opening' },
  { type: 'person', id: 'lan.tran', via: 'review-desk' },
];
const ACTIONS = ['callback.received', 'session.registered', 'review.decided'] as const;

/** A command of one entry; every third of them is a person's. */
export function aCommand(n: number): Command<null, number> {
  return {
    stream: SESSIONS,
    subjectId: `s-${n}`,
    actor: ACTORS[n % ACTORS.length]!,
    decide: () => [{ action: ACTIONS[n % ACTIONS.length]!, data: { version: n, digest: `digest ${n}` } }],
    answer: (_, [entry]) => entry!.index,
  };
}
