import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { SYSTEM_ACTOR } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { Command, EntryDraft } from '../audit/stream.ts';
import { ConclusionService } from '../conclusion-rules/conclusion.service.ts';
import { Shadow } from '../conclusion-rules/shadow.service.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Problem } from '../platform/http/problem.ts';
import { EVIDENCE_KINDS, type EvidenceKind, type NormalisedResult } from '../results/normalised-result.ts';
import { KeyedDigest } from '../vault/keyed-digest.service.ts';
import { type Blob, Vault } from '../vault/vault.service.ts';
import { confirmsUnder } from './confirmation.ts';
import {
  decideConclude,
  decideExpire,
  decideReceiveCallback,
  decideReceivePull,
  decideRegister,
  decideRetrievalFailed,
  type ReceiveCallback,
} from './session.decider.ts';
import { SessionStream } from './session.stream.ts';
import {
  type ConclusionData,
  findResult,
  type Registration,
  type RetrievalFailedData,
  type SessionResult,
  type SessionState,
} from './session-state.ts';
import { verdictOf } from './vendor-verdict.ts';

/** What became of a delivery. */
export interface Receipt {
  /** Id of the entry that keeps the delivery; the same for every repetition. */
  readonly receiptId: string;
  readonly outcome: 'ACCEPTED' | 'DUPLICATE' | 'NEW_VERSION';
}

/** A usable result as the vendor delivered it. */
export interface DeliveredResult {
  readonly uuid: string;
  /** The body exactly as it came. */
  readonly raw: Buffer;
  /** Canonical bytes of the result alone: what makes two deliveries the same. */
  readonly canonical: Buffer;
  readonly result: NormalisedResult;
}

/** A result that was pulled and compared. */
export interface PulledResult extends DeliveredResult {
  /** Digests of the callbacks that it was compared with. */
  readonly comparedWith: readonly string[];
  /** Names of the fields in which it differs from any of them. */
  readonly differences: readonly string[];
  /** What each request came to, oldest first. */
  readonly attempts: readonly string[];
  /** Who wanted it. */
  readonly actor: Actor;
}

/** Everything that happens to a session goes through here and into the log. */
@Injectable()
export class SessionsService {
  private readonly confirms;

  constructor(
    private readonly log: AuditLog,
    private readonly stream: SessionStream,
    private readonly conclusions: ConclusionService,
    private readonly shadow: Shadow,
    private readonly digest: KeyedDigest,
    private readonly vault: Vault,
    private readonly config: AppConfig,
  ) {
    this.confirms = confirmsUnder(config.confirmationPolicy);
  }

  /**
   * Registers a session that the bank has started with the vendor.
   * @returns `created: false` if the same registration was made before.
   * @throws Problem SESSION_CONFLICT if it was registered with other properties.
   */
  async register(
    uuid: string,
    registration: Registration,
    actor: Actor,
  ): Promise<{ created: boolean; state: SessionState }> {
    const { state, own } = await this.append(
      uuid,
      actor,
      (before) => decideRegister(before, { registration, defaults: this.config.sessions }),
      { alwaysBegins: true },
    );
    if (!sameRegistration(state.registration, registration)) {
      throw new Problem('SESSION_CONFLICT', 'Read the session, or register under a new uuid.');
    }
    return { created: own.length > 0, state };
  }

  /**
   * Takes a callback in: kept, judged and durable when this resolves. Repeating it changes nothing.
   * @param actor who brought it: the vendor, or a person who replays a delivery of the vendor
   */
  async receiveCallback(delivered: DeliveredResult, actor: Actor): Promise<Receipt> {
    const { uuid, result } = delivered;
    const { blob, command } = this.received(delivered, 'callback');
    const { state, own } = await this.append(
      uuid,
      actor,
      (before, at) => decideReceiveCallback(before, command, at),
      { alwaysBegins: true },
    );
    this.showShadow(uuid, own, result);
    const kept = findResult(state, command.digest, 'CALLBACK');
    if (kept === undefined) throw new Error('a committed callback is not in its session');
    const isOurs = own.some(({ id }) => id === kept.entryId);
    await this.keepAgain(kept, own, state, blob);
    const outcome = !isOurs ? 'DUPLICATE' : kept.version === 1 ? 'ACCEPTED' : 'NEW_VERSION';
    return { receiptId: kept.entryId, outcome };
  }

  /**
   * Takes a pulled result in, held against the callbacks that the caller has compared it with.
   * @returns whether it says anything new, and the session after it
   * @throws StaleComparisonError if another callback has come in between; compare and call again
   */
  async receivePull(
    pulled: PulledResult,
  ): Promise<{ outcome: 'RETRIEVED' | 'UNCHANGED'; state: SessionState }> {
    const { uuid, result, comparedWith, differences, attempts, actor } = pulled;
    const { blob, command } = this.received(pulled, 'pull');
    const { state, own } = await this.append(uuid, actor, (before, at) =>
      decideReceivePull(
        before,
        { ...command, comparedWith, differences, media: mediaOf(result), attempts },
        at,
      ),
    );
    const kept = findResult(state, command.digest, 'PULL');
    if (kept !== undefined) await this.keepAgain(kept, own, state, blob);
    this.showShadow(uuid, own, result);
    const isNew = own.some(
      ({ action, data }) => action === 'result.retrieved' && data['unchanged'] === false,
    );
    return { outcome: isNew ? 'RETRIEVED' : 'UNCHANGED', state };
  }

  /** What a result asks of its session, however it came, and its bytes as the vault keeps them. */
  private received(
    { uuid, raw, canonical, result }: DeliveredResult,
    kind: 'callback' | 'pull',
  ): { blob: Omit<Blob, 'hasEarlier'>; command: ReceiveCallback } {
    const blob = { session: uuid, kind, bytes: raw };
    const command: ReceiveCallback = {
      digest: this.digest.of('result', canonical),
      bytes: raw.length,
      vendor: verdictOf(result),
      result,
      judge: this.conclusions.judge,
      confirms: this.confirms,
      attachment: (hasEarlier) => this.vault.attachment({ ...blob, hasEarlier }),
    };
    return { blob, command };
  }

  /** Makes sure that the bytes of a result are there that an earlier entry says were kept. */
  private async keepAgain(
    { entryId, receivedAt }: SessionResult,
    own: readonly LogEntry[],
    { erasedAt }: SessionState,
    blob: Omit<Blob, 'hasEarlier'>,
  ): Promise<void> {
    const isErased = erasedAt !== null && erasedAt >= receivedAt;
    if (isErased || own.some(({ id }) => id === entryId)) return;
    await this.vault.keepAgain(entryId, { ...blob, hasEarlier: true });
  }

  /** Notes that a pull gave no result. */
  async recordFailedPull(uuid: string, failure: RetrievalFailedData, actor: Actor): Promise<SessionState> {
    return (await this.append(uuid, actor, () => decideRetrievalFailed(failure))).state;
  }

  /** Ends a registered session whose time is over; nothing happens if a result has come meanwhile. */
  async expire(uuid: string): Promise<void> {
    await this.append(uuid, SYSTEM_ACTOR, decideExpire);
  }

  /** Judges a result that a crash left unjudged. */
  async conclude(uuid: string, version: number, result: NormalisedResult): Promise<void> {
    const { judge } = this.conclusions;
    const conclude = { version, result, judge, confirms: this.confirms };
    const { own } = await this.append(uuid, SYSTEM_ACTOR, (before, at) =>
      decideConclude(before, conclude, at),
    );
    this.showShadow(uuid, own, result);
  }

  /** Shows the shadow rule set what was just concluded; it has no say in it. */
  private showShadow(uuid: string, own: readonly LogEntry[], result: NormalisedResult): void {
    for (const { action, at, data } of own) {
      if (action !== 'conclusion.reached') continue;
      const { decision, grade } = data as unknown as ConclusionData;
      this.shadow.observe(uuid, decision, { result, grade, checkedAt: at });
    }
  }

  /**
   * Appends what `decide` wants for a session.
   * @param promises what is known of `decide`
   * @returns the session after the commit and those entries that this call brought in.
   */
  append(
    uuid: string,
    actor: Actor,
    decide: (state: SessionState, at: string) => readonly EntryDraft[],
    promises: Pick<Command<SessionState, unknown>, 'alwaysBegins'> = {},
  ): Promise<{ state: SessionState; own: readonly LogEntry[] }> {
    return this.log.append({
      ...promises,
      stream: this.stream,
      subjectId: uuid,
      actor,
      decide: (state: SessionState, at) => decide(state, at).map(withItsActor),
      answer: (state: SessionState, own) => ({ state, own }),
    });
  }
}

/** The kinds of media that a result gives addresses of, be they of use or not. */
function mediaOf({ resources }: NormalisedResult): EvidenceKind[] {
  return EVIDENCE_KINDS.filter((kind) => resources[kind] !== null);
}

/** Comparing and concluding are our own acts, whoever brought the result. */
function withItsActor(draft: EntryDraft): EntryDraft {
  const isOurs = draft.action === 'results.compared' || draft.action === 'conclusion.reached';
  return isOurs ? { ...draft, actor: SYSTEM_ACTOR } : draft;
}

function sameRegistration(a: Registration | null, b: Registration): boolean {
  return (
    a !== null &&
    a.customerRef === b.customerRef &&
    a.channel === b.channel &&
    a.expectedWithinSeconds === b.expectedWithinSeconds &&
    a.expiresAfterSeconds === b.expiresAfterSeconds
  );
}
