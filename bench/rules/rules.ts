import { readFileSync } from 'node:fs';
import { Engine } from 'json-rules-engine';
import { type CompiledRuleSet, compileRuleSet } from '../../src/conclusion-rules/engine/compile.ts';
import { evaluate } from '../../src/conclusion-rules/engine/evaluate.ts';
import { explain } from '../../src/conclusion-rules/engine/explain.ts';
import type { ConclusionInput } from '../../src/conclusion-rules/engine/fact.ts';
import { type Decision, DECISIONS, type RuleSet } from '../../src/conclusion-rules/engine/rule-set.ts';
import { validateRuleSet } from '../../src/conclusion-rules/engine/validate-rule-set.ts';
import type { BenchOptions } from '../bench.ts';
import { median, type Report, type Row } from '../report.ts';
import { type Asked, factsReader, toJsonRules } from './json-rules.ts';
import { EVERY_WARNING, realisticMix, type Sample } from './mix.ts';

const GOAL = 50_000;
const ROUND_MS = 2_000;
const SINGLE_MS = 30;
const BATCH = 20;

/** Conclusions in one stretch of time. */
interface Rate {
  /** A second, with whatever else the machine does. */
  readonly perSecond: number;
  /** A second of processor time of this process, collector and compiler included. */
  readonly perCpuSecond: number;
}

/**
 * Concludes by the default rule set, here and with json-rules-engine, over the same results in the same process.
 * Both do the whole work from result to decision; what each knows of a result is read by the same code.
 */
export async function measureRules({ rounds }: BenchOptions): Promise<Report> {
  const ruleSet = defaultRuleSet();
  const compiled = compileRuleSet(ruleSet);
  const theirs = jsonRulesEngine(ruleSet);
  const mix = realisticMix();
  await refuseDisagreement(compiled, theirs, [...mix, EVERY_WARNING]);

  const ourRounds: Rate[] = [];
  const theirRounds: Rate[] = [];
  const singles = new Map<Sample, Rate[]>([...mix, EVERY_WARNING].map((sample) => [sample, []]));
  for (let round = 0; round < rounds; round += 1) {
    ourRounds.push(timed(ROUND_MS, mix, (input) => evaluate(compiled, input)));
    theirRounds.push(await timedAsync(ROUND_MS, mix, theirs.run));
    for (const [sample, rates] of singles) {
      rates.push(timed(SINGLE_MS, [sample], (input) => evaluate(compiled, input)));
    }
  }

  const bestOf = (rates: readonly Rate[]) => Math.max(...rates.map(({ perCpuSecond }) => perCpuSecond));
  const bestSingles = new Map([...singles].map(([sample, rates]) => [sample, bestOf(rates)]));
  const stress = bestSingles.get(EVERY_WARNING)!;
  bestSingles.delete(EVERY_WARNING);
  const [slowest, worst] = [...bestSingles].sort(([, a], [, b]) => a - b)[0]!;
  const ratios = ourRounds.map((rate, round) => rate.perCpuSecond / theirRounds[round]!.perCpuSecond);
  const best = bestOf(ourRounds);
  return {
    rows: [
      {
        what: 'rules and requirements',
        measured: `${compiled.rules.length}; ${theirs.rules} in their terms`,
      },
      { what: 'results in the mix, equal in every finding', measured: String(mix.length) },
      row('here', ourRounds),
      {
        what: 'here, best round',
        measured: perSecond(best),
        goal: `>= ${perSecond(GOAL)}`,
        met: best >= GOAL,
      },
      {
        what: `here, slowest result (${slowest.what})`,
        measured: perSecond(worst),
        goal: `>= ${perSecond(GOAL)}`,
        met: worst >= GOAL,
      },
      { what: `here, ${EVERY_WARNING.what}, more than realistic`, measured: perSecond(stress) },
      row('json-rules-engine', theirRounds),
      { what: 'ratio, median', measured: `${median(ratios).toFixed(0)} times` },
      ...NOT_EQUIVALENT.map((what) => ({ what: 'here only', measured: what })),
    ],
    details: { ourRounds, theirRounds, singles: [...singles].map(([{ what }, rates]) => ({ what, rates })) },
  };
}

/** What the translation leaves out: json-rules-engine decides the same, but does not say this. */
const NOT_EQUIVALENT = [
  'the table of findings, with the value read and the bound of each',
  'risk levels, groups and the order of findings',
  'three answers from one condition: there, a rule is written twice',
];

function row(what: string, rates: readonly Rate[]): Row {
  const wall = median(rates.map((rate) => rate.perSecond));
  const cpu = median(rates.map((rate) => rate.perCpuSecond));
  return {
    what: `${what}, median`,
    measured: `${perSecond(cpu)} of one core (${perSecond(wall)} by the clock)`,
  };
}

function perSecond(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')}/s`;
}

function defaultRuleSet(): RuleSet {
  const url = new URL('../../config/rule-sets/default.json', import.meta.url);
  const validation = validateRuleSet(JSON.parse(readFileSync(url, 'utf8')));
  if (!validation.ok) throw new Error(JSON.stringify(validation.errors));
  return validation.ruleSet;
}

interface JsonRulesEngine {
  /** How many rules it took. */
  readonly rules: number;
  findings(input: ConclusionInput): Promise<Asked[]>;
  run(this: void, input: ConclusionInput): Promise<Decision>;
}

function jsonRulesEngine(ruleSet: RuleSet): JsonRulesEngine {
  const rules = toJsonRules(ruleSet);
  const engine = new Engine(rules);
  const read = factsReader(ruleSet);
  const findings = async (input: ConclusionInput): Promise<Asked[]> => {
    const { events } = await engine.run(read(input));
    return events.map(({ params }) => params as Asked);
  };
  return {
    rules: rules.length,
    findings,
    run: async (input) => strictest(await findings(input)),
  };
}

function strictest(asked: readonly Asked[]): Decision {
  return asked.reduce<Decision>(
    (worst, { decision }) => (DECISIONS.indexOf(decision) > DECISIONS.indexOf(worst) ? decision : worst),
    'APPROVE',
  );
}

/** Measuring is worth nothing where the two do not do the same. */
async function refuseDisagreement(
  compiled: CompiledRuleSet,
  theirs: JsonRulesEngine,
  mix: readonly Sample[],
): Promise<void> {
  for (const { what, input } of mix) {
    const ours = {
      decision: evaluate(compiled, input).decision,
      findings: explain(compiled, input).flatMap(({ code, effect }) =>
        effect === null ? [] : `${code} ${effect}`,
      ),
    };
    const asked = await theirs.findings(input);
    const other = {
      decision: await theirs.run(input),
      findings: asked.map(({ code, decision }) => `${code} ${decision}`),
    };
    for (const each of [ours, other]) each.findings.sort();
    if (JSON.stringify(ours) !== JSON.stringify(other)) {
      throw new Error(`not the same on "${what}": ${JSON.stringify({ ours, other })}`);
    }
  }
}

function timed(ms: number, mix: readonly Sample[], conclude: (input: ConclusionInput) => unknown): Rate {
  const stop = stopwatch(ms);
  let count = 0;
  for (let rate = null as Rate | null; ;) {
    for (let n = 0; n < BATCH; n += 1) conclude(mix[count++ % mix.length]!.input);
    if ((rate = stop(count)) !== null) return rate;
  }
}

async function timedAsync(
  ms: number,
  mix: readonly Sample[],
  conclude: (input: ConclusionInput) => Promise<unknown>,
): Promise<Rate> {
  const stop = stopwatch(ms);
  let count = 0;
  for (let rate = null as Rate | null; ;) {
    for (let n = 0; n < BATCH; n += 1) await conclude(mix[count++ % mix.length]!.input);
    if ((rate = stop(count)) !== null) return rate;
  }
}

/** Gives the rate once the time is over. */
function stopwatch(ms: number): (count: number) => Rate | null {
  const began = performance.now();
  const used = process.cpuUsage();
  return (count) => {
    const elapsedMs = performance.now() - began;
    if (elapsedMs < ms) return null;
    const { user, system } = process.cpuUsage(used);
    return { perSecond: (count / elapsedMs) * 1e3, perCpuSecond: (count / (user + system)) * 1e6 };
  };
}
