import { describe, expect, it } from '@jest/globals';
import { helpText, readArguments, UsageError } from './arguments.ts';
import { CASES } from './verdict.ts';

const KEY = 'audit.example.com/log1+7e997420+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea';
const WITNESS = 'witness.example.org/w1+2ce32234+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM';

describe('the command line', () => {
  it.each([
    [
      ['--url', 'https://audit.example.com'],
      { kind: 'HTTP', url: 'https://audit.example.com', apiKeyFile: null },
    ],
    [
      ['--url', 'http://127.0.0.1:3000', '--api-key-file', 'key'],
      { kind: 'HTTP', url: 'http://127.0.0.1:3000', apiKeyFile: 'key' },
    ],
    [['--mongo', 'mongodb://db/ledger'], { kind: 'MONGO', uri: 'mongodb://db/ledger' }],
    [['--export', 'log.ndjson'], { kind: 'EXPORT', file: 'log.ndjson', checkpointFile: null }],
    [
      ['--export', 'log.ndjson', '--checkpoint', 'c'],
      { kind: 'EXPORT', file: 'log.ndjson', checkpointFile: 'c' },
    ],
    [['--proof', 'r.tlog-proof', '--leaf', 'l'], { kind: 'RECEIPT', file: 'r.tlog-proof', leafFile: 'l' }],
  ])('%j names its task', (argv, task) => {
    expect(readArguments([...argv, '--key', KEY])).toMatchObject({ task, logKeys: [{ vkey: KEY }] });
  });

  it('keeps its state in trusted.json unless told otherwise', () => {
    const log = ['--export', 'x', '--key', KEY];
    expect(readArguments(log)?.trustedFile).toBe('trusted.json');
    expect(readArguments([...log, '--trusted', 'other.json'])?.trustedFile).toBe('other.json');
    expect(readArguments([...log, '--stateless'])?.trustedFile).toBeNull();
  });

  it('asks for all witnesses that are named, or for as many as are said', () => {
    const log = ['--export', 'x', '--witness', WITNESS];
    expect(readArguments(log)).toMatchObject({ quorum: 1, maxAgeSeconds: null });
    expect(readArguments([...log, '--quorum', '0', '--max-age', '60'])).toMatchObject({
      quorum: 0,
      maxAgeSeconds: 60,
    });
    expect(readArguments(['--export', 'x'])).toMatchObject({ quorum: 0, witnesses: [] });
  });

  it.each([
    [[]],
    [['--url', 'https://a', '--mongo', 'mongodb://b']],
    [['--url', 'ftp://a']],
    [['--url', 'nowhere']],
    [['--proof', 'a']],
    [['--leaf', 'a', '--export', 'b']],
    [['--leaf', 'a']],
    [['--mongo', 'a', '--checkpoint', 'b']],
    [['--mongo', 'a', '--api-key-file', 'b']],
    [['--export', 'a', '--stateless', '--trusted', 'b']],
    [['--export', 'a', '--key', 'b']],
    [['--export', 'a', '--key', WITNESS]],
    [['--export', 'a', '--witness', KEY]],
    [['--export', 'a', '--quorum', '-1']],
    [['--export', 'a', '--quorum', '']],
    [['--export', 'a', '--max-age', '0x10']],
    [['--export']],
    [['--export', 'a', 'b']],
    [['--unknown']],
  ])('%j is refused', (argv) => {
    expect(() => readArguments(argv)).toThrow(UsageError);
  });

  it('shows every exit code, each of which stands for one case', () => {
    expect(readArguments(['--help'])).toBeNull();
    const help = helpText();
    const codes = Object.values(CASES).map(({ exitCode }) => exitCode);
    expect(new Set(codes).size).toBe(codes.length);
    expect(Math.max(...codes)).toBeLessThan(126);
    for (const [name, { exitCode, meaning }] of Object.entries(CASES)) {
      expect(help).toMatch(new RegExp(`^ +${exitCode}  ${name} +${meaning}$`, 'm'));
    }
  });
});
