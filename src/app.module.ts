import { Module } from '@nestjs/common';
import { AccessModule } from './access/access.module.ts';
import { AuditModule } from './audit/audit.module.ts';
import { CallbackModule } from './callback/callback.module.ts';
import { ConclusionRulesModule } from './conclusion-rules/conclusion-rules.module.ts';
import { EvidenceModule } from './evidence/evidence.module.ts';
import { PlatformModule } from './platform/platform.module.ts';
import { RecallsModule } from './recalls/recalls.module.ts';
import { ReconciliationModule } from './reconciliation/reconciliation.module.ts';
import { RetrievalModule } from './retrieval/retrieval.module.ts';
import { RuleImpactModule } from './rule-impact/rule-impact.module.ts';
import { ReviewsModule } from './reviews/reviews.module.ts';
import { SessionsModule } from './sessions/sessions.module.ts';
import { VaultModule } from './vault/vault.module.ts';

/** The whole product: what the vendor sends comes in at the top and ends, explained, in the log. */
@Module({
  imports: [
    CallbackModule, //         vendor → us: deliveries, receipts, quarantine
    RetrievalModule, //        us → vendor: pulls, comparison, proof
    EvidenceModule, //         pictures and videos, fetched while the vendor has them
    ReviewsModule, //          what the rules can't decide, people do
    ReconciliationModule, //   nothing stays unexplained: exceptions, runs, the daily close
    RuleImpactModule, //       what a rule set did, or would do, to sessions
    RecallsModule, //          what a wrong rule set concluded is concluded on anew
    SessionsModule, //         what is known of each customer's check, folded from the log
    ConclusionRulesModule, //  what a result means to this bank
    VaultModule, //            personal data, encrypted and erasable
    AuditModule, //            the immutable log that all of it rests on
    AccessModule, //           who may call what
    PlatformModule, //         configuration, database, HTTP manners, health, metrics
  ],
})
export class AppModule {}
