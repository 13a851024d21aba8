import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.ts';
import { ConclusionRulesModule } from '../conclusion-rules/conclusion-rules.module.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { RuleImpactController } from './rule-impact.controller.ts';
import { Replays } from './replays.service.ts';
import { Simulations } from './simulations.service.ts';

/** What a rule set did to sessions, or would do. */
@Module({
  imports: [AuditModule, ConclusionRulesModule, SessionsModule],
  controllers: [RuleImpactController],
  providers: [Replays, Simulations],
})
export class RuleImpactModule {}
