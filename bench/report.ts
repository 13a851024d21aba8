import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** One measured figure. */
export interface Row {
  readonly what: string;
  readonly measured: string;
  /** What was promised; absent for a figure that only explains others. */
  readonly goal?: string;
  readonly met?: boolean;
}

/** Figures beside each other. */
export interface Table {
  readonly head: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** What a bench found. */
export interface Report {
  /** What has to be known to read the figures. */
  readonly remarks?: readonly string[];
  /** Shown before the rows. */
  readonly table?: Table;
  readonly rows: readonly Row[];
  /** Every single measurement, for whoever wants to compare runs. */
  readonly details: object;
}

/** Folder of everything that benches keep. */
export const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

export function printReport(name: string, { rows, table, remarks = [] }: Report): void {
  console.log(`\n${name}, at a load of ${loadavg()[0]!.toFixed(1)} on ${cpus().length} cores`);
  for (const remark of remarks) console.log(`  ${remark}`);
  if (table !== undefined) printTable(table);
  const lines = rows.map(({ what, measured, goal = '', met }) => [
    what,
    measured,
    goal,
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ]);
  printTable({ head: ['', 'measured', 'goal', ''], lines });
}

function printTable({ head, lines }: Table): void {
  const table = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  for (const line of table) {
    console.log(`  ${line.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd());
  }
}

/** Keeps the report as `bench/results/<name>.json`, the last one of each name. */
export async function writeReport(name: string, report: Report): Promise<void> {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    load: loadavg(),
    node: process.version,
  };
  await mkdir(RESULTS, { recursive: true });
  const text = JSON.stringify({ name, at: new Date(), machine, ...report }, null, 2);
  await writeFile(`${RESULTS}${name}.json`, `${text}\n`);
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const [below, above] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return ((below ?? NaN) + (above ?? NaN)) / 2;
}

/** The number that this share of all numbers does not exceed. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? NaN;
}
