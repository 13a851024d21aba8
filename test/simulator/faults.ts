import type { VendorCallback, VendorResult } from './payloads.ts';
import { seededRandom } from './seeded-random.ts';

/** What can go wrong with a session's callback. At most one per session. */
export const CALLBACK_FAULTS = [
  /** Sent twice at the same time. */
  'DUPLICATE',
  /** Sent only after the simulator's `delayMs`. */
  'DELAY',
  /** Sent after the callback of a later session. */
  'REORDER',
  /** Never sent. */
  'DROP',
  /** Liveness and face match say "N/A" in every value. */
  'NOT_AVAILABLE',
  /** An error of FPT.md 9.1 in place of a result. */
  'ERROR_CODE',
  /** With a token that is not the agreed one. */
  'WRONG_TOKEN',
  /** Cut off in the middle. */
  'MALFORMED',
] as const;
export type CallbackFault = (typeof CALLBACK_FAULTS)[number];

/** What can go wrong with a pull. `CONFLICT` belongs to a session, the others are drawn for each pull. */
export const PULL_FAULTS = [
  /** 200 with a result whose face match differs from the callback's. */
  'CONFLICT',
  /** 200 with an error of FPT.md 9.1. */
  'ERROR_CODE_IN_200',
  'FORBIDDEN',
  'NOT_FOUND',
  'UNAVAILABLE',
  /** Accepts the request and never answers. */
  'HANG',
  /** The right answer at one byte per `trickleIntervalMs`. */
  'TRICKLE',
  /** 200 with `hugeBytes` of JSON. */
  'HUGE',
  'HTML',
  'INVALID_UTF8',
  /** As printed on the vendor's page. */
  'TRAILING_COMMAS',
  /** 302 to `redirectTo`. */
  'REDIRECT',
] as const;
export type PullFault = (typeof PULL_FAULTS)[number];

/** What can go wrong with a picture or video; given for a session, never drawn. */
export const MEDIA_FAULTS = [
  'NOT_FOUND',
  'UNAVAILABLE',
  /** 302 to `redirectTo`. */
  'REDIRECT',
  /** 302 to itself, for ever. */
  'REDIRECT_LOOP',
  /** Accepts the request and never answers. */
  'HANG',
  /** The right bytes at one per `trickleIntervalMs`. */
  'TRICKLE',
  /** The right bytes and then more without end, of no announced length. */
  'ENDLESS',
  /** Announces `hugeBytes`. */
  'OVERSIZE',
  /** A page under the media type of the picture or video. */
  'WRONG_TYPE',
  /** Ends half-way through what it announced. */
  'CUT_OFF',
] as const;
export type MediaFault = (typeof MEDIA_FAULTS)[number];

/** Probability, 0 to 1, of each fault. Each kind sums up to 1 at most. */
export type FaultProbabilities = Readonly<Partial<Record<CallbackFault | PullFault, number>>>;

export function isCallbackFault(name: unknown): name is CallbackFault {
  return CALLBACK_FAULTS.includes(name as CallbackFault);
}

export function isPullFault(name: unknown): name is PullFault {
  return PULL_FAULTS.includes(name as PullFault);
}

export function isMediaFault(name: unknown): name is MediaFault {
  return MEDIA_FAULTS.includes(name as MediaFault);
}

/** @throws Error naming what is not a fault or not a probability */
export function checkProbabilities(probabilities: FaultProbabilities): void {
  for (const [name, probability] of Object.entries(probabilities)) {
    if (!isCallbackFault(name) && !isPullFault(name)) {
      throw new Error(`Unknown fault ${name}`);
    }
    if (typeof probability !== 'number' || !(probability >= 0 && probability <= 1)) {
      throw new Error(`The probability of ${name} must be 0 to 1`);
    }
  }
  for (const kind of [CALLBACK_FAULTS, PULL_FAULTS]) {
    const sum = kind.reduce((total, name) => total + (probabilities[name] ?? 0), 0);
    if (sum > 1 + Number.EPSILON * kind.length) {
      throw new Error(`The probabilities of ${kind.join(', ')} sum up to more than 1`);
    }
  }
}

/**
 * Draws the fault of one event. The event's own name decides together with the seed, not the order of events,
 * so the same sessions suffer the same under any timing.
 */
export function drawFault<F extends CallbackFault | PullFault>(
  among: readonly F[],
  probabilities: FaultProbabilities,
  event: string,
): F | null {
  let left = seededRandom(event).fraction();
  for (const fault of among) {
    left -= probabilities[fault] ?? 0;
    if (left < 0) {
      return fault;
    }
  }
  return null;
}

export function withoutLivenessAndFace(callback: VendorCallback): VendorCallback {
  const nothing = <T extends object>(section: T): T =>
    Object.fromEntries(Object.keys(section).map((key) => [key, 'N/A'])) as T;
  return { ...callback, liveness: nothing(callback.liveness), face_match: nothing(callback.face_match) };
}

/** The same session with the opposite outcome of the face match. */
export function withConflictingSimilarity(result: VendorResult): VendorResult {
  const matched = result.face_match.isMatch === 'true';
  return {
    ...result,
    code: matched ? '303' : '200',
    message: matched ? 'face is not matching with document' : 'successful',
    face_match: {
      ...result.face_match,
      code: matched ? '303' : '200',
      message: matched ? 'face is not matching with document' : 'face matching successful',
      isMatch: String(!matched),
      similarity: matched ? '49.09' : '95',
    },
  };
}

/** Indented JSON with a comma after each last member that is an object, as the vendor's page prints it. */
export function withTrailingCommas(indentedJson: string): string {
  return indentedJson.replaceAll(/\}(\s*[}\]])/g, '},$1');
}
