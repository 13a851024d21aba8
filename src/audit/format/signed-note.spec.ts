import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SIGNATURE_TYPE } from './constants.ts';
import { ed25519KeyPair } from './ed25519.ts';
import { FormatError } from './format.errors.ts';
import {
  ed25519Signer,
  ed25519Verifier,
  encodeSignatures,
  encodeVerifierKey,
  keyIdOf,
  openNote,
  parseNote,
  parseSignatures,
  parseVerifierKey,
  signNote,
  type NoteSigner,
  type NoteVerifier,
} from './signed-note.ts';

const signerOf = (name: string, byte: number) => ed25519Signer(name, Buffer.alloc(32, byte));
const verifierOf = ({ vkey }: { vkey: string }) => ed25519Verifier(parseVerifierKey(vkey));

const log = signerOf('audit.example.com/log1', 1);
const other = signerOf('other.example.com/log', 2);
const TEXT = 'first line\n\nafter a blank line\n';
const note = signNote(TEXT, [log]);
const open = (bytes: Uint8Array | string, trusted: readonly NoteVerifier[] = [verifierOf(log)]) =>
  openNote(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, trusted);

describe('the example of the specification', () => {
  const vkey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
  const text = 'This is an example message.\n';
  const line =
    '— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

  it('opens', () => {
    const verdict = openNote(Buffer.from(`${text}\n${line}`), [ed25519Verifier(parseVerifierKey(vkey))]);
    expect(verdict).toMatchObject({ outcome: 'TRUSTED', note: { text } });
  });

  it('is spelt again as it was', () => {
    const key = parseVerifierKey(vkey);
    expect(key).toMatchObject({ name: 'example.com/foo', keyId: '530d903a', type: 1 });
    expect(encodeVerifierKey(key.name, key.type, key.publicKey)).toBe(vkey);
    expect(encodeSignatures(parseSignatures(line))).toBe(line);
  });
});

describe('verifier keys', () => {
  it('may have a "+" in their base64', () => {
    const found = Array.from({ length: 64 }, (_, i) => signerOf('a', i).vkey).filter(
      (vkey) => vkey.split('+').length > 3,
    );
    expect(found.length).toBeGreaterThan(0);
    for (const vkey of found) {
      const key = parseVerifierKey(vkey);
      expect(encodeVerifierKey(key.name, key.type, key.publicKey)).toBe(vkey);
    }
  });

  const [name, keyId, material] = /^(.*?)\+(.*?)\+(.*)$/.exec(log.vkey)!.slice(1) as [string, string, string];
  const vkeyOf = (otherName: string) => {
    const key = Buffer.from(material, 'base64');
    return `${otherName}+${keyIdOf(otherName, key[0]!, key.subarray(1))}+${material}`;
  };
  it.each([
    ['nothing', ''],
    ['no separator', name],
    ['one separator', `${name}+${keyId}`],
    ['no name', `+${keyId}+${material}`],
    ['a space in the name', vkeyOf('audit example')],
    ['a line break in the name', vkeyOf('audit\nexample')],
    ['another name', `audit.example.com/log2+${keyId}+${material}`],
    ['another key id', `${name}+00000000+${material}`],
    ['an upper-case key id', `${name}+${keyId.toUpperCase()}+${material}`],
    ['a short key id', `${name}+${keyId.slice(1)}+${material}`],
    ['no key', `${name}+${keyId}+`],
    ['a type without a key', `${name}+${keyId}+AQ==`],
    ['a key of 31 bytes', encodeVerifierKey(name, SIGNATURE_TYPE.ED25519, Buffer.alloc(31))],
    [
      'a cosigner key of 33 bytes',
      encodeVerifierKey(name, SIGNATURE_TYPE.ED25519_COSIGNATURE, Buffer.alloc(33)),
    ],
    ['padding added', `${log.vkey}=`],
    ['a newline at the end', `${log.vkey}\n`],
    ['a space in front', ` ${log.vkey}`],
    ['the URL alphabet', log.vkey.replaceAll('/', '_')],
  ])('are refused with %s', (_, vkey) => {
    expect(() => parseVerifierKey(vkey)).toThrow(FormatError);
  });

  it('are refused for another algorithm than the one asked for', () => {
    const key = parseVerifierKey(
      encodeVerifierKey('w', SIGNATURE_TYPE.ED25519_COSIGNATURE, ed25519KeyPair(Buffer.alloc(32)).publicKey),
    );
    expect(() => ed25519Verifier(key)).toThrow('expected a verifier key of type 01, found type 04');
  });

  it.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u2003b', 'a\u0085b', 'a\nb', 'a\u0000b'])(
    'are not made for the name %j',
    (bad) => {
      expect(() => signerOf(bad, 1)).toThrow(FormatError);
    },
  );

  it('are made from a seed of 32 bytes only', () => {
    expect(() => ed25519Signer('a', Buffer.alloc(31))).toThrow(FormatError);
    expect(() => ed25519Signer('a', Buffer.alloc(64))).toThrow(FormatError);
  });
});

describe('trust', () => {
  it('comes from one good line of a trusted key', () => {
    expect(open(note)).toMatchObject({
      outcome: 'TRUSTED',
      note: { text: TEXT },
      signatures: [{ name: log.name, keyId: log.keyId }],
    });
  });

  it('does not come from keys that nobody trusts', () => {
    expect(open(note, [])).toEqual({ outcome: 'NO_TRUSTED_SIGNATURE' });
    expect(open(signNote(TEXT, [other]))).toEqual({ outcome: 'NO_TRUSTED_SIGNATURE' });
  });

  it('does not come from a key that shares only the name, or only the key id, with a trusted one', () => {
    const sameName = { ...signerOf(log.name, 9) };
    const sameId: NoteSigner = { ...other, keyId: log.keyId };
    expect(open(signNote(TEXT, [sameName]))).toEqual({ outcome: 'NO_TRUSTED_SIGNATURE' });
    expect(open(signNote(TEXT, [sameId]))).toEqual({ outcome: 'NO_TRUSTED_SIGNATURE' });
  });

  it('is not disturbed by lines of unknown keys, before or after', () => {
    expect(open(signNote(TEXT, [other, log])).outcome).toBe('TRUSTED');
    expect(open(signNote(TEXT, [log, other])).outcome).toBe('TRUSTED');
    const garbage: NoteSigner = { name: 'x', keyId: '00000000', sign: () => Buffer.alloc(2420) };
    expect(open(signNote(TEXT, [garbage, log])).outcome).toBe('TRUSTED');
  });

  it('is lost by one bad line of a trusted key, whatever else stands there', () => {
    const forged: NoteSigner = { ...other, sign: () => Buffer.alloc(64) };
    const trusted = [verifierOf(log), verifierOf(other)];
    expect(open(signNote(TEXT, [log, forged]), trusted)).toEqual({
      outcome: 'BAD_SIGNATURE',
      name: other.name,
      keyId: other.keyId,
    });
    expect(open(signNote(TEXT, [forged, log]), trusted).outcome).toBe('BAD_SIGNATURE');
    const second: NoteSigner = { ...log, sign: () => Buffer.alloc(64) };
    expect(open(signNote(TEXT, [log, second])).outcome).toBe('BAD_SIGNATURE');
  });

  it.each([63, 65, 1])('is lost by a signature of %i bytes', (length) => {
    const cut: NoteSigner = {
      ...log,
      sign: (text) => Buffer.concat([log.sign(text), Buffer.of(0)]).subarray(0, length),
    };
    expect(open(signNote(TEXT, [cut])).outcome).toBe('BAD_SIGNATURE');
  });

  it('counts each key once', () => {
    const verdict = open(signNote(TEXT, [log, log, other]), [verifierOf(log), verifierOf(other)]);
    expect(verdict).toMatchObject({ signatures: [{ name: log.name }, { name: other.name }] });
  });

  it('is lost when any byte of the text changes', () => {
    for (let at = 0; at < TEXT.length - 1; at++) {
      const changed = Buffer.from(note);
      changed[at]! ^= 1;
      let outcome: string;
      try {
        outcome = open(changed).outcome;
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        outcome = 'MALFORMED';
      }
      expect(['BAD_SIGNATURE', 'MALFORMED']).toContain(outcome);
    }
  });
});

describe('the text', () => {
  it.each(['\n', 'a\n', 'a\n\n', '\n\n\na\n\n\n', '— not a signature\n', '\ufeffa\n', 'tiếng Việt\n'])(
    '%j is signed and read back as it is',
    (text) => {
      expect(open(signNote(text, [log]))).toMatchObject({ outcome: 'TRUSTED', note: { text } });
    },
  );

  it('cannot be moved across the blank line', () => {
    // The line looks like a signature but belongs to the text, as only the last blank line separates.
    const text = `a\n\n${encodeSignatures(parseNote(signNote('a\n', [log])).signatures)}`;
    expect(open(signNote(text, [log]))).toMatchObject({ outcome: 'TRUSTED', note: { text } });
  });

  it.each(['', 'a', 'a\r\n', 'a\tb\n', 'a\u0000\n', 'a\u001b[0m\n', '\ud800\n'])(
    '%j is not signed',
    (text) => {
      expect(() => signNote(text, [log])).toThrow(FormatError);
    },
  );

  it('is not a note without a signature', () => {
    expect(() => signNote('a\n', [])).toThrow(FormatError);
  });
});

describe('malformed notes', () => {
  const [line] = note.toString().split('\n').slice(-2) as [string];
  const base64 = line.split(' ')[2]!;
  it.each([
    ['nothing', ''],
    ['a newline', '\n'],
    ['text alone', TEXT],
    ['no blank line', `a\n${line}\n`],
    ['no signature after the blank line', 'a\n\n'],
    ['a blank line at the end', `a\n\n${line}\n\n`],
    ['no newline at the end', `a\n\n${line}`],
    ['carriage returns', `a\r\n\r\n${line}\r\n`],
    ['a carriage return in the last line', `a\n\n${line}\r\n`],
    ['a hyphen for the dash', `a\n\n${line.replace('—', '-')}\n`],
    ['an en dash', `a\n\n${line.replace('—', '–')}\n`],
    ['no space after the dash', `a\n\n${line.replace('— ', '—')}\n`],
    ['two spaces after the dash', `a\n\n${line.replace('— ', '—  ')}\n`],
    ['a space at the end', `a\n\n${line} \n`],
    ['a space in front', `a\n\n ${line}\n`],
    ['no name', `a\n\n— ${base64}\n`],
    ['an empty name', `a\n\n—  ${base64}\n`],
    ['a plus in the name', `a\n\n— a+b ${base64}\n`],
    ['a no-break space in the name', `a\n\n— a\u00a0b ${base64}\n`],
    ['no base64', `a\n\n— ${log.name}\n`],
    ['empty base64', `a\n\n— ${log.name} \n`],
    ['a key id alone', `a\n\n— ${log.name} AAAAAA==\n`],
    ['padding removed', `a\n\n— ${log.name} ${base64.replaceAll('=', '')}\n`],
    ['padding added', `a\n\n— ${log.name} ${base64}=\n`],
    ['the URL alphabet', `a\n\n— ${log.name} AAAAAAA-\n`],
    ['stray bits in the base64', `a\n\n— ${log.name} AAAAAAB=\n`],
    ['text after the signature', `a\n\n${line}\nmore\n`],
    ['a malformed line of an unknown key', `a\n\n${line}\n— x y\n`],
    ['a control character in the text', `a\u0001\n\n${line}\n`],
    ['a tab in a signature line', `a\n\n— ${log.name}\t${base64}\n`],
  ])('are refused: %s', (_, text) => {
    expect(() => open(text)).toThrow(FormatError);
  });

  it('are refused where they are no UTF-8', () => {
    expect(() => open(Buffer.concat([Buffer.of(0xff), note]))).toThrow(FormatError);
  });

  it('are refused beyond the limits, which leave room for 16 signatures of every algorithm', () => {
    const large: NoteSigner = { name: 'x', keyId: '00000000', sign: () => Buffer.alloc(5_000) };
    expect(open(signNote(TEXT, [...Array<NoteSigner>(16).fill(large), log])).outcome).toBe('TRUSTED');
    const tiny: NoteSigner = { ...large, sign: () => Buffer.alloc(1) };
    expect(() => signNote(TEXT, Array<NoteSigner>(101).fill(tiny))).toThrow('at most 100 signature lines');
    expect(() => open(Buffer.alloc(1_000_001, 0x61))).toThrow('at most 1000000 bytes');
  });

  it('never make anything but a FormatError, and never trust, out of noise', () => {
    fc.assert(
      fc.property(fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 3 }), (at, noise) => {
        const place = at % (note.length + 1);
        const changed = Buffer.concat([note.subarray(0, place), noise, note.subarray(place)]);
        try {
          expect(open(changed).outcome).not.toBe('TRUSTED');
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
