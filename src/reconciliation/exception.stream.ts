import { Injectable } from '@nestjs/common';
import type { LogEntry } from '../audit/format/leaf.ts';
import { Projections } from '../audit/projections.service.ts';
import type { Stream } from '../audit/stream.ts';
import { ExceptionRepository } from './exception.repository.ts';
import { evolveException, type ExceptionState, initialException } from './exception-state.ts';

/** Tells the log how entries about exceptions fold, and where the fold is kept for queries. */
@Injectable()
export class ExceptionStream implements Stream<ExceptionState> {
  readonly subjectType = 'exception';

  constructor(
    readonly projection: ExceptionRepository,
    projections: Projections,
  ) {
    projections.register(this);
  }

  initial(id: string): ExceptionState {
    return initialException(id);
  }

  evolve(state: ExceptionState, entry: LogEntry): ExceptionState {
    return evolveException(state, entry);
  }
}
