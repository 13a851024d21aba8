import { SYSTEM_ACTOR } from '../access/actor.ts';
import type { RuleSetResponse, RuleSetStatus, RuleSetSummaryResponse } from './rule-set-responses.dto.ts';
import type { ListedRuleSet, ReadRuleSet } from './rule-sets.service.ts';

/** What an answer adds to the document; left out again when the answer is posted as a new draft. */
const READ_ONLY_MEMBERS: readonly string[] = [
  'version',
  'status',
  'author',
  'draftedAt',
  'approvedBy',
  'approvedAt',
  'activeFrom',
  'retiredFrom',
  'digest',
  'findings',
] satisfies (keyof RuleSetResponse)[];

export function toRuleSetSummary({ state, schedule }: ListedRuleSet): RuleSetSummaryResponse {
  const { version, identity, draft, approval, activation } = state;
  return {
    version,
    name: identity?.name ?? '',
    status: statusOf({ state, schedule }),
    author: draft?.by.id ?? SYSTEM_ACTOR.id,
    draftedAt: draft?.at ?? null,
    approvedBy: approval?.by.id ?? null,
    approvedAt: approval?.at ?? null,
    activeFrom: activation?.from ?? null,
    retiredFrom: schedule.former.get(version)?.from ?? null,
    digest: identity?.digest ?? '',
  };
}

export function toRuleSetResponse({ ruleSet, findings, ...listed }: ReadRuleSet): RuleSetResponse {
  return {
    ...toRuleSetSummary(listed),
    findings: findings.map((finding) => ({ ...finding })),
    ...structuredClone(ruleSet),
  };
}

/** The document in a request: whatever isn't one of the members that answers add. */
export function toDocument(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([name]) => !READ_ONLY_MEMBERS.includes(name)));
}

function statusOf({ state, schedule }: ListedRuleSet): RuleSetStatus {
  if (schedule.current.version === state.version) return 'ACTIVE';
  if (schedule.former.has(state.version)) return 'RETIRED';
  return state.stage === 'DRAFT' ? 'DRAFT' : 'APPROVED';
}
