import type { MediaClientSettings } from '../../evidence/media-client.service.ts';
import { parseResourceHosts } from '../../evidence/resource-hosts.ts';
import type { BackOffPolicy } from '../../retrieval/back-off.ts';
import type { VendorClientSettings } from '../../retrieval/vendor-client.service.ts';
import type { DevelopmentSecrets } from './development-secrets.ts';
import type { EnvironmentVariables } from './environment-variables.ts';

/** The vendor's setting "Dynamic Token": its credentials, and how long a token lives that it gets for them. */
export interface DynamicTokenSettings {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly ttlSeconds: number;
}

export type ConfirmationPolicy = EnvironmentVariables['CONFIRMATION_POLICY'];

/** A 256-bit key that wraps the data keys of the vault. */
export interface MasterKey {
  readonly id: string;
  readonly key: Buffer;
}

/** When sessions are pulled: how pulls are repeated, and for how long the vendor can answer. */
export interface PullPolicy {
  readonly backOff: BackOffPolicy;
  readonly retentionMs: number;
}

/** When the media of a result are fetched. */
export interface EvidencePolicy {
  readonly backOff: BackOffPolicy;
  /** For how long the vendor keeps them. */
  readonly retentionMs: number;
  /** When their absence becomes an exception. */
  readonly deadlineMs: number;
}

/** The whole configuration, parsed and typed; what the rest of the service injects. */
export class AppConfig {
  readonly production: boolean;
  readonly logLevel: string;
  readonly dataDir: string;
  readonly http: { readonly host: string; readonly port: number; readonly requestTimeoutMs: number };
  readonly mongo: {
    readonly uri: string | null;
    /** For how long a server that owes an answer may be silent. */
    readonly answerTimeoutMs: number;
    /** What the programs of an embedded server inherit: PATH, proxies, MONGOD_BINARY and the like. */
    readonly embeddedEnvironment: NodeJS.ProcessEnv;
  };
  readonly access: {
    readonly clientsFile: string;
    readonly requestsPerMinute: number;
    readonly failedAuthPerMinute: number;
    readonly metricsToken: string | null;
  };
  readonly callback: {
    /** Lower case, as Node gives header names. */
    readonly authHeader: string;
    /** Fixed tokens; empty where production has dynamic ones only. */
    readonly authTokens: readonly string[];
    /** Null where the vendor has no credentials to fetch tokens with. */
    readonly dynamicTokens: DynamicTokenSettings | null;
    readonly dataKey: string | undefined;
  };
  /** Null where no vendor is configured, which production does not allow. */
  readonly vendor: VendorClientSettings | null;
  /** When sessions are pulled. */
  readonly pulls: PullPolicy;
  readonly media: MediaClientSettings;
  /** Null where no host is allowed, so that media are not archived. */
  readonly evidence: EvidencePolicy | null;
  readonly confirmationPolicy: ConfirmationPolicy;
  /** The bank registers every session, so one that it did not register needs attention. */
  readonly expectsRegistration: boolean;
  readonly vault: {
    readonly masterKeys: readonly MasterKey[];
    readonly digestKey: Buffer;
    readonly legalHoldDays: number;
  };
  readonly audit: {
    readonly origin: string;
    /** Ed25519 seeds, the current one first. */
    readonly signingSeeds: readonly Buffer[];
    readonly witnesses: readonly { readonly url: string; readonly vkey: string }[];
    readonly witnessQuorum: number;
    readonly selfCheckIntervalSeconds: number;
    readonly queueLimit: number;
    readonly commitTimeoutMs: number;
    readonly clockToleranceMs: number;
  };
  readonly sessions: { readonly expectedWithinSeconds: number; readonly expiresAfterSeconds: number };
  readonly reviews: { readonly dueWithinSeconds: number; readonly claimTimeoutSeconds: number };
  /** Path of the rule set; null takes the one shipped in `config/rule-sets`. */
  readonly ruleSetFile: string | null;

  /**
   * @param secrets what development generates in place of missing secrets; null in production
   * @param inherited the whole environment, for programs that we start
   */
  constructor(env: EnvironmentVariables, secrets: DevelopmentSecrets | null, inherited: NodeJS.ProcessEnv) {
    const required = (name: keyof EnvironmentVariables & keyof DevelopmentSecrets): string => {
      const value = env[name] ?? secrets?.[name];
      if (value === undefined) throw new Error(`${name} is missing`);
      return value;
    };
    this.production = env.NODE_ENV === 'production';
    this.logLevel = env.LOG_LEVEL;
    this.dataDir = env.DATA_DIR;
    this.http = { host: env.HOST, port: env.PORT, requestTimeoutMs: env.REQUEST_TIMEOUT_MS };
    this.mongo = {
      uri: env.MONGODB_URI ?? null,
      answerTimeoutMs: env.MONGODB_ANSWER_TIMEOUT_MS,
      embeddedEnvironment: inherited,
    };
    this.access = {
      clientsFile: required('API_CLIENTS_FILE'),
      requestsPerMinute: env.RATE_LIMIT_PER_CLIENT,
      failedAuthPerMinute: env.RATE_LIMIT_FAILED_AUTH,
      metricsToken: env.METRICS_TOKEN ?? null,
    };
    this.callback = {
      authHeader: env.CALLBACK_AUTH_HEADER.toLowerCase(),
      authTokens: (env.CALLBACK_AUTH_TOKENS ?? secrets?.CALLBACK_AUTH_TOKENS)?.split(',') ?? [],
      dynamicTokens: dynamicTokenSettings(env),
      dataKey: env.CALLBACK_DATA_KEY,
    };
    this.vendor = env.FPT_BASE_URL === undefined ? null : vendorSettings(env, env.FPT_BASE_URL);
    this.pulls = {
      backOff: {
        firstDelayMs: env.PULL_FIRST_DELAY_MS,
        maxDelayMs: 3_600_000,
        // A pull may take this long: a request that starts last, and its time-out.
        lastPullLeadMs: 2 * env.FPT_TIMEOUT_MS,
      },
      retentionMs: env.FPT_RETENTION_DAYS * 86_400_000,
    };
    this.media = {
      hosts: env.RESOURCE_HOSTS === undefined ? [] : parseResourceHosts(env.RESOURCE_HOSTS),
      maxBytes: env.EVIDENCE_MAX_BYTES,
      timeoutMs: env.EVIDENCE_TIMEOUT_MS,
      idleTimeoutMs: env.EVIDENCE_IDLE_TIMEOUT_MS,
      concurrency: env.EVIDENCE_CONCURRENCY,
    };
    this.evidence = this.media.hosts.length === 0 ? null : evidencePolicy(env, this.pulls);
    this.confirmationPolicy = env.CONFIRMATION_POLICY;
    this.expectsRegistration = env.REGISTRATION === 'EXPECTED';
    this.vault = {
      masterKeys: required('VAULT_KEYS').split(',').map(parseMasterKey),
      digestKey: Buffer.from(required('DIGEST_KEY'), 'base64'),
      legalHoldDays: env.LEGAL_HOLD_DAYS,
    };
    this.audit = {
      origin: required('AUDIT_LOG_ORIGIN'),
      signingSeeds: required('AUDIT_SIGNING_KEY')
        .split(',')
        .map((seed) => Buffer.from(seed, 'base64')),
      witnesses: (env.AUDIT_WITNESSES?.split(',') ?? []).map(parseWitness),
      witnessQuorum: env.AUDIT_WITNESS_QUORUM,
      selfCheckIntervalSeconds: env.SELF_CHECK_INTERVAL_S,
      queueLimit: env.AUDIT_QUEUE_LIMIT,
      commitTimeoutMs: env.AUDIT_COMMIT_TIMEOUT_MS,
      clockToleranceMs: env.CLOCK_TOLERANCE_MS,
    };
    this.sessions = {
      expectedWithinSeconds: env.SESSION_EXPECTED_WITHIN_S,
      expiresAfterSeconds: env.SESSION_EXPIRES_AFTER_S,
    };
    this.reviews = {
      dueWithinSeconds: env.REVIEW_DUE_WITHIN_S,
      claimTimeoutSeconds: env.REVIEW_CLAIM_TIMEOUT_S,
    };
    this.ruleSetFile = env.RULE_SET_FILE ?? null;
  }
}

function dynamicTokenSettings(env: EnvironmentVariables): DynamicTokenSettings | null {
  const { CALLBACK_TOKEN_CLIENT_ID: clientId, CALLBACK_TOKEN_CLIENT_SECRET: clientSecret } = env;
  if (clientId === undefined || clientSecret === undefined) return null;
  return { clientId, clientSecret, ttlSeconds: env.CALLBACK_TOKEN_TTL_S };
}

function parseMasterKey(entry: string): MasterKey {
  const colon = entry.indexOf(':');
  return { id: entry.slice(0, colon), key: Buffer.from(entry.slice(colon + 1), 'base64') };
}

function parseWitness(entry: string): { url: string; vkey: string } {
  const bar = entry.indexOf('|');
  return { url: entry.slice(0, bar).replace(/\/+$/, ''), vkey: entry.slice(bar + 1) };
}

function evidencePolicy(env: EnvironmentVariables, { backOff, retentionMs }: PullPolicy): EvidencePolicy {
  return {
    backOff: { ...backOff, lastPullLeadMs: env.EVIDENCE_TIMEOUT_MS },
    retentionMs,
    deadlineMs: env.EVIDENCE_DEADLINE_S * 1_000,
  };
}

function vendorSettings(env: EnvironmentVariables, baseUrl: string): VendorClientSettings {
  return {
    baseUrl,
    apiKey: env.FPT_API_KEY ?? '',
    resultMethod: env.FPT_RESULT_METHOD,
    timeoutMs: env.FPT_TIMEOUT_MS,
    idleTimeoutMs: Math.min(env.FPT_TIMEOUT_MS, 5_000),
    maxAttempts: 3,
    startWithinMs: env.FPT_TIMEOUT_MS,
    retryDelayMs: 250,
    concurrency: env.FPT_CONCURRENCY,
    queueLimit: 10 * env.FPT_CONCURRENCY,
    requestsPerSecond: env.FPT_REQUESTS_PER_SECOND,
    breakerFailures: 10,
    breakerOpenMs: 10_000,
  };
}
