import { Injectable } from '@nestjs/common';
import type { LogEntry } from '../audit/format/leaf.ts';
import { Projections } from '../audit/projections.service.ts';
import type { Stream } from '../audit/stream.ts';
import { RecallRepository } from './recall.repository.ts';
import { evolveRecall, initialRecall, type RecallState } from './recall-state.ts';

/** Tells the log how entries about recalls fold, and where the fold is kept for queries. */
@Injectable()
export class RecallStream implements Stream<RecallState> {
  readonly subjectType = 'recall';

  constructor(
    readonly projection: RecallRepository,
    projections: Projections,
  ) {
    projections.register(this);
  }

  initial(id: string): RecallState {
    return initialRecall(id);
  }

  evolve(state: RecallState, entry: LogEntry): RecallState {
    return evolveRecall(state, entry);
  }
}
