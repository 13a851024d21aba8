import type { Fact } from './fact.ts';
import { FACTS } from './facts.ts';
import type { Comparison, Condition, RuleSet } from './rule-set.ts';
import { type Demand, isEmpty, narrowed, type ValueDomain, wholeDomain } from './value-domain.ts';

/** What has to hold, without `not`: it is worked into the demands. */
export type Wanted =
  { readonly all: readonly Wanted[] } | { readonly any: readonly Wanted[] } | { readonly demand: Demand };

/** Holds whatever the values are. */
const ALWAYS: Wanted = { all: [] };
/** Holds for no values. */
const NEVER: Wanted = { any: [] };

/**
 * What has to hold for a condition to be TRUE, or to be FALSE.
 *
 * @param absence what a demand for absence means. It is never fulfilled, only unknown; but a rule that asks for
 *   it takes its effect from `onUnknown` and isn't pointless, so those who look for pointless rules say ALWAYS
 */
export function wanted(
  condition: Condition,
  isTrue: boolean,
  parameters: RuleSet['parameters'],
  absence: 'ALWAYS' | 'NEVER',
): Wanted {
  const of = (term: Condition, holds: boolean) => wanted(term, holds, parameters, absence);
  if ('not' in condition) return of(condition.not, !isTrue);
  if ('all' in condition || 'any' in condition) {
    const terms = ('all' in condition ? condition.all : condition.any).map((term) => of(term, isTrue));
    return 'all' in condition === isTrue ? { all: terms } : { any: terms };
  }
  return wantedOf(condition, isTrue, parameters, absence === 'ALWAYS' ? ALWAYS : NEVER);
}

function wantedOf(
  { fact: name, op, value, param }: Comparison,
  holds: boolean,
  parameters: RuleSet['parameters'],
  absence: Wanted,
): Wanted {
  if (op === 'isPresent') return holds ? ALWAYS : absence;
  const fact = FACTS.get(name);
  if (fact === undefined) throw new Error(`rule set was not validated: no fact ${name}`);
  const operand = value ?? (param === undefined ? null : (parameters[param]?.value ?? null));
  return { demand: { fact, op, operand, holds } };
}

type Domains = ReadonlyMap<Fact, ValueDomain>;

/**
 * Looks for values of the facts that fulfil demands, with so many steps for all questions together: a document
 * can be made to need more than there is time for.
 */
export class ValueSearch {
  private left: number;

  constructor(steps: number) {
    this.left = steps;
  }

  /**
   * A `false` is proven; a `true` only says that nothing was found against it: facts that depend on each other
   * count as free, and a search that takes too long is given up.
   */
  isSatisfiable(all: readonly Wanted[], before: Domains = new Map()): boolean {
    const { demands, choices } = flattened(all);
    const domains = this.narrowedBy(demands, before);
    if (domains === null) return false;
    const [first, ...others] = choices
      .map((choice) => choice.filter((option) => this.isOpen(option, domains)))
      .toSorted((a, b) => a.length - b.length);
    if (first === undefined || this.left < 0) return true;
    const rest = others.map((any): Wanted => ({ any }));
    return first.some((option) => this.isSatisfiable([option, ...rest], domains));
  }

  /** The option isn't ruled out by its own demands. */
  private isOpen(option: Wanted, domains: Domains): boolean {
    return this.left < 0 || this.narrowedBy(flattened([option]).demands, domains) !== null;
  }

  /** null if a fact has no value left. */
  private narrowedBy(demands: readonly Demand[], before: Domains): Domains | null {
    const domains = new Map(before);
    for (const demand of demands) {
      this.left -= 1;
      const domain = narrowed(domains.get(demand.fact) ?? wholeDomain(demand.fact), demand);
      if (isEmpty(domain)) return null;
      domains.set(demand.fact, domain);
    }
    this.left -= 1;
    return domains;
  }
}

function flattened(todo: readonly Wanted[]): { demands: Demand[]; choices: (readonly Wanted[])[] } {
  const demands: Demand[] = [];
  const choices: (readonly Wanted[])[] = [];
  const open = [...todo];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if ('all' in next) open.push(...next.all);
    else if ('any' in next) choices.push(next.any);
    else demands.push(next.demand);
  }
  return { demands, choices };
}
