import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { RuleSets } from '../conclusion-rules/rule-sets.service.ts';
import type { Page } from '../platform/http/paging.ts';
import { Problem } from '../platform/http/problem.ts';
import { invalid } from '../platform/http/validation.ts';
import { decideApproval, decideRequest } from './recall.decider.ts';
import { RecallRepository } from './recall.repository.ts';
import { RecallStream } from './recall.stream.ts';
import type { RecallFrame, RecallReason, RecallState, RequestedData } from './recall-state.ts';
import { RecalledSessions } from './recalled-sessions.service.ts';

/** Which sessions are to be recalled. */
export interface WantedRecall {
  readonly ruleSetVersion: string;
  /** Concluded at or after. */
  readonly from: Date;
  /** Concluded before. */
  readonly to: Date;
  readonly ruleCode: string | null;
  readonly reason: RecallReason | null;
}

/** What a recall would concern. */
export interface RecallPreview {
  readonly data: RequestedData;
  /** Some of the sessions, those that were concluded on first. */
  readonly sample: readonly string[];
}

const MAX_SAMPLE = 200;
const PAGE = 500;
/** The most that one request may take, well within the time-outs of those who ask. */
const MAX_MS = 25_000;

/** Everything that people do about recalls goes through here and into the log. */
@Injectable()
export class Recalls {
  private counting = false;

  constructor(
    private readonly log: AuditLog,
    private readonly entries: AuditQueries,
    private readonly stream: RecallStream,
    private readonly repository: RecallRepository,
    private readonly sessions: RecalledSessions,
    private readonly ruleSets: RuleSets,
  ) {}

  /**
   * Finds the sessions that a recall would concern. Writes nothing.
   * @throws Problem RULE_SET_NOT_FOUND; VALIDATION_FAILED if there are too many to find at a time; OVERLOADED
   *   while this instance looks for others
   */
  async preview({ from, to, ruleSetVersion, ruleCode, reason }: WantedRecall): Promise<RecallPreview> {
    if (from >= to) throw invalid([{ path: 'to', message: 'must be after from' }]);
    if ((await this.ruleSets.findPinned(ruleSetVersion)) === null) {
      throw new Problem('RULE_SET_NOT_FOUND', 'See the list of rule sets for their versions.');
    }
    const frame: RecallFrame = {
      ruleSetVersion,
      ruleCode,
      firstIndex: await this.entries.firstIndexAt(from),
      untilIndex: await this.entries.endIndexAt(to),
    };
    const { sessions, sample } = await this.count(frame);
    const times = { from: from.toISOString(), to: to.toISOString() };
    return { data: { ...frame, ...times, reason, sessions }, sample };
  }

  /**
   * Asks for a recall in a person's name; nothing happens before a second one approves.
   * @throws Problem RULE_SET_IN_FORCE, and what {@link preview} throws
   */
  async request(
    wanted: WantedRecall,
    person: Actor,
  ): Promise<{ state: RecallState; sample: readonly string[] }> {
    await this.refuseInForce(wanted.ruleSetVersion);
    const { data, sample } = await this.preview(wanted);
    const { state } = await this.append(randomUUID(), person, (before) => decideRequest(before, data));
    return { state, sample };
  }

  /**
   * Lets a recall begin in a second person's name.
   * @throws Problem RECALL_NOT_FOUND, FOUR_EYES, RECALL_NOT_REQUESTED, RULE_SET_IN_FORCE
   */
  async approve(id: string, person: Actor): Promise<RecallState> {
    const known = await this.getOrThrow(id);
    // Who may not approve is told that first, whichever rules are active.
    decideApproval(known, person);
    if (known.request !== null) await this.refuseInForce(known.request.data.ruleSetVersion);
    return (await this.append(id, person, (before) => decideApproval(before, person))).state;
  }

  /** @throws Problem RECALL_NOT_FOUND */
  async getOrThrow(id: string): Promise<RecallState> {
    const state = await this.repository.find(id);
    if (state === null) throw new Problem('RECALL_NOT_FOUND', 'See the list of recalls for their ids.');
    return state;
  }

  /** Recalls, newest first. */
  page(limit: number, cursor?: string): Promise<Page<RecallState>> {
    return this.repository.page(limit, cursor);
  }

  /** Recalls that were approved and are not completed, oldest first. */
  findApproved(): Promise<RecallState[]> {
    return this.repository.findApproved();
  }

  /**
   * Appends what `decide` wants for a recall.
   * @returns the recall after the commit and those entries that this call brought in
   */
  append(
    id: string,
    actor: Actor,
    decide: (state: RecallState) => readonly EntryDraft[],
  ): Promise<{ state: RecallState; own: readonly LogEntry[] }> {
    return this.log.append({
      stream: this.stream,
      subjectId: id,
      actor,
      decide,
      answer: (state: RecallState, own) => ({ state, own }),
    });
  }

  private async count(frame: RecallFrame): Promise<{ sessions: number; sample: string[] }> {
    if (this.counting) {
      throw new Problem('OVERLOADED', 'The sessions of another recall are being found.', {
        retryAfterSeconds: 5,
      });
    }
    this.counting = true;
    try {
      const deadline = performance.now() + MAX_MS;
      const sample: string[] = [];
      let sessions = 0;
      for await (const { uuids } of this.sessions.walk(frame, frame.firstIndex - 1, PAGE)) {
        sessions += uuids.length;
        sample.push(...uuids.slice(0, MAX_SAMPLE - sample.length));
        if (performance.now() > deadline) {
          throw invalid([{ path: 'from', message: 'must begin a shorter time: it holds too many to find' }]);
        }
      }
      return { sessions, sample };
    } finally {
      this.counting = false;
    }
  }

  private async refuseInForce(version: string): Promise<void> {
    if ((await this.ruleSets.activeVersion()) !== version) return;
    throw new Problem('RULE_SET_IN_FORCE', 'Activate the rule set that is to conclude in its place first.');
  }
}
