import type { ByteRange } from '../vault/chunk-cipher.ts';

/** What a request asks for: a part, the whole, or bytes that there are none of. */
export type WantedBytes = ByteRange | 'WHOLE' | 'UNSATISFIABLE';

/**
 * Reads the header `Range` (RFC 9110, 14.2). One range of bytes is served; another unit, several ranges and what
 * is no range at all count as not asked for, as the RFC allows and says.
 * @param size of the file in bytes, above 0
 */
export function wantedBytes(header: string | undefined, size: number): WantedBytes {
  const [, first, last] = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i.exec(header ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'WHOLE';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'UNSATISFIABLE' : { start: size - length, end: size - 1 };
  }
  const [start, end] = [Number(first), last === '' ? Infinity : Number(last)];
  if (start > end) return 'WHOLE';
  return start >= size ? 'UNSATISFIABLE' : { start, end: Math.min(end, size - 1) };
}
