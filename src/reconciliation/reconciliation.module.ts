import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { AuditModule } from '../audit/audit.module.ts';
import { provideCollection } from '../platform/mongo/collections.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { VaultModule } from '../vault/vault.module.ts';
import { Closes } from './closes.service.ts';
import { ExceptionRepository } from './exception.repository.ts';
import { ExceptionStream } from './exception.stream.ts';
import { Exceptions } from './exceptions.service.ts';
import { RECONCILIATION_PLANS } from './reconciliation-collections.ts';
import { ReconciliationController } from './reconciliation.controller.ts';
import { ReconciliationMetrics } from './reconciliation-metrics.service.ts';
import { ReconciliationProgress } from './reconciliation-progress.repository.ts';
import { ReconciliationRuns } from './reconciliation-runs.repository.ts';
import { Reconciliation } from './reconciliation.service.ts';
import { ReconciliationTask } from './reconciliation.task.ts';
import { SilenceMetrics } from './silence-metrics.service.ts';

/** Nothing stays unexplained: exceptions for what needs attention, and a close that balances every day. */
@Module({
  imports: [AuditModule, SessionsModule, VaultModule],
  controllers: [ReconciliationController],
  providers: [
    Closes,
    ExceptionRepository,
    ExceptionStream,
    Exceptions,
    Reconciliation,
    ReconciliationMetrics,
    ReconciliationProgress,
    ReconciliationRuns,
    ReconciliationTask,
    SilenceMetrics,
  ],
})
export class ReconciliationModule implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    const db = this.connection.getClient().db(this.connection.name);
    for (const plan of RECONCILIATION_PLANS) await provideCollection(db, plan);
  }
}
