import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { AuditModule } from '../audit/audit.module.ts';
import { provideCollection } from '../platform/mongo/collections.ts';
import { VaultModule } from '../vault/vault.module.ts';
import { ActiveRuleSets } from './active-rule-sets.service.ts';
import { BuiltInRuleSet } from './built-in-rule-set.service.ts';
import { ConclusionService } from './conclusion.service.ts';
import { RULE_SET_PLANS } from './rule-set-collections.ts';
import { RuleSetDocuments } from './rule-set-documents.repository.ts';
import { RuleSetRepository } from './rule-set.repository.ts';
import { RuleSetStream } from './rule-set.stream.ts';
import { RuleSetsController } from './rule-sets.controller.ts';
import { RuleSets } from './rule-sets.service.ts';
import { ShadowReports } from './shadow-reports.repository.ts';
import { ShadowController } from './shadow.controller.ts';
import { Shadow } from './shadow.service.ts';

/** The bank's rules: what a result means, and who said so. */
@Module({
  imports: [AuditModule, VaultModule],
  controllers: [RuleSetsController, ShadowController],
  providers: [
    ActiveRuleSets,
    BuiltInRuleSet,
    ConclusionService,
    RuleSetDocuments,
    RuleSetRepository,
    RuleSetStream,
    RuleSets,
    Shadow,
    ShadowReports,
  ],
  exports: [ConclusionService, RuleSets, Shadow],
})
export class ConclusionRulesModule implements OnModuleInit {
  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly documents: RuleSetDocuments,
    private readonly builtIn: BuiltInRuleSet,
    private readonly active: ActiveRuleSets,
  ) {}

  /** Before the first result is concluded on, the log has said by which rules. */
  async onModuleInit(): Promise<void> {
    const db = this.connection.getClient().db(this.connection.name);
    for (const plan of RULE_SET_PLANS) await provideCollection(db, plan);
    // A later release brings other rules; what these conclude must stay replayable then.
    await this.documents.keep(this.builtIn.ruleSet);
    await this.active.follow();
  }
}
