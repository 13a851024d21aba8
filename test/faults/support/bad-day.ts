import { setTimeout as delay } from 'node:timers/promises';
import type { AuditEntryResponse } from '../../../src/audit/audit.dto.ts';
import type {
  CloseResponse,
  ExceptionResponse,
  RunResponse,
} from '../../../src/reconciliation/reconciliation-responses.dto.ts';
import type { SessionPage, SessionResponse } from '../../../src/sessions/session-responses.dto.ts';
import type { Delivery } from '../../simulator/callback-sender.ts';
import { DEFAULT_OPTIONS, type Simulator, startSimulator } from '../../simulator/simulator.ts';
import type { Pull } from '../../simulator/vendor-sessions.ts';
import { eventually } from '../../support/eventually.ts';
import { type ServiceProcess, startService } from '../../support/service-process.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

export interface BadDayPlan {
  readonly sessions: number;
  /** How often the holder of a lease is killed, spread over the run. */
  readonly kills: number;
}

/** One killed holder, and who came after it. */
export interface Kill {
  readonly lease: string;
  /** RFC 3339 */
  readonly at: string;
  /** From the kill until another instance held the lease. */
  readonly takeoverMs: number;
  /** How long, by the database's clock, the dead holder's lease had ended when another instance took it. */
  readonly idleMs: number;
  /** Of the lease before and after. */
  readonly fences: readonly [number, number];
}

/** Everything that can be seen of the day once it is over. */
export interface BadDay {
  /** uuids that the bank registered, and those that it did not. */
  readonly registered: readonly string[];
  readonly unregistered: readonly string[];
  /** Those of the registered ones that never came to an end at the vendor. */
  readonly abandoned: readonly string[];
  readonly sessions: readonly SessionResponse[];
  readonly exceptions: readonly ExceptionResponse[];
  /** One, or two if midnight fell into the run. */
  readonly closes: readonly CloseResponse[];
  readonly runs: readonly RunResponse[];
  readonly entries: readonly AuditEntryResponse[];
  readonly deliveries: readonly Delivery[];
  readonly pulls: readonly Pull[];
  readonly kills: readonly Kill[];
  readonly seconds: number;
}

/** The service's own settings of the run that the judge of it has to know. */
export const FIRST_DELAY_MS = 400;
export const TIMEOUT_MS = 1_000;
export const COMMIT_TIMEOUT_MS = 5_000;
/** Of both tasks; they ask for it every 250 ms and every second. */
export const LEASE_MS = 5_000;

const TOKEN = 'simulator-token-0123456789';
const AT_ONCE = 24;
const RESTART_AFTER_MS = 500;
const SETTLED_WITHIN_MS = 100_000;
const LEASES = ['pulls', 'reconciliation'];

/** What happens to callbacks and pulls, each in how many of all. */
export const FAULTS = {
  DROP: 0.2,
  DUPLICATE: 0.2,
  DELAY: 0.1,
  CONFLICT: 0.05,
  // A tenth of the pulls fails.
  UNAVAILABLE: 0.03,
  NOT_FOUND: 0.03,
  FORBIDDEN: 0.03,
  HANG: 0.01,
} as const;

interface LeaseDocument {
  readonly _id: string;
  readonly holder: string;
  readonly fence: number;
  readonly expiresAt: Date;
}

/**
 * A day on which nearly everything goes wrong: two instances behind a load balancer, a vendor that drops,
 * doubles, delays and contradicts, and the instance that holds a lease is killed again and again.
 */
export async function liveThroughBadDay(plan: BadDayPlan): Promise<BadDay> {
  const startedAt = Date.now();
  const simulator = await startSimulator({
    pullLatencyMs: 50,
    retryIntervalMs: 500,
    retryCount: 60,
    delayMs: 3_000,
    faults: FAULTS,
    authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: TOKEN },
  });
  let stage: Stage | null = null;
  try {
    stage = await Stage.open(simulator);
    const uuids = Array.from({ length: plan.sessions }, (_, n) => `day-${n}`);
    const portions = plan.kills + 1;
    const kills: Kill[] = [];
    for (let portion = 0; portion < portions; portion += 1) {
      const from = Math.floor((portion * uuids.length) / portions);
      const until = Math.floor(((portion + 1) * uuids.length) / portions);
      const feeding = stage.feed(uuids.slice(from, until));
      if (portion < plan.kills) kills.push(await stage.killHolderOf(LEASES[portion % LEASES.length]!));
      await feeding;
    }
    await simulator.control.idle();
    await stage.settle(plan.sessions, SETTLED_WITHIN_MS + 100 * plan.sessions);
    return await stage.evidence(uuids, kills, startedAt);
  } finally {
    await simulator.stop();
    await stage?.close();
  }
}

/** Never at the vendor's end: its customer closed the app. */
const isAbandoned = (uuid: string) => uuid.endsWith('7') && uuid.at(-2) === '3';
/** The bank forgot to register it. */
const isForgotten = (uuid: string) => uuid.endsWith('11');

/** A person has to look at its result. */
const isUnclear = (uuid: string) => uuid.endsWith('5') && uuid.at(-2) === '2';
const UNCLEAR = { result: { notReached: ['liveness'] } } as const;

class Stage {
  private readonly simulator: Simulator;
  /** The two targets of the load balancer; a killed one stays until it is replaced. */
  private readonly services: [ServiceProcess, ServiceProcess];

  private readonly balancer: TcpProxy;

  private constructor(simulator: Simulator, services: [ServiceProcess, ServiceProcess], balancer: TcpProxy) {
    this.simulator = simulator;
    this.services = services;
    this.balancer = balancer;
  }

  static async open(simulator: Simulator): Promise<Stage> {
    const env = {
      LOG_LEVEL: 'error',
      FPT_BASE_URL: simulator.url,
      FPT_API_KEY: DEFAULT_OPTIONS.apiKey,
      CALLBACK_AUTH_TOKENS: TOKEN,
      FPT_TIMEOUT_MS: String(TIMEOUT_MS),
      FPT_REQUESTS_PER_SECOND: '500',
      AUDIT_COMMIT_TIMEOUT_MS: String(COMMIT_TIMEOUT_MS),
      PULL_FIRST_DELAY_MS: String(FIRST_DELAY_MS),
    };
    const first = await startService({ env });
    const services: [ServiceProcess, ServiceProcess] = [first, await startService({ env, beside: first })];
    let turn = 0;
    const balancer = await startTcpProxy(() => Number(new URL(services[turn++ % 2]!.url).port));
    simulator.control.sendCallbacksTo(`http://127.0.0.1:${balancer.port}/v1/callbacks/fpt`);
    return new Stage(simulator, services, balancer);
  }

  /** Registers sessions and lets them come to their end at the vendor. */
  async feed(uuids: readonly string[]): Promise<void> {
    const waiting = [...uuids];
    const work = async () => {
      for (let uuid = waiting.shift(); uuid !== undefined; uuid = waiting.shift()) {
        if (isForgotten(uuid)) {
          // Without the callback nobody would ever hear of it.
          this.simulator.control.finish(uuid, { callbackFault: null });
        } else {
          await this.register(uuid);
          if (!isAbandoned(uuid)) this.simulator.control.finish(uuid, isUnclear(uuid) ? UNCLEAR : {});
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /** As a client does that meets an instance that dies: again, at whichever instance answers. */
  private async register(uuid: string): Promise<void> {
    const expiresAfterSeconds = isAbandoned(uuid) ? 12 : 7_200;
    const registration = { uuid, channel: 'branch', expectedWithinSeconds: 3, expiresAfterSeconds };
    let turn = Number(uuid.at(-1));
    await eventually(async () => {
      const answer = await this.services[turn++ % 2]!.api.register(registration).catch(() => null);
      return answer?.status === 201 || answer?.status === 200;
    }, 60_000);
  }

  async killHolderOf(lease: string): Promise<Kill> {
    const held = await eventually(() => this.lease(lease));
    const victim = this.services.findIndex(({ pid }) => held.holder.includes(`/${pid}/`));
    const survivor = this.services[1 - victim]!;
    const env = this.services[victim]!.env;
    const at = Date.now();
    await this.services[victim]!.kill();
    const after = await this.lease(lease);
    const left = after?.holder === held.holder ? after : held;
    const taken = await eventually(async () => {
      const now = await this.lease(lease);
      return now === null || now.holder === held.holder ? null : now;
    }, 60_000);
    const takeoverMs = Date.now() - at;
    await delay(RESTART_AFTER_MS);
    this.services[victim] = await startService({ env, beside: survivor });
    const idleMs = taken.expiresAt.getTime() - LEASE_MS - left.expiresAt.getTime();
    return { lease, at: new Date(at).toISOString(), takeoverMs, idleMs, fences: [held.fence, taken.fence] };
  }

  /** Waits until nothing is on its way any more: every result proven, every session ended, every cause named. */
  async settle(sessions: number, withinMs: number): Promise<void> {
    let open: readonly string[] = [];
    await eventually(async () => {
      await delay(500);
      if (await this.isBusy()) return false;
      open = await this.unsettled();
      return open.length === 0 && (await this.sessions()).length === sessions;
    }, withinMs).catch((cause: unknown) => {
      throw new Error(`${open.length} sessions are not settled: ${open.slice(0, 5).join('; ')}`, { cause });
    });
  }

  /** Something is certainly on its way; cheap to ask, because reading every session slows down what is waited for. */
  private async isBusy(): Promise<boolean> {
    const queries = ['status=REGISTERED', 'grade=CALLBACK_ONLY'];
    const found = await Promise.all(
      queries.map((query) => this.services[0].api.get<SessionPage>(`/v1/sessions?${query}&limit=1`)),
    );
    return found.some(({ body }) => body.items.length > 0);
  }

  private async unsettled(): Promise<string[]> {
    const named = new Set((await this.openExceptions()).map(({ subject }) => subject.id));
    const isSettled = ({ uuid, status, grade, results, registered }: SessionResponse): boolean => {
      if (grade === 'CALLBACK_ONLY' || (grade === null && status !== 'EXPIRED')) return false;
      const isInOrder = registered && grade !== 'CONFLICT' && (status === 'EXPIRED' || results.length > 1);
      return isInOrder || named.has(uuid);
    };
    return (await this.sessions())
      .filter((session) => !isSettled(session))
      .map((session) => `${session.uuid} ${session.status} ${session.grade} ${session.results.length}`);
  }

  async evidence(uuids: readonly string[], kills: readonly Kill[], startedAt: number): Promise<BadDay> {
    const { api } = this.services[0];
    const closes: CloseResponse[] = [];
    for (const day of new Set(
      [startedAt, Date.now()].map((time) => new Date(time).toISOString().slice(0, 10)),
    )) {
      closes.push((await api.get<CloseResponse>(`/v1/reconciliation/closes/${day}`)).body);
    }
    return {
      registered: uuids.filter((uuid) => !isForgotten(uuid)),
      unregistered: uuids.filter(isForgotten),
      abandoned: uuids.filter(isAbandoned),
      sessions: await this.sessions(),
      exceptions: await api.all<ExceptionResponse>('/v1/reconciliation/exceptions'),
      closes,
      runs: await api.all<RunResponse>('/v1/reconciliation/runs'),
      entries: await api.entries(),
      deliveries: this.simulator.control.deliveries(),
      pulls: this.simulator.control.pulls(),
      kills,
      seconds: (Date.now() - startedAt) / 1_000,
    };
  }

  close(): Promise<void> {
    return this.balancer.cut();
  }

  private lease(name: string): Promise<LeaseDocument | null> {
    return this.services[0].db.collection<LeaseDocument>('leases').findOne({ _id: name });
  }

  private sessions(): Promise<SessionResponse[]> {
    return this.services[0].api.all<SessionResponse>('/v1/sessions');
  }

  private openExceptions(): Promise<ExceptionResponse[]> {
    return this.services[0].api.all<ExceptionResponse>('/v1/reconciliation/exceptions?status=OPEN');
  }
}
