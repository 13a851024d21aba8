import {
  isJsonObject,
  member,
  parseJsonText,
  type JsonObject,
  type JsonValue,
  type ParsedJson,
  type UnusableReason,
} from './json-text.ts';
import { isNoValue } from './vendor-values.ts';

export type VendorBodyProblem = UnusableReason | 'NOT_AN_OBJECT' | 'NO_UUID' | 'BAD_UUID';

export type VendorBody =
  | { readonly ok: true; readonly uuid: string; readonly result: JsonObject }
  | { readonly ok: false; readonly reason: VendorBodyProblem };

const UUID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * Reads a result as the vendor sends or serves it. Never throws.
 *
 * The result is the body itself or, where the bank set a *Callback Data Key* in the vendor's portal, the
 * value under that key, with the bank's own *Request Payloads* fields beside it, which are left out. Both
 * shapes are accepted because the setting changes in the portal and in our configuration at different times.
 * The value under the key may be a JSON text itself, as templating gateways make of it.
 *
 * @param dataKey the Callback Data Key, undefined where none is configured
 */
export function readVendorBody(bytes: Buffer, dataKey: string | undefined): VendorBody {
  const body = parseJsonText(bytes);
  const parsed = body.ok ? unwrap(body.value, dataKey) : body;
  if (!parsed.ok) return parsed;
  if (!isJsonObject(parsed.value)) return { ok: false, reason: 'NOT_AN_OBJECT' };

  const uuid = member(parsed.value, 'uuid');
  if (isNoValue(uuid)) return { ok: false, reason: 'NO_UUID' };
  if (typeof uuid !== 'string' || !UUID.test(uuid)) return { ok: false, reason: 'BAD_UUID' };
  return { ok: true, uuid, result: parsed.value };
}

function unwrap(body: JsonValue, dataKey: string | undefined): ParsedJson {
  const wrapped = dataKey !== undefined && isJsonObject(body) ? member(body, dataKey) : undefined;
  if (wrapped === undefined) return { ok: true, value: body };
  return typeof wrapped === 'string' ? parseJsonText(Buffer.from(wrapped)) : { ok: true, value: wrapped };
}
