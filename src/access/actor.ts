import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { Matches } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../platform/http/problem.ts';
import { invalid } from '../platform/http/validation.ts';

/** Who did something, as the audit log names them. */
export type Actor =
  | { readonly type: 'vendor' | 'client' | 'system'; readonly id: string }
  | { readonly type: 'person'; readonly id: string; readonly via: string };

/** Types of actors that call our API. */
export const CALLER_TYPES = ['client', 'person'] as const satisfies readonly Actor['type'][];

export const VENDOR_ACTOR: Actor = { type: 'vendor', id: 'fpt-ai' };
export const SYSTEM_ACTOR: Actor = { type: 'system', id: 'ekyc-ledger' };

/** Actors that act all the time. */
export const CONSTANT_ACTORS: readonly Actor[] = [VENDOR_ACTOR, SYSTEM_ACTOR];

export const ON_BEHALF_OF_HEADER = 'x-on-behalf-of';
/** No space at either end; of the header those are taken away before. */
const PRINTABLE = /^(?! )[\p{L}\p{M}\p{N}\p{P}\p{S} ]{1,128}(?<! )$/u;

/** For a field that names a person, as the header does. */
export const IsPersonId = () => Matches(PRINTABLE, { message: 'must be 1 to 128 printable characters' });

const clients = new WeakMap<FastifyRequest, string>();

/** Remembers which API client a request was authenticated as. */
export function rememberClient(request: FastifyRequest, clientId: string): void {
  clients.set(request, clientId);
}

/**
 * The caller of a request: the person named by `x-on-behalf-of`, else the API client itself.
 * @throws Problem VALIDATION_FAILED if the header is there but isn't 1–128 printable characters.
 */
export function actorOf(request: FastifyRequest): Actor {
  const client = clients.get(request);
  if (client === undefined) throw new Error('actor asked for on a route without an API client');
  const person = request.headers[ON_BEHALF_OF_HEADER];
  if (person === undefined) return { type: 'client', id: client };
  // Node gives header bytes as latin1; people's ids may be UTF-8.
  const id = typeof person === 'string' ? Buffer.from(person, 'latin1').toString('utf8').trim() : '';
  if (!PRINTABLE.test(id) || id.includes('\ufffd')) {
    throw invalid([{ path: ON_BEHALF_OF_HEADER, message: 'must be 1 to 128 printable characters in UTF-8' }]);
  }
  return { type: 'person', id, via: client };
}

/** Injects the {@link Actor} of the request into a handler. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext) =>
  actorOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Like {@link CurrentActor}, but a person must be named: some acts are never a machine's. */
export const CurrentPerson = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const actor = actorOf(context.switchToHttp().getRequest<FastifyRequest>());
  if (actor.type !== 'person') {
    throw new Problem(
      'ON_BEHALF_OF_REQUIRED',
      `Send the header ${ON_BEHALF_OF_HEADER} with the person's id.`,
      { errors: [{ path: ON_BEHALF_OF_HEADER, message: 'must name a person' }] },
    );
  }
  return actor;
});
