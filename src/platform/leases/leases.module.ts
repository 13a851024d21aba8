import { Global, Module } from '@nestjs/common';
import { Leases } from './leases.service.ts';

@Global()
@Module({ providers: [Leases], exports: [Leases] })
export class LeasesModule {}
