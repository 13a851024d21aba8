import { type CanActivate, type ExecutionContext, HttpStatus, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { assertNever } from '../platform/assert-never.ts';
import { Problem } from '../platform/http/problem.ts';
import { VendorFormatError } from '../platform/http/vendor-format.errors.ts';
import { ACCESS, type Access } from './access.ts';
import { rememberClient } from './actor.ts';
import { ApiClients } from './api-clients.service.ts';
import { RateLimits } from './rate-limits.service.ts';
import type { Scope } from './scopes.ts';

/** Lets a request through only as its route's {@link Access} says; a route that says nothing is closed. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly clients: ApiClients,
    private readonly limits: RateLimits,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access === undefined)
      throw new Error(`${context.getClass().name}.${context.getHandler().name} declares no access`);
    switch (access.kind) {
      case 'anyone':
      case 'vendor':
        return true;
      case 'api-key-header':
        await this.authenticateAsVendorWould(
          context.switchToHttp().getRequest<FastifyRequest>(),
          access.scope,
        );
        return true;
      case 'scope':
        await this.authenticate(context.switchToHttp().getRequest<FastifyRequest>(), access.scope);
        return true;
      default:
        return assertNever(access);
    }
  }

  private async authenticate(request: FastifyRequest, scope: Scope): Promise<void> {
    const key = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
    const client = key === undefined ? null : this.clients.findByKey(key);
    if (client === null) {
      await this.limits.countFailedAuthentication(request.ip);
      throw new Problem('UNAUTHENTICATED', 'Send the header authorization: Bearer <API key>.');
    }
    await this.limits.countRequest(client.id);
    if (!client.scopes.has(scope)) {
      throw new Problem('SCOPE_MISSING', `Ask for the scope ${scope} in the API clients file.`);
    }
    rememberClient(request, client.id);
  }

  private async authenticateAsVendorWould(request: FastifyRequest, scope: Scope): Promise<void> {
    const key = request.headers['api-key'];
    const client = typeof key === 'string' ? this.clients.findByKey(key) : null;
    if (client === null) await this.limits.countFailedAuthentication(request.ip);
    if (!client?.scopes.has(scope)) throw new VendorFormatError(HttpStatus.FORBIDDEN, 'Forbidden');
    await this.limits.countRequest(client.id);
    rememberClient(request, client.id);
  }
}
