import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from './bench.ts';
import { CELL_HEAD, cellLine, Contest } from './contest.ts';
import { findProfile, readProfile, summarise } from './cpu-profile.ts';
import { RESULTS, type Report, type Row } from './report.ts';
import { type Contender, ours } from './servers/contenders.ts';

const CONNECTIONS = [64];
const FUNCTIONS = 40;
const PACKAGES = 20;

/** The service from its modules instead of the one file, so that the profile tells them apart. */
const oursInModules: Contender = {
  ...ours,
  async program(uri, folder) {
    const { argv, ...rest } = await ours.program(uri, folder);
    return { ...rest, argv: argv.map((argument) => argument.replace(/\bmain\.js$/, 'serve.js')) };
  },
};

/** Loads the service alone, under the profiler, and tells where the time of its main thread went. */
export async function profileIngestion(bench: Bench): Promise<Report> {
  const connections = bench.options.connections ?? CONNECTIONS;
  const profiles = join(bench.folder, 'profiles');
  const contest = new Contest(bench);
  try {
    const running = await contest.start(oursInModules, {
      nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${profiles}`],
    });
    for (const count of connections) {
      await contest.measure(({ delivery }) => delivery, count, 1, [running]);
    }
    await running.server.stop();
    const file = await findProfile(profiles, running.server.pid);
    const kept = join(RESULTS, 'ingestion.cpuprofile');
    await copyFile(file, kept);
    const spans = contest.cells.map(({ window }) => window);
    const { busy, functions, packages } = summarise(await readProfile(file), spans);
    const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
    const row = ({ what, share }: { what: string; share: number }): Row => ({
      what,
      measured: percent(share),
    });
    return {
      remarks: [
        `Measured under the profiler. Its main thread was busy ${percent(busy)} of the time; shares are of that.`,
        `The whole profile is in ${kept}.`,
      ],
      table: {
        head: CELL_HEAD,
        lines: connections.map((count) =>
          cellLine(contest.cells.filter((cell) => cell.connections === count)),
        ),
      },
      rows: [...packages.slice(0, PACKAGES).map(row), ...functions.slice(0, FUNCTIONS).map(row)],
      details: { cells: contest.cells, busy, functions: functions.slice(0, 200), packages },
    };
  } finally {
    await contest.close();
  }
}
