import type { EntryActor, LogEntry } from '../audit/format/leaf.ts';

/** What an entry about a rule set says of the rule set itself. */
export interface RuleSetIdentity {
  /** Of the document, hex; the document is kept under it. */
  readonly digest: string;
  readonly name: string;
}

/** `data` of `rule_set.activated`. */
export interface ActivatedData extends RuleSetIdentity {
  /** From when on it concludes, RFC 3339; never before the entry. */
  readonly from: string;
}

/** `data` of `rule_set.retired`. */
export interface RetiredData extends RuleSetIdentity {
  /** The version that concludes in its place. */
  readonly supersededBy: string;
  /** From when on, RFC 3339. */
  readonly since: string;
}

/**
 * A rule set: the fold of its entries. Whether it concludes at some moment isn't here, because that depends on
 * the others as well: see `ActivationSchedule`.
 */
export interface RuleSetState {
  readonly version: string;
  /** Built-in sets come with the release: they have no draft and need no approval. */
  readonly stage: 'NONE' | 'BUILT_IN' | 'DRAFT' | 'APPROVED';
  /** Index of its first entry: the order of rule sets. */
  readonly firstIndex: number;
  /** null only before the first entry. */
  readonly identity: RuleSetIdentity | null;
  /** null for a built-in set. */
  readonly draft: Signature | null;
  readonly approval: Signature | null;
  /** The latest; null before the first. */
  readonly activation: (Signature & { readonly index: number; readonly from: string }) | null;
  /** Noted since the latest activation; null if none was. */
  readonly retirement: { readonly at: string; readonly supersededBy: string } | null;
}

/** Who did it, and when (RFC 3339). */
export interface Signature {
  readonly by: EntryActor;
  readonly at: string;
}

export function initialRuleSet(version: string): RuleSetState {
  return {
    version,
    stage: 'NONE',
    firstIndex: -1,
    identity: null,
    draft: null,
    approval: null,
    activation: null,
    retirement: null,
  };
}

/** The rule set after one more entry. Pure. */
export function evolveRuleSet(state: RuleSetState, entry: LogEntry): RuleSetState {
  const signature: Signature = { by: entry.actor, at: entry.at };
  switch (entry.action) {
    case 'rule_set.drafted':
      return { ...begun(state, entry, 'DRAFT'), draft: signature };
    case 'rule_set.approved':
      return { ...state, stage: 'APPROVED', approval: signature };
    case 'rule_set.activated': {
      const { from } = entry.data as unknown as ActivatedData;
      const activation = { ...signature, index: entry.index, from };
      return { ...begun(state, entry, 'BUILT_IN'), activation, retirement: null };
    }
    case 'rule_set.retired': {
      const { supersededBy } = entry.data as unknown as RetiredData;
      return { ...begun(state, entry, 'BUILT_IN'), retirement: { at: entry.at, supersededBy } };
    }
    default:
      return state;
  }
}

function begun(state: RuleSetState, { index, data }: LogEntry, stage: 'DRAFT' | 'BUILT_IN'): RuleSetState {
  if (state.stage !== 'NONE') return state;
  const { digest, name } = data as unknown as RuleSetIdentity;
  return { ...state, stage, firstIndex: index, identity: { digest, name } };
}
