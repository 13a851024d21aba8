import { open, readFile, rename } from 'node:fs/promises';
import { SourceError } from './source.ts';
import { formatTrustedState, parseTrustedState, type TrustedState } from './trusted-state.ts';

/** Null when there is no file yet. @throws SourceError or Divergence TRUSTED_STATE_UNUSABLE */
export async function readTrustedFile(path: string): Promise<TrustedState | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SourceError(`${path} could not be read`, { cause: error });
  }
  return parseTrustedState(text);
}

/** Replaces the file in one step, so that a crash leaves the old state or the new one. */
export async function writeTrustedFile(path: string, state: TrustedState): Promise<void> {
  const next = `${path}.next`;
  try {
    const file = await open(next, 'w', 0o600);
    try {
      await file.writeFile(formatTrustedState(state));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  } catch (error) {
    throw new SourceError(`${path} could not be written`, { cause: error });
  }
}
