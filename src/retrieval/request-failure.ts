import { errors } from 'undici';
import type { UnavailableCause } from './vendor-answer.ts';

/**
 * Why a request got no response, from the error of the HTTP client, the socket or TLS.
 * @throws error itself where it is a fault of ours or the end of the service, not one of the network
 */
export function causeOf(error: unknown): Extract<UnavailableCause, 'TIMEOUT' | 'TOO_LARGE' | 'NETWORK'> {
  switch (errorCodeOf(error)) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return 'TIMEOUT';
    case 'UND_ERR_RES_EXCEEDED_MAX_SIZE':
    case 'UND_ERR_HEADERS_OVERFLOW':
      return 'TOO_LARGE';
    case undefined:
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_DESTROYED':
    case 'UND_ERR_CLOSED':
      throw error;
    default:
      return 'NETWORK';
  }
}

/** A name such as `ECONNREFUSED` or `CERT_HAS_EXPIRED`, which may be logged; undefined where there is none. */
export function errorCodeOf(error: unknown): string | undefined {
  // What is no HTTP at all has a code for some faults only.
  if (error instanceof errors.HTTPParserError) return 'HTTP_PARSER';
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && typeof error.code === 'string' ? error.code : undefined;
}
