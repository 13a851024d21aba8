import type { CollectionPlan } from '../platform/mongo/collections.ts';

export const RULE_SETS_PLAN: CollectionPlan = {
  name: 'rule_sets',
  indexes: [
    { keys: { firstIndex: -1 }, serves: 'rule sets, newest first' },
    { keys: { digest: 1 }, serves: 'how many rule sets have the same content' },
  ],
};

export const RULE_SET_DOCUMENTS_PLAN: CollectionPlan = { name: 'rule_set_documents', indexes: [] };

export const SHADOW_REPORTS_PLAN: CollectionPlan = {
  name: 'shadow_reports',
  indexes: [{ keys: { version: 1, _id: -1 }, serves: 'the latest run of a rule set as shadow' }],
};

export const RULE_SET_PLANS: readonly CollectionPlan[] = [
  RULE_SETS_PLAN,
  RULE_SET_DOCUMENTS_PLAN,
  SHADOW_REPORTS_PLAN,
];
