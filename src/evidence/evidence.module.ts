import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { VaultModule } from '../vault/vault.module.ts';
import { EvidenceArchive } from './evidence-archive.service.ts';
import { EvidenceClaims } from './evidence-claims.repository.ts';
import { EvidenceController } from './evidence.controller.ts';
import { EvidenceTask } from './evidence.task.ts';
import { EvidenceViews } from './evidence-views.service.ts';
import { MediaClient } from './media-client.service.ts';

/** Pictures and videos that a result names: fetched while the vendor has them, kept, and shown with a trace. */
@Module({
  imports: [AuditModule, SessionsModule, VaultModule],
  controllers: [EvidenceController],
  providers: [
    {
      provide: MediaClient,
      useFactory: ({ media }: AppConfig) => new MediaClient(media),
      inject: [AppConfig],
    },
    EvidenceArchive,
    EvidenceClaims,
    EvidenceTask,
    EvidenceViews,
  ],
})
export class EvidenceModule {}
