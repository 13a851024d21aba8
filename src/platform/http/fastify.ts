import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type {
  ConnectionError,
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  RouteOptions,
} from 'fastify';
import { inRequest } from '../logging/request-context.ts';
import { CORRELATION_HEADER, correlationIdOf } from './correlation-id.ts';
import { problemDocument } from './problem-document.ts';
import { Problem } from './problem.ts';
import { invalid, malformedJson } from './validation.ts';

/** Of a JSON body; raw routes name their own. */
export const BODY_LIMIT_BYTES = 1024 * 1024;

/** What a route may say of its body through Nest's `@RouteConfig`. */
export interface BodyRouteConfig {
  /** The body is taken as bytes of any media type, up to this many. */
  readonly rawBodyLimitBytes?: number;
}

/** Fastify as this service needs it: correlation ids, limits by route and one strict JSON reader. */
export function fastifyAdapter(): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    requestIdHeader: false,
    genReqId: correlationIdOf,
    forceCloseConnections: 'idle',
    http: { connectionsCheckingInterval: 1_000 },
    routerOptions: { maxParamLength: 256 },
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseBrokenHttp,
  });
  const fastify = adapter.getInstance<FastifyInstance>();

  fastify.addHook('onRoute', (route: RouteOptions) => {
    const limit = (route.config as BodyRouteConfig | undefined)?.rawBodyLimitBytes;
    if (limit !== undefined) route.bodyLimit = limit;
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header(CORRELATION_HEADER, request.id);
    // Fastify refuses a media type that it can't parse before any parser sees it; raw routes take all.
    if (takesRawBody(request)) delete request.headers['content-type'];
    inRequest(request.id, done);
  });
  let closing = false;
  fastify.addHook('preClose', (done) => {
    closing = true;
    done();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    // Idle connections are closed at once; one that is busy must not stay open for as long as its client likes.
    if (closing) void reply.header('connection', 'close');
    done();
  });
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (takesRawBody(request)) return done(null, body);
    if (body.length === 0) return done(null, undefined);
    if (!isJson(request.headers['content-type'])) return done(unsupportedMediaType());
    try {
      done(null, parseJson(body));
    } catch (error) {
      done(error as Error);
    }
  });
  return adapter;
}

/** An address that the router can't read reaches no route, so no filter either; Fastify would repeat it. */
function refuseAddress(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const { status, headers, body } = problemDocument(
    invalid([{ path: 'url', message: 'must be a well-formed address, see /docs' }]),
    request.id,
  );
  void reply.status(status).headers(headers).send(body);
}

/** Sets how long a request may take to arrive: a slow sender, or one that has gone, must not hold a connection. */
export function limitArrival(server: Server, timeoutMs: number): void {
  server.headersTimeout = timeoutMs;
  server.requestTimeout = timeoutMs;
}

/** What is no HTTP, has headers beyond 16 KiB or does not arrive in time never becomes a request. */
function refuseBrokenHttp(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const problem =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new Problem('REQUEST_TIMEOUT', 'Send the whole request without pauses.')
      : invalid([{ path: 'request', message: 'must be HTTP/1.1 with headers of at most 16 KiB' }]);
  const { status, headers, body } = problemDocument(problem, randomUUID());
  const lines = Object.entries({
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`);
}

function takesRawBody(request: FastifyRequest): boolean {
  return (request.routeOptions.config as BodyRouteConfig).rawBodyLimitBytes !== undefined;
}

function isJson(mediaType: string | undefined): boolean {
  return (
    mediaType !== undefined &&
    /^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;\s*charset="?utf-8"?)?\s*$/i.test(mediaType)
  );
}

function unsupportedMediaType(): Problem {
  return new Problem('UNSUPPORTED_MEDIA_TYPE', 'Send the header content-type: application/json.');
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(body), refuseProto);
  } catch {
    throw malformedJson();
  }
}

/** `__proto__` in a body is never meant well; class-transformer would copy it onto an instance. */
function refuseProto(key: string, value: unknown): unknown {
  if (key === '__proto__') throw new SyntaxError('__proto__ is no field');
  return value;
}
