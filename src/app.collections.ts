import { AUDIT_PLANS, BESIDE_LOG_PLANS } from './audit/audit-collections.ts';
import { CALLBACK_REJECTIONS_PLAN } from './callback/callback-rejections.repository.ts';
import { QUARANTINED_DELIVERIES_PLAN } from './callback/quarantine.repository.ts';
import { RULE_SET_PLANS } from './conclusion-rules/rule-set-collections.ts';
import { EVIDENCE_CLAIMS_PLAN } from './evidence/evidence-claims.repository.ts';
import { READINESS_PROBES_PLAN } from './platform/health/database-check.service.ts';
import { LEASES_PLAN } from './platform/leases/leases.service.ts';
import type { CollectionPlan } from './platform/mongo/collections.ts';
import { PULL_CLAIMS_PLAN } from './retrieval/pull-claims.repository.ts';
import { RECALLS_PLAN } from './recalls/recall.repository.ts';
import { RECONCILIATION_PLANS } from './reconciliation/reconciliation-collections.ts';
import { SESSIONS_PLAN } from './sessions/session.schema.ts';
import { EVIDENCE_PLANS } from './vault/evidence.schema.ts';
import { VAULT_PLAN } from './vault/vault.schema.ts';

/**
 * Every collection of the product, for whoever provisions a database. What may be done to each stands in
 * `config/mongodb/roles.json`; a test holds the two together.
 */
export const COLLECTION_PLANS: readonly CollectionPlan[] = [
  ...AUDIT_PLANS,
  ...BESIDE_LOG_PLANS,
  SESSIONS_PLAN,
  VAULT_PLAN,
  ...EVIDENCE_PLANS,
  EVIDENCE_CLAIMS_PLAN,
  CALLBACK_REJECTIONS_PLAN,
  QUARANTINED_DELIVERIES_PLAN,
  PULL_CLAIMS_PLAN,
  ...RECONCILIATION_PLANS,
  ...RULE_SET_PLANS,
  RECALLS_PLAN,
  LEASES_PLAN,
  READINESS_PROBES_PLAN,
];
