import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InjectConnection } from '@nestjs/mongoose';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Connection } from 'mongoose';
import { AuditLog } from '../audit/audit-log.service.ts';
import { AuditModule } from '../audit/audit.module.ts';
import { provideCollection } from '../platform/mongo/collections.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { VaultModule } from '../vault/vault.module.ts';
import { CALLBACK_REJECTIONS_PLAN, CallbackRejections } from './callback-rejections.repository.ts';
import { CallbackService } from './callback.service.ts';
import { Deliveries } from './deliveries.service.ts';
import { QuarantineController } from './quarantine.controller.ts';
import { QuarantineDesk } from './quarantine-desk.service.ts';
import { QUARANTINED_DELIVERIES_PLAN, QuarantineRepository } from './quarantine.repository.ts';
import { Quarantine } from './quarantine.service.ts';
import { QuarantineStream } from './quarantine.stream.ts';
import { VendorAuthentication } from './vendor-authentication.service.ts';
import { type CallbackRouteConfig, VendorCallbackController } from './vendor-callback.controller.ts';
import { VendorTokenController } from './vendor-token.controller.ts';

/** The vendor's way in: authentication, the raw body, receipts, quarantine. */
@Module({
  imports: [AuditModule, SessionsModule, VaultModule],
  controllers: [VendorCallbackController, VendorTokenController, QuarantineController],
  providers: [
    CallbackService,
    Deliveries,
    Quarantine,
    QuarantineDesk,
    QuarantineRepository,
    QuarantineStream,
    VendorAuthentication,
    CallbackRejections,
  ],
})
export class CallbackModule implements OnModuleInit {
  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly adapterHost: HttpAdapterHost,
    private readonly authentication: VendorAuthentication,
    private readonly callbacks: CallbackService,
    private readonly log: AuditLog,
  ) {}

  async onModuleInit(): Promise<void> {
    const db = this.connection.getClient().db(this.connection.name);
    await provideCollection(db, CALLBACK_REJECTIONS_PLAN);
    await provideCollection(db, QUARANTINED_DELIVERIES_PLAN);
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    // Guards run after the body is read; a stranger must not make us buffer it.
    fastify.addHook('onRequest', async (request) => {
      if (!isCallback(request)) return;
      await this.authentication.admit(request);
      // Reading a body that can't be kept would take the time of those that can.
      this.log.refuseWhenFull();
    });
    fastify.addHook('onError', async (request, _reply, error) => {
      if (isCallback(request) && error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
        const announced = Number(request.headers['content-length']);
        await this.callbacks.recordOversized(Number.isSafeInteger(announced) ? announced : null);
      }
    });
  }
}

function isCallback(request: FastifyRequest): boolean {
  return (request.routeOptions.config as Partial<CallbackRouteConfig>).vendorCallback === true;
}
