import { isSamePerson } from '../access/same-person.ts';
import type { EntryActor, JsonObject } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import type { ActivatedData, RetiredData, RuleSetIdentity, RuleSetState } from './rule-set-state.ts';

/** Why a command on a rule set is refused. */
export type RuleSetRefusal =
  'RULE_SET_NOT_FOUND' | 'FOUR_EYES' | 'RULE_SET_NOT_DRAFT' | 'RULE_SET_NOT_APPROVED';

/** The rule set is in no state for this, or this person may not do it. */
export class RuleSetRefusedError extends Error {
  override readonly name = 'RuleSetRefusedError';
  readonly reason: RuleSetRefusal;

  constructor(reason: RuleSetRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/** Drafts a rule set under a version that nothing has yet; gives nothing if the version is taken. */
export function decideDraft(state: RuleSetState, { digest, name }: RuleSetIdentity): EntryDraft[] {
  return state.stage === 'NONE' ? [{ action: 'rule_set.drafted', data: { digest, name } }] : [];
}

/**
 * Approves a draft in the name of a second person. Repeating one's own approval changes nothing.
 * @throws RuleSetRefusedError RULE_SET_NOT_FOUND, FOUR_EYES, RULE_SET_NOT_DRAFT
 */
export function decideApprove(state: RuleSetState, person: EntryActor): EntryDraft[] {
  const { stage, draft, approval, identity } = state;
  if (stage === 'NONE') throw new RuleSetRefusedError('RULE_SET_NOT_FOUND');
  if (draft === null || identity === null) throw new RuleSetRefusedError('RULE_SET_NOT_DRAFT');
  if (isSamePerson(draft.by.id, person.id)) throw new RuleSetRefusedError('FOUR_EYES');
  if (approval !== null) {
    if (isSamePerson(approval.by.id, person.id)) return [];
    throw new RuleSetRefusedError('RULE_SET_NOT_DRAFT');
  }
  return [{ action: 'rule_set.approved', data: { ...identity } }];
}

/** A wish that a rule set concludes from some time on. */
export interface Activate {
  /** RFC 3339; null for at once, and so is a time that has passed. */
  readonly from: string | null;
  /** Given if the version is the built-in one, which may have no entry yet. */
  readonly builtIn: RuleSetIdentity | null;
}

/**
 * Activates a rule set that was approved or comes with the release.
 * @throws RuleSetRefusedError RULE_SET_NOT_FOUND, RULE_SET_NOT_APPROVED
 */
export function decideActivate(state: RuleSetState, { from, builtIn }: Activate, at: string): EntryDraft[] {
  const identity = state.identity ?? builtIn;
  if (identity === null) throw new RuleSetRefusedError('RULE_SET_NOT_FOUND');
  if (state.stage === 'DRAFT') throw new RuleSetRefusedError('RULE_SET_NOT_APPROVED');
  const data: ActivatedData = { ...identity, from: from !== null && from > at ? from : at };
  return [{ action: 'rule_set.activated', data: data as unknown as JsonObject }];
}

/** That another rule set concludes in the place of this one. */
export interface Superseded {
  readonly by: { readonly version: string; readonly index: number; readonly from: string };
  /** What is known of this rule set without its entries, if it is a built-in one. */
  readonly builtIn: RuleSetIdentity | null;
}

/** Notes in a rule set's own history that it was superseded: once, and not if it was activated again since. */
export function decideRetire(state: RuleSetState, { by, builtIn }: Superseded): EntryDraft[] {
  const identity = state.identity ?? builtIn;
  const isActivatedSince = (state.activation?.index ?? -1) >= by.index;
  if (identity === null || state.retirement !== null || isActivatedSince) return [];
  const data: RetiredData = { ...identity, supersededBy: by.version, since: by.from };
  return [{ action: 'rule_set.retired', data: data as unknown as JsonObject }];
}

/**
 * Lets a rule set of any stage run as shadow. It takes the place of whichever did.
 * @throws RuleSetRefusedError RULE_SET_NOT_FOUND
 */
export function decideStartShadow(state: RuleSetState, builtIn: RuleSetIdentity | null): EntryDraft[] {
  const identity = state.identity ?? builtIn;
  if (identity === null) throw new RuleSetRefusedError('RULE_SET_NOT_FOUND');
  return [{ action: 'rule_set.shadow_started', data: { ...identity } }];
}

/** Ends a rule set's run as shadow. */
export function decideEndShadow(state: RuleSetState, builtIn: RuleSetIdentity | null): EntryDraft[] {
  const identity = state.identity ?? builtIn;
  return identity === null ? [] : [{ action: 'rule_set.shadow_ended', data: { ...identity } }];
}
