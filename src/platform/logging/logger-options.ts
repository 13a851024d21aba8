import type { Params } from 'nestjs-pino';

/**
 * One JSON line an event. Requests are logged by route, never by address, header or body: those may name
 * people (G6). Errors are logged by name, message and stack; our own messages hold no personal data.
 */
export function loggerOptions(level: string): Params {
  return {
    pinoHttp: {
      level,
      // Requests are counted in metrics and logged on completion by RequestMetrics, by route.
      autoLogging: false,
      quietReqLogger: true,
      // Wrapped, ours would be given what the standard one has made of the error.
      wrapSerializers: false,
      serializers: { req: () => undefined, res: () => undefined, err: describeError },
    },
  };
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
