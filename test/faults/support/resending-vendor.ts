import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { aCallback, aPulledResult } from '../../simulator/payloads.ts';
import type { SeededRandom } from '../../simulator/seeded-random.ts';
import type { ServiceProcess } from '../../support/service-process.ts';

/** A body that was sent at least once. */
export interface Delivery {
  /** The session that it is about; null where the body can't be used. */
  readonly uuid: string | null;
  readonly bytes: Buffer;
  readonly sha256: string;
}

/** What the service has promised to keep. */
export interface Acknowledgement {
  readonly delivery: Delivery;
  readonly receiptId: string;
  /** ACCEPTED, NEW_VERSION, DUPLICATE or QUARANTINED. */
  readonly outcome: string;
}

const RESEND_AFTER_MS = 50;
/** Share of the failed deliveries that are never sent again. */
const GIVES_UP = 0.2;

/**
 * Delivers to any of the instances as the vendor does: what is refused or not answered is sent again, to
 * whichever instance comes next, or given up. Keeps a record of every answer.
 */
export class ResendingVendor {
  /** Every distinct body, by its digest. */
  readonly sent = new Map<string, Delivery>();
  readonly acknowledged: Acknowledgement[] = [];
  /** Deliveries that ended without an answer: the instance died, or could not be reached. */
  unanswered = 0;
  /** Answers 503. */
  refused = 0;
  /** Answers that the contract does not know. */
  readonly unexpected: string[] = [];
  private readonly inOrder: Delivery[] = [];
  private readonly random: SeededRandom;
  private readonly instances: () => readonly ServiceProcess[];
  private readonly paceMs: number;
  private stopped = false;
  private workers: Promise<unknown> = Promise.resolve();

  /**
   * @param instances those that may be delivered to at this moment
   * @param paceMs pause between two deliveries of one worker
   */
  constructor(random: SeededRandom, instances: () => readonly ServiceProcess[], paceMs = 0) {
    this.random = random;
    this.instances = instances;
    this.paceMs = paceMs;
  }

  /** Delivers with that many requests under way until it is stopped. */
  start(concurrency: number): void {
    this.stopped = false;
    this.workers = Promise.all(Array.from({ length: concurrency }, () => this.work()));
  }

  /** Waits for the answers that are under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.workers;
  }

  private async work(): Promise<void> {
    while (!this.stopped) {
      await this.deliver(this.next());
      if (this.paceMs > 0) await delay(this.paceMs);
    }
  }

  /** Mostly new sessions; also new results for old ones, repetitions, and bodies that nobody can use. */
  private next(): Delivery {
    const { random, inOrder: earlier } = this;
    const kind = random.fraction();
    if (kind < 0.15 && earlier.length > 0) return random.pick(earlier);
    if (kind < 0.25) return this.record(null, `not JSON ${random.digits(12)}`);
    const known = kind < 0.4 && earlier.length > 0 ? random.pick(earlier).uuid : null;
    const uuid = known ?? `crash-${random.digits(12)}`;
    const recipe = { uuid, seed: random.digits(12) };
    return this.record(
      uuid,
      JSON.stringify(random.fraction() < 0.5 ? aCallback(recipe) : aPulledResult(recipe)),
    );
  }

  private record(uuid: string | null, text: string): Delivery {
    const bytes = Buffer.from(text);
    const delivery = { uuid, bytes, sha256: sha256Of(bytes) };
    this.sent.set(delivery.sha256, delivery);
    this.inOrder.push(delivery);
    return delivery;
  }

  private async deliver(delivery: Delivery): Promise<void> {
    while (!(await this.tryToDeliver(delivery))) {
      if (this.stopped || this.random.fraction() < GIVES_UP) return;
      await delay(RESEND_AFTER_MS);
    }
  }

  /** True when there is nothing to send again. */
  private async tryToDeliver(delivery: Delivery): Promise<boolean> {
    const { api } = this.random.pick(this.instances());
    const answer = await api.deliver(delivery.bytes).catch(() => null);
    if (answer === null) {
      this.unanswered += 1;
      return false;
    }
    if (answer.status === 503) {
      this.refused += 1;
      return false;
    }
    if (answer.status === 200) {
      this.acknowledged.push({ delivery, ...answer.body });
    } else if (answer.status === 422 && delivery.uuid === null) {
      const receiptId = String(answer.problem['receiptId']);
      this.acknowledged.push({ delivery, receiptId, outcome: 'QUARANTINED' });
    } else {
      this.unexpected.push(`${answer.status} ${answer.bytes.toString()}`);
    }
    return true;
  }
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
