import { type CollectionPlan, IS_TEXT } from '../platform/mongo/collections.ts';

export const EXCEPTIONS_PLAN: CollectionPlan = {
  name: 'exceptions',
  indexes: [
    { keys: { firstIndex: -1 }, serves: 'all exceptions, newest first' },
    { keys: { status: 1, firstIndex: -1 }, serves: 'open exceptions, newest first; how many there are' },
    { keys: { class: 1, firstIndex: -1 }, serves: 'exceptions of one class, newest first' },
    {
      keys: { owner: 1, firstIndex: -1 },
      onlyWhere: { owner: IS_TEXT },
      serves: 'the exceptions that a person takes care of, newest first',
    },
    {
      keys: { session: 1 },
      onlyWhere: { session: IS_TEXT },
      serves: 'the exceptions about a session',
    },
  ],
};

export const RECONCILIATION_RUNS_PLAN: CollectionPlan = {
  name: 'reconciliation_runs',
  indexes: [
    {
      keys: { status: 1 },
      serves: 'runs that were asked for and not begun, or left behind by a dead holder',
    },
    { keys: { startedAt: 1 }, serves: 'forgetting runs after 90 days', expireAfterSeconds: 7_776_000 },
  ],
};

export const RECONCILIATION_PROGRESS_PLAN: CollectionPlan = { name: 'reconciliation_progress', indexes: [] };

export const RECONCILIATION_DUE_PLAN: CollectionPlan = {
  name: 'reconciliation_due',
  indexes: [{ keys: { at: 1 }, serves: 'sessions that time alone may have brought into question' }],
};

export const RECONCILIATION_PLANS: readonly CollectionPlan[] = [
  EXCEPTIONS_PLAN,
  RECONCILIATION_RUNS_PLAN,
  RECONCILIATION_PROGRESS_PLAN,
  RECONCILIATION_DUE_PLAN,
];
