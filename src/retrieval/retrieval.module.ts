import { Module } from '@nestjs/common';
import { AppConfig } from '../platform/config/app-config.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { PullClaims } from './pull-claims.repository.ts';
import { PullTask } from './pull.task.ts';
import { RetrievalService } from './retrieval.service.ts';
import { RetrievalsController } from './retrievals.controller.ts';
import { UnconfiguredVendor } from './unconfigured-vendor.ts';
import { VendorCompatibleController } from './vendor-compatible.controller.ts';
import { VendorClient } from './vendor-client.service.ts';

/** Us to the vendor: results are pulled, compared and so proven. */
@Module({
  imports: [SessionsModule],
  controllers: [RetrievalsController, VendorCompatibleController],
  providers: [
    {
      provide: VendorClient,
      useFactory: ({ vendor }: AppConfig, metrics: Metrics) =>
        vendor === null ? new UnconfiguredVendor() : new VendorClient({ vendor }, metrics),
      inject: [AppConfig, Metrics],
    },
    PullClaims,
    PullTask,
    RetrievalService,
  ],
  exports: [RetrievalService],
})
export class RetrievalModule {}
