import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { AuditModule } from '../audit/audit.module.ts';
import { ConclusionRulesModule } from '../conclusion-rules/conclusion-rules.module.ts';
import { provideCollection } from '../platform/mongo/collections.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { RecallRepository, RECALLS_PLAN } from './recall.repository.ts';
import { RecallRun } from './recall-run.service.ts';
import { RecallStream } from './recall.stream.ts';
import { RecallTask } from './recall.task.ts';
import { RecalledSessions } from './recalled-sessions.service.ts';
import { RecallsController } from './recalls.controller.ts';
import { Recalls } from './recalls.service.ts';

/** What a rule set concluded that proved wrong is concluded on anew. */
@Module({
  imports: [AuditModule, ConclusionRulesModule, SessionsModule],
  controllers: [RecallsController],
  providers: [RecallRepository, RecallRun, RecallStream, RecallTask, RecalledSessions, Recalls],
})
export class RecallsModule implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    await provideCollection(this.connection.getClient().db(this.connection.name), RECALLS_PLAN);
  }
}
