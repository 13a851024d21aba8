import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import type { ActiveRuleSets } from './active-rule-sets.service.ts';
import type { BuiltInRuleSet } from './built-in-rule-set.service.ts';
import { type CompiledRuleSet, compileRuleSet } from './engine/compile.ts';
import { aCallback } from './engine/testing/conclusion-input.factory.ts';
import { aRule, aRuleSet } from './engine/testing/rule-set.factory.ts';
import type { RuleSetStream } from './rule-set.stream.ts';
import type { ShadowReports } from './shadow-reports.repository.ts';
import type { ShadowCounts, ShadowRun } from './shadow-run.ts';
import { Shadow } from './shadow.service.ts';

const run: ShadowRun = { version: 'v', since: '2026-01-31T00:00:00.000Z', index: 7 };

function shadowOf(
  compiledShadow: CompiledRuleSet | null,
  add: (counts: ShadowCounts) => Promise<void>,
): Shadow {
  return new Shadow(
    { shadow: run, compiledShadow } as ActiveRuleSets,
    { add: (_: ShadowRun, counts: ShadowCounts) => add(counts) } as unknown as ShadowReports,
    {} as BuiltInRuleSet,
    {} as ConstructorParameters<typeof Shadow>[3],
    {} as RuleSetStream,
    new Metrics(),
  );
}

const compiled = compileRuleSet(aRuleSet([aRule('LIVE', { outcome: 'REJECT' })]));
const broken: CompiledRuleSet = {
  ...compiled,
  rules: compiled.rules.map((rule) => ({
    ...rule,
    test: () => {
      throw new Error('broken for a test');
    },
  })),
};
/** What was observed is compared in a later turn. */
const laterTurn = () => new Promise(setImmediate);

describe(Shadow.name, () => {
  beforeAll(() => {
    Logger.overrideLogger(false);
  });
  afterAll(() => {
    Logger.overrideLogger(['log', 'error', 'warn']);
  });

  it('that fails is counted and harms nobody', async () => {
    const stored: ShadowCounts[] = [];
    const shadow = shadowOf(broken, (counts) => Promise.resolve(void stored.push(counts)));
    shadow.observe('s', 'APPROVE', aCallback());
    await laterTurn();
    await shadow.flushRegularly();
    expect(stored).toEqual([{ decisions: {}, failed: 1, differing: [] }]);
  });

  it('that can not be used at this instance concludes nothing', async () => {
    const stored: ShadowCounts[] = [];
    const shadow = shadowOf(null, (counts) => Promise.resolve(void stored.push(counts)));
    shadow.observe('s', 'APPROVE', aCallback());
    await laterTurn();
    await shadow.flushRegularly();
    expect(stored).toEqual([]);
  });

  it('leaves out contradictions, which go to a person whatever it says', async () => {
    const stored: ShadowCounts[] = [];
    const shadow = shadowOf(compiled, (counts) => Promise.resolve(void stored.push(counts)));
    shadow.observe('s', 'NEED_REVIEW', { ...aCallback(), grade: 'CONFLICT' });
    shadow.observe('t', 'APPROVE', aCallback());
    await laterTurn();
    await shadow.flushRegularly();
    expect(stored).toEqual([{ decisions: { 'APPROVE/APPROVE': 1 }, failed: 0, differing: [] }]);
  });

  it('keeps its counts for the next time when they can not be stored', async () => {
    const stored: ShadowCounts[] = [];
    let isAway = true;
    const shadow = shadowOf(compiled, (counts) =>
      isAway ? Promise.reject(new Error('away')) : Promise.resolve(void stored.push(counts)),
    );
    for (const uuid of ['s', 't']) {
      shadow.observe(uuid, 'REJECT', aCallback());
      await laterTurn();
      await shadow.flushRegularly();
    }
    isAway = false;
    await shadow.flushRegularly();
    expect(stored).toMatchObject([
      { decisions: { 'REJECT/APPROVE': 2 }, differing: [{ uuid: 's' }, { uuid: 't' }] },
    ]);
  });
});
