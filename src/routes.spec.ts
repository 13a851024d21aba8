import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { type DynamicModule, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, MODULE_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import type { OpenAPIObject } from '@nestjs/swagger';
import { ACCESS, type Access } from './access/access.ts';
import { PROBLEMS } from './platform/http/problem.ts';

// Importing the modules reads the configuration, which writes development secrets.
const dataDir = mkdtempSync(join(tmpdir(), 'ekyc-ledger-routes-'));
process.env['DATA_DIR'] = dataDir;
const { AppModule } = await import('./app.module.ts');
afterAll(() => rmSync(dataDir, { recursive: true }));

/** Who may call what. A change here is a change of the contract: it belongs into API documentation and changelog. */
const ROUTES: Readonly<Record<string, string>> = {
  'POST /v1/callbacks/fpt': 'vendor',
  'POST /v1/callbacks/fpt/token': 'anyone',

  'GET /v1/quarantine': 'reconciliation:read',
  'GET /v1/quarantine/{receiptId}': 'reconciliation:read',
  'GET /v1/quarantine/{receiptId}/raw': 'results:read',
  'POST /v1/quarantine/{receiptId}/replays': 'reconciliation:run',
  'POST /v1/quarantine/{receiptId}/dismissal': 'reconciliation:run',

  'POST /v1/sessions': 'sessions:write',
  'GET /v1/sessions': 'sessions:read',
  'GET /v1/sessions/{uuid}': 'sessions:read',
  'GET /v1/sessions/{uuid}/timeline': 'sessions:read',
  'GET /v1/sessions/{uuid}/result': 'results:read',
  'GET /v1/sessions/{uuid}/result/raw': 'results:read',
  'GET /v1/sessions/{uuid}/evidence/{kind}': 'results:read',
  'POST /v1/sessions/{uuid}/retrievals': 'sessions:write',
  'DELETE /v1/sessions/{uuid}/personal-data': 'personal-data:erase',
  'GET /v1/feed': 'sessions:read',
  'POST /v1/sessions/{uuid}/reviews': 'reviews:write',
  'GET /v1/sessions/{uuid}/reviews': 'results:read',
  'GET /v1/reviews': 'reviews:write',
  'POST /v1/reviews/{uuid}/claim': 'reviews:write',
  'POST /v1/reviews/{uuid}/release': 'reviews:write',
  'POST /v1/reviews/samples': 'reviews:write',
  'GET /v1/reviews/samples/{id}': 'reviews:write',
  'POST /v1/reviews/samples/{id}/outcomes': 'reviews:write',
  'GET /v1/review-reasons': 'sessions:read',
  'POST /callback/get_result': 'results:read, as the vendor takes keys',

  'GET /v1/reconciliation/exceptions': 'reconciliation:read',
  'POST /v1/reconciliation/exceptions/{id}/assignment': 'reconciliation:run',
  'POST /v1/reconciliation/exceptions/{id}/resolution': 'reconciliation:run',
  'GET /v1/reconciliation/runs': 'reconciliation:read',
  'POST /v1/reconciliation/runs': 'reconciliation:run',
  'GET /v1/reconciliation/closes/{date}': 'reconciliation:read',
  'POST /v1/reconciliation/closes/{date}/signature': 'reconciliation:run',

  'GET /v1/rule-sets': 'rules:read',
  'GET /v1/rule-sets/{version}': 'rules:read',
  'POST /v1/rule-sets': 'rules:write',
  'POST /v1/rule-sets/{version}/approvals': 'rules:approve',
  'POST /v1/rule-sets/{version}/activation': 'rules:approve',
  'POST /v1/rule-sets/{version}/simulations': 'rules:read',
  'GET /v1/rule-sets/{version}/shadow': 'rules:read',
  'POST /v1/rule-sets/{version}/shadow': 'rules:write',
  'DELETE /v1/rule-sets/{version}/shadow': 'rules:write',
  'POST /v1/rule-sets/{version}/recalls': 'rules:write',
  'GET /v1/recalls': 'rules:read',
  'GET /v1/recalls/{id}': 'rules:read',
  'POST /v1/recalls/{id}/approval': 'rules:approve',
  'GET /v1/warning-codes': 'rules:read',

  'GET /v1/audit/entries': 'audit:read',
  'GET /v1/audit/entries/{index}': 'audit:read',
  'GET /v1/audit/entries/{index}/proof': 'audit:read',
  'GET /v1/audit/consistency': 'audit:read',
  'GET /v1/audit/export': 'audit:read',
  'GET /v1/audit/verification': 'audit:read',
  'POST /v1/audit/verification': 'audit:read',
  'GET /tlog/checkpoint': 'audit:read',
  'GET /tlog/tile/{path}': 'audit:read',

  'GET /health/live': 'anyone',
  'GET /health/ready': 'anyone',
  'GET /metrics': 'anyone',
};

interface Route {
  /** Such as `GET /v1/sessions/{uuid}`. */
  readonly name: string;
  readonly handler: string;
  readonly access: Access | undefined;
}

type Module = Type | DynamicModule;
const routes = controllersOf(AppModule).flatMap(routesOf);

function controllersOf(module: Module, seen = new Set<Type>()): Type[] {
  const type = 'module' in module ? module.module : module;
  const dynamic = 'module' in module ? module : {};
  if (seen.has(type)) return [];
  seen.add(type);
  const declared = (key: 'imports' | 'controllers') => [
    ...((Reflect.getMetadata(MODULE_METADATA[key.toUpperCase() as 'IMPORTS'], type) ?? []) as unknown[]),
    ...((dynamic as DynamicModule)[key] ?? []),
  ];
  return [
    ...(declared('controllers') as Type[]),
    ...declared('imports').flatMap((imported) =>
      imported instanceof Promise ? [] : controllersOf(imported as Module, seen),
    ),
  ];
}

function routesOf(controller: Type): Route[] {
  const prefix = Reflect.getMetadata(PATH_METADATA, controller) as string;
  const methods = Object.getOwnPropertyDescriptors(controller.prototype);
  return Object.entries(methods).flatMap(([handler, { value }]: [string, { value?: object }]) => {
    const method = value && (Reflect.getMetadata(METHOD_METADATA, value) as RequestMethod | undefined);
    if (value === undefined || method === undefined) return [];
    const path = `/${prefix}/${Reflect.getMetadata(PATH_METADATA, value) as string}`;
    const address = path.replaceAll(/\/+/g, '/').replace(/(.)\/$/, '$1');
    return {
      name: `${RequestMethod[method]} ${address.replaceAll(/:(\w+)/g, '{$1}').replace('/*', '/{path}')}`,
      handler,
      access: (Reflect.getMetadata(ACCESS, value) ?? Reflect.getMetadata(ACCESS, controller)) as
        Access | undefined,
    };
  });
}

describe('every route', () => {
  it('declares who may call it, as the table says', () => {
    const declared = routes.map(({ name, access }) => [name, access && inWords(access)]);
    expect(Object.fromEntries(declared)).toEqual(ROUTES);
    expect(routes).toHaveLength(Object.keys(ROUTES).length);
  });

  it('that anyone may call says why', () => {
    for (const { access } of routes) if (access?.kind === 'anyone') expect(access.why).toMatch(/\w+ \w+/);
  });
});

function inWords(access: Access): string {
  switch (access.kind) {
    case 'scope':
      return access.scope;
    case 'api-key-header':
      return `${access.scope}, as the vendor takes keys`;
    case 'vendor':
    case 'anyone':
      return access.kind;
  }
}

describe('the committed openapi.json', () => {
  const document = JSON.parse(
    readFileSync(join(import.meta.dirname, '../openapi.json'), 'utf8'),
  ) as OpenAPIObject;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
    ),
  );
  const accessOf = new Map(routes.map(({ name, access }) => [name, access]));

  it('describes every route and no other, each under the name of its handler, which is unique', () => {
    const described = operations.map(([name, { operationId }]) => [name, operationId]);
    expect(Object.fromEntries(described)).toEqual(
      Object.fromEntries(routes.map(({ name, handler }) => [name, handler])),
    );
    expect(new Set(described.map(([, id]) => id)).size).toBe(routes.length);
  });

  it.each(operations)('says what %s is for, needs, answers and refuses', (name, operation) => {
    expect(operation.summary).toMatch(/^[A-Z].*\.$/);
    expect(operation.tags).toHaveLength(1);
    expect(operation.security ?? []).toEqual(securityOf(accessOf.get(name)));

    const statuses = Object.keys(operation.responses).map(Number);
    expect(statuses.some((status) => status < 300)).toBe(true);
    const checked = (operation.parameters ?? []).some(
      (parameter) => parameter.in === 'path' || parameter.in === 'query',
    );
    const expected = [
      ...((checked && !name.includes('/tlog/')) || (operation.requestBody && !isVendor(name)) ? [400] : []),
      ...(accessOf.get(name)?.kind === 'scope' ? [401, 403, 429, 503] : []),
      ...(isVendor(name) ? [401, 413, 422, 429, 503] : []),
    ];
    expect(statuses).toEqual(expect.arrayContaining(expected));
  });

  it('shows an example of every JSON body, asked for or answered', () => {
    const without = operations.flatMap(([name, { requestBody, responses }]) =>
      Object.entries({ body: requestBody, ...responses }).flatMap(([part, body]) =>
        Object.entries(body?.content ?? {})
          .filter(([type]) => /^application\/(problem\+)?json$/.test(type))
          .filter(([, { schema, examples }]) => examples === undefined && !isExemplified(schema))
          .map(() => `${name}: ${part}`),
      ),
    );
    expect(without).toEqual([]);
  });

  it.each(operations)('names codes that exist in every error of %s', (name, { responses }) => {
    const errors = Object.entries(responses).filter(([status]) => Number(status) >= 400);
    const inOtherForm = [
      'GET /health/ready',
      'POST /callback/get_result',
      'POST /v1/callbacks/fpt/token',
    ].includes(name);
    for (const [status, { content }] of inOtherForm ? [] : errors) {
      const { examples } = content!['application/problem+json']!;
      for (const code of Object.keys(examples!)) {
        expect({ code, status: PROBLEMS[code as keyof typeof PROBLEMS].status }).toEqual({
          code,
          status: Number(status),
        });
      }
    }
  });

  function isVendor(name: string): boolean {
    return accessOf.get(name)?.kind === 'vendor';
  }

  /** The schema shows a value for each of its parts. */
  function isExemplified(schema: Schema | undefined): boolean {
    if (schema === undefined) return false;
    if (schema.$ref !== undefined)
      return isExemplified(document.components?.schemas?.[schema.$ref.split('/').at(-1)!]);
    if ('example' in schema || schema.enum || schema.examples) return true;
    if (schema.allOf) return schema.allOf.every(isExemplified);
    if (schema.items) return isExemplified(schema.items);
    return schema.properties !== undefined && Object.values(schema.properties).every(isExemplified);
  }
});

function securityOf(access: Access | undefined): object[] {
  switch (access?.kind) {
    case 'scope':
      return [{ 'api-key': [] }];
    case 'api-key-header':
      return [{ 'vendor-style-api-key': [] }];
    case 'vendor':
      return [{ 'vendor-token': [] }];
    default:
      return [];
  }
}

interface Schema {
  readonly $ref?: string;
  readonly enum?: unknown[];
  readonly example?: unknown;
  readonly examples?: unknown;
  readonly allOf?: Schema[];
  readonly items?: Schema;
  readonly properties?: Record<string, Schema>;
}

interface Body {
  readonly content?: Record<
    string,
    { schema?: Schema; example?: unknown; examples?: Record<string, unknown> }
  >;
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: string[];
  readonly security?: object[];
  readonly parameters?: { readonly in: string }[];
  readonly requestBody?: Body;
  readonly responses: Record<string, Body>;
}
