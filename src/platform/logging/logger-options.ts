import type { Params } from 'nestjs-pino';
import { destination } from 'pino';
import { requestOf } from './request-context.ts';

/**
 * One JSON line an event. Requests are logged by route, never by address, header or body: those may name
 * people (G6). Errors are logged by name, message and stack; our own messages hold no personal data.
 */
export function loggerOptions(level: string): Params {
  // A write for each line costs a tenth of what a request takes. Open lines are written when the process ends.
  const lines = destination({
    dest: process.stdout.fd,
    sync: false,
    minLength: 4_096,
    periodicFlush: LINE_WAITS_MS,
  });
  return {
    // Requests are counted in metrics and logged on completion by RequestMetrics, by route. Its middleware would
    // make a logger for each, which costs as much as the rest of what HTTP takes of a request.
    forRoutes: [],
    pinoHttp: [
      {
        level,
        autoLogging: false,
        mixin: requestOf,
        // Wrapped, ours would be given what the standard one has made of the error.
        wrapSerializers: false,
        hooks: {
          logMethod(args, method, lineLevel) {
            if (isFrameworkChatter(args, lineLevel)) return;
            method.apply(this, args);
            if (lineLevel > INFO) lines.flush();
          },
        },
        serializers: { req: () => undefined, res: () => undefined, err: describeError },
      },
      lines,
    ],
  };
}

/** What Nest tells of every module and route at every start; it says nothing about this service. */
const CHATTER = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
]);
const INFO = 30;
/** For how long a line of that level or below may wait for others. */
const LINE_WAITS_MS = 250;

function isFrameworkChatter([first]: readonly unknown[], level: number): boolean {
  const context =
    typeof first === 'object' && first !== null ? (first as { context?: unknown }).context : undefined;
  return level <= INFO && typeof context === 'string' && CHATTER.has(context);
}

/** Database errors carry the failing document in extra fields, so only the fixed ones are kept. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    type: name,
    message: withoutValues(message),
    ...(typeof code === 'number' || typeof code === 'string' ? { code } : {}),
    ...(stack !== undefined && {
      stack: stack
        .split('\n')
        .filter((line) => line.startsWith('    at '))
        .slice(0, 12),
    }),
    ...(cause !== undefined && { cause: describeError(cause) }),
  };
}

/** MongoDB repeats the duplicate key's value and JSON.parse a piece of its input. */
function withoutValues(message: string): string {
  return message.replace(/dup key: .*$/s, 'dup key').replace(/(JSON).*$/s, '$1');
}
