import type { AuditEntryResponse } from '../../src/audit/audit.dto.ts';
import type { ReceiptResponse } from '../../src/callback/callback.dto.ts';
import type { ProblemResponse } from '../../src/platform/openapi/problem.dto.ts';
import type { ConclusionRuleResponse, SessionResponse } from '../../src/sessions/session-responses.dto.ts';

export type Headers = Readonly<Record<string, string>>;

type RequestBody = NonNullable<RequestInit['body']>;

/** An answer, whatever its status. */
export class Answer<Body> {
  readonly status: number;
  readonly headers: Response['headers'];
  readonly bytes: Buffer;

  constructor(response: Response, bytes: Buffer) {
    this.status = response.status;
    this.headers = response.headers;
    this.bytes = bytes;
  }

  /** The body as JSON, of the form that the call documents for its success. */
  get body(): Body {
    return JSON.parse(this.bytes.toString()) as Body;
  }

  /** The body as an error. */
  get problem(): ProblemResponse & Record<string, unknown> {
    return JSON.parse(this.bytes.toString()) as ProblemResponse & Record<string, unknown>;
  }
}

export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/** Calls the service as the bank's internal services and the vendor do. */
export class ApiClient {
  private readonly url: string;
  private readonly headers: Headers;
  private readonly vendorHeaders: Headers;

  /** @param key of an API client; null sends none */
  constructor(url: string, key: string | null, callbackToken: string | null) {
    this.url = url;
    this.headers = key === null ? {} : { authorization: `Bearer ${key}` };
    this.vendorHeaders = callbackToken === null ? {} : { 'x-callback-token': callbackToken };
  }

  async call<Body>(
    method: string,
    path: string,
    { headers = {}, body }: { headers?: Headers; body?: RequestBody } = {},
  ): Promise<Answer<Body>> {
    const signal = AbortSignal.timeout(30_000);
    const request: RequestInit = { method, headers: { ...this.headers, ...headers }, signal };
    if (body !== undefined) Object.assign(request, { body, duplex: 'half' });
    const response = await fetch(`${this.url}${path}`, request);
    return new Answer<Body>(response, Buffer.from(await response.arrayBuffer()));
  }

  get<Body>(path: string, headers?: Headers): Promise<Answer<Body>> {
    return this.call('GET', path, { ...(headers && { headers }) });
  }

  /** Sends JSON. */
  send<Body>(method: string, path: string, body: unknown, headers?: Headers): Promise<Answer<Body>> {
    return this.call(method, path, {
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Delivers a callback as the vendor does: raw bytes, without a content type unless one is given. */
  deliver(body: object | string | Buffer, headers?: Headers): Promise<Answer<ReceiptResponse>> {
    return this.call('POST', '/v1/callbacks/fpt', {
      headers: { ...this.vendorHeaders, ...headers },
      body: new Uint8Array(bytesOf(body)),
    });
  }

  register(registration: object): Promise<Answer<SessionResponse>> {
    return this.send('POST', '/v1/sessions', registration);
  }

  getSession(uuid: string): Promise<Answer<SessionResponse>> {
    return this.get(`/v1/sessions/${uuid}`);
  }

  /** Every item of a list, page by page. */
  async all<Item>(path: string, pageSize = 200): Promise<Item[]> {
    const items: Item[] = [];
    const separator = path.includes('?') ? '&' : '?';
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Answer<Page<Item>> = await this.get<Page<Item>>(
        `${path}${separator}limit=${pageSize}${cursor && `&cursor=${cursor}`}`,
      );
      if (page.status !== 200) throw new Error(`${path} answered ${page.status}: ${page.bytes.toString()}`);
      items.push(...page.body.items);
      cursor = page.body.nextCursor;
    }
    return items;
  }

  /** Audit entries, oldest first; all of them or those that meet a query such as `action=session.registered`. */
  entries(query = ''): Promise<AuditEntryResponse[]> {
    return this.all(`/v1/audit/entries${query && `?${query}`}`);
  }
}

export function bytesOf(body: object | string | Buffer): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

/** Node puts header values on the wire as latin1, so text beyond ASCII has to be its UTF-8 bytes. */
export function inUtf8(header: string): string {
  return Buffer.from(header).toString('latin1');
}

/** Every rule in a session's conclusion. */
export function rulesOf({ conclusion }: SessionResponse): ConclusionRuleResponse[] {
  return conclusion?.ruleTable.flatMap(({ rules }) => rules) ?? [];
}
