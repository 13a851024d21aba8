import { Global, Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DatabaseCheck } from './database-check.service.ts';
import { HealthController } from './health.controller.ts';
import { ReadinessChecks } from './readiness.ts';

/** Liveness and readiness; modules add their own parts to {@link ReadinessChecks}. */
@Global()
@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [ReadinessChecks, DatabaseCheck],
  exports: [ReadinessChecks],
})
export class HealthModule {}
