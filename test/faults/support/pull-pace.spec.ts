import { describe, expect, it } from '@jest/globals';
import type { AuditEntryResponse } from '../../../src/audit/audit.dto.ts';
import type { Pull } from '../../simulator/vendor-sessions.ts';
import { hasty, type PacePromise } from './pull-pace.ts';

const PROMISE: PacePromise = {
  backOff: { firstDelayMs: 400, maxDelayMs: 3_600_000, lastPullLeadMs: 2_000 },
  attemptsPerPull: 3,
  abandonedMs: 6_000,
};

const time = (ms: number): string => new Date(Date.UTC(2026, 0, 31) + ms).toISOString();

function request(
  receivedMs: number,
  outcome: Pull['outcome'] = 'NOT_FOUND',
  endedMs = receivedMs + 60,
): Pull {
  return {
    uuid: 's',
    receivedAt: time(receivedMs),
    at: time(receivedMs + 50),
    endedAt: time(endedMs),
    outcome,
  };
}

function failed(ms: number, ...attempts: string[]): AuditEntryResponse {
  return { action: 'retrieval.failed', at: time(ms), data: { attempts } } as unknown as AuditEntryResponse;
}

const hastyAt = (requests: Pull[], entries: AuditEntryResponse[]): string[] =>
  hasty(requests, entries, PROMISE).map((found) => found.request.receivedAt);

describe('a request after a pull that the log has', () => {
  it('is hasty before the end of the back-off and in time after it', () => {
    const entries = [failed(70, 'NOT_FOUND')];
    expect(hastyAt([request(0), request(150)], entries)).toEqual([time(150)]);
    expect(hastyAt([request(0), request(470)], entries)).toEqual([]);
  });

  it('is in time although a vendor that stalled saw both late, the first long after it was given up', () => {
    const entries = [failed(1_000, 'TIMEOUT')];
    expect(hastyAt([request(2_300, 'NOT_FOUND', 2_301), request(2_302)], entries)).toEqual([]);
  });
});

describe('a request after a pull whose instance was killed', () => {
  it('is hasty until that pull counts as abandoned', () => {
    expect(hastyAt([request(0), request(5_900)], [])).toEqual([time(5_900)]);
    expect(hastyAt([request(0), request(6_000)], [])).toEqual([]);
  });

  it('does not make a later one hasty that keeps to the back-off, or excuse one that does not', () => {
    const requests = [request(0, 'UNAVAILABLE'), request(100), request(6_200)];
    const entries = [failed(6_270, 'NOT_FOUND')];
    expect(hastyAt([...requests, request(6_700)], entries)).toEqual([]);
    expect(hastyAt([...requests, request(6_300)], entries)).toEqual([time(6_300)]);
  });
});

it('repetitions within a pull are no pulls of their own, as many as one may make', () => {
  const requests = [0, 100, 200, 300].map((ms) => request(ms, 'UNAVAILABLE'));
  expect(hastyAt(requests, [])).toEqual([time(300)]);
});
