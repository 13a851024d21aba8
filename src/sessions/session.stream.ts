import { Injectable } from '@nestjs/common';
import { Projections } from '../audit/projections.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { Stream } from '../audit/stream.ts';
import { SessionRepository } from './session.repository.ts';
import { evolveSession, initialSession, type SessionState } from './session-state.ts';

export const SESSION = 'session';

/** Tells the log how entries about sessions fold, and where the fold is kept for queries. */
@Injectable()
export class SessionStream implements Stream<SessionState> {
  readonly subjectType = SESSION;

  constructor(
    readonly projection: SessionRepository,
    projections: Projections,
  ) {
    projections.register(this);
  }

  initial(uuid: string): SessionState {
    return initialSession(uuid);
  }

  evolve(state: SessionState, entry: LogEntry): SessionState {
    return evolveSession(state, entry);
  }
}
