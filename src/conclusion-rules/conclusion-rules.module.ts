import { Module } from '@nestjs/common';
import { VaultModule } from '../vault/vault.module.ts';
import { ConclusionService } from './conclusion.service.ts';

/** The bank's rules: what a result means. */
@Module({ imports: [VaultModule], providers: [ConclusionService], exports: [ConclusionService] })
export class ConclusionRulesModule {}
