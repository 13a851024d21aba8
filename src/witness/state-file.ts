import { existsSync, readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { WitnessedTree, WitnessState } from './witness.ts';

type StoredTree = { readonly size: number; readonly root: string; readonly note: string };

/** The witness's memory in one JSON file; replaced as a whole and synced before a signature leaves. */
export class StateFile implements WitnessState {
  private readonly trees: Map<string, WitnessedTree>;

  /** @throws Error if the file is there but can't be read: a witness without its memory must not sign. */
  constructor(private readonly path: string) {
    const stored = existsSync(path)
      ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, StoredTree>)
      : {};
    this.trees = new Map(
      Object.entries(stored).map(([origin, { size, root, note }]) => [
        origin,
        { size, root: Buffer.from(root, 'base64'), note: Buffer.from(note) },
      ]),
    );
  }

  find(origin: string): WitnessedTree | undefined {
    return this.trees.get(origin);
  }

  origins(): string[] {
    return [...this.trees.keys()];
  }

  async put(origin: string, tree: WitnessedTree): Promise<void> {
    const next = new Map(this.trees).set(origin, tree);
    const content = Object.fromEntries(
      [...next].map(([name, { size, root, note }]) => [
        name,
        { size, root: root.toString('base64'), note: note.toString() },
      ]),
    );
    await replaceDurably(this.path, `${JSON.stringify(content, null, 2)}\n`);
    this.trees.set(origin, tree);
  }
}

async function replaceDurably(path: string, content: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
