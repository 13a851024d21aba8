import { TokenRequestError } from './token-request.errors.ts';

export interface ClientCredentials {
  readonly id: string;
  readonly secret: string;
}

/** What a token request says, not yet checked. */
export interface TokenRequest {
  readonly grantType: string | undefined;
  /**
   * The credentials in every way that they can be read; empty when there are none. HTTP Basic has two readings:
   * RFC 6749, section 2.3.1, has both parts form-encoded, which many clients, curl among them, don't do.
   */
  readonly credentials: readonly ClientCredentials[];
}

const PARAMETERS = ['grant_type', 'client_id', 'client_secret'] as const;
type Parameters = Partial<Record<(typeof PARAMETERS)[number], string>>;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a client credentials request, RFC 6749, sections 2.3.1 and 4.4.2. The body is JSON if it begins with a brace,
 * which no form does, and a form otherwise: the content type of the vendor's requests can't be relied upon.
 * Parameters that are not known are ignored, and an empty one counts as left out, as section 3.2 has it.
 * @throws TokenRequestError invalid_request
 */
export function parseTokenRequest(authorization: string | undefined, body: Buffer): TokenRequest {
  const { grant_type: grantType, client_id: id, client_secret: secret } = parametersIn(body);
  if (authorization === undefined) {
    return { grantType, credentials: id !== undefined && secret !== undefined ? [{ id, secret }] : [] };
  }
  if (secret !== undefined) {
    throw invalidRequest('Send the client secret in the body or in the header authorization, not in both.');
  }
  return { grantType, credentials: basicCredentials(authorization) };
}

function parametersIn(body: Buffer): Parameters {
  const text = textOf(body);
  return text.trimStart().startsWith('{') ? jsonParameters(text) : formParameters(text);
}

function textOf(body: Buffer): string {
  try {
    return utf8.decode(body);
  } catch {
    throw invalidRequest('Send the body in UTF-8.');
  }
}

function jsonParameters(text: string): Parameters {
  const document = parseObject(text);
  return collect((name) => {
    const value = document[name];
    if (value === undefined || typeof value === 'string') return value;
    throw invalidRequest(`Send ${name} as a text.`);
  });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw invalidRequest('Send a form, or a body that is one JSON object.');
  }
}

function formParameters(text: string): Parameters {
  const form = new URLSearchParams(text);
  return collect((name) => {
    const values = form.getAll(name);
    if (values.length > 1) throw invalidRequest(`Send ${name} once.`);
    return values[0];
  });
}

function collect(read: (name: (typeof PARAMETERS)[number]) => string | undefined): Parameters {
  const entries = PARAMETERS.map((name) => [name, read(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value !== ''));
}

function basicCredentials(authorization: string): ClientCredentials[] {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined) return [];
  const pair = Buffer.from(encoded, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon === -1) return [];
  const asSent = { id: pair.slice(0, colon), secret: pair.slice(colon + 1) };
  return [asSent, { id: formDecoded(asSent.id), secret: formDecoded(asSent.secret) }];
}

function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text.replaceAll('&', '%26')}`).get('value') ?? '';
}

function invalidRequest(description: string): TokenRequestError {
  return new TokenRequestError('invalid_request', description);
}
