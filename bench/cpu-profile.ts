import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What `node --cpu-prof` writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  /** Node that was running at each sample. */
  readonly samples: readonly number[];
  /** Microseconds of the monotonic clock from one sample to the next; the first from `startTime`. */
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
}

/** Time spent in a function itself, or in a package. */
export interface Share {
  readonly what: string;
  /** Of the time in which the thread was busy. */
  readonly share: number;
}

/** Microseconds of the monotonic clock. */
export type Span = readonly [from: number, to: number];

export interface ProfileSummary {
  /** Of the spans, how much the thread was busy. */
  readonly busy: number;
  readonly functions: readonly Share[];
  readonly packages: readonly Share[];
}

/** File of the main thread's profile in the folder that `--cpu-prof-dir` named. */
export async function findProfile(folder: string, pid: number): Promise<string> {
  const files = await readdir(folder);
  // CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile
  const file = files.find((name) => name.includes(`.${pid}.0.`) && name.endsWith('.cpuprofile'));
  if (file === undefined) throw new Error(`no profile of process ${pid} in ${folder}`);
  return join(folder, file);
}

export async function readProfile(file: string): Promise<CpuProfile> {
  return JSON.parse(await readFile(file, 'utf8')) as CpuProfile;
}

/** Where the time of the main thread went within the given spans, by function and by package or folder. */
export function summarise(profile: CpuProfile, spans: readonly Span[]): ProfileSummary {
  const byNode = new Map<number, number>();
  let now = profile.startTime;
  profile.samples.forEach((node, place) => {
    const delta = profile.timeDeltas[place]!;
    now += delta;
    if (spans.some(([from, to]) => now >= from && now < to))
      byNode.set(node, (byNode.get(node) ?? 0) + delta);
  });
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let [busy, all] = [0, 0];
  for (const { id, callFrame } of profile.nodes) {
    const spent = byNode.get(id) ?? 0;
    all += spent;
    if (callFrame.functionName === '(idle)') continue;
    busy += spent;
    const { name, home } = placeOf(callFrame);
    functions.set(name, (functions.get(name) ?? 0) + spent);
    packages.set(home, (packages.get(home) ?? 0) + spent);
  }
  const shares = (spent: ReadonlyMap<string, number>) =>
    [...spent].map(([what, time]) => ({ what, share: time / busy })).toSorted((a, b) => b.share - a.share);
  return { busy: busy / all, functions: shares(functions), packages: shares(packages) };
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): {
  name: string;
  home: string;
} {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return { name, home: name.startsWith('(') ? name : '(built in)' };
  const path = url.replace(/^.*\/(?=node_modules\/|dist\/)/, '');
  const [, found = path] =
    /^(?:node_modules\/(?:.*node_modules\/)?((?:@[^/]+\/)?[^/]+)|dist\/[^/]+)/.exec(path) ?? [];
  const home = path.startsWith('dist/') ? path.split('/').slice(0, 2).join('/') : found;
  return { name: `${name} ${path}:${lineNumber + 1}`, home };
}
