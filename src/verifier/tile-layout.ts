import { ENTRY_LENGTH_BYTES, TILE_WIDTH } from '../audit/format/constants.ts';
import type { SourceEntry } from './source.ts';
import { Divergence } from './verdict.ts';

/** Path of a tile or bundle below the log's prefix, from the text of tlog-tiles. */
export function pathOfTile(level: number | string, index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/[0-9]{3}/g) ?? [];
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${width < TILE_WIDTH ? `.p/${width}` : ''}`;
}

/**
 * The entries of a bundle. A full bundle may stand for a partial one, so entries after `width` are left.
 *
 * @throws Divergence when there are fewer, or bytes that are no entry
 */
export function splitBundle(bundle: Buffer, first: number, width: number): SourceEntry[] {
  const entries: SourceEntry[] = [];
  let offset = 0;
  while (offset < bundle.length) {
    const start = offset + ENTRY_LENGTH_BYTES;
    const end = start <= bundle.length ? start + bundle.readUInt16BE(offset) : Infinity;
    if (end > bundle.length) break;
    entries.push({ index: first + entries.length, leaf: bundle.subarray(start, end) });
    offset = end;
  }
  if (offset !== bundle.length || (entries.length !== width && entries.length !== TILE_WIDTH)) {
    throw new Divergence('ENTRY_MALFORMED', {
      index: first + Math.min(entries.length, width),
      expected: `a bundle of ${width} entries`,
      found: `${entries.length} entries and ${bundle.length - offset} bytes more`,
    });
  }
  return entries.slice(0, width);
}

/** The tiles of a level in a tree of this size, left to right. Level 0 has the layout of the bundles too. */
export function* tilesAcross(level: number, size: number): Generator<{ index: number; width: number }> {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  for (let first = 0; first < hashes; first += TILE_WIDTH) {
    yield { index: first / TILE_WIDTH, width: Math.min(TILE_WIDTH, hashes - first) };
  }
}
