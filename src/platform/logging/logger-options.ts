import type { Params } from 'nestjs-pino';
import { destination, type LogFn, type Logger } from 'pino';
import { requestOf } from './request-context.ts';

/**
 * One JSON line an event. Requests are logged by route, never by address, header or body: those may name
 * people (G6). Errors are logged by name, message and stack; our own messages hold no personal data.
 */
export function loggerOptions(level: string): Params {
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
        hooks: { logMethod: dropFrameworkChatter },
        serializers: { req: () => undefined, res: () => undefined, err: describeError },
      },
      // Nobody's answer waits for a line; those that are open are written when the process ends.
      destination({ dest: process.stdout.fd, sync: false }),
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

function dropFrameworkChatter(this: Logger, args: Parameters<LogFn>, method: LogFn, level: number): void {
  const [first] = args as unknown as [unknown];
  const context =
    typeof first === 'object' && first !== null ? (first as { context?: unknown }).context : undefined;
  if (level <= INFO && typeof context === 'string' && CHATTER.has(context)) return;
  method.apply(this, args);
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
