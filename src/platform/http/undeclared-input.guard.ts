import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { invalid } from './validation.ts';

const BODY = 3;
const QUERY = 4;

const IGNORES_INPUT = 'ignores-undeclared-input';

/** Marks a route in somebody else's format: its callers send what that API lets pass. */
export const IgnoreUndeclaredInput = () => SetMetadata(IGNORES_INPUT, true);

/** Refuses query parameters and bodies where a route declares none; DTO validation sees only what is declared. */
@Injectable()
export class UndeclaredInputGuard implements CanActivate {
  private readonly declared = new WeakMap<object, Set<number>>();

  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const hasQuery = Object.keys(request.query as object).length > 0;
    const hasBody = request.body !== undefined && request.body !== null;
    if (!hasQuery && !hasBody) return true;
    if (this.reflector.get<true | undefined>(IGNORES_INPUT, context.getHandler())) return true;

    if (hasUnseenName(request.query)) throw invalid([{ path: 'query', message: 'has an unknown parameter' }]);
    if (hasUnseenName(request.body)) throw invalid([{ path: 'body', message: 'has an unknown field' }]);
    const declared = this.declaredBy(context);
    if (hasQuery && !declared.has(QUERY))
      throw invalid([{ path: 'query', message: 'takes no parameters here' }]);
    if (hasBody && !declared.has(BODY)) throw invalid([{ path: 'body', message: 'must be empty here' }]);
    return true;
  }

  private declaredBy(context: ExecutionContext): Set<number> {
    const handler = context.getHandler();
    let types = this.declared.get(handler);
    if (types === undefined) {
      const args = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), handler.name) ??
        {}) as object;
      types = new Set(Object.keys(args).map((key) => Number(key.split(':')[0])));
      this.declared.set(handler, types);
    }
    return types;
  }
}

/** class-transformer drops names that every object has, such as `constructor`, before validation sees them. */
function hasUnseenName(input: unknown): boolean {
  if (typeof input !== 'object' || input === null || Buffer.isBuffer(input)) return false;
  return Object.keys(input).some((name) => name in Object.prototype);
}
