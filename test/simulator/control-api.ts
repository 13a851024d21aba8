import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { isCallbackFault, isMediaFault, isPullFault, type FaultProbabilities } from './faults.ts';
import type { FinishedSession, VendorSessions } from './vendor-sessions.ts';

export const CONTROL_PATH = '/_control/';

/** A request to the control API that can't be met as it is; answered 400 with the message. */
class ControlError extends Error {
  override readonly name = 'ControlError';
}

/** The HTTP side of the simulator's controls, for tests in another process; see README.md in this folder. */
export async function answerControl(
  sessions: VendorSessions,
  request: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  try {
    const answer = await control(sessions, `${request.method} ${url.pathname}`, url.searchParams, request);
    respond(response, answer === null ? 404 : 200, answer ?? { message: 'No such control' });
  } catch (error) {
    respond(response, 400, { message: error instanceof Error ? error.message : 'Bad request' });
  }
}

async function control(
  sessions: VendorSessions,
  call: string,
  query: URLSearchParams,
  request: IncomingMessage,
): Promise<object | null> {
  const uuid = query.get('uuid') ?? undefined;
  switch (call) {
    case 'POST /_control/sessions': {
      const finished = sessionsIn(await readJson(request));
      for (const { uuid: each, ...session } of finished) {
        sessions.finish(each, session);
      }
      return { finished: finished.length };
    }
    case 'POST /_control/redeliveries':
      sessions.redeliver(uuidIn(await readJson(request)));
      return { pending: sessions.pending };
    case 'POST /_control/purges':
      sessions.purge(uuidIn(await readJson(request)));
      return {};
    case 'POST /_control/faults': {
      const faults = (await readJson(request)) as FaultProbabilities;
      sessions.setFaults(faults);
      return faults;
    }
    case 'POST /_control/target':
      sessions.sendCallbacksTo(textIn(await readJson(request), 'url'));
      return {};
    case 'GET /_control/deliveries':
      return { items: sessions.deliveries(uuid), pending: sessions.pending };
    case 'GET /_control/pulls':
      return { items: sessions.pulls(uuid) };
    default:
      return null;
  }
}

/** One session or `{"sessions":[…]}`, all checked before the first is finished. */
function sessionsIn(body: Record<string, unknown>): (FinishedSession & { uuid: string })[] {
  const list = (Array.isArray(body['sessions']) ? body['sessions'] : [body]) as Record<string, unknown>[];
  return list.map((session) => {
    const { callbackFault, pullFault, mediaFault } = session;
    if (callbackFault !== undefined && callbackFault !== null && !isCallbackFault(callbackFault)) {
      throw new ControlError('Unknown callbackFault');
    }
    if (pullFault !== undefined && pullFault !== null && !isPullFault(pullFault)) {
      throw new ControlError('Unknown pullFault');
    }
    if (mediaFault !== undefined && mediaFault !== null && !isMediaFault(mediaFault)) {
      throw new ControlError('Unknown mediaFault');
    }
    return { ...session, uuid: uuidIn(session) };
  });
}

const uuidIn = (body: Record<string, unknown>): string => textIn(body, 'uuid');

function textIn(body: Record<string, unknown>, field: string): string {
  const value = body[field];
  if (typeof value !== 'string' || value === '') {
    throw new ControlError(`${field} is required`);
  }
  return value;
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body: unknown = JSON.parse(await text(request));
  if (typeof body !== 'object' || body === null) {
    throw new ControlError('The body must be a JSON object');
  }
  return body as Record<string, unknown>;
}

function respond(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
