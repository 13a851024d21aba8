import { Injectable } from '@nestjs/common';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { ConclusionData } from '../sessions/session-state.ts';
import { SESSION } from '../sessions/session.stream.ts';
import type { RecallFrame } from './recall-state.ts';

/** Some sessions of a frame. */
export interface RecalledBatch {
  /** Each session of the frame is in exactly one batch. */
  readonly uuids: readonly string[];
  /** Log index up to which the frame was walked, included. */
  readonly through: number;
}

/** Finds the sessions of a recall in the log. What lies below a log index never changes, and so they don't. */
@Injectable()
export class RecalledSessions {
  constructor(private readonly entries: AuditQueries) {}

  /**
   * The sessions of a frame behind a log index, in log order, batch by batch; the last one reaches its end.
   * @param conclusions how many are looked at for a batch, and so how many sessions it holds at most
   */
  async *walk(frame: RecallFrame, after: number, conclusions: number): AsyncIterable<RecalledBatch> {
    const end = frame.untilIndex - 1;
    for (let through = after; through < end;) {
      const page = await this.entries.after('conclusion.reached', through, conclusions);
      const inFrame = page.filter(({ index }) => index <= end);
      const isLast = page.length < conclusions || inFrame.length < page.length;
      const begin = through;
      through = isLast ? end : (page.at(-1)?.index ?? end);
      yield { uuids: await this.newBehind(begin, frame, inFrame), through };
    }
  }

  /** The sessions of these entries, without those that the frame holds an earlier conclusion of. */
  private async newBehind(begin: number, frame: RecallFrame, page: readonly LogEntry[]): Promise<string[]> {
    const uuids = new Set(page.filter((entry) => isOfFrame(entry, frame)).map(({ subject }) => subject.id));
    const earlier = { ids: [...uuids], after: frame.firstIndex - 1, before: begin + 1 };
    for await (const entry of this.entries.histories(SESSION, [earlier])) {
      if (isOfFrame(entry, frame)) uuids.delete(entry.subject.id);
    }
    return [...uuids];
  }
}

/**
 * Whether an entry is a conclusion that a frame means. Where a conclusion leaves rules out to stay small, the one
 * that is asked for may be among them, so it counts.
 */
export function isOfFrame({ action, data }: LogEntry, { ruleSetVersion, ruleCode }: RecallFrame): boolean {
  if (action !== 'conclusion.reached') return false;
  const conclusion = data as unknown as ConclusionData;
  if (conclusion.ruleSetVersion !== ruleSetVersion) return false;
  if (ruleCode === null || conclusion.omittedFindings > 0) return true;
  return conclusion.ruleTable.some(({ rules }) => rules.some(({ code }) => code === ruleCode));
}
