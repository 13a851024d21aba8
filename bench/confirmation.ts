import { setTimeout as wait } from 'node:timers/promises';
import type { AuditEntryResponse } from '../src/audit/audit.dto.ts';
import { DEFAULT_OPTIONS, startSimulator } from '../test/simulator/simulator.ts';
import { eventually } from '../test/support/eventually.ts';
import { type ServiceProcess, startService, stopServices } from '../test/support/service-process.ts';
import { quantile, type Report } from './report.ts';

const SESSIONS = 300;
const PER_SECOND = 20;
const VENDOR_ANSWERS_AFTER_MS = 50;
const GOAL_MS = 2_000;
const TOKEN = 'simulator-token-0123456789';

/**
 * Callbacks at a modest pace, from a vendor that answers a pull in 50 ms: how long until each session is proven.
 * Both ends are times of the log: of the entry that a callback left, and of the one that says AGREED.
 */
export async function measureConfirmations(): Promise<Report> {
  const simulator = await startSimulator({
    pullLatencyMs: VENDOR_ANSWERS_AFTER_MS,
    authentication: { kind: 'FIXED_TOKEN', header: 'x-callback-token', token: TOKEN },
  });
  try {
    const service = await startService({
      env: {
        LOG_LEVEL: 'error',
        FPT_BASE_URL: simulator.url,
        FPT_API_KEY: DEFAULT_OPTIONS.apiKey,
        CALLBACK_AUTH_TOKENS: TOKEN,
      },
    });
    simulator.control.sendCallbacksTo(`${service.url}/v1/callbacks/fpt`);
    const startedAt = performance.now();
    for (let n = 0; n < SESSIONS; n += 1) {
      await wait(Math.max(0, startedAt + (n * 1_000) / PER_SECOND - performance.now()));
      simulator.control.finish(`session-${n}`);
    }
    await simulator.control.idle();
    const waits = await eventually(() => waitsOf(service), 60_000);
    const p95 = quantile(waits, 0.95);
    const row = (what: string, share: number) => ({
      what: `callback to AGREED, ${what}`,
      measured: `${quantile(waits, share).toFixed(0)} ms`,
    });
    return {
      rows: [
        { what: 'sessions', measured: `${SESSIONS} at ${PER_SECOND} a second` },
        row('median', 0.5),
        { ...row('95 %', 0.95), goal: `<= ${GOAL_MS} ms`, met: p95 <= GOAL_MS },
        row('longest', 1),
      ],
      details: { vendorAnswersAfterMs: VENDOR_ANSWERS_AFTER_MS, waitsMs: waits },
    };
  } finally {
    await simulator.stop();
    await stopServices();
  }
}

/** Milliseconds by session; null while some wait. */
async function waitsOf({ api }: ServiceProcess): Promise<number[] | null> {
  const compared = await api.entries('action=results.compared');
  if (compared.length < SESSIONS) return null;
  const at = (entries: readonly AuditEntryResponse[]) =>
    new Map(entries.map((entry) => [entry.subject.id, Date.parse(entry.at)]));
  const received = at(await api.entries('action=callback.received'));
  return [...at(compared)].map(([uuid, time]) => time - (received.get(uuid) ?? NaN));
}
