import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pinLogKey, pinWitnessKey } from './note.ts';
import type { LogSource, SourceEntry } from './source.ts';
import type { TrustedState } from './trusted-state.ts';
import { CASES, Divergence, type Case } from './verdict.ts';
import { verifyLog, type VerifiedLog, type VerifyOptions } from './verify-log.ts';

/*
 * A log as an attacker with every right on the database finds it: entries, tiles and checkpoints, each of
 * which can be changed. It is written here by the definitions of RFC 6962, with code of neither side.
 */
const ORIGIN = 'audit.example.com/log1';
const START = Date.UTC(2026, 5, 1);
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

function mth(hashes: readonly Buffer[]): Buffer {
  if (hashes.length <= 1) return hashes[0] ?? sha256();
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return sha256(Buffer.of(1), mth(hashes.slice(0, k)), mth(hashes.slice(k)));
}

class Key {
  readonly #privateKey;
  readonly #raw: Buffer;
  readonly vkey: string;
  readonly name: string;
  readonly #type: number;

  constructor(name: string, seedByte: number, type = 1) {
    const der = Buffer.concat([
      Buffer.from('302e020100300506032b657004220420', 'hex'),
      Buffer.alloc(32, seedByte),
    ]);
    this.name = name;
    this.#type = type;
    this.#privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    this.#raw = createPublicKey(this.#privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
    this.vkey = `${name}+${this.#id.toString('hex')}+${Buffer.concat([Buffer.of(type), this.#raw]).toString('base64')}`;
  }

  get #id(): Buffer {
    return sha256(Buffer.from(`${this.name}\n`), Buffer.of(this.#type), this.#raw).subarray(0, 4);
  }

  line(signature: Buffer): string {
    return `— ${this.name} ${Buffer.concat([this.#id, signature]).toString('base64')}\n`;
  }

  sign(text: string): string {
    return this.line(sign(null, Buffer.from(text), this.#privateKey));
  }

  cosign(text: string, time: number): string {
    const stamp = Buffer.alloc(8);
    stamp.writeBigUInt64BE(BigInt(time));
    const message = Buffer.from(`cosignature/v1\ntime ${time}\n${text}`);
    return this.line(Buffer.concat([stamp, sign(null, message, this.#privateKey)]));
  }
}

const LOG_KEY = new Key(ORIGIN, 1);
const THIEF = new Key(ORIGIN, 66);
const WITNESS = new Key('witness.example.org/w1', 3, 4);

/** One entry, as content. */
interface Content {
  id: string;
  at: string;
  action: string;
  subject: { type: string; id: string };
  actor: { type: string; id: string; via?: string };
  data: Record<string, unknown>;
}

const aContent = (n: number, over: Partial<Content> = {}): Content => ({
  id: `0197a5d0-0000-7000-8000-${n.toString(16).padStart(12, '0')}`,
  at: new Date(START + n * 10).toISOString(),
  action: 'callback.received',
  subject: { type: 'session', id: `s-${n}` },
  actor: n % 3 === 0 ? { type: 'person', id: 'lan', via: 'desk' } : { type: 'vendor', id: 'fpt' },
  data: { digest: `digest ${n}`, version: n },
  ...over,
});

const leafOf = ({ id, at, action, subject, actor, data }: Content): Buffer =>
  Buffer.from(
    JSON.stringify({
      action,
      actor: { id: actor.id, type: actor.type, ...(actor.via === undefined ? {} : { via: actor.via }) },
      at,
      data,
      id,
      subject: { id: subject.id, type: subject.type },
      v: 1,
    }),
  );

const stored = (index: number, content: Content, leaf = leafOf(content)): SourceEntry => {
  const { id, at, action, subject, actor } = content;
  return { index, leaf, document: { _id: index, id, at: new Date(at), action, subject, actor, leaf } };
};

const rootAt = (entries: readonly SourceEntry[], size: number) =>
  mth(entries.slice(0, size).map(({ leaf }) => sha256(Buffer.of(0), leaf)));

const checkpointText = (size: number, root: Buffer, origin = ORIGIN) =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

function signedNote(entries: readonly SourceEntry[], size: number, keys: readonly Key[] = [LOG_KEY]): Buffer {
  const text = checkpointText(size, rootAt(entries, size));
  return Buffer.from(`${text}\n${keys.map((key) => key.sign(text)).join('')}`);
}

function tilesOf(entries: readonly SourceEntry[], size: number): Map<number, Buffer[]> {
  const levels = new Map<number, Buffer[]>();
  let hashes: Buffer[] = entries.slice(0, size).map(({ leaf }) => sha256(Buffer.of(0), leaf));
  for (let level = 0; hashes.length > 0; level++) {
    const tiles: Buffer[] = [];
    const above: Buffer[] = [];
    for (let first = 0; first < hashes.length; first += 256) {
      const tile = hashes.slice(first, first + 256);
      tiles.push(Buffer.concat(tile));
      if (tile.length === 256) above.push(mth(tile));
    }
    levels.set(level, tiles);
    hashes = above;
  }
  return levels;
}

/** Everything that a database holds of a log. */
interface Database {
  entries: SourceEntry[];
  /** Oldest first. */
  notes: Buffer[];
  tiles: Map<number, Buffer[]>;
}

const SIZE = 600;
const CHECKPOINTS = [0, 1, 100, 300, 450, SIZE];

function aDatabase(size = SIZE, checkpoints: readonly number[] = CHECKPOINTS): Database {
  const entries = Array.from({ length: size }, (_, n) => stored(n, aContent(n)));
  const notes = checkpoints.map((at) => signedNote(entries, at));
  return { entries, notes, tiles: tilesOf(entries, checkpoints.at(-1) ?? 0) };
}

/** A writer's own signing of whatever the database holds now. */
const signAgain = (database: Database, sizes: readonly number[] = CHECKPOINTS): Database => ({
  entries: database.entries,
  notes: sizes.map((size) => signedNote(database.entries, size)),
  tiles: tilesOf(database.entries, sizes.at(-1) ?? 0),
});

const renumbered = (entries: readonly SourceEntry[]): SourceEntry[] =>
  entries.map((entry, index) => ({ ...entry, index, document: { ...entry.document, _id: index } }));

async function* batches(entries: readonly SourceEntry[], length: number): AsyncGenerator<SourceEntry[]> {
  for (let at = 0; at < entries.length; at += length) {
    await Promise.resolve();
    yield entries.slice(at, at + length);
  }
}

async function* each<Item>(items: readonly Item[]): AsyncGenerator<Item> {
  for (const item of items) {
    await Promise.resolve();
    yield item;
  }
}

const sourceOf = ({ entries, notes, tiles }: Database, batch = 64): LogSource => ({
  newestCheckpoint: () => Promise.resolve(notes.at(-1) ?? null),
  checkpoints: () => each(notes.map((note) => ({ note }))),
  entries: () => batches(entries, batch),
  tiles: (level) => each((tiles.get(level) ?? []).map((hashes) => ({ hashes }))),
});

const pinned = pinLogKey(LOG_KEY.vkey);
const options = (over: Partial<VerifyOptions> = {}): VerifyOptions => ({
  logKeys: [pinned],
  trusted: null,
  witnesses: [],
  quorum: 0,
  maxAgeSeconds: null,
  now: START / 1000 + 3600,
  ...over,
});
const trustedAt = (entries: readonly SourceEntry[], size: number): TrustedState => ({
  origin: ORIGIN,
  vkey: LOG_KEY.vkey,
  size,
  root: rootAt(entries, size),
});

/** What a verification ends with, in one line. */
async function outcome(source: LogSource, over: Partial<VerifyOptions> = {}): Promise<string> {
  try {
    await verifyLog(source, options(over));
    return 'VERIFIED';
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    const { index, through } = error.finding;
    return `${error.case} ${index ?? ''}${through === undefined ? '' : `-${through}`}`.trim();
  }
}

const untouched = aDatabase();
const tampered = (change: (database: Database) => void): Database => {
  const copy = {
    entries: [...untouched.entries],
    notes: [...untouched.notes],
    tiles: new Map(
      [...untouched.tiles].map(([level, tiles]) => [level, tiles.map((tile) => Buffer.from(tile))]),
    ),
  };
  change(copy);
  return copy;
};

describe('an untouched log', () => {
  it('is verified, with what was verified', async () => {
    const verified: VerifiedLog = await verifyLog(sourceOf(untouched), options());
    expect(verified).toMatchObject({ size: SIZE, root: rootAt(untouched.entries, SIZE), unsealed: 0 });
    expect(verified.checkpoint?.signedBy).toBe(pinned);
  });

  it('is verified at any size, in batches of any length, with or without what was trusted before', async () => {
    const anySize = fc.integer({ min: 0, max: 530 });
    await fc.assert(
      fc.asyncProperty(
        anySize,
        anySize,
        anySize,
        fc.integer({ min: 1, max: 600 }),
        async (a, b, c, batch) => {
          const [known = 0, between = 0, size = 0] = [a, b, c].sort((x, y) => x - y);
          const database = aDatabase(size, [between, size]);
          const trusted = trustedAt(database.entries, known);
          expect(await outcome(sourceOf(database, batch))).toBe('VERIFIED');
          expect(await outcome(sourceOf(database, batch), { trusted })).toBe('VERIFIED');
        },
      ),
      { numRuns: 25 },
    );
  });

  it('may have entries that no checkpoint covers yet, which are counted apart', async () => {
    const { entries, ...rest } = aDatabase(SIZE + 7, CHECKPOINTS);
    expect(await verifyLog(sourceOf({ entries, ...rest }), options())).toMatchObject({
      size: SIZE,
      unsealed: 7,
    });
  });

  it('may be a copy without tiles and older checkpoints, or even without any checkpoint', async () => {
    const copy: LogSource = { entries: () => batches(untouched.entries, 100) };
    const note = untouched.notes.at(-1) ?? null;
    expect(await outcome({ ...copy, newestCheckpoint: () => Promise.resolve(note) })).toBe('VERIFIED');
    const trusted = trustedAt(untouched.entries, 450);
    expect(await verifyLog(copy, options({ trusted }))).toMatchObject({
      size: 450,
      unsealed: 150,
      checkpoint: null,
    });
    expect(await outcome(copy)).toBe('NO_CHECKPOINT');
  });

  it('may be signed again at the same size, and grow while it is read', async () => {
    const again = tampered(({ notes }) => notes.push(signedNote(untouched.entries, SIZE)));
    expect(await outcome(sourceOf(again))).toBe('VERIFIED');
    const grown = aDatabase(SIZE + 50);
    const raced = { ...untouched, entries: grown.entries };
    expect(await verifyLog(sourceOf(raced), options())).toMatchObject({ size: SIZE, unsealed: 50 });
  });

  it('tells how far the reading is', async () => {
    const seen: [number, number][] = [];
    const onProgress = (done: number, total: number) => void seen.push([done, total]);
    await verifyLog(sourceOf(untouched, 250), options({ onProgress }));
    expect(seen).toEqual([
      [250, SIZE],
      [500, SIZE],
      [600, SIZE],
    ]);
  });
});

describe('an entry', () => {
  const changed = (index: number, over: Partial<Content>) => stored(index, aContent(index, over));

  it.each([0, 1, 255, 256, 511, 512, 599])('that was changed is found at its index: %i', async (index) => {
    const database = tampered(({ entries }) => {
      entries[index] = changed(index, { data: { digest: 'another' } });
    });
    expect(await outcome(sourceOf(database))).toBe(`ENTRY_CHANGED ${index}`);
  });

  it('that was changed together with its tiles is found between two checkpoints', async () => {
    const database = tampered((copy) => {
      copy.entries[320] = changed(320, { data: {} });
      copy.tiles = tilesOf(copy.entries, SIZE);
    });
    expect(await outcome(sourceOf(database))).toBe('ROOT_DIFFERS 300-449');
  });

  it('that was changed is found without tiles, too', async () => {
    const { entries, notes } = tampered((copy) => {
      copy.entries[320] = changed(320, { data: {} });
    });
    const newestOnly: LogSource = {
      newestCheckpoint: () => Promise.resolve(notes.at(-1) ?? null),
      entries: () => batches(entries, 64),
    };
    expect(await outcome(newestOnly)).toBe('ROOT_DIFFERS 0-599');
    const before = { trusted: trustedAt(untouched.entries, 200) };
    expect(await outcome(newestOnly, before)).toBe('ROOT_DIFFERS 200-599');
    const after = { trusted: trustedAt(untouched.entries, 400) };
    expect(await outcome(newestOnly, after)).toBe('ROOT_DIFFERS 0-399');
    entries.splice(500, 1);
    expect(await outcome(newestOnly, after)).toBe('ROOT_DIFFERS 0-399');
  });

  const at = aContent(320).at;
  it.each<[string, Record<string, unknown>]>([
    ['another id', { id: aContent(321).id }],
    ['another time', { at: new Date(Date.parse(at) + 1) }],
    ['its time as text', { at }],
    ['no time', { at: undefined }],
    ['an invalid time', { at: new Date(NaN) }],
    ['another action', { action: 'session.expired' }],
    ['another subject', { subject: { type: 'session', id: 's-1' } }],
    ['another type of subject', { subject: { type: 'rule_set', id: 's-320' } }],
    ['more in its subject', { subject: { type: 'session', id: 's-320', toString: 'x' } }],
    ['no subject', { subject: null }],
    ['another actor', { actor: { type: 'vendor', id: 'other' } }],
    ['a hidden client', { actor: { type: 'vendor', id: 'fpt', via: 'desk' } }],
    ['an actor without id', { actor: { type: 'vendor' } }],
    ['a field that no entry has', { note: 'see me' }],
  ])('with %s beside it is found, while every hash is right', async (_, over) => {
    const database = tampered(({ entries }) => {
      const { document, ...entry } = entries[320]!;
      entries[320] = { ...entry, document: { ...document, ...over } };
    });
    expect(await outcome(sourceOf(database))).toBe('FIELD_DIFFERS 320');
  });

  it('whose person acts through another client is found', async () => {
    const database = tampered(({ entries }) => {
      const { document, ...entry } = entries[3]!;
      entries[3] = { ...entry, document: { ...document, actor: { type: 'person', id: 'lan' } } };
    });
    expect(await outcome(sourceOf(database))).toBe('FIELD_DIFFERS 3');
  });

  it('that is missing is found', async () => {
    for (const index of [0, 1, 320, 598]) {
      const database = tampered(({ entries }) => entries.splice(index, 1));
      expect(await outcome(sourceOf(database))).toBe(`INDEX_GAP ${index}`);
    }
  });

  it('that is missing is found where the others were moved up', async () => {
    const database = tampered((copy) => {
      copy.entries.splice(320, 1);
      copy.entries = renumbered(copy.entries);
    });
    expect(await outcome(sourceOf(database))).toBe('ENTRY_CHANGED 320');
  });

  it('that was slipped in is found', async () => {
    const between = stored(320, aContent(9_999, { at: aContent(320).at }));
    const twice = tampered(({ entries }) => entries.splice(321, 0, between));
    expect(await outcome(sourceOf(twice))).toBe('INDEX_DISORDER 321');
    const moved = tampered((copy) => {
      copy.entries.splice(320, 0, between);
      copy.entries = renumbered(copy.entries);
    });
    expect(await outcome(sourceOf(moved))).toBe('ENTRY_CHANGED 320');
  });

  it('that is there twice is found', async () => {
    const same = tampered(({ entries }) => entries.splice(320, 0, entries[320]!));
    expect(await outcome(sourceOf(same))).toBe('INDEX_DISORDER 321');
    const again = tampered((copy) => {
      copy.entries.splice(320, 0, copy.entries[320]!);
      copy.entries = renumbered(copy.entries);
    });
    expect(await outcome(sourceOf(again))).toBe('ENTRY_CHANGED 321');
  });

  it('that changed places with another is found at the first of both', async () => {
    for (const [a, b] of [
      [320, 321],
      [3, 500],
    ] as const) {
      const database = tampered((copy) => {
        [copy.entries[a], copy.entries[b]] = [copy.entries[b]!, copy.entries[a]!];
        copy.entries = renumbered(copy.entries);
      });
      expect(await outcome(sourceOf(database))).toBe(`ENTRY_CHANGED ${a}`);
    }
  });

  it.each([NaN, 320.5, -1])('under the index %d is found', async (index) => {
    const database = tampered(({ entries }) => {
      entries[320] = { ...entries[320]!, index };
    });
    expect(await outcome(sourceOf(database))).toMatch(/^INDEX_(GAP|DISORDER) 320$/);
  });

  it('that is older than the one before is found, even in a log that is validly signed', async () => {
    const database = signAgain(
      tampered(({ entries }) => {
        entries[320] = changed(320, { at: aContent(318).at });
      }),
    );
    expect(await outcome(sourceOf(database))).toBe('TIME_DISORDER 320');
  });

  it('that was moved into the future is found where it stands, not where the next one comes too early', async () => {
    const database = tampered(({ entries }) => {
      entries[320] = changed(320, { at: aContent(500).at });
    });
    expect(await outcome(sourceOf(database))).toBe('ENTRY_CHANGED 320');
  });

  it('that was changed is reported before a later disorder', async () => {
    const database = tampered(({ entries }) => {
      entries[10] = changed(10, { data: {} });
      entries[20] = { ...entries[20]!, leaf: Buffer.from('{}') };
    });
    expect(await outcome(sourceOf(database))).toBe('ENTRY_CHANGED 10');
    const apart = tampered(({ entries }) => {
      entries[10] = changed(10, { data: {} });
      entries.splice(299, 1);
    });
    expect(await outcome(sourceOf({ ...apart, notes: apart.notes.slice(-1) }))).toBe('ENTRY_CHANGED 10');
  });

  it('that is the concatenation of two hashes does not pass for the node above them', async () => {
    const [left, right] = untouched.entries.map(({ leaf }) => sha256(Buffer.of(0), leaf)) as [Buffer, Buffer];
    const text = checkpointText(1, sha256(Buffer.of(1), left, right));
    const database = {
      entries: [{ index: 0, leaf: Buffer.concat([left, right]) }],
      notes: [Buffer.from(`${text}\n${LOG_KEY.sign(text)}`)],
      tiles: new Map<number, Buffer[]>(),
    };
    expect(await outcome(sourceOf(database))).toBe('ENTRY_MALFORMED 0');
  });

  it('after the newest checkpoint must be an entry, too', async () => {
    const { entries, ...rest } = aDatabase(SIZE + 3, CHECKPOINTS);
    const gap = [...entries];
    gap.splice(SIZE + 1, 1);
    expect(await outcome(sourceOf({ ...rest, entries: gap }))).toBe(`INDEX_GAP ${SIZE + 1}`);
    const malformed = [...entries];
    malformed[SIZE + 2] = { index: SIZE + 2, leaf: Buffer.from('{}') };
    expect(await outcome(sourceOf({ ...rest, entries: malformed }))).toBe(`ENTRY_MALFORMED ${SIZE + 2}`);
    const longer = aDatabase(SIZE + 250, CHECKPOINTS);
    longer.entries.splice(SIZE + 240, 1);
    expect(await outcome(sourceOf(longer))).toBe(`INDEX_GAP ${SIZE + 240}`);
  });
});

describe('a shortened log', () => {
  it('is found when its newest checkpoint still covers more', async () => {
    const database = tampered((copy) => {
      copy.entries = copy.entries.slice(0, 500);
    });
    expect(await outcome(sourceOf(database))).toBe('LOG_TOO_SHORT 500');
    expect(await outcome(sourceOf({ ...database, entries: [] }))).toBe('LOG_TOO_SHORT 0');
  });

  it('with an old checkpoint is found by who knows a newer one, and by nobody else', async () => {
    const cut: Database = {
      entries: untouched.entries.slice(0, 450),
      notes: untouched.notes.slice(0, -1),
      tiles: tilesOf(untouched.entries, 450),
    };
    expect(await outcome(sourceOf(cut))).toBe('VERIFIED');
    const trusted = trustedAt(untouched.entries, SIZE);
    expect(await outcome(sourceOf(cut), { trusted })).toBe('ROLLED_BACK 450');
    expect(await outcome(sourceOf({ ...cut, notes: [] }), { trusted })).toBe('ROLLED_BACK');
    expect(await outcome(sourceOf({ ...cut, notes: [] }))).toBe('NO_CHECKPOINT');
  });

  it('is found when the old checkpoint was put after the newer ones', async () => {
    const database = tampered((copy) => {
      copy.notes.push(copy.notes[2]!);
      copy.tiles = tilesOf(copy.entries, 100);
    });
    expect(await outcome(sourceOf(database))).toBe('CHECKPOINTS_DISORDERED 100');
    const within = tampered(({ notes }) => notes.splice(4, 0, notes[2]!));
    expect(await outcome(sourceOf(within))).toBe('CHECKPOINTS_DISORDERED 100');
  });
});

describe('a history rewritten by whoever holds the key', () => {
  const rewritten = tampered((copy) => {
    copy.entries[40] = stored(40, aContent(40, { data: { digest: 'nothing happened' } }));
  });

  it('is found by who trusts an earlier state', async () => {
    const all = signAgain(rewritten);
    expect(await outcome(sourceOf(all))).toBe('VERIFIED');
    expect(await outcome(sourceOf(all), { trusted: trustedAt(untouched.entries, 20) })).toBe('VERIFIED');
    const known = trustedAt(untouched.entries, 400);
    expect(await outcome(sourceOf(all), { trusted: known })).toBe('HISTORY_REWRITTEN 0-399');
  });

  it('is found by the checkpoints that are still there', async () => {
    const newest = signAgain(rewritten);
    const notes = [...untouched.notes.slice(0, -1), ...newest.notes.slice(-1)];
    expect(await outcome(sourceOf({ ...newest, notes }))).toBe('ROOT_DIFFERS 1-99');
  });

  it('is found when a backup was restored and went on from there', async () => {
    const entries = [
      ...untouched.entries.slice(0, 450),
      ...Array.from({ length: 200 }, (_, n) => stored(450 + n, aContent(5_000 + n))),
    ];
    const restored = signAgain({ ...untouched, entries }, [100, 450, 650]);
    const trusted = trustedAt(untouched.entries, SIZE);
    expect(await outcome(sourceOf(restored), { trusted })).toBe('HISTORY_REWRITTEN 0-599');
    const before = signAgain({ ...untouched, entries }, [100, 450, 550]);
    expect(await outcome(sourceOf(before), { trusted })).toBe('ROLLED_BACK 550');
  });
});

describe('two signed trees', () => {
  const other = signAgain(
    tampered((copy) => {
      copy.entries[7] = stored(7, aContent(7, { data: {} }));
    }),
  );

  it('of one size are found, and both notes are kept as evidence', async () => {
    const note = untouched.notes.at(-1)!;
    const trusted = { ...trustedAt(untouched.entries, SIZE), note };
    expect(await outcome(sourceOf(other), { trusted })).toBe('FORKED 0-599');
    await expect(verifyLog(sourceOf(other), options({ trusted }))).rejects.toMatchObject({
      finding: { evidence: [note, other.notes.at(-1)] },
    });
  });

  it('of one size are found by their newest checkpoints alone', async () => {
    const copy: LogSource = {
      newestCheckpoint: () => Promise.resolve(other.notes.at(-1) ?? null),
      entries: () => batches(other.entries, 64),
    };
    expect(await outcome(copy, { trusted: trustedAt(untouched.entries, SIZE) })).toBe('FORKED 0-599');
  });

  it('in one database are found', async () => {
    const both = tampered(({ notes }) => notes.splice(4, 0, other.notes[3]!));
    expect(await outcome(sourceOf(both))).toBe('FORKED 0-299');
    const newest = tampered(({ notes }) => notes.splice(5, 0, other.notes[5]!));
    expect(await outcome(sourceOf(newest))).toBe('FORKED 0-599');
    const trusted = trustedAt(untouched.entries, 300);
    expect(await outcome(sourceOf(other), { trusted })).toBe('FORKED 0-299');
  });
});

describe('a checkpoint', () => {
  const withNewest = (note: Buffer | string) =>
    tampered(({ notes }) => {
      notes[notes.length - 1] = Buffer.from(note);
    });
  const text = checkpointText(SIZE, rootAt(untouched.entries, SIZE));
  const line = LOG_KEY.sign(text);
  const signedText = (changed: string) => `${changed}\n${LOG_KEY.sign(changed)}`;

  it('under a swapped key is not believed', async () => {
    const stolen = withNewest(signedNote(untouched.entries, SIZE, [THIEF]));
    expect(await outcome(sourceOf(stolen))).toBe('CHECKPOINT_UNSIGNED');
  });

  it('in the middle of the log under a swapped key is not believed either', async () => {
    const database = tampered(({ notes }) => {
      notes[3] = signedNote(untouched.entries, 300, [THIEF]);
    });
    expect(await outcome(sourceOf(database))).toBe('CHECKPOINT_UNSIGNED');
  });

  it('whose text was changed is not believed', async () => {
    const larger = text.replace(`\n${SIZE}\n`, '\n599\n');
    expect(await outcome(sourceOf(withNewest(`${larger}\n${line}`)))).toBe('CHECKPOINT_FORGED');
    const bent = LOG_KEY.line(Buffer.alloc(64));
    expect(await outcome(sourceOf(withNewest(`${text}\n${line}${bent}`)))).toBe('CHECKPOINT_FORGED');
  });

  it('of another log is not believed, though the same key signed it', async () => {
    const foreign = checkpointText(SIZE, rootAt(untouched.entries, SIZE), 'audit.example.com/test');
    expect(await outcome(sourceOf(withNewest(signedText(foreign))))).toBe('FOREIGN_ORIGIN');
  });

  it('may be signed by an old and a new key, each of which suffices', async () => {
    const next = new Key(ORIGIN, 2);
    const both = withNewest(signedNote(untouched.entries, SIZE, [next, LOG_KEY]));
    expect(await outcome(sourceOf(both))).toBe('VERIFIED');
    const logKeys = [pinLogKey(next.vkey), pinned];
    expect(await outcome(sourceOf(both), { logKeys })).toBe('VERIFIED');
    const rotated = withNewest(signedNote(untouched.entries, SIZE, [next]));
    expect(await outcome(sourceOf(rotated), { logKeys })).toBe('VERIFIED');
  });

  const root = rootAt(untouched.entries, SIZE).toString('base64');
  const bad: [string, string | Buffer][] = [
    ['nothing', ''],
    ['no signature', `${text}\n`],
    ['no blank line', `${text}${line}`],
    ['no newline at the end', `${text}\n${line}`.slice(0, -1)],
    ['a blank line at the end', `${text}\n${line}\n`],
    ['text after the signature', `${text}\n${line}more\n`],
    ['carriage returns', `${text}\n${line}`.replaceAll('\n', '\r\n')],
    ['a control character', signedText(text.replace('log1', 'log1\u0001'))],
    ['bytes that are no UTF-8', Buffer.concat([Buffer.of(0xff), Buffer.from(`${text}\n${line}`)])],
    ['a hyphen for the dash', `${text}\n${line.replace('—', '-')}`],
    ['two spaces', `${text}\n${line.replace('— ', '—  ')}`],
    ['a space at the end of the line', `${text}\n${line.replace('\n', ' \n')}`],
    ['a signature without padding', `${text}\n${line.replace('=\n', '\n')}`],
    ['stray bits in a signature', `${text}\n— x AAAAAAB=\n`],
    ['a key id without a signature', `${text}\n— x AAAAAA==\n`],
    ['an empty origin', signedText(`\n${SIZE}\n${root}\n`)],
    ['a size with a leading zero', signedText(text.replace(`\n${SIZE}\n`, `\n0${SIZE}\n`))],
    ['a hexadecimal size', signedText(text.replace(`\n${SIZE}\n`, '\n0x258\n'))],
    ['a negative size', signedText(text.replace(`\n${SIZE}\n`, '\n-600\n'))],
    ['a size that can not be counted to', signedText(text.replace(`\n${SIZE}\n`, '\n9007199254740992\n'))],
    ['a short root', signedText(text.replace(root, Buffer.alloc(31).toString('base64')))],
    ['a root with stray bits', signedText(text.replace(root, `${'A'.repeat(42)}B=`))],
    ['a root in the URL alphabet', signedText(text.replace(root, `${'-'.repeat(43)}=`))],
    ['an empty extension line', signedText(`${text}\n`)],
    ['too many signatures', `${text}\n${'— x AAAAAAA=\n'.repeat(101)}`],
    ['more bytes than are read', signedText(`${text}${'x'.repeat(1_000_000)}\n`)],
  ];
  it.each(bad)('with %s is refused', async (_, note) => {
    expect(await outcome(sourceOf(withNewest(note)))).toBe('CHECKPOINT_MALFORMED');
  });

  it('may have extension lines and signatures of keys that nobody here knows', async () => {
    const extended = `${text}an extension\n`;
    expect(await outcome(sourceOf(withNewest(signedText(extended))))).toBe('VERIFIED');
    expect(await outcome(sourceOf(withNewest(`${text}\n— x AAAAAAA=\n${line}`)))).toBe('VERIFIED');
  });

  it('that is signed for another root is found', async () => {
    expect(await outcome(sourceOf(withNewest(signedText(checkpointText(SIZE, Buffer.alloc(32))))))).toBe(
      'ROOT_DIFFERS 450-599',
    );
    const empty = signedText(checkpointText(0, Buffer.alloc(32)));
    expect(await outcome(sourceOf({ entries: [], notes: [Buffer.from(empty)], tiles: new Map() }))).toBe(
      'ROOT_DIFFERS 0',
    );
  });
});

describe('tiles', () => {
  const flip = (level: number, tile: number, byte: number) =>
    tampered(({ tiles }) => {
      tiles.get(level)![tile]![byte]! ^= 1;
    });

  it.each([
    [0, 0, 0, 'TILE_DIFFERS 0'],
    [0, 1, 5 * 32, 'TILE_DIFFERS 261'],
    [0, 2, 87 * 32 + 31, 'TILE_DIFFERS 599'],
    [1, 0, 0, 'TILE_DIFFERS 0-255'],
    [1, 0, 63, 'TILE_DIFFERS 256-511'],
  ])(
    'that do not follow from the entries are found: level %i, tile %i, byte %i',
    async (level, tile, byte, found) => {
      expect(await outcome(sourceOf(flip(level, tile, byte)))).toBe(found);
    },
  );

  it('that are missing, too short or too long are found', async () => {
    const missing = tampered(({ tiles }) => tiles.get(0)!.splice(1));
    expect(await outcome(sourceOf(missing))).toBe('TILE_DIFFERS 256');
    const onlyFull = tampered(({ tiles }) => tiles.get(0)!.pop());
    expect(await outcome(sourceOf(onlyFull))).toMatch(/^VERIFIED/);
    const short = tampered(({ tiles }) => {
      tiles.get(0)![1] = tiles.get(0)![1]!.subarray(0, -32);
    });
    expect(await outcome(sourceOf(short))).toBe('TILE_DIFFERS 511');
    const long = tampered(({ tiles }) => {
      tiles.get(1)![0] = Buffer.concat([tiles.get(1)![0]!, Buffer.alloc(1)]);
    });
    expect(await outcome(sourceOf(long))).toBe('TILE_DIFFERS 256-511');
  });
});

describe('what is stored beside checkpoints and tiles', () => {
  const rootsOf = (level: number) => (untouched.tiles.get(level + 1) ?? []).flatMap((tile) => hashesIn(tile));
  const hashesIn = (tile: Buffer) =>
    Array.from({ length: tile.length / 32 }, (_, i) => tile.subarray(i * 32, (i + 1) * 32));
  const sizes = CHECKPOINTS.map((size, number) => ({ number, size, root: rootAt(untouched.entries, size) }));
  const withBeside = (
    beside: readonly { number: number; size: number; root: Buffer }[],
    roots = rootsOf,
  ): LogSource => ({
    ...sourceOf(untouched),
    checkpoints: () => each(untouched.notes.map((note, i) => ({ note, stored: beside[i]! }))),
    tiles: (level) =>
      each(
        (untouched.tiles.get(level) ?? []).map((hashes, i) => {
          const root = roots(level)[i];
          return { hashes, ...(root === undefined ? {} : { root }) };
        }),
      ),
  });

  it('agrees in an untouched log', async () => {
    expect(await outcome(withBeside(sizes))).toBe('VERIFIED');
  });

  it('is found to differ from a checkpoint', async () => {
    const changed = (at: number, over: Partial<(typeof sizes)[0]>) =>
      sizes.map((one, i) => (i === at ? { ...one, ...over } : one));
    expect(await outcome(withBeside(changed(3, { size: 301 })))).toBe('FIELD_DIFFERS');
    expect(await outcome(withBeside(changed(5, { root: Buffer.alloc(32) })))).toBe('FIELD_DIFFERS');
    expect(await outcome(withBeside(changed(2, { root: Buffer.alloc(0) })))).toBe('FIELD_DIFFERS');
  });

  it('shows that a checkpoint is missing', async () => {
    const later = sizes.map((one) => (one.number >= 3 ? { ...one, number: one.number + 1 } : one));
    expect(await outcome(withBeside(later))).toBe('CHECKPOINTS_DISORDERED 300');
    const first = sizes.map((one) => ({ ...one, number: one.number + 1 }));
    expect(await outcome(withBeside(first))).toBe('CHECKPOINTS_DISORDERED 0');
  });

  it('is found to differ from a tile', async () => {
    const bent = (level: number) => rootsOf(level).map((root, i) => (i === 1 ? Buffer.alloc(32) : root));
    expect(await outcome(withBeside(sizes, bent))).toBe('TILE_DIFFERS 256-511');
  });
});

it('leaves no cursor open behind when it ends early', async () => {
  let open = 0;
  async function* counted<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
    open++;
    try {
      yield* items;
    } finally {
      open--;
    }
  }
  const database = tampered(({ entries }) => entries.splice(400, 1));
  const source = sourceOf(database);
  const watched: LogSource = {
    ...source,
    checkpoints: () => counted(source.checkpoints!()),
    entries: (size) => counted(source.entries(size)),
    tiles: (level, size) => counted(source.tiles!(level, size)),
  };
  expect(await outcome(watched)).toBe('INDEX_GAP 400');
  expect(open).toBe(0);
});

describe('witnesses', () => {
  const text = checkpointText(SIZE, rootAt(untouched.entries, SIZE));
  const witnessedAt = (time: number, more = '') =>
    tampered(({ notes }) => {
      notes[notes.length - 1] = Buffer.from(
        `${text}\n${LOG_KEY.sign(text)}${WITNESS.cosign(text, time)}${more}`,
      );
    });
  const witnesses = [pinWitnessKey(WITNESS.vkey)];
  const now = START / 1000 + 3600;

  it('are counted', async () => {
    expect(await outcome(sourceOf(witnessedAt(now)), { witnesses, quorum: 1 })).toBe('VERIFIED');
    expect(await outcome(sourceOf(untouched), { witnesses, quorum: 1 })).toBe('TOO_FEW_WITNESSES');
    const twice = witnessedAt(now - 1, WITNESS.cosign(text, now));
    expect(await outcome(sourceOf(twice), { witnesses, quorum: 2 })).toBe('TOO_FEW_WITNESSES');
  });

  it('do not stand in for the log', async () => {
    const alone = tampered(({ notes }) => {
      notes[notes.length - 1] = Buffer.from(`${text}\n${WITNESS.cosign(text, now)}`);
    });
    expect(await outcome(sourceOf(alone), { witnesses })).toBe('CHECKPOINT_UNSIGNED');
  });

  it('that signed something else spoil the checkpoint', async () => {
    const forged = tampered(({ notes }) => {
      notes[notes.length - 1] = Buffer.from(`${text}\n${LOG_KEY.sign(text)}${WITNESS.cosign('else\n', now)}`);
    });
    expect(await outcome(sourceOf(forged), { witnesses })).toBe('CHECKPOINT_FORGED');
    const short = witnessedAt(now, WITNESS.line(Buffer.alloc(3)));
    expect(await outcome(sourceOf(short), { witnesses })).toBe('CHECKPOINT_FORGED');
  });

  it('show a frozen view, when the newest cosignature is too old', async () => {
    const old = sourceOf(witnessedAt(now - 601));
    expect(await outcome(old, { witnesses, maxAgeSeconds: 600 })).toBe('STALE_VIEW');
    expect(await outcome(old, { witnesses, maxAgeSeconds: 601 })).toBe('VERIFIED');
    expect(await outcome(sourceOf(untouched), { witnesses, maxAgeSeconds: 600 })).toBe('STALE_VIEW');
  });

  it('are not counted from the future, or one signature would keep a frozen view fresh for ever', async () => {
    const future = sourceOf(witnessedAt(now + 61));
    expect(await outcome(future, { witnesses, maxAgeSeconds: 600 })).toBe('STALE_VIEW');
    expect(await outcome(future, { witnesses, quorum: 1 })).toBe('TOO_FEW_WITNESSES');
  });

  it('show an entry that claims to be newer than the moment they saw it', async () => {
    const early = START / 1000 - 58;
    expect(await outcome(sourceOf(witnessedAt(early)), { witnesses })).toBe('TIME_DISORDER 201');
  });

  it('say nothing about entries that they have not seen', async () => {
    const database = witnessedAt(now);
    database.entries.push(stored(SIZE, aContent(SIZE, { at: new Date((now + 3600) * 1000).toISOString() })));
    expect(await outcome(sourceOf(database), { witnesses, quorum: 1 })).toBe('VERIFIED');
  });

  it('sign later, so a source is asked for a checkpoint with as many cosignatures as are needed', async () => {
    const asked: number[] = [];
    const source: LogSource = {
      ...sourceOf(witnessedAt(now)),
      newestCheckpoint: (cosignatures) => {
        asked.push(cosignatures);
        return Promise.resolve(null);
      },
    };
    await outcome(source);
    await outcome(source, { witnesses, quorum: 1 });
    await outcome(source, { witnesses, maxAgeSeconds: 60 });
    expect(asked).toEqual([0, 1, 1]);
  });
});

describe('the trusted state', () => {
  it('of another log is not compared with this one', async () => {
    const trusted = { ...trustedAt(untouched.entries, 5), origin: 'audit.example.com/other' };
    expect(await outcome(sourceOf(untouched), { trusted })).toBe('TRUSTED_STATE_UNUSABLE');
  });

  it('is all there is for a copy without a checkpoint', async () => {
    const copy = (entries: readonly SourceEntry[]): LogSource => ({ entries: () => batches(entries, 50) });
    const trusted = trustedAt(untouched.entries, 500);
    const changed = [...untouched.entries];
    changed[9] = stored(9, aContent(9, { data: {} }));
    expect(await outcome(copy(changed), { trusted })).toBe('ROOT_DIFFERS 0-499');
    expect(await outcome(copy(untouched.entries.slice(0, 499)), { trusted })).toBe('LOG_TOO_SHORT 499');
  });
});

describe('any single change', () => {
  type Change = (database: Database, index: number, noise: number) => void;
  const changes: Record<string, Change> = {
    'a bit of an entry': ({ entries }, index, noise) => {
      const leaf = Buffer.from(entries[index]!.leaf);
      leaf[noise % leaf.length]! ^= 1 << (noise % 8);
      entries[index] = { ...entries[index]!, leaf };
    },
    'a bit of an entry, with its fields': ({ entries }, index, noise) => {
      entries[index] = stored(index, aContent(index, { data: { noise } }));
    },
    'an entry deleted': ({ entries }, index) => void entries.splice(index, 1),
    'an entry deleted, others moved up': (copy, index) => {
      copy.entries.splice(index, 1);
      copy.entries = renumbered(copy.entries);
    },
    'an entry doubled': (copy, index) => {
      copy.entries.splice(index, 0, copy.entries[index]!);
    },
    'an entry slipped in': (copy, index, noise) => {
      copy.entries.splice(index, 0, stored(index, aContent(index, { data: { noise } })));
      copy.entries = renumbered(copy.entries);
    },
    'a field beside': ({ entries }, index, noise) => {
      const { document, ...entry } = entries[index]!;
      const field = ['id', 'at', 'action', 'subject', 'actor'][noise % 5]!;
      entries[index] = { ...entry, document: { ...document, [field]: 'other' } };
    },
  };
  // The one that doubles keeps the first copy in its place, so the second one is what is met.
  const offsets: Record<string, number> = { 'an entry doubled': 1 };

  it.each(Object.keys(changes))('is found at its index: %s', async (name) => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(SIZE - 1),
        fc.nat(1_000_000),
        fc.integer({ min: 1, max: 700 }),
        async (index, noise, batch) => {
          const database = tampered((copy) => changes[name]!(copy, index, noise));
          const [kind, at] = (await outcome(sourceOf(database, batch))).split(' ') as [Case, string];
          expect(CASES[kind].exitCode).toBeGreaterThan(3);
          expect(Number(at)).toBe(index + (offsets[name] ?? 0));
        },
      ),
      { numRuns: 60 },
    );
  });
});
