import { setTimeout as delay } from 'node:timers/promises';
import { WorkLimit } from './work-limit.ts';

export type CallbackAuthentication =
  | { readonly kind: 'FIXED_TOKEN'; readonly header: string; readonly token: string }
  /** OAuth 2.0 client credentials; an access token is used until it expires or is refused. */
  | {
      readonly kind: 'DYNAMIC_TOKEN';
      /** By default `/token` under the callback URL. */
      readonly tokenUrl?: string;
      readonly clientId: string;
      readonly clientSecret: string;
    };

export interface CallbackSenderOptions {
  readonly authentication: CallbackAuthentication;
  /** What `curl --data-raw` sends by default, "application/x-www-form-urlencoded"; null for none. */
  readonly contentType: string | null;
  /** Between the end of a failed attempt and the next. The vendor's default is 30 s. */
  readonly retryIntervalMs: number;
  /** Resends after the first attempt. The vendor's default is not known. */
  readonly retryCount: number;
  /** After which an attempt without an answer has failed. */
  readonly attemptTimeoutMs: number;
  readonly maxConcurrentDeliveries: number;
}

/** One attempt and how the receiver answered it. */
export interface Delivery {
  readonly uuid: string;
  /** From 1. */
  readonly attempt: number;
  /** RFC 3339. */
  readonly sentAt: string;
  /** Null when there was no answer; `error` says why. */
  readonly status: number | null;
  /** The answer's body, at most 4,000 characters. */
  readonly answer: string;
  readonly error: string | null;
}

/** Sends callbacks as the vendor does: again after an interval unless the answer is 2xx (an assumption). */
export class CallbackSender {
  /** The customer's callback URL; null until it is known. */
  url: string | null = null;
  private readonly options: CallbackSenderOptions;
  private readonly stopped: AbortSignal;
  private readonly record: (delivery: Delivery) => void;
  private readonly limit: WorkLimit;
  private accessToken: { readonly value: string; readonly usableUntil: number } | null = null;

  constructor(options: CallbackSenderOptions, stopped: AbortSignal, record: (delivery: Delivery) => void) {
    this.options = options;
    this.stopped = stopped;
    this.record = record;
    this.limit = new WorkLimit(options.maxConcurrentDeliveries);
  }

  /** Resolves when the callback was taken, its resends are used up or the simulator stops. Never rejects. */
  async send(uuid: string, body: Uint8Array<ArrayBuffer>, wrongToken: boolean): Promise<void> {
    const attempts = this.options.retryCount + 1;
    for (let attempt = 1; attempt <= attempts && !this.stopped.aborted; attempt += 1) {
      const outcome = await this.limit.run(() => this.post(body, wrongToken));
      this.record({ uuid, attempt, ...outcome });
      const { status } = outcome;
      const taken = status !== null && status >= 200 && status < 300;
      if (
        taken ||
        attempt === attempts ||
        !(await pauseUnlessStopped(this.options.retryIntervalMs, this.stopped))
      ) {
        return;
      }
    }
  }

  private async post(
    body: Uint8Array<ArrayBuffer>,
    wrongToken: boolean,
  ): Promise<Omit<Delivery, 'uuid' | 'attempt'>> {
    const sentAt = new Date().toISOString();
    try {
      const response = await fetch(this.callbackUrl(), {
        method: 'POST',
        body,
        redirect: 'manual',
        headers: {
          ...(this.options.contentType !== null && { 'content-type': this.options.contentType }),
          ...(await this.tokenHeader(wrongToken)),
        },
        signal: this.attemptSignal(),
      });
      if (response.status === 401) {
        this.accessToken = null;
      }
      return {
        sentAt,
        status: response.status,
        answer: (await response.text()).slice(0, 4_000),
        error: null,
      };
    } catch (error) {
      const { message, cause } = error as Error;
      return { sentAt, status: null, answer: '', error: cause instanceof Error ? cause.message : message };
    }
  }

  private callbackUrl(): string {
    if (this.url === null) {
      throw new Error('the callback URL was not set');
    }
    return this.url;
  }

  private attemptSignal(): AbortSignal {
    return AbortSignal.any([this.stopped, AbortSignal.timeout(this.options.attemptTimeoutMs)]);
  }

  private async tokenHeader(wrong: boolean): Promise<Record<string, string>> {
    const { authentication } = this.options;
    switch (authentication.kind) {
      case 'FIXED_TOKEN':
        return { [authentication.header]: wrong ? 'wrong-token' : authentication.token };
      case 'DYNAMIC_TOKEN':
        return { authorization: `Bearer ${wrong ? 'wrong-token' : await this.currentToken(authentication)}` };
    }
  }

  private async currentToken(
    credentials: Extract<CallbackAuthentication, { kind: 'DYNAMIC_TOKEN' }>,
  ): Promise<string> {
    if (this.accessToken !== null && this.accessToken.usableUntil > performance.now()) {
      return this.accessToken.value;
    }
    const response = await fetch(credentials.tokenUrl ?? `${this.callbackUrl()}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret,
      }),
      signal: this.attemptSignal(),
    });
    if (!response.ok) {
      throw new Error(`the token URL answered ${response.status}`);
    }
    const issued = (await response.json()) as { access_token: string; expires_in: number };
    this.accessToken = {
      value: issued.access_token,
      usableUntil: performance.now() + issued.expires_in * 1_000,
    };
    return issued.access_token;
  }
}

/** False when the simulator stopped meanwhile. */
export async function pauseUnlessStopped(ms: number, stopped: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal: stopped });
    return true;
  } catch {
    return false;
  }
}
