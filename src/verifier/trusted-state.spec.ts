import { describe, expect, it } from '@jest/globals';
import { formatTrustedState, parseTrustedState, type TrustedState } from './trusted-state.ts';
import { Divergence } from './verdict.ts';

const STATE: TrustedState = {
  origin: 'audit.example.com/log1',
  vkey: 'audit.example.com/log1+7e997420+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea',
  size: 3,
  root: Buffer.from('FaeAyGKD1CyME604W/lnlPK2G+zyLO/wjQJV4FUch48=', 'base64'),
};
const json = (over: Record<string, unknown>) =>
  JSON.stringify({ ...STATE, root: STATE.root.toString('base64'), ...over });

describe('the trusted state', () => {
  it('is read back, with and without the note', () => {
    expect(parseTrustedState(formatTrustedState(STATE))).toEqual(STATE);
    const withNote = { ...STATE, note: Buffer.from('a note — signed\n') };
    expect(parseTrustedState(formatTrustedState(withNote))).toEqual(withNote);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', 'x'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no origin', json({ origin: undefined })],
    ['an empty origin', json({ origin: '' })],
    ['no key', json({ vkey: 7 })],
    ['a size as text', json({ size: '3' })],
    ['a negative size', json({ size: -3 })],
    ['a fraction as size', json({ size: 1.5 })],
    ['a size that can not be counted to', json({ size: 2 ** 53 })],
    ['no root', json({ root: undefined })],
    ['a short root', json({ root: 'AAAA' })],
    ['a root with stray bits', json({ root: `${'A'.repeat(42)}B=` })],
    ['a checkpoint that is no text', json({ checkpoint: 1 })],
  ])('is not used with %s', (_, text) => {
    expect(() => parseTrustedState(text)).toThrow(Divergence);
    expect(() => parseTrustedState(text)).toThrow('TRUSTED_STATE_UNUSABLE');
  });
});
