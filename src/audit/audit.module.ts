import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { provideCollection } from '../platform/mongo/collections.ts';
import { AUDIT_PLANS, BESIDE_LOG_PLANS } from './audit-collections.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { AuditLog } from './audit-log.service.ts';
import { AuditMetrics } from './audit-metrics.service.ts';
import { AuditQueries } from './audit-queries.service.ts';
import { AuditExport } from './audit-export.service.ts';
import { AuditController } from './audit.controller.ts';
import { CheckpointMetrics } from './checkpoint-metrics.service.ts';
import { CheckpointQueries } from './checkpoint-queries.service.ts';
import { CheckpointSigning } from './checkpoint-signing.service.ts';
import { Checkpointer } from './checkpointer.service.ts';
import { CheckpointsRepository } from './checkpoints.repository.ts';
import { KeyRotation } from './key-rotation.service.ts';
import { LogGrowth } from './log-growth.service.ts';
import { LogIntegrity } from './log-integrity.service.ts';
import { LogKeys } from './log-keys.service.ts';
import { ProjectedRanges } from './projected-ranges.ts';
import { Projections } from './projections.service.ts';
import { QueueCheck } from './queue-check.service.ts';
import { SelfCheck } from './self-check.service.ts';
import { SelfCheckMetrics } from './self-check-metrics.service.ts';
import { TilesRepository } from './tiles.repository.ts';
import { Tiles } from './tiles.service.ts';
import { ToldRanges } from './told-ranges.repository.ts';
import { VerificationController } from './verification.controller.ts';
import { Witnesses } from './witnesses.service.ts';
import { TlogController } from './tlog.controller.ts';

/** The immutable log: the only place where anything happens. */
@Module({
  controllers: [AuditController, TlogController, VerificationController],
  providers: [
    AuditExport,
    AuditLog,
    AuditLogRepository,
    AuditMetrics,
    AuditQueries,
    CheckpointMetrics,
    CheckpointQueries,
    CheckpointSigning,
    Checkpointer,
    CheckpointsRepository,
    KeyRotation,
    LogGrowth,
    LogIntegrity,
    LogKeys,
    ProjectedRanges,
    Projections,
    QueueCheck,
    SelfCheck,
    SelfCheckMetrics,
    Tiles,
    TilesRepository,
    ToldRanges,
    Witnesses,
  ],
  exports: [AuditLog, AuditQueries, LogGrowth, Projections],
})
export class AuditModule implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    const db = this.connection.getClient().db(this.connection.name);
    for (const plan of [...AUDIT_PLANS, ...BESIDE_LOG_PLANS]) {
      await provideCollection(db, plan);
    }
  }
}
