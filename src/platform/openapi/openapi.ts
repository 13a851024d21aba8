import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { PROBLEMS } from '../http/problem.ts';

/** The description of every endpoint, for `/docs`, `/docs-json` and the committed `openapi.json`. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('ekyc-ledger')
    .setDescription(description())
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Key of an API client' }, 'api-key')
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'api-key',
        description: "Key of an API client, sent as the vendor's API wants it",
      },
      'vendor-style-api-key',
    )
    .addApiKey(
      {
        type: 'apiKey',
        in: 'header',
        name: 'x-callback-token',
        description: 'Token agreed with the vendor; CALLBACK_AUTH_HEADER names the header',
      },
      'vendor-token',
    );
  return SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (_controller, method) => method,
  });
}

/** Serves the description as pages and as JSON. */
export function serveApiDescription(app: INestApplication): void {
  SwaggerModule.setup('docs', app, () => describeApi(app), { jsonDocumentUrl: 'docs-json' });
}

function description(): string {
  const rows = Object.entries(PROBLEMS).map(
    ([code, { status, title }]) => `| \`${code}\` | ${status} | ${title} |`,
  );
  return [
    'The ledger between an eKYC vendor and a bank: every callback kept, every conclusion explained, every step verifiable.',
    '',
    'Times are RFC 3339 in UTC with milliseconds. Lists answer `{items, nextCursor}`. Every answer carries `x-correlation-id`.',
    'Errors are `application/problem+json` (RFC 9457); `code` is stable:',
    '',
    '| code | status | meaning |',
    '|---|---|---|',
    ...rows,
  ].join('\n');
}
