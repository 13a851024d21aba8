import { at, type DocumentChecker, type JsonRecord } from './document-checker.ts';
import type { Fact } from './fact.ts';
import { OPEN_CODE } from './fact-builders.ts';
import { FACTS } from './facts.ts';
import { OPERATORS, type OperatorName } from './operators/index.ts';
import type { Operator } from './operators/operator.ts';

/** Deep and wide enough for any rule a person can follow; bounds the work of checking and evaluating. */
export const MAX_DEPTH = 10;
export const MAX_TERMS = 50;
export const MAX_COMPARISONS = 200;
export const MAX_LIST = 200;

const OPERATOR_NAMES = Object.keys(OPERATORS) as OperatorName[];

/** Checks one condition and notes what it reads. */
export class ConditionChecker {
  readonly facts = new Set<Fact>();
  /** Facts without which the condition can't hold, because nothing else may stand in for them. */
  readonly necessary = new Set<string>();
  private readonly check: DocumentChecker;
  private readonly parameters: JsonRecord;
  private comparisons = 0;

  constructor(check: DocumentChecker, parameters: JsonRecord) {
    this.check = check;
    this.parameters = parameters;
  }

  condition(value: unknown, path: string, depth = 1, isNecessary = true): void {
    if (depth > MAX_DEPTH) {
      this.check.fail(path, `must not be nested more than ${MAX_DEPTH} levels deep`);
      return;
    }
    const record = this.check.record(value, path);
    if (record === null) return;
    if (Object.hasOwn(record, 'all')) this.terms(record, 'all', path, depth, isNecessary);
    else if (Object.hasOwn(record, 'any')) this.terms(record, 'any', path, depth, false);
    else if (Object.hasOwn(record, 'not')) {
      this.check.object(record, path, ['not']);
      this.condition(record['not'], at(path, 'not'), depth + 1, false);
    } else this.comparison(record, path, isNecessary);
  }

  private terms(
    record: JsonRecord,
    key: 'all' | 'any',
    path: string,
    depth: number,
    isNecessary: boolean,
  ): void {
    this.check.object(record, path, [key]);
    const terms = this.check.list(record[key], at(path, key), { min: 1, max: MAX_TERMS });
    terms.forEach((term, index) => this.condition(term, at(at(path, key), index), depth + 1, isNecessary));
  }

  private comparison(record: JsonRecord, path: string, isNecessary: boolean): void {
    this.comparisons += 1;
    if (this.comparisons === MAX_COMPARISONS + 1) {
      this.check.fail(path, `must not bring more than ${MAX_COMPARISONS} comparisons into one condition`);
    }
    this.check.object(record, path, ['fact', 'op'], ['value', 'param']);
    const fact = this.factOf(record['fact'], at(path, 'fact'));
    const op = this.check.oneOf(record['op'], at(path, 'op'), OPERATOR_NAMES);
    if (fact === null || op === null) return;
    this.facts.add(fact);
    if (isNecessary) this.necessary.add(fact.name);
    const operator: Operator = OPERATORS[op];
    if (!operator.reads.includes(fact.type)) {
      this.check.fail(at(path, 'op'), `can't be used on a fact of type ${fact.type}`);
      return;
    }
    this.operand(record, path, fact, operator);
  }

  private factOf(name: unknown, path: string): Fact | null {
    const fact = typeof name === 'string' ? FACTS.get(name) : undefined;
    if (fact === undefined) this.check.fail(path, 'is not a fact of the catalogue');
    return fact ?? null;
  }

  private operand(record: JsonRecord, path: string, fact: Fact, operator: Operator): void {
    const hasValue = Object.hasOwn(record, 'value');
    const hasParam = Object.hasOwn(record, 'param');
    if (operator.operand === 'none') {
      if (hasValue || hasParam) this.check.fail(path, 'must have neither value nor param with this operator');
      return;
    }
    if (hasValue === hasParam) {
      this.check.fail(path, 'must have either value or param with this operator');
      return;
    }
    const operandPath = at(path, hasValue ? 'value' : 'param');
    const operand = hasValue ? record['value'] : this.parameter(record['param'], operandPath);
    if (operand === undefined) return;
    if (operator.operand === 'one') this.operandValue(operand, operandPath, fact);
    else {
      const items = this.check.list(operand, operandPath, { min: 1, max: MAX_LIST });
      items.forEach((item, index) => {
        this.operandValue(item, hasValue ? at(operandPath, index) : operandPath, fact);
      });
    }
  }

  /** The parameter's value, or undefined and an error. */
  private parameter(name: unknown, path: string): unknown {
    const parameter =
      typeof name === 'string' && Object.hasOwn(this.parameters, name) ? this.parameters[name] : undefined;
    if (typeof parameter === 'object' && parameter !== null && 'value' in parameter) return parameter.value;
    this.check.fail(path, 'is not a parameter of this rule set');
    return undefined;
  }

  private operandValue(value: unknown, path: string, fact: Fact): void {
    const problem = problemOf(value, fact);
    if (problem !== null) this.check.fail(path, problem);
  }
}

function problemOf(value: unknown, { type, scale, vocabulary }: Fact): string | null {
  if (type === 'boolean') return typeof value === 'boolean' ? null : 'must be true or false';
  if (type === 'number') {
    const fits = typeof value === 'number' && scale !== null && value >= scale.min && value <= scale.max;
    return fits
      ? null
      : `must be a number from ${scale?.min ?? 0} to ${scale?.max ?? 0} (${scale?.unit ?? ''})`;
  }
  if (typeof value !== 'string') return 'must be a code, as text';
  if (vocabulary === null)
    return OPEN_CODE.test(value) ? null : 'must be a word in capitals, such as NEED_REVIEW';
  return vocabulary.includes(value) ? null : 'is not a code that this fact can have';
}
