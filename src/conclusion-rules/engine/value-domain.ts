import { assertNever } from '../../platform/assert-never.ts';
import type { Fact } from './fact.ts';
import type { OperatorName } from './operators/index.ts';
import type { Operand, OperandValue } from './operators/operator.ts';

/** That a comparison holds, or that it is known not to hold. */
export interface Demand {
  readonly fact: Fact;
  /** Presence is known wherever anything is, so it says nothing about a value. */
  readonly op: Exclude<OperatorName, 'isPresent'>;
  readonly operand: Operand;
  readonly holds: boolean;
}

interface Bound {
  readonly at: number;
  readonly open: boolean;
}

/** The values that a fact can still have, all demands on it being met. Wider than the truth, never narrower. */
export interface ValueDomain {
  /** null for any. */
  readonly only: ReadonlySet<OperandValue> | null;
  readonly never: ReadonlySet<OperandValue>;
  readonly low: Bound;
  readonly high: Bound;
  /** Of a set of codes: those that are not in it. */
  readonly without: ReadonlySet<string>;
  /** Of a set of codes: it has one of each of these lists. */
  readonly oneOfEach: readonly (readonly string[])[];
}

/** Everything that a fact can be. */
export function wholeDomain({ type, vocabulary, scale }: Fact): ValueDomain {
  const only = type === 'boolean' ? [true, false] : type === 'code' ? vocabulary : null;
  return {
    only: only === null ? null : new Set<OperandValue>(only),
    never: new Set(),
    low: { at: scale?.min ?? -Infinity, open: false },
    high: { at: scale?.max ?? Infinity, open: false },
    without: new Set(),
    oneOfEach: [],
  };
}

/** The domain under one more demand. */
export function narrowed(domain: ValueDomain, { op, operand, holds }: Demand): ValueDomain {
  const values = Array.isArray(operand) ? (operand as OperandValue[]) : [operand as OperandValue];
  const bound = operand as number;
  switch (op) {
    case 'equals':
    case 'in':
      return holds ? onlyOf(domain, values) : { ...domain, never: new Set([...domain.never, ...values]) };
    case 'atLeast':
      return holds ? from(domain, bound, false) : upTo(domain, bound, true);
    case 'greaterThan':
      return holds ? from(domain, bound, true) : upTo(domain, bound, false);
    case 'atMost':
      return holds ? upTo(domain, bound, false) : from(domain, bound, true);
    case 'lessThan':
      return holds ? upTo(domain, bound, true) : from(domain, bound, false);
    case 'containsAny': {
      const codes = values.map(String);
      return holds
        ? { ...domain, oneOfEach: [...domain.oneOfEach, codes] }
        : { ...domain, without: new Set([...domain.without, ...codes]) };
    }
    default:
      return assertNever(op);
  }
}

/** No value is left. */
export function isEmpty({ only, never, low, high, without, oneOfEach }: ValueDomain): boolean {
  if (oneOfEach.some((codes) => codes.every((code) => without.has(code)))) return true;
  if (only !== null) return [...only].every((value) => never.has(value) || !isWithin(value, low, high));
  if (low.at !== high.at) return low.at > high.at;
  return low.open || high.open || never.has(low.at);
}

function onlyOf(domain: ValueDomain, values: readonly OperandValue[]): ValueDomain {
  const { only } = domain;
  return { ...domain, only: new Set(only === null ? values : values.filter((value) => only.has(value))) };
}

function from(domain: ValueDomain, at: number, open: boolean): ValueDomain {
  const { low } = domain;
  return at > low.at || (at === low.at && open) ? { ...domain, low: { at, open } } : domain;
}

function upTo(domain: ValueDomain, at: number, open: boolean): ValueDomain {
  const { high } = domain;
  return at < high.at || (at === high.at && open) ? { ...domain, high: { at, open } } : domain;
}

function isWithin(value: OperandValue, low: Bound, high: Bound): boolean {
  if (typeof value !== 'number') return true;
  return (low.open ? value > low.at : value >= low.at) && (high.open ? value < high.at : value <= high.at);
}
