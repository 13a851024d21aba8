import { HASH_BYTES, TILE_WIDTH } from '../audit/format/constants.ts';
import { checkStoredFields, readEntry } from './entry.ts';
import { openSignedCheckpoint, type SignedCheckpoint } from './note.ts';
import type { LogSource, SourceEntry, SourceTile } from './source.ts';
import { Tree, hashLeaf, type ComputedTile } from './tree.ts';
import {
  CLOCK_SKEW_SECONDS,
  checkFork,
  checkOrder,
  checkStoredCheckpoint,
  checkTrustedOrigin,
  notesOf,
  openNewest,
  range,
  type SignedRoot,
  type Trust,
} from './trust.ts';
import { Divergence } from './verdict.ts';

export interface VerifyOptions extends Trust {
  /** Told after each batch how far the reading is. */
  readonly onProgress?: (entriesRead: number, entriesSigned: number) => void;
}

/** What was verified. */
export interface VerifiedLog {
  readonly size: number;
  readonly root: Buffer;
  /** Entries after the newest checkpoint: well formed, but nobody has signed for them yet. */
  readonly unsealed: number;
  /** Null when only the trusted state was there to compare with. */
  readonly checkpoint: SignedCheckpoint | null;
}

/**
 * Reads a whole log and proves that it is what was signed: entries dense, well formed and in order of time,
 * fields beside them in agreement, root at the size of every checkpoint as signed, tiles as they follow
 * from the entries, and the trusted state a part of it. Memory doesn't grow with the log.
 *
 * @throws Divergence with the first thing that is not as it must be
 */
export async function verifyLog(source: LogSource, options: VerifyOptions): Promise<VerifiedLog> {
  checkTrustedOrigin(options);
  // An age can only be told from a cosignature.
  const cosignatures = Math.max(options.quorum, options.maxAgeSeconds === null ? 0 : 1);
  const note = await source.newestCheckpoint?.(cosignatures);
  const checkpoint = note ? openNewest(note, options) : null;
  const target = note === null ? null : (checkpoint ?? options.trusted);
  if (target === null) {
    throw new Divergence(options.trusted === null ? 'NO_CHECKPOINT' : 'ROLLED_BACK', {
      expected: 'a signed checkpoint',
      found: 'none',
    });
  }
  return new LogReading(source, options, checkpoint, target).run();
}

/** A hash in which a tile and the entries differ. Which of the two is wrong, the next signed root tells. */
interface TileDifference {
  readonly index: number;
  readonly through?: number;
  readonly stored: string;
  readonly computed: string;
}

/** One pass over a log. */
class LogReading {
  readonly #source: LogSource;
  readonly #options: VerifyOptions;
  readonly #checkpoint: SignedCheckpoint | null;
  readonly #target: SignedRoot;
  readonly #tree = new Tree();
  readonly #tiles: AsyncIterator<SourceTile | null, undefined>[] = [];
  /** Where the next signed root comes from. */
  readonly #signed: AsyncGenerator<SignedRoot, undefined>;
  /** Entries read, the next index. */
  #next = 0;
  #previousAt = -Infinity;
  /** No entry that a witness saw can be newer. */
  readonly #latestAt: number;
  /** The size up to which a signed root has confirmed the entries. */
  #confirmed = 0;
  #tileDifference: TileDifference | null = null;
  /**
   * The trusted state, once the entries had another root at its size. Whether they were changed in storage
   * or signed anew like that, the next signed root tells.
   */
  #left: (SignedRoot & { readonly difference: Divergence }) | null = null;

  constructor(
    source: LogSource,
    options: VerifyOptions,
    checkpoint: SignedCheckpoint | null,
    target: SignedRoot,
  ) {
    this.#source = source;
    this.#options = options;
    this.#checkpoint = checkpoint;
    this.#target = target;
    this.#signed = this.#signedRoots();
    const witnessed = [...(checkpoint?.witnessedAt.values() ?? [])];
    this.#latestAt = witnessed.length === 0 ? Infinity : (Math.max(...witnessed) + CLOCK_SKEW_SECONDS) * 1000;
  }

  async run(): Promise<VerifiedLog> {
    try {
      await this.#readAll();
    } catch (error) {
      throw error instanceof Divergence ? await this.#orEarlier(error) : error;
    } finally {
      await this.#signed.return(undefined);
      for (const tiles of this.#tiles) await tiles.return?.();
    }
    const { size, root } = this.#target;
    return { size, root, unsealed: this.#next - size, checkpoint: this.#checkpoint };
  }

  async #readAll(): Promise<void> {
    const { size } = this.#target;
    let mark = (await this.#signed.next()).value;
    const passMarks = async () => {
      this.#compareTrusted();
      while (mark?.size === this.#tree.size) {
        await this.#compareRoot(mark);
        mark = (await this.#signed.next()).value;
      }
    };
    await passMarks();
    for await (const batch of this.#source.entries(size)) {
      for (const entry of batch) {
        this.#checkEntry(entry);
        this.#next++;
        if (this.#next > size) continue;
        this.#tree.add(hashLeaf(entry.leaf));
        for (const tile of this.#tree.takeFullTiles()) await this.#compareTile(tile);
        if (mark?.size === this.#next || this.#options.trusted?.size === this.#next) await passMarks();
      }
      this.#options.onProgress?.(this.#next, size);
    }
    if (this.#next < size) {
      throw new Divergence('LOG_TOO_SHORT', {
        index: this.#next,
        expected: `${size} entries, as signed`,
        found: `${this.#next}`,
      });
    }
  }

  #checkEntry({ index, leaf, document }: SourceEntry): void {
    if (index !== this.#next) {
      throw new Divergence(index > this.#next ? 'INDEX_GAP' : 'INDEX_DISORDER', {
        index: this.#next,
        expected: `index ${this.#next}`,
        found: `index ${index}`,
      });
    }
    const entry = readEntry(leaf, index);
    if (document !== undefined) checkStoredFields(entry, document, index);
    if (entry.at < this.#previousAt) {
      throw new Divergence('TIME_DISORDER', {
        index,
        expected: `a time of at least ${new Date(this.#previousAt).toISOString()}`,
        found: new Date(entry.at).toISOString(),
      });
    }
    if (entry.at > this.#latestAt && index < this.#target.size) {
      throw new Divergence('TIME_DISORDER', {
        index,
        expected: `a time before ${new Date(this.#latestAt).toISOString()}, when a witness had seen it`,
        found: new Date(entry.at).toISOString(),
      });
    }
    this.#previousAt = entry.at;
  }

  /** The signed roots by size, the target's last. */
  async *#signedRoots(): AsyncGenerator<SignedRoot, undefined> {
    const { logKeys, trusted } = this.#options;
    let previous: SignedRoot | null = null;
    let place = 0;
    for await (const { note, stored } of this.#source.checkpoints?.() ?? []) {
      const checkpoint = openSignedCheckpoint(note, logKeys, []);
      if (stored !== undefined) checkStoredCheckpoint(checkpoint, stored, place);
      checkOrder(previous, checkpoint);
      checkFork(checkpoint, trusted);
      previous = checkpoint;
      place++;
      if (checkpoint.size < this.#target.size) yield checkpoint;
    }
    yield this.#target;
    return undefined;
  }

  async #compareRoot(signed: SignedRoot): Promise<void> {
    const { size, root } = signed;
    if (size === this.#target.size) {
      for (const tile of this.#tree.partialTiles()) await this.#compareTile(tile);
    }
    const computed = this.#tree.root();
    if (!computed.equals(root)) throw this.#rootDiffers(signed, computed);
    if (this.#left !== null) {
      throw new Divergence('HISTORY_REWRITTEN', {
        ...range(0, this.#left.size),
        expected: `root ${this.#left.root.toString('base64')}, trusted at size ${this.#left.size}`,
        found: `another root, in a log that is validly signed at size ${size}`,
        evidence: notesOf(this.#left, signed),
      });
    }
    if (this.#tileDifference !== null) throw tileDiffers(this.#tileDifference);
    this.#confirmed = size;
  }

  #compareTrusted(): void {
    const { trusted } = this.#options;
    if (trusted?.size !== this.#tree.size) return;
    const computed = this.#tree.root();
    if (computed.equals(trusted.root)) this.#confirmed = trusted.size;
    else this.#left = { ...trusted, difference: this.#rootDiffers(trusted, computed) };
  }

  #rootDiffers({ size, root }: SignedRoot, computed: Buffer): Divergence {
    return new Divergence('ROOT_DIFFERS', {
      ...range(this.#confirmed, size),
      expected: `root ${root.toString('base64')} at size ${size}`,
      found: `root ${computed.toString('base64')}`,
    });
  }

  /** Compares hashes from the entries with the next stored tile of their level, as far as they go. */
  async #compareTile({ level, index, hashes, root }: ComputedTile, complete = true): Promise<void> {
    if (this.#source.tiles === undefined || this.#tileDifference !== null) return;
    const tiles = (this.#tiles[level] ??= this.#source
      .tiles(level, this.#target.size)
      [Symbol.asyncIterator]() as AsyncIterator<SourceTile | null, undefined>);
    const next = await tiles.next();
    const isPartial = hashes.length < TILE_WIDTH * HASH_BYTES;
    if (next.done === true && isPartial) return;
    const stored = next.value?.hashes ?? null;
    const comparable = complete ? stored : (stored?.subarray(0, hashes.length) ?? null);
    const place = `level ${level}, tile ${index}`;
    const leaves = TILE_WIDTH ** level;
    if (comparable?.equals(hashes) !== true) {
      const at = firstDifference(comparable, hashes);
      const first = (index * TILE_WIDTH + at) * leaves;
      this.#tileDifference = {
        ...range(first, first + leaves),
        stored: `${stored === null ? 'no tile' : hashAt(stored, at)} at ${place}, hash ${at}`,
        computed: `${hashAt(hashes, at)} from the entries`,
      };
      return;
    }
    const storedRoot = next.value?.root;
    if (storedRoot === undefined || root === undefined || storedRoot.equals(root)) return;
    this.#tileDifference = {
      ...range(index * TILE_WIDTH * leaves, (index + 1) * TILE_WIDTH * leaves),
      stored: `root ${storedRoot.toString('base64')} at ${place}`,
      computed: `root ${root.toString('base64')} from the entries`,
    };
  }

  /**
   * A disorder shows where it is met, which can be after the entry that was changed: one that was moved
   * makes the next one come too early, and a root covers many. So what was put off and the tiles are asked
   * for an earlier place, the unfinished tile included.
   */
  async #orEarlier(last: Divergence): Promise<Divergence> {
    // Contradicting signatures weigh more than any place.
    const met = last.finding.evidence === undefined ? (this.#left?.difference ?? last) : last;
    const [unfinished] = this.#tree.partialTiles();
    if (unfinished?.level === 0 && this.#tree.size < this.#target.size) {
      await this.#compareTile(unfinished, false);
    }
    const { index = -1, through = index } = met.finding;
    const latest = met.case === 'ROOT_DIFFERS' ? through : index - 1;
    const earlier = this.#tileDifference;
    return earlier !== null && earlier.index <= latest ? entryChanged(earlier) : met;
  }
}

function entryChanged({ stored, computed, ...place }: TileDifference): Divergence {
  return new Divergence('ENTRY_CHANGED', { ...place, expected: stored, found: computed });
}

function tileDiffers({ stored, computed, ...place }: TileDifference): Divergence {
  return new Divergence('TILE_DIFFERS', { ...place, expected: computed, found: stored });
}

/** Position of the first hash in which two tiles differ; the last for one that only has too many. */
function firstDifference(stored: Buffer | null, computed: Buffer): number {
  const last = computed.length / HASH_BYTES - 1;
  let at = 0;
  while (stored !== null && at < last && hashAt(stored, at) === hashAt(computed, at)) at++;
  return at;
}

function hashAt(tile: Buffer, at: number): string {
  return tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES).toString('base64');
}
