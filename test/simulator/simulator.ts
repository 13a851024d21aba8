import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CallbackSender, pauseUnlessStopped, type CallbackSenderOptions } from './callback-sender.ts';
import { answerControl, CONTROL_PATH } from './control-api.ts';
import { checkProbabilities } from './faults.ts';
import { answerMedium } from './media-endpoint.ts';
import { MEDIA_KINDS, mediumOf } from './media.ts';
import {
  answerForbidden,
  answerNotFound,
  answerResult,
  pullHeaders,
  type PullAnswerOptions,
} from './result-endpoint.ts';
import { VendorSessions, type Pull, type VendorSessionsOptions } from './vendor-sessions.ts';

export interface SimulatorOptions extends CallbackSenderOptions, VendorSessionsOptions, PullAnswerOptions {
  /** On 127.0.0.1; 0 for any free one. */
  readonly port: number;
  /** The customer's callback URL; may also be named later by `control.sendCallbacksTo`. */
  readonly callbackUrl: string | null;
  /** The key that pulls must carry. */
  readonly apiKey: string;
  /** The page says POST; another edition of the vendor's documents says GET. */
  readonly resultMethods: readonly ('POST' | 'GET')[];
  /** Before a pull is answered. */
  readonly pullLatencyMs: number;
}

export const DEFAULT_OPTIONS: SimulatorOptions = {
  port: 0,
  callbackUrl: null,
  authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: 'simulator-token' },
  contentType: 'application/x-www-form-urlencoded',
  retryIntervalMs: 30_000,
  retryCount: 3,
  attemptTimeoutMs: 10_000,
  maxConcurrentDeliveries: 32,
  callbackDataKey: null,
  requestPayloads: {},
  apiKey: 'simulator-api-key',
  resultMethods: ['POST'],
  pullLatencyMs: 0,
  seed: '1',
  faults: {},
  delayMs: 2_000,
  trickleIntervalMs: 1_000,
  hugeBytes: 2 ** 30,
  redirectTo: 'http://169.254.169.254/latest/meta-data/',
};

export interface Simulator {
  /** Base URL, for the service's FPT_BASE_URL. */
  readonly url: string;
  readonly control: VendorSessions;
  /** Ends everything at once: held callbacks, resends, answers under way. */
  stop(): Promise<void>;
}

/** Starts a stand-in for the vendor on 127.0.0.1: callbacks, `POST /callback/get_result` and media. */
export async function startSimulator(given: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const options = { ...DEFAULT_OPTIONS, ...given };
  checkProbabilities(options.faults);
  const stopping = new AbortController();
  const stopped = stopping.signal;
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.listen(options.port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const control = new VendorSessions(options, {
    createSender: (record) => new CallbackSender(options, stopped, record),
    stopped,
    mediaBaseUrl: `${url}/media`,
  });
  if (options.callbackUrl !== null) {
    control.sendCallbacksTo(options.callbackUrl);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = new URL(request.url ?? '/', url);
    if (address.pathname.startsWith(CONTROL_PATH)) {
      return answerControl(control, request, address, response);
    }
    if (address.pathname.endsWith('/callback/get_result')) {
      return answerPull(request, response);
    }
    return answerMediaRequest(address.pathname, response);
  }

  async function answerPull(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { apiKey, uuid } = pullHeaders(request);
    const now = () => new Date().toISOString();
    const times = { receivedAt: now(), endedAt: null as string | null };
    for (const event of ['prefinish', 'close']) response.once(event, () => (times.endedAt ??= now()));
    const record = (outcome: Pull['outcome']): void =>
      control.recordPull(Object.assign(times, { uuid, at: now(), outcome }));
    if (!(await pauseUnlessStopped(options.pullLatencyMs, stopped))) {
      return;
    }
    if (!options.resultMethods.some((method) => method === request.method)) {
      response.writeHead(405).end();
    } else if (apiKey !== options.apiKey) {
      record('FORBIDDEN');
      answerForbidden(response);
    } else if (uuid === null || !control.has(uuid)) {
      record('NOT_FOUND');
      answerNotFound(response);
    } else {
      const fault = control.takePullFault(uuid);
      record(fault ?? 'RESULT');
      await answerResult(response, control.resultOf(uuid), fault, options, stopped);
    }
  }

  async function answerMediaRequest(path: string, response: ServerResponse): Promise<void> {
    const [, name, kindName] = /^\/media\/([^/]+)\/(\w+)$/.exec(path) ?? [];
    const kind = MEDIA_KINDS.find((each) => each === kindName);
    const uuid = name === undefined ? null : decodeURIComponent(name);
    if (uuid === null || kind === undefined || !control.has(uuid)) {
      response.writeHead(404).end();
      return;
    }
    const fault = control.takeMediaFault(uuid, kind);
    await answerMedium(response, mediumOf(uuid, kind), path, fault, options, stopped);
  }

  return {
    url,
    control,
    async stop() {
      stopping.abort();
      server.close();
      server.closeAllConnections();
      await control.idle();
    },
  };
}
