import { Transform, Type } from 'class-transformer';
import {
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateBy,
  ValidateIf,
} from 'class-validator';

import { isResourceHosts } from '../../evidence/resource-hosts.ts';
import { VENDOR_BASE_URL } from '../../retrieval/vendor-base-url.ts';

const emptyIsAbsent = Transform(({ value }: { value: unknown }) => (value === '' ? undefined : value));

/** Required in production, where nothing is generated and nothing has a default, unless `unless` takes its place. */
const RequiredInProduction = ({ unless }: { unless?: keyof EnvironmentVariables } = {}) =>
  ValidateIf(
    (env: EnvironmentVariables, value) =>
      value !== undefined ||
      (env.NODE_ENV === 'production' && (unless === undefined || env[unless] === undefined)),
  );

/** Required as soon as `other` is set. */
const RequiredWith = (other: keyof EnvironmentVariables) =>
  ValidateIf((env: EnvironmentVariables, value) => value !== undefined || env[other] !== undefined);

/**
 * Every variable that the service reads, as text from the environment. Meaning, unit and default stand
 * here and in `.env.example`; a test compares the two.
 */
export class EnvironmentVariables {
  /** `production` makes every secret and MONGODB_URI mandatory and generates nothing. */
  @IsIn(['production', 'development', 'test'])
  NODE_ENV: 'production' | 'development' | 'test' = 'development';

  /** Address to listen on. */
  @IsString()
  HOST = '127.0.0.1';

  /** TCP port to listen on; 0 takes a free one. */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(65535)
  PORT = 3000;

  /** Milliseconds for a request to arrive, from its first byte, or from connecting, to its last. */
  @Type(() => Number)
  @IsInt()
  @Min(1_000)
  @Max(600_000)
  REQUEST_TIMEOUT_MS = 30_000;

  /** Lowest level that is logged. */
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  LOG_LEVEL = 'info';

  /** Replica set to use, with a database name. Unset outside production: an embedded MongoDB is started. */
  @emptyIsAbsent
  @RequiredInProduction()
  @Matches(/^mongodb(\+srv)?:\/\//, { message: 'MONGODB_URI must start with mongodb:// or mongodb+srv://' })
  MONGODB_URI?: string;

  /**
   * Milliseconds for which MongoDB may be silent while it owes an answer; then the connection is given up and the
   * operation repeated or failed. Majority writes report by themselves after 5 s, so it is above that.
   */
  @Type(() => Number)
  @IsInt()
  @Min(6_000)
  @Max(600_000)
  MONGODB_ANSWER_TIMEOUT_MS = 20_000;

  /** Folder of the embedded MongoDB and of generated development secrets. */
  @IsString()
  DATA_DIR = '.data';

  /** JSON file of API clients, re-read when it changes. */
  @emptyIsAbsent
  @RequiredInProduction()
  @IsString()
  API_CLIENTS_FILE?: string;

  /** Name of the header that carries the vendor's fixed token. */
  @Matches(/^[A-Za-z0-9-]{1,64}$/, { message: 'CALLBACK_AUTH_HEADER must be a header name' })
  CALLBACK_AUTH_HEADER = 'x-callback-token';

  /** Accepted fixed tokens, comma separated, each at least 16 characters; several while one is rotated out. */
  @emptyIsAbsent
  @RequiredInProduction({ unless: 'CALLBACK_TOKEN_CLIENT_ID' })
  @Matches(/^[^\s,]{16,512}(,[^\s,]{16,512})*$/, {
    message: 'CALLBACK_AUTH_TOKENS must be a comma list of tokens of 16 to 512 characters without blanks',
  })
  CALLBACK_AUTH_TOKENS?: string;

  /** Client id with which the vendor fetches tokens for its callbacks (its setting "Dynamic Token"). */
  @emptyIsAbsent
  @RequiredWith('CALLBACK_TOKEN_CLIENT_SECRET')
  @Matches(/^[\x21-\x39\x3b-\x7e]{1,128}$/, {
    message: 'CALLBACK_TOKEN_CLIENT_ID must be 1 to 128 printable characters without blanks and colons',
  })
  CALLBACK_TOKEN_CLIENT_ID?: string;

  /** Secret that goes with the client id; the tokens are made from it, so it is to be random. One for all instances. */
  @emptyIsAbsent
  @RequiredWith('CALLBACK_TOKEN_CLIENT_ID')
  @Matches(/^[\x21-\x7e]{16,512}$/, {
    message: 'CALLBACK_TOKEN_CLIENT_SECRET must be 16 to 512 printable characters without blanks',
  })
  CALLBACK_TOKEN_CLIENT_SECRET?: string;

  /** Seconds for which a token that was issued to the vendor is accepted. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(3600)
  CALLBACK_TOKEN_TTL_S = 300;

  /** The vendor's setting "Callback Data Key": the member under which the result stands. */
  @emptyIsAbsent
  @IsOptional()
  @MaxLength(128)
  CALLBACK_DATA_KEY?: string;

  /** Base address of the vendor's API: https, or plain http on a loopback address. Unset outside production: no pulls. */
  @emptyIsAbsent
  @RequiredInProduction()
  @Matches(VENDOR_BASE_URL, {
    message: 'FPT_BASE_URL must be https, or http on a loopback address, without query',
  })
  FPT_BASE_URL?: string;

  /** API key that the vendor has given to the bank. */
  @emptyIsAbsent
  @ValidateIf((env: EnvironmentVariables) => env.FPT_BASE_URL !== undefined)
  @Matches(/^[\x21-\x7e]{1,512}$/, { message: 'FPT_API_KEY must be 1 to 512 printable characters' })
  FPT_API_KEY?: string;

  /** Method of the pull; the vendor's pages name both. */
  @IsIn(['POST', 'GET'])
  FPT_RESULT_METHOD: 'POST' | 'GET' = 'POST';

  /** Milliseconds for one request to the vendor, from connecting to the last byte. */
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(120_000)
  FPT_TIMEOUT_MS = 10_000;

  /** Requests to the vendor under way at once, per instance. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(256)
  FPT_CONCURRENCY = 16;

  /** Requests a second to the vendor, per instance. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(10_000)
  FPT_REQUESTS_PER_SECOND = 50;

  /** Days for which the vendor keeps a result (its setting "Data retention", 1 to 30); pulls end before. */
  @Type(() => Number)
  @Min(0.001)
  @Max(365)
  FPT_RETENTION_DAYS = 1;

  /** Milliseconds before a pull is repeated for the first time; doubles with every further one, up to an hour. */
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(3_600_000)
  PULL_FIRST_DELAY_MS = 5_000;

  /**
   * Hosts from which pictures and videos are fetched, comma separated: a name, `*.` and a name for every host below
   * it, or an address literal, each with a port where only that one is meant. Unset: media are not archived.
   */
  @emptyIsAbsent
  @IsOptional()
  @ValidateBy(
    { name: 'isResourceHosts', validator: { validate: isResourceHosts } },
    {
      message:
        'RESOURCE_HOSTS must be a comma list of host, *.suffix or address literal, each with or without :port',
    },
  )
  RESOURCE_HOSTS?: string;

  /** Most bytes that one picture or video may have. The vendor takes videos of up to 10 MB. */
  @Type(() => Number)
  @IsInt()
  @Min(1_024)
  @Max(1_073_741_824)
  EVIDENCE_MAX_BYTES = 52_428_800;

  /** Milliseconds for one picture or video, from connecting to the last byte being stored. */
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(600_000)
  EVIDENCE_TIMEOUT_MS = 60_000;

  /** Milliseconds without a byte after which a picture or video is given up until the next attempt. */
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(120_000)
  EVIDENCE_IDLE_TIMEOUT_MS = 10_000;

  /** Sessions whose media are fetched at once, per instance. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(64)
  EVIDENCE_CONCURRENCY = 4;

  /**
   * Seconds after its pulled result by which a session's media are to be archived; then EVIDENCE_MISSING is raised.
   * Attempts go on until FPT_RETENTION_DAYS.
   */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(2_592_000)
  EVIDENCE_DEADLINE_S = 3_600;

  /** Whether an approval needs a pulled result that agrees (REQUIRE_PULL) or the callback is enough. */
  @IsIn(['REQUIRE_PULL', 'CALLBACK_SUFFICES'])
  CONFIRMATION_POLICY: 'REQUIRE_PULL' | 'CALLBACK_SUFFICES' = 'REQUIRE_PULL';

  /** Whether a result of a session that nobody registered is an exception (EXPECTED), or the usual case (OPTIONAL). */
  @IsIn(['EXPECTED', 'OPTIONAL'])
  REGISTRATION: 'EXPECTED' | 'OPTIONAL' = 'EXPECTED';

  /** Master keys `id:base64` of 32 bytes each, comma separated; the first wraps new keys. */
  @emptyIsAbsent
  @RequiredInProduction()
  @Matches(/^[A-Za-z0-9._-]{1,32}:[A-Za-z0-9+/]{43}=(,[A-Za-z0-9._-]{1,32}:[A-Za-z0-9+/]{43}=)*$/, {
    message: 'VAULT_KEYS must be a comma list of id:base64, each key 32 bytes',
  })
  VAULT_KEYS?: string;

  /** Key of the digests in the audit log, base64 of 32 bytes; one for all instances, never rotated. */
  @emptyIsAbsent
  @RequiredInProduction()
  @Matches(/^[A-Za-z0-9+/]{43}=$/, { message: 'DIGEST_KEY must be base64 of 32 bytes' })
  DIGEST_KEY?: string;

  /** Days after its receipt before personal data may be erased (anti-money-laundering law: 5 years). */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(36_525)
  LEGAL_HOLD_DAYS = 1826;

  /** Seconds after registration within which the vendor's result is expected. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(31_536_000)
  SESSION_EXPECTED_WITHIN_S = 3600;

  /** Seconds after registration after which a session without a result expires. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(31_536_000)
  SESSION_EXPIRES_AFTER_S = 86_400;

  /** Seconds within which a session that came before a person should be decided. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(31_536_000)
  REVIEW_DUE_WITHIN_S = 14_400;

  /** Seconds for which a person who claims a review keeps others from deciding it. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(86_400)
  REVIEW_CLAIM_TIMEOUT_S = 900;

  /** Rule set document to conclude by. */
  @emptyIsAbsent
  @IsOptional()
  @IsString()
  RULE_SET_FILE?: string;

  /** Name of the audit log, in every checkpoint; a scheme-less address of the bank's. Never changed. */
  @emptyIsAbsent
  @RequiredInProduction()
  @Matches(/^[^\s+]{1,128}$/, {
    message: 'AUDIT_LOG_ORIGIN must be 1 to 128 characters without blanks and +',
  })
  AUDIT_LOG_ORIGIN?: string;

  /**
   * Seeds that sign checkpoints, base64 of 32 bytes each, comma separated: the current one first, behind it
   * those that are being replaced.
   */
  @emptyIsAbsent
  @RequiredInProduction()
  @Matches(/^[A-Za-z0-9+/]{43}=(,[A-Za-z0-9+/]{43}=)*$/, {
    message: 'AUDIT_SIGNING_KEY must be base64 of 32 bytes, or a comma list of such',
  })
  AUDIT_SIGNING_KEY?: string;

  /** Witnesses of the audit log, `<url>|<vkey>` each, comma separated; https, or http to a loopback address. */
  @emptyIsAbsent
  @IsOptional()
  @Matches(
    /^(https:\/\/|http:\/\/(127\.0\.0\.1|\[::1\]|localhost)[:/])[^|,\s]*\|[^|,\s]+(,(https:\/\/|http:\/\/(127\.0\.0\.1|\[::1\]|localhost)[:/])[^|,\s]*\|[^|,\s]+)*$/,
    {
      message:
        'AUDIT_WITNESSES must be a comma list of <url>|<vkey>; plain http is for loopback addresses only',
    },
  )
  AUDIT_WITNESSES?: string;

  /** How many witnesses must have signed a checkpoint before it is served; 0 serves it at once. */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(16)
  AUDIT_WITNESS_QUORUM = 0;

  /** Seconds between two verifications of the whole log by the service itself. */
  @Type(() => Number)
  @IsInt()
  @Min(10)
  @Max(604_800)
  SELF_CHECK_INTERVAL_S = 3_600;

  /** Most commands that wait for the log; beyond it the answer is 503. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  AUDIT_QUEUE_LIMIT = 10_000;

  /** Milliseconds a command may wait for its commit before its caller is told 503. */
  @Type(() => Number)
  @IsInt()
  @Min(100)
  @Max(120_000)
  AUDIT_COMMIT_TIMEOUT_MS = 10_000;

  /** Milliseconds by which the clock may run behind the last entry of the log before the service stops writing. */
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(3_600_000)
  CLOCK_TOLERANCE_MS = 5_000;

  /** Requests a minute that one API client may make. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  RATE_LIMIT_PER_CLIENT = 300_000;

  /** Failed authentications a minute from one address before it is answered 429. */
  @Type(() => Number)
  @IsInt()
  @Min(1)
  RATE_LIMIT_FAILED_AUTH = 120;

  /** Bearer token that /metrics demands; unset leaves it open to whoever reaches the port. */
  @emptyIsAbsent
  @IsOptional()
  @MinLength(16)
  METRICS_TOKEN?: string;
}
