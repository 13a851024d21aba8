import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { AuditModule } from '../audit/audit.module.ts';
import { provideCollection } from '../platform/mongo/collections.ts';
import { EVIDENCE_PLANS } from './evidence.schema.ts';
import { EvidenceStore } from './evidence-store.service.ts';
import { KeyedDigest } from './keyed-digest.service.ts';
import { OrphanedBlobsTask } from './orphaned-blobs.task.ts';
import { VAULT_PLAN } from './vault.schema.ts';
import { Vault } from './vault.service.ts';

/** Personal data, encrypted and erasable; nothing else in the service holds any. */
@Module({
  imports: [AuditModule],
  providers: [Vault, EvidenceStore, KeyedDigest, OrphanedBlobsTask],
  exports: [Vault, EvidenceStore, KeyedDigest],
})
export class VaultModule implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    const db = this.connection.getClient().db(this.connection.name);
    for (const plan of [VAULT_PLAN, ...EVIDENCE_PLANS]) await provideCollection(db, plan);
  }
}
