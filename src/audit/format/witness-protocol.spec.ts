import { describe, expect, it } from '@jest/globals';
import { signCheckpoint } from './checkpoint.ts';
import { ed25519Cosigner } from './cosignature.ts';
import { FormatError } from './format.errors.ts';
import { ed25519Signer, encodeSignatures, parseNote, signNote } from './signed-note.ts';
import {
  encodeAddCheckpoint,
  encodeOtherSizeAnswer,
  parseAddCheckpoint,
  parseAddCheckpointAnswer,
  witnessCheckpointPath,
} from './witness-protocol.ts';

const log = ed25519Signer('audit.example.com/log1', Buffer.alloc(32, 1));
const checkpoint = signCheckpoint(
  { origin: 'audit.example.com/log1', size: 3, root: Buffer.alloc(32, 5), extensions: [] },
  [log],
);
const hashes = Array.from({ length: 64 }, (_, i) => Buffer.alloc(32, i));

describe('a request to a witness', () => {
  it.each([0, 1, 63])('is read back with %i hashes', (count) => {
    const request = { oldSize: 2, proof: hashes.slice(0, count), checkpoint };
    expect(parseAddCheckpoint(encodeAddCheckpoint(request))).toEqual(request);
  });

  it('is not written with what could not be read', () => {
    expect(() => encodeAddCheckpoint({ oldSize: -1, proof: [], checkpoint })).toThrow(FormatError);
    expect(() => encodeAddCheckpoint({ oldSize: 2, proof: hashes, checkpoint })).toThrow('at most 63 hashes');
    expect(() => encodeAddCheckpoint({ oldSize: 2, proof: [Buffer.alloc(31)], checkpoint })).toThrow(
      FormatError,
    );
    expect(() => encodeAddCheckpoint({ oldSize: 2, proof: [], checkpoint: Buffer.from('no note') })).toThrow(
      FormatError,
    );
  });

  const text = encodeAddCheckpoint({ oldSize: 2, proof: hashes.slice(0, 1), checkpoint }).toString();
  const hash = text.split('\n')[1]!;
  it.each([
    ['nothing', ''],
    ['no old size', text.replace('old 2\n', '')],
    ['an empty old size', text.replace('old 2', 'old ')],
    ['a leading zero', text.replace('old 2', 'old 02')],
    ['a hexadecimal size', text.replace('old 2', 'old 0x2')],
    ['two spaces', text.replace('old 2', 'old  2')],
    ['a space after the size', text.replace('old 2', 'old 2 ')],
    ['an upper-case word', text.replace('old 2', 'Old 2')],
    ['two old sizes', text.replace('old 2', 'old 2\nold 2')],
    ['a size beyond what can be counted', text.replace('old 2', 'old 9007199254740992')],
    ['carriage returns', text.replaceAll('\n', '\r\n')],
    ['a carriage return after the size', text.replace('old 2\n', 'old 2\r\n')],
    ['no blank line', text.replace('=\n\n', '=\n')],
    ['two blank lines', text.replace('=\n\n', '=\n\n\n\n')],
    ['a hash without padding', text.replace(hash, hash.slice(0, -1))],
    ['a short hash', text.replace(hash, 'AAAA')],
    ['64 hashes', text.replace(hash, `${hash}\n`.repeat(64).trimEnd())],
    ['a note that is no checkpoint', text.replace('\n3\n', '\nthree\n')],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 2)],
    ['data after the checkpoint', `${text}more\n`],
    ['the last newline missing', text.slice(0, -1)],
  ])('is refused with %s', (_, bad) => {
    expect(() => parseAddCheckpoint(Buffer.from(bad))).toThrow(FormatError);
  });
});

it('request and answer are read up to a limit', () => {
  const large = Buffer.alloc(1_100_000, 'x');
  expect(() => parseAddCheckpoint(large)).toThrow('a body of at most 1004096 bytes');
  expect(() => parseAddCheckpointAnswer(200, undefined, large)).toThrow('an answer of at most 1000000 bytes');
});

describe("a witness's answer", () => {
  const cosigned = signNote(parseNote(checkpoint).text, [
    ed25519Cosigner('witness.example.org/w1', Buffer.alloc(32, 3)).at(5),
  ]);
  const { signatures } = parseNote(cosigned);
  const answer = (status: number, contentType: string | undefined, body: string) =>
    parseAddCheckpointAnswer(status, contentType, Buffer.from(body));

  it('is signature lines after 200', () => {
    expect(answer(200, undefined, encodeSignatures(signatures))).toEqual({ outcome: 'COSIGNED', signatures });
  });

  it('is the size it knows after 409', () => {
    expect(answer(409, 'text/x.tlog.size', encodeOtherSizeAnswer(7))).toEqual({
      outcome: 'OTHER_SIZE',
      size: 7,
    });
    expect(() => encodeOtherSizeAnswer(-1)).toThrow(FormatError);
  });

  it.each([
    [400, undefined],
    [403, undefined],
    [404, undefined],
    [409, 'text/plain'],
    [409, undefined],
    [422, undefined],
    [500, undefined],
  ])('is a refusal after %i %s', (status, contentType) => {
    expect(answer(status, contentType, 'whatever')).toEqual({ outcome: 'REFUSED', status });
  });

  it.each([
    [200, undefined, ''],
    [200, undefined, '\n'],
    [200, undefined, 'OK\n'],
    [200, undefined, cosigned.toString()],
    [200, undefined, encodeSignatures(signatures).slice(0, -1)],
    [200, undefined, `${encodeSignatures(signatures)}\n`],
    [200, undefined, encodeSignatures(signatures).replace('\n', '\r\n')],
    [409, 'text/x.tlog.size', ''],
    [409, 'text/x.tlog.size', '7'],
    [409, 'text/x.tlog.size', '07\n'],
    [409, 'text/x.tlog.size', '0x7\n'],
    [409, 'text/x.tlog.size', '7\n\n'],
    [409, 'text/x.tlog.size', '7\n8\n'],
    [409, 'text/x.tlog.size', '7\r\n'],
  ])('is refused as %i %s %j', (status, contentType, body) => {
    expect(() => answer(status, contentType, body)).toThrow(FormatError);
  });
});

it('finds a log at a witness by the SHA-256 of its origin', () => {
  expect(witnessCheckpointPath('audit.example.com/log1')).toMatch(/^[0-9a-f]{64}\/checkpoint$/);
  expect(witnessCheckpointPath('')).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855/checkpoint',
  );
});
