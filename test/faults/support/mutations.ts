import { mongo } from 'mongoose';
import { decodeLeaf, encodeLeaf } from '../../../src/audit/format/leaf.ts';
import { toDocument } from '../../../src/audit/audit-entry.schema.ts';
import type { SeededRandom } from '../../simulator/seeded-random.ts';
import type { StoredCheckpoint, StoredEntry, StoredLog, StoredTile } from './stored-log.ts';

/** One thing changed in a log. */
export interface Mutation {
  /** What was done, for the message of a failing test. */
  readonly what: string;
  readonly log: StoredLog;
  /** The first entry that the verifier can blame; null where no entry is concerned. */
  readonly place: number | null;
}

type Kind = (log: StoredLog, random: SeededRandom) => Omit<Mutation, 'what'>;

const KINDS: Readonly<Record<string, Kind>> = {
  'a byte of a leaf': (log, random) => {
    const index = below(log.audit_log.length, random);
    return onEntry(log, index, (entry) => ({ ...entry, leaf: flipped(entry.leaf, random) }));
  },
  'a field beside a leaf': (log, random) => {
    const index = below(log.audit_log.length, random);
    const change = random.pick(FIELD_CHANGES);
    return onEntry(log, index, (entry) => change(entry, random));
  },
  'a byte of a tile': (log, random) => {
    const at = below(log.audit_tiles.length, random);
    const tile = log.audit_tiles[at]!;
    const hashes = flipped(tile.hashes, random);
    const hash = Math.floor(differenceOf(tile.hashes, hashes) / 32);
    return withTile(log, at, { ...tile, hashes }, at * 256 + hash);
  },
  'a byte of the root beside a tile': (log, random) => {
    const at = below(log.audit_tiles.length, random);
    const tile = log.audit_tiles[at]!;
    return withTile(log, at, { ...tile, root: flipped(tile.root, random) }, at * 256);
  },
  'a tile that is gone': (log, random) => {
    const at = below(log.audit_tiles.length, random);
    return { log: { ...log, audit_tiles: log.audit_tiles.toSpliced(at, 1) }, place: at * 256 };
  },
  'a byte of a note': (log, random) =>
    onCheckpoint(log, random, (checkpoint) => ({ ...checkpoint, note: flipped(checkpoint.note, random) })),
  'a byte of the root beside a note': (log, random) =>
    onCheckpoint(log, random, (checkpoint) => ({ ...checkpoint, root: flipped(checkpoint.root, random) })),
  'the size beside a note': (log, random) =>
    onCheckpoint(log, random, (checkpoint) => ({
      ...checkpoint,
      // Within the gap to the next size, because sizes are unique.
      size: checkpoint.size + 1 + below(100, random),
    })),
  'a checkpoint that is gone': (log, random) => {
    // Without the newest one the log is as it was a moment before: only trusted state can tell.
    const at = below(log.audit_checkpoints.length - 1, random);
    return { log: { ...log, audit_checkpoints: log.audit_checkpoints.toSpliced(at, 1) }, place: null };
  },
  'an entry that is gone': (log, random) => {
    const index = below(log.audit_log.length, random);
    return { log: { ...log, audit_log: log.audit_log.toSpliced(index, 1) }, place: index };
  },
  'an entry that is gone, the others moved up': (log, random) => {
    const index = below(log.audit_log.length, random);
    return { log: { ...log, audit_log: renumbered(log.audit_log.toSpliced(index, 1), index) }, place: index };
  },
  'an entry that comes twice': (log, random) => {
    const [index, after] = [below(log.audit_log.length, random), below(log.audit_log.length, random)];
    const twice = { ...log.audit_log[index]!, _id: after + 0.5 };
    return { log: { ...log, audit_log: log.audit_log.toSpliced(after + 1, 0, twice) }, place: after + 1 };
  },
  'an entry that comes twice, the others moved down': (log, random) => {
    // Not after the last two: a copy of the last entry behind it would be one that nobody has signed for yet.
    const [index, after] = [below(log.audit_log.length, random), below(log.audit_log.length - 2, random)];
    const moved = log.audit_log.toSpliced(after + 1, 0, log.audit_log[index]!);
    // The copy of the entry that stands next is found one later: up to there nothing differs.
    const place = index === after + 1 ? after + 2 : after + 1;
    return { log: { ...log, audit_log: renumbered(moved, after + 1) }, place };
  },
  'two entries that changed places': (log, random) => {
    const a = below(log.audit_log.length, random);
    const b = (a + 1 + below(log.audit_log.length - 1, random)) % log.audit_log.length;
    const swapped = log.audit_log
      .with(a, { ...log.audit_log[b]!, _id: a })
      .with(b, { ...log.audit_log[a]!, _id: b });
    return { log: { ...log, audit_log: swapped }, place: Math.min(a, b) };
  },
  'an entry that was slipped in': (log, random) => {
    const after = below(log.audit_log.length, random);
    const forged = forgedLike(log.audit_log[after]!, after + 0.5, random);
    return { log: { ...log, audit_log: log.audit_log.toSpliced(after + 1, 0, forged) }, place: after + 1 };
  },
  'an entry that was slipped in, the others moved down': (log, random) => {
    const at = below(log.audit_log.length, random);
    const moved = log.audit_log.toSpliced(at, 0, forgedLike(log.audit_log[at]!, at, random));
    return { log: { ...log, audit_log: renumbered(moved, at) }, place: at };
  },
};

/** Changes one thing in a log, anything. */
export function mutate(log: StoredLog, random: SeededRandom): Mutation {
  const [what, change] = random.pick(Object.entries(KINDS));
  return { what, ...change(log, random) };
}

const FIELD_CHANGES: readonly ((entry: StoredEntry, random: SeededRandom) => StoredEntry)[] = [
  (entry, random) => ({ ...entry, id: altered(entry['id'], random) }),
  (entry, random) => ({ ...entry, action: altered(entry['action'], random) }),
  (entry, random) => ({
    ...entry,
    at: new Date((entry['at'] as Date).getTime() + (below(2, random) * 2 - 1) * (1 + below(10_000, random))),
  }),
  ...['subject', 'actor'].flatMap((party) =>
    ['type', 'id'].map((part) => (entry: StoredEntry, random: SeededRandom) => {
      const fields = entry[party] as Record<string, unknown>;
      return { ...entry, [party]: { ...fields, [part]: altered(fields[part], random) } };
    }),
  ),
  (entry, random) => {
    const { via, ...actor } = entry['actor'] as Record<string, unknown>;
    return { ...entry, actor: via === undefined ? { ...actor, via: `desk-${below(10, random)}` } : actor };
  },
  (entry, random) => ({ ...entry, note: below(1_000, random) }),
  (entry, random) => {
    const gone = random.pick(['id', 'at', 'action', 'subject', 'actor']);
    return Object.fromEntries(Object.entries(entry).filter(([field]) => field !== gone)) as never;
  },
];

function onEntry(log: StoredLog, index: number, change: (entry: StoredEntry) => StoredEntry) {
  return {
    log: { ...log, audit_log: log.audit_log.with(index, change(log.audit_log[index]!)) },
    place: index,
  };
}

function onCheckpoint(
  log: StoredLog,
  random: SeededRandom,
  change: (one: StoredCheckpoint) => StoredCheckpoint,
) {
  const at = below(log.audit_checkpoints.length, random);
  const audit_checkpoints = log.audit_checkpoints.with(at, change(log.audit_checkpoints[at]!));
  return { log: { ...log, audit_checkpoints }, place: null };
}

function withTile(log: StoredLog, at: number, tile: StoredTile, place: number) {
  return { log: { ...log, audit_tiles: log.audit_tiles.with(at, tile) }, place };
}

function renumbered(entries: readonly StoredEntry[], from: number): StoredEntry[] {
  return entries.map((entry, index) => (index < from ? entry : { ...entry, _id: index }));
}

/** An entry that nothing but its hash gives away. */
function forgedLike({ leaf }: StoredEntry, _id: number, random: SeededRandom): StoredEntry {
  const content = decodeLeaf(leaf.buffer);
  const forged = { ...content, id: altered(content.id, random), data: { version: below(1_000, random) } };
  return { ...toDocument(0, forged, encodeLeaf(forged)), _id };
}

function flipped(binary: mongo.Binary, random: SeededRandom): mongo.Binary {
  const bytes = Buffer.from(binary.buffer);
  bytes[below(bytes.length, random)]! ^= 1 + below(255, random);
  return new mongo.Binary(bytes);
}

function differenceOf(a: mongo.Binary, b: mongo.Binary): number {
  return a.buffer.findIndex((byte, at) => byte !== b.buffer[at]);
}

/** The text with one of its letters or digits replaced, so that it stays a text of its kind. */
function altered(text: unknown, random: SeededRandom): string {
  const characters = [...(text as string)];
  const changeable = characters.flatMap((character, at) => (/[a-f0-9]/.test(character) ? [at] : []));
  const at = changeable.length === 0 ? 0 : random.pick(changeable);
  const other = /[0-9]/.test(characters[at] ?? '') ? '0123456789' : 'abcdef';
  characters[at] = random.pick([...other].filter((character) => character !== characters[at]));
  return characters.join('');
}

function below(limit: number, random: SeededRandom): number {
  return random.integer(0, limit - 1);
}
