import { isJsonObject, member, parseJsonText, type JsonObject } from '../results/json-text.ts';
import { readVendorBody, type VendorBodyProblem } from '../results/vendor-body.ts';
import { readCode } from '../results/vendor-values.ts';

/**
 * Why an answer is none that can be used. `WRONG_UUID`: it speaks of another session than the one asked for.
 * `NO_RESULT`: no section of a result and no error code. `COMPRESSED`: with a content coding, though none
 * was accepted.
 */
export type UnusableAnswer = VendorBodyProblem | 'WRONG_UUID' | 'NO_RESULT' | 'COMPRESSED';

/**
 * Why there is no answer. `RATE_LIMITED` is the vendor's 429 or, where no attempt was made, our own limits
 * towards the vendor. `NOT_CONFIGURED`: there is no vendor to ask, as development allows.
 */
export type UnavailableCause =
  | 'TIMEOUT'
  | 'NETWORK'
  | 'SERVER_ERROR'
  | 'RATE_LIMITED'
  | 'TOO_LARGE'
  | 'BREAKER_OPEN'
  | 'REDIRECTED'
  | 'NOT_CONFIGURED';

/** What one request came to. Only `RESULT` and `UNUSABLE` hold what the vendor sent. */
export type VendorReply =
  /** `raw` byte for byte, `body` the same parsed; its uuid is the one asked for. */
  | { readonly kind: 'RESULT'; readonly raw: Buffer; readonly body: JsonObject }
  /** Unknown uuid, not finished, never stored or deleted: four meanings, and none of them is "rejected". */
  | { readonly kind: 'NOT_FOUND' }
  | { readonly kind: 'FORBIDDEN' }
  /** An error of the vendor's: its code such as "400" or, where it gave none, `HTTP_401`. */
  | { readonly kind: 'REFUSED'; readonly code: string }
  | { readonly kind: 'UNUSABLE'; readonly reason: UnusableAnswer; readonly raw: Buffer }
  /** `retryAfterMs`: for how long the vendor asks to be left alone; null where it doesn't say. */
  | {
      readonly kind: 'UNAVAILABLE';
      readonly cause: UnavailableCause;
      readonly retryAfterMs: number | null;
    };

/** One word for what a request came to; for the log and as a metric's label. */
export type AttemptOutcome = Exclude<VendorReply['kind'], 'UNAVAILABLE'> | UnavailableCause;

/** What a pull came to; `attempts` says the same of each request that was really made, oldest first. */
export type VendorAnswer = VendorReply & { readonly attempts: readonly AttemptOutcome[] };

/** The parts of an HTTP response that a reply is read from. */
export interface VendorResponse {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** As received, never decompressed. */
  readonly raw: Buffer;
}

/** Longest pause that a `Retry-After` is believed: a misconfigured gateway must not silence the pulls for days. */
export const MAX_RETRY_AFTER_MS = 300_000;

/** Whether a response of that status says anything in its body. */
export function hasMeaningfulBody(status: number): boolean {
  return status < 300 || (status >= 400 && status < 500 && status !== 429);
}

/**
 * Reads the vendor's response to a pull of `uuid` (FPT.md 2 and 9.1). Never throws and follows nothing.
 *
 * A 403 or 404 counts as the vendor's own only in the form of its page, a JSON object with a `message`: a
 * gateway's page for a wrong base URL must not look like sessions that don't exist. The wording isn't read.
 */
export function readVendorReply(uuid: string, response: VendorResponse): VendorReply {
  const { status, headers, raw } = response;
  if (status >= 500) return unavailable('SERVER_ERROR', retryAfterMs(headers));
  if (status === 429) return unavailable('RATE_LIMITED', retryAfterMs(headers));
  if (status >= 400) return readRefusal(status, raw);
  if (status >= 300) return unavailable('REDIRECTED');

  const coding = headers['content-encoding'] ?? 'identity';
  return coding === 'identity' ? readResult(uuid, raw) : { kind: 'UNUSABLE', reason: 'COMPRESSED', raw };
}

export function unavailable(cause: UnavailableCause, retryAfter: number | null = null): VendorReply {
  return { kind: 'UNAVAILABLE', cause, retryAfterMs: retryAfter };
}

export function outcomeOf(reply: VendorReply): AttemptOutcome {
  return reply.kind === 'UNAVAILABLE' ? reply.cause : reply.kind;
}

/** What the outcome alone leaves open, as a code without personal data; null where nothing. */
export function detailOf(reply: VendorReply): string | null {
  switch (reply.kind) {
    case 'REFUSED':
      return reply.code;
    case 'UNUSABLE':
      return reply.reason;
    default:
      return null;
  }
}

function readRefusal(status: number, raw: Buffer): VendorReply {
  const body = parseJsonText(raw);
  const object = body.ok && isJsonObject(body.value) ? body.value : {};
  if (typeof member(object, 'message') === 'string') {
    if (status === 403) return { kind: 'FORBIDDEN' };
    if (status === 404) return { kind: 'NOT_FOUND' };
  }
  return { kind: 'REFUSED', code: codeIn(object) ?? `HTTP_${status}` };
}

/** The pull knows no *Callback Data Key*: the vendor's page shows the result bare. */
function readResult(uuid: string, raw: Buffer): VendorReply {
  const body = readVendorBody(raw, undefined);
  if (body.ok) {
    if (body.uuid !== uuid) return { kind: 'UNUSABLE', reason: 'WRONG_UUID', raw };
    if (hasSection(body.result)) return { kind: 'RESULT', raw, body: body.result };
    return readError(body.result) ?? { kind: 'UNUSABLE', reason: 'NO_RESULT', raw };
  }
  const object = body.reason === 'NO_UUID' ? parseJsonText(raw) : body;
  const error = 'value' in object && isJsonObject(object.value) ? readError(object.value) : null;
  return error ?? { kind: 'UNUSABLE', reason: body.reason, raw };
}

/** An error that came with HTTP 200, as most of the vendor's do. */
function readError(body: JsonObject): VendorReply | null {
  const code = codeIn(body);
  return code === null || code === '200' || hasSection(body) ? null : { kind: 'REFUSED', code };
}

function hasSection(body: JsonObject): boolean {
  return ['ocr', 'liveness', 'face_match', 'kyc_conclusion'].some((name) => isJsonObject(member(body, name)));
}

function codeIn(body: JsonObject): string | null {
  const code = readCode(member(body, 'code'));
  return typeof code === 'string' ? code : null;
}

/**
 * RFC 9110 `Retry-After`, in seconds or as a date; a date is taken relative to the response's own `Date`, so
 * that the two clocks need not agree.
 */
function retryAfterMs(headers: VendorResponse['headers']): number | null {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return null;
  const ms = /^\d+$/.test(value)
    ? Number(value) * 1000
    : Date.parse(value) - Date.parse(String(headers['date']));
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}
