import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { AuditModule } from '../audit/audit.module.ts';
import { ConclusionRulesModule } from '../conclusion-rules/conclusion-rules.module.ts';
import { provideCollection } from '../platform/mongo/collections.ts';
import { VaultModule } from '../vault/vault.module.ts';
import { FeedController } from './feed.controller.ts';
import { FeedService } from './feed.service.ts';
import { PersonalData } from './personal-data.service.ts';
import { ReviewQueue } from './review-queue.repository.ts';
import { SessionQueries } from './session-queries.service.ts';
import { SessionRepository } from './session.repository.ts';
import { SESSIONS_PLAN } from './session.schema.ts';
import { SessionStream } from './session.stream.ts';
import { validateTransitions } from './session-status.ts';
import { SessionsController } from './sessions.controller.ts';
import { SessionsService } from './sessions.service.ts';
import { UnconcludedTask } from './unconcluded.task.ts';

/** Sessions: commands, their fold, and what others may read of them. */
@Module({
  imports: [AuditModule, VaultModule, ConclusionRulesModule],
  controllers: [SessionsController, FeedController],
  providers: [
    SessionsService,
    SessionQueries,
    FeedService,
    SessionRepository,
    ReviewQueue,
    SessionStream,
    PersonalData,
    UnconcludedTask,
  ],
  exports: [SessionsService, SessionQueries, PersonalData],
})
export class SessionsModule implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    validateTransitions();
    await provideCollection(this.connection.getClient().db(this.connection.name), SESSIONS_PLAN);
  }
}
