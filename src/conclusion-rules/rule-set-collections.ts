import type { CollectionPlan } from '../platform/mongo/collections.ts';

export const RULE_SETS_PLAN: CollectionPlan = {
  name: 'rule_sets',
  indexes: [
    { keys: { firstIndex: -1 }, serves: 'rule sets, newest first' },
    { keys: { digest: 1 }, serves: 'how many rule sets have the same content' },
  ],
};

export const RULE_SET_DOCUMENTS_PLAN: CollectionPlan = { name: 'rule_set_documents', indexes: [] };

export const RULE_SET_PLANS: readonly CollectionPlan[] = [RULE_SETS_PLAN, RULE_SET_DOCUMENTS_PLAN];
