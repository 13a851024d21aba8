/** One entry as a source gives it. */
export interface SourceEntry {
  /** The index under which it is stored; its position where a source stores none. */
  readonly index: number;
  readonly leaf: Buffer;
  /** The whole stored document, where fields stand beside the leaf. */
  readonly document?: Readonly<Record<string, unknown>>;
}

/** One signed checkpoint as a source gives it. */
export interface SourceCheckpoint {
  readonly note: Buffer;
  /** What is stored beside the note: its place in the chain, and parts of it for queries. */
  readonly stored?: { readonly number: number; readonly size: number; readonly root: Buffer };
}

/** One tile as a source gives it. */
export interface SourceTile {
  readonly hashes: Buffer;
  /** The root over the hashes, where it is stored beside them. */
  readonly root?: Buffer;
}

/**
 * Somewhere a log can be read from. A source only reads: what it gives is judged elsewhere, and it makes
 * nothing good that is missing or wrong.
 */
export interface LogSource {
  /**
   * The newest signed checkpoint, or null for a log that has none. Read before anything else. Absent where
   * the source is a copy without checkpoints, which can only be held against the trusted state.
   *
   * @param cosignatures how many it should carry: witnesses sign later, so the very newest may have none yet
   */
  newestCheckpoint?(cosignatures: number): Promise<Buffer | null>;
  /**
   * Where a source keeps them: all signed checkpoints up to the one that `newestCheckpoint` gave, in the
   * order in which they were written.
   */
  checkpoints?(): AsyncIterable<SourceCheckpoint>;
  /**
   * The entries from the first one on, in the order of the log, in batches of any size.
   *
   * @param size entries of the newest checkpoint; a source that can't give more may stop there
   */
  entries(size: number): AsyncIterable<readonly SourceEntry[]>;
  /**
   * The tiles of one level in a tree of this size, left to right, the partial one last; null for a tile
   * that isn't there. A source that keeps full tiles only ends before the partial one. Absent where a
   * source has no tiles.
   */
  tiles?(level: number, size: number): AsyncIterable<SourceTile | null>;
}

/** A file, database or server that could not be read. Says nothing about the log. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}
