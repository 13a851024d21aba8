import { Injectable } from '@nestjs/common';
import { SYSTEM_ACTOR } from '../access/actor.ts';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import { ConclusionService } from '../conclusion-rules/conclusion.service.ts';
import { PersonalData } from '../sessions/personal-data.service.ts';
import { evolveSession, initialSession } from '../sessions/session-state.ts';
import { SESSION } from '../sessions/session.stream.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import { decideConcludeAnew, outcomeOf } from './conclude-anew.decider.ts';
import { decideCompletion, decideProgress } from './recall.decider.ts';
import { NO_COUNTS, type RecallCounts, type RecallState, sumOf } from './recall-state.ts';
import { RecalledSessions } from './recalled-sessions.service.ts';
import { Recalls } from './recalls.service.ts';

/** Small enough that callbacks don't wait behind it for long. */
const BATCH = 50;

/** Concludes anew on the sessions of an approved recall. */
@Injectable()
export class RecallRun {
  constructor(
    private readonly recalls: Recalls,
    private readonly recalled: RecalledSessions,
    private readonly entries: AuditQueries,
    private readonly personalData: PersonalData,
    private readonly sessions: SessionsService,
    private readonly conclusions: ConclusionService,
  ) {}

  /**
   * Goes on where the log says that the recall is. Whatever a crash cuts short is done again without a second
   * effect: a session that was concluded on anew is by the recalled rules no more.
   * @param goOn asked before every batch; false ends the run there
   * @throws RecalledRuleSetActiveError
   */
  async run(recall: RecallState, goOn: () => Promise<boolean>): Promise<void> {
    const { id, request } = recall;
    if (request === null) return;
    let { through } = recall;
    for await (const batch of this.recalled.walk(request.data, through, BATCH)) {
      if (!(await goOn())) return;
      const counts = await this.concludeAnew(id, request.data.ruleSetVersion, batch.uuids);
      const after = through;
      const { own } = await this.recalls.append(id, SYSTEM_ACTOR, (state) =>
        decideProgress(state, after, { ...counts, through: batch.through }),
      );
      // Another instance is at it.
      if (own.length === 0) return;
      through = batch.through;
    }
    await this.recalls.append(id, SYSTEM_ACTOR, decideCompletion);
  }

  private async concludeAnew(
    recall: string,
    ruleSetVersion: string,
    uuids: readonly string[],
  ): Promise<RecallCounts> {
    const before = await this.historiesOf(uuids);
    const states = [...before].map(([uuid, history]) => history.reduce(evolveSession, initialSession(uuid)));
    const results = await this.personalData.findManyForProcessing(states);
    const command = { recall, ruleSetVersion, results, judgeAsOf: this.conclusions.judgeAsOf };
    await Promise.all(
      uuids.map((uuid) =>
        this.sessions.append(uuid, SYSTEM_ACTOR, (state, at) => decideConcludeAnew(state, command, at)),
      ),
    );
    const after = await this.historiesOf(uuids);
    return [...after]
      .map(([uuid, history]) => outcomeOf(uuid, history, { recall, ruleSetVersion }))
      .reduce(sumOf, NO_COUNTS);
  }

  private async historiesOf(uuids: readonly string[]): Promise<Map<string, LogEntry[]>> {
    const histories = new Map<string, LogEntry[]>(uuids.map((uuid) => [uuid, []]));
    const whole = { ids: uuids, after: -1, before: Number.MAX_SAFE_INTEGER };
    for await (const entry of this.entries.histories(SESSION, [whole])) {
      histories.get(entry.subject.id)?.push(entry);
    }
    return histories;
  }
}
