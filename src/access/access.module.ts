import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AccessGuard } from './access.guard.ts';
import { ApiClients } from './api-clients.service.ts';
import { RateLimits } from './rate-limits.service.ts';

/** Who may call what: API clients, their scopes and their limits. */
@Global()
@Module({
  providers: [ApiClients, RateLimits, { provide: APP_GUARD, useClass: AccessGuard }],
  exports: [RateLimits],
})
export class AccessModule {}
