import { CallbackSender, pauseUnlessStopped, type Delivery } from './callback-sender.ts';
import {
  CALLBACK_FAULTS,
  checkProbabilities,
  drawFault,
  type MediaFault,
  PULL_FAULTS,
  withoutLivenessAndFace,
  type CallbackFault,
  type FaultProbabilities,
  type PullFault,
} from './faults.ts';
import type { MediaKind } from './media.ts';
import {
  aCallback,
  aPulledResult,
  theDocumentedCallback,
  theDocumentedResult,
  type ResultRecipe,
  type VendorCallback,
  type VendorResult,
} from './payloads.ts';
import { VENDOR_ERROR } from './result-endpoint.ts';

export interface FinishedSession {
  /** What went on, or the two samples of the vendor's page. */
  readonly result?: Omit<ResultRecipe, 'uuid' | 'mediaBaseUrl'> | 'DOCUMENTED';
  /** Instead of a draw by the simulator's probabilities; null for none. */
  readonly callbackFault?: CallbackFault | null;
  readonly pullFault?: PullFault | null;
  /** How many pulls, from the next one on, suffer `pullFault`; by default all. */
  readonly pullFaultTimes?: number;
  /** What requests for each of the session's pictures and its video suffer. */
  readonly mediaFault?: MediaFault | null;
  /** How many requests for each, from the next one on, suffer `mediaFault`; by default all. */
  readonly mediaFaultTimes?: number;
}

/** One request for a result and how the simulator answered it. Times are RFC 3339. */
export interface Pull {
  readonly uuid: string | null;
  readonly receivedAt: string;
  /** When the answer was decided on. */
  readonly at: string;
  /** When the answer was sent whole or the caller went away, whichever came first; null until then. */
  readonly endedAt: string | null;
  readonly outcome: 'RESULT' | 'FORBIDDEN' | 'NOT_FOUND' | PullFault;
}

export interface VendorSessionsOptions {
  /** Decides, with a session's uuid, which faults it suffers. */
  readonly seed: string;
  readonly faults: FaultProbabilities;
  /** How long DELAY and at most REORDER hold a callback back. */
  readonly delayMs: number;
  /** The body is put under this key, beside `requestPayloads`; null for a bare body. */
  readonly callbackDataKey: string | null;
  /** Extra members that the customer asked to have echoed. */
  readonly requestPayloads: Readonly<Record<string, unknown>>;
}

/** Oldest ones go first, so that a simulator that runs for days stays small. */
const KEPT_RECORDS = 100_000;

/** The vendor's finished sessions: calls back for each and holds its result for pulls. */
export class VendorSessions {
  private readonly options: VendorSessionsOptions;
  private readonly sender: CallbackSender;
  private readonly stopped: AbortSignal;
  private readonly mediaBaseUrl: string;
  private readonly sessions = new Map<
    string,
    FinishedSession & { pulls: number; readonly mediaRequests: Map<MediaKind, number> }
  >();
  private readonly sentDeliveries: Delivery[] = [];
  private readonly answeredPulls: Pull[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private nextSent = Promise.withResolvers<void>();
  private faults: FaultProbabilities;

  constructor(
    options: VendorSessionsOptions,
    parts: {
      readonly createSender: (record: (delivery: Delivery) => void) => CallbackSender;
      readonly stopped: AbortSignal;
      readonly mediaBaseUrl: string;
    },
  ) {
    this.options = options;
    this.stopped = parts.stopped;
    this.mediaBaseUrl = parts.mediaBaseUrl;
    this.sender = parts.createSender((delivery) => keep(this.sentDeliveries, delivery));
    this.faults = options.faults;
  }

  /** Names the customer's callback URL; needed before the first callback is sent. */
  sendCallbacksTo(url: string): void {
    this.sender.url = url;
  }

  /** Probabilities for the sessions and pulls from now on. */
  setFaults(faults: FaultProbabilities): void {
    checkProbabilities(faults);
    this.faults = faults;
  }

  /** Ends a session: its result can be pulled from now on, and the vendor calls back. Again replaces the result. */
  finish(uuid: string, session: FinishedSession = {}): void {
    this.sessions.set(uuid, { ...session, pulls: 0, mediaRequests: new Map() });
    this.redeliver(
      uuid,
      session.callbackFault === undefined
        ? drawFault(CALLBACK_FAULTS, this.faults, `${this.options.seed}/${uuid}/callback`)
        : session.callbackFault,
    );
  }

  /** Sends the callback of a finished session once more, on its own account. */
  redeliver(uuid: string, fault: CallbackFault | null = null): void {
    const delivery = this.deliver(uuid, this.callbackOf(uuid), fault).finally(() => {
      this.underWay.delete(delivery);
    });
    this.underWay.add(delivery);
  }

  /** The vendor's retention ends: pulls answer 404 and the media are gone. */
  purge(uuid: string): void {
    this.sessions.delete(uuid);
  }

  has(uuid: string): boolean {
    return this.sessions.has(uuid);
  }

  /** @throws Error when the session is not finished or was purged */
  callbackOf(uuid: string): VendorCallback {
    const recipe = this.recipeOf(uuid);
    return recipe === 'DOCUMENTED' ? theDocumentedCallback(uuid) : aCallback(recipe);
  }

  /** @throws Error when the session is not finished or was purged */
  resultOf(uuid: string): VendorResult {
    const recipe = this.recipeOf(uuid);
    return recipe === 'DOCUMENTED' ? theDocumentedResult(uuid) : aPulledResult(recipe);
  }

  /** The fault that the next pull of the session suffers; counts as that pull. */
  takePullFault(uuid: string): PullFault | null {
    const session = this.sessions.get(uuid);
    if (session === undefined) {
      return null;
    }
    session.pulls += 1;
    if (session.pullFault !== undefined) {
      return session.pulls <= (session.pullFaultTimes ?? Infinity) ? session.pullFault : null;
    }
    const event = `${this.options.seed}/${uuid}/pull`;
    return (
      drawFault(['CONFLICT'], this.faults, event) ??
      drawFault(
        PULL_FAULTS.filter((fault) => fault !== 'CONFLICT'),
        this.faults,
        `${event}/${session.pulls}`,
      )
    );
  }

  /** The fault that the next request for a picture or the video suffers; counts as that request. */
  takeMediaFault(uuid: string, kind: MediaKind): MediaFault | null {
    const { mediaFault, mediaFaultTimes, mediaRequests } = this.sessions.get(uuid) ?? {};
    const requests = (mediaRequests?.get(kind) ?? 0) + 1;
    mediaRequests?.set(kind, requests);
    return requests <= (mediaFaultTimes ?? Infinity) ? (mediaFault ?? null) : null;
  }

  /** The session's pictures and its video are served as they are from now on. */
  mendMedia(uuid: string): void {
    const session = this.sessions.get(uuid);
    if (session !== undefined) this.sessions.set(uuid, { ...session, mediaFault: null });
  }

  /** How often a picture or the video of a session was asked for. */
  mediaRequests(uuid: string, kind: MediaKind): number {
    return this.sessions.get(uuid)?.mediaRequests.get(kind) ?? 0;
  }

  recordPull(pull: Pull): void {
    keep(this.answeredPulls, pull);
  }

  /** Attempts in the order in which they ended. */
  deliveries(uuid?: string): readonly Delivery[] {
    return this.sentDeliveries.filter((delivery) => uuid === undefined || delivery.uuid === uuid);
  }

  pulls(uuid?: string): readonly Pull[] {
    return this.answeredPulls.filter((pull) => uuid === undefined || pull.uuid === uuid);
  }

  /** Callbacks that are held back, being sent or waiting for a resend. */
  get pending(): number {
    return this.underWay.size;
  }

  /** Resolves when no callback is pending. */
  async idle(): Promise<void> {
    while (this.underWay.size > 0) {
      await Promise.all(this.underWay);
    }
  }

  private recipeOf(uuid: string): ResultRecipe | 'DOCUMENTED' {
    const session = this.sessions.get(uuid);
    if (session === undefined) {
      throw new Error(`Session ${uuid} is not finished or was purged`);
    }
    return session.result === 'DOCUMENTED'
      ? 'DOCUMENTED'
      : { ...session.result, uuid, mediaBaseUrl: this.mediaBaseUrl };
  }

  private async deliver(uuid: string, callback: VendorCallback, fault: CallbackFault | null): Promise<void> {
    switch (fault) {
      case 'DROP':
        return;
      case 'DELAY':
        await pauseUnlessStopped(this.options.delayMs, this.stopped);
        return this.send(uuid, callback);
      case 'REORDER':
        await Promise.race([this.nextSent.promise, pauseUnlessStopped(this.options.delayMs, this.stopped)]);
        return this.send(uuid, callback);
      case 'DUPLICATE':
        await Promise.all([this.send(uuid, callback), this.send(uuid, callback)]);
        return;
      case 'NOT_AVAILABLE':
        return this.send(uuid, withoutLivenessAndFace(callback));
      case 'ERROR_CODE':
        return this.send(uuid, { uuid, ...VENDOR_ERROR });
      case 'WRONG_TOKEN':
        return this.sender.send(uuid, this.bytesOf(callback), true);
      case 'MALFORMED':
        return this.sender.send(uuid, this.bytesOf(callback).slice(0, 500), false);
      case null:
        await this.send(uuid, callback);
        this.nextSent.resolve();
        this.nextSent = Promise.withResolvers();
    }
  }

  private send(uuid: string, body: object): Promise<void> {
    return this.sender.send(uuid, this.bytesOf(body), false);
  }

  private bytesOf(body: object): Uint8Array<ArrayBuffer> {
    const { callbackDataKey, requestPayloads } = this.options;
    const envelope = callbackDataKey === null ? body : { ...requestPayloads, [callbackDataKey]: body };
    return new TextEncoder().encode(JSON.stringify(envelope));
  }
}

function keep<T>(records: T[], record: T): void {
  records.push(record);
  if (records.length > KEPT_RECORDS) {
    records.shift();
  }
}
