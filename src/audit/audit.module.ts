import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { provideCollection } from '../platform/mongo/collections.ts';
import { AUDIT_LOG_PLAN } from './audit-collections.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { AuditLog } from './audit-log.service.ts';
import { AuditMetrics } from './audit-metrics.service.ts';
import { AuditQueries } from './audit-queries.service.ts';
import { AuditController } from './audit.controller.ts';
import { ProjectedRanges } from './projected-ranges.ts';
import { Projections } from './projections.service.ts';

/** The immutable log: the only place where anything happens. */
@Module({
  controllers: [AuditController],
  providers: [AuditLog, AuditLogRepository, AuditMetrics, AuditQueries, ProjectedRanges, Projections],
  exports: [AuditLog, AuditQueries, Projections],
})
export class AuditModule implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    await provideCollection(this.connection.getClient().db(this.connection.name), AUDIT_LOG_PLAN);
  }
}
