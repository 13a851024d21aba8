import { Injectable } from '@nestjs/common';
import type { LogEntry } from '../audit/format/leaf.ts';
import { Projections } from '../audit/projections.service.ts';
import type { Stream } from '../audit/stream.ts';
import { RuleSetRepository } from './rule-set.repository.ts';
import { evolveRuleSet, initialRuleSet, type RuleSetState } from './rule-set-state.ts';

/** Tells the log how entries about rule sets fold, and where the fold is kept for queries. */
@Injectable()
export class RuleSetStream implements Stream<RuleSetState> {
  readonly subjectType = 'rule_set';

  constructor(
    readonly projection: RuleSetRepository,
    projections: Projections,
  ) {
    projections.register(this);
  }

  initial(version: string): RuleSetState {
    return initialRuleSet(version);
  }

  evolve(state: RuleSetState, entry: LogEntry): RuleSetState {
    return evolveRuleSet(state, entry);
  }
}
