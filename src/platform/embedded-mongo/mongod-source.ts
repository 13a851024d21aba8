import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** Environment variables as a program receives them; injected, because only configuration reads the real ones. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What a source of `mongod` programs is given. */
export interface MongodSourceContext {
  readonly env: Environment;
  /** Receives one line before each step that takes long. */
  readonly log: (line: string) => void;
  /** Directory of the user's, shared by all checkouts and processes; exists. */
  readonly cacheDir: string;
}

/** The first executable of that name in the directories of PATH, or null. */
export async function findOnPath(name: string, env: Environment): Promise<string | null> {
  for (const directory of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(directory, name);
    if (await isExecutable(candidate)) {
      return candidate;
    }
  }
  return null;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
