import { type BadDay, LEASE_MS } from './bad-day.ts';
import { requestsBySession, unrecorded } from './pull-pace.ts';

/** The uuids under each outcome; a session is in one only. An open exception outranks the status. */
export function outcomesOf({ sessions, exceptions }: BadDay): Map<string, string[]> {
  const open = Map.groupBy(
    exceptions.filter(({ status }) => status === 'OPEN'),
    ({ subject }) => subject.id,
  );
  const outcomeOf = ({ uuid, status, confirmed }: BadDay['sessions'][number]): string => {
    const [exception] = open.get(uuid) ?? [];
    if (exception !== undefined) return `exception ${exception.class}`;
    if (status === 'CONCLUDED' && confirmed) return 'confirmed';
    if (status === 'IN_REVIEW') return 'in review';
    return status === 'EXPIRED' ? 'expired' : 'unexplained';
  };
  const grouped = Map.groupBy(sessions, outcomeOf);
  return new Map([...grouped].map(([outcome, of]) => [outcome, of.map(({ uuid }) => uuid)]));
}

/** For people: what became of the sessions, and how the service bore the kills. */
export function printBadDay(day: BadDay): void {
  const outcomes = [...outcomesOf(day)].toSorted(([, a], [, b]) => b.length - a.length);
  const failed = day.pulls.filter(({ outcome }) => outcome !== 'RESULT' && outcome !== 'CONFLICT');
  const answers = Map.groupBy(day.deliveries, ({ status }) => status);
  const entries = Map.groupBy(day.entries, ({ subject }) => subject.id);
  const lost = [...requestsBySession(day.pulls)].map(([uuid, list]) =>
    unrecorded(list, entries.get(uuid) ?? []),
  );
  const takeovers = day.kills.map(({ takeoverMs }) => takeoverMs).toSorted((a, b) => a - b);
  const rows: [string, string | number][] = [
    ...outcomes.map(([outcome, uuids]): [string, number] => [outcome, uuids.length]),
    ['= sessions', day.sessions.length],
    ['unexplained', outcomes.find(([outcome]) => outcome === 'unexplained')?.[1].length ?? 0],
    ...day.closes.flatMap(({ date, balanced, counts }): [string, string][] => [
      [`close of ${date}`, balanced ? 'balances' : 'DOES NOT BALANCE'],
      ...Object.entries(counts).map(([figure, count]): [string, string] => [`  ${figure}`, String(count)]),
    ]),
    ...[...answers].map(([status, list]): [string, number] => [
      status === null ? 'deliveries not answered' : `deliveries answered ${status}`,
      list.length,
    ]),
    ['requests to the vendor', day.pulls.length],
    ['  of them failed', failed.length],
    ['  of them without an entry, their instance killed', lost.reduce((sum, n) => sum + n, 0)],
    ['kills', day.kills.length],
    [`  taken over after ms; a lease lasts ${LEASE_MS}`, `${takeovers[0]} to ${takeovers.at(-1)}`],
    ['entries in the log', day.entries.length],
    ['seconds', Math.round(day.seconds)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) process.stderr.write(`  ${name.padEnd(width)}  ${value}\n`);
}
