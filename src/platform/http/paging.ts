import { invalid } from './validation.ts';

/** One page of a list; `nextCursor` is null at its end. */
export interface Page<T> {
  readonly items: T[];
  readonly nextCursor: string | null;
}

/**
 * Cuts a page out of rows that were read one beyond its size. The cursor holds the log index at which the
 * next page starts; indexes never change, so pages stay stable while rows are added.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  indexOf: (row: Row) => number,
  toItem: (row: Row) => Item,
): Page<Item> {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(toItem),
    nextCursor: last === undefined ? null : Buffer.from(`i${indexOf(last)}`).toString('base64url'),
  };
}

/**
 * The log index that a cursor of {@link pageOf} stands for; the page goes on behind it.
 * @throws Problem VALIDATION_FAILED for anything that isn't such a cursor.
 */
export function indexOfCursor(cursor: string): number {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  if (!/^i(0|[1-9][0-9]{0,14})$/.test(text)) {
    throw invalid([{ path: 'cursor', message: 'must be a nextCursor of an earlier page' }]);
  }
  return Number(text.slice(1));
}
