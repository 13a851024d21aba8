import { Injectable } from '@nestjs/common';
import type { LogEntry } from '../audit/format/leaf.ts';
import { Projections } from '../audit/projections.service.ts';
import type { Stream } from '../audit/stream.ts';
import { QuarantineRepository } from './quarantine.repository.ts';
import { evolveQuarantine, initialQuarantine, type QuarantineState } from './quarantine-state.ts';

/** Tells the log how entries about quarantined deliveries fold, and where the fold is kept for queries. */
@Injectable()
export class QuarantineStream implements Stream<QuarantineState> {
  readonly subjectType = 'quarantine';

  constructor(
    readonly projection: QuarantineRepository,
    projections: Projections,
  ) {
    projections.register(this);
  }

  initial(id: string): QuarantineState {
    return initialQuarantine(id);
  }

  evolve(state: QuarantineState, entry: LogEntry): QuarantineState {
    return evolveQuarantine(state, entry);
  }
}
