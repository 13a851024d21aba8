import { Module, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { AuditModule } from '../audit/audit.module.ts';
import { provideCollection } from '../platform/mongo/collections.ts';
import { KeyedDigest } from './keyed-digest.service.ts';
import { OrphanedBlobsTask } from './orphaned-blobs.task.ts';
import { VAULT_PLAN } from './vault.schema.ts';
import { Vault } from './vault.service.ts';

/** Personal data, encrypted and erasable; nothing else in the service holds any. */
@Module({
  imports: [AuditModule],
  providers: [Vault, KeyedDigest, OrphanedBlobsTask],
  exports: [Vault, KeyedDigest],
})
export class VaultModule implements OnModuleInit {
  constructor(@InjectConnection() private readonly connection: Connection) {}

  async onModuleInit(): Promise<void> {
    await provideCollection(this.connection.getClient().db(this.connection.name), VAULT_PLAN);
  }
}
