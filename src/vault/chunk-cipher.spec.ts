import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  CHUNK_BYTES,
  fileKeyOf,
  newSalt,
  openChunks,
  SEALED_CHUNK_BYTES,
  sealChunks,
  sealedLengthOf,
  sealedRangeOf,
} from './chunk-cipher.ts';

const dataKey = randomBytes(32);
const binding = { session: 'a', kind: 'video', file: 'f1' };
const salt = newSalt();
const key = fileKeyOf(dataKey, salt, binding);

async function* piecesOf(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) {
    yield await Promise.resolve(bytes.subarray(at, at + length));
  }
}

async function gather(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of source) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

const sealAll = (plain: Buffer, pieceLength = 10_000) =>
  gather(sealChunks(key, piecesOf(plain, pieceLength)));

/** Opens as storage that was tampered with would be opened: the length is that of the original. */
function openAll(sealed: Buffer, plainBytes: number, withKey = key): Promise<Buffer> {
  const whole = { start: 0, end: plainBytes - 1 };
  return gather(openChunks(withKey, piecesOf(sealed, 50_000), whole, plainBytes));
}

/** A length near the bounds of chunks, where mistakes live, or anywhere. */
const length = fc.oneof(
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -2, max: 2 }))
    .map(([chunks, off]) => chunks * CHUNK_BYTES + off),
  fc.integer({ min: 1, max: 4 * CHUNK_BYTES }),
);

describe('sealing a file in chunks', () => {
  it('opens any range of a file of any length, sealed and read in any pieces, as the slice that it is', async () => {
    const piece = fc.integer({ min: 1_000, max: 200_000 });
    await fc.assert(
      fc.asyncProperty(length, fc.nat(), fc.nat(), piece, piece, async (bytes, from, to, sealIn, openIn) => {
        const plain = randomBytes(bytes);
        const [start, end] = [from % bytes, to % bytes].toSorted((a, b) => a - b) as [number, number];
        const sealed = await sealAll(plain, sealIn);
        expect(sealed).toHaveLength(sealedLengthOf(bytes));

        const needed = sealedRangeOf({ start, end }, bytes);
        const part = sealed.subarray(needed.start, needed.end + 1);
        const opened = await gather(openChunks(key, piecesOf(part, openIn), { start, end }, bytes));
        expect(opened.equals(plain.subarray(start, end + 1))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('does not open a file in which a single bit is another', async () => {
    await fc.assert(
      fc.asyncProperty(length, fc.nat(), fc.integer({ min: 0, max: 7 }), async (bytes, place, bit) => {
        const sealed = await sealAll(randomBytes(bytes));
        const at = place % sealed.length;
        sealed.writeUInt8(sealed.readUInt8(at) ^ (1 << bit), at);
        await expect(openAll(sealed, bytes)).rejects.toThrow();
      }),
      { numRuns: 40 },
    );
  });

  it('does not open a file that was cut off, at any place', async () => {
    await fc.assert(
      fc.asyncProperty(length, fc.nat(), async (bytes, place) => {
        const sealed = await sealAll(randomBytes(bytes));
        await expect(openAll(sealed.subarray(0, place % sealed.length), bytes)).rejects.toThrow();
      }),
      { numRuns: 40 },
    );
  });

  const plain = randomBytes(3 * CHUNK_BYTES + 5);
  const chunksOf = async () => {
    const sealed = await sealAll(plain);
    return [0, 1, 2, 3].map((n) => sealed.subarray(n * SEALED_CHUNK_BYTES, (n + 1) * SEALED_CHUNK_BYTES));
  };

  it.each([
    ['swapped', [1, 0, 2, 3]],
    ['repeated', [0, 0, 2, 3]],
    ['left out', [0, 2, 3]],
    ['cut off at the end of a chunk', [0, 1, 2]],
    ['appended', [0, 1, 2, 3, 3]],
  ])('does not open a file whose chunks are %s', async (_, order) => {
    const chunks = await chunksOf();
    await expect(openAll(Buffer.concat(order.map((n) => chunks[n]!)), plain.length)).rejects.toThrow();
  });

  it('does not take a file for whole that was cut off, even if its length was changed to match', async () => {
    const chunks = await chunksOf();
    await expect(openAll(Buffer.concat(chunks.slice(0, 3)), 3 * CHUNK_BYTES)).rejects.toThrow();
  });

  it('does not open for another session, kind or file, nor under another key or salt', async () => {
    const sealed = await sealAll(plain);
    const others = [
      fileKeyOf(dataKey, salt, { ...binding, session: 'b' }),
      fileKeyOf(dataKey, salt, { ...binding, kind: 'front' }),
      fileKeyOf(dataKey, salt, { ...binding, file: 'f2' }),
      fileKeyOf(dataKey, newSalt(), binding),
      fileKeyOf(randomBytes(32), salt, binding),
    ];
    for (const other of others) await expect(openAll(sealed, plain.length, other)).rejects.toThrow();
    expect((await openAll(sealed, plain.length)).equals(plain)).toBe(true);
  });

  it('seals the same bytes under another salt to others', async () => {
    const other = fileKeyOf(dataKey, newSalt(), binding);
    expect(await gather(sealChunks(other, piecesOf(plain, 1_000)))).not.toEqual(await sealAll(plain));
  });
});
