import { childPath, type FieldPaths } from './field-paths.ts';
import { isJsonArray, isJsonObject, member, type JsonObject, type JsonValue } from './json-text.ts';
import {
  isNoValue,
  readCode,
  readFieldText,
  readFlag,
  readGroupCode,
  readInteger,
  readScore,
  readText,
  UNREADABLE,
  type Reading,
  type Scale,
} from './vendor-values.ts';

/**
 * Most items of one list and most members of one open-ended section. The vendor sends two card sides, some
 * twenty fields a side and a handful of warnings; a body made of a million tiny items must not cost memory.
 */
export const MAX_ITEMS = 200;

const EMPTY_SECTION: JsonObject = {};

/**
 * Reads the members of one section of a result. Every method gives `null` for *no value*, and `null` plus an
 * entry in `unreadable` for a value that can't be read as its type. A section that is absent, "N/A" or no
 * object reads as all null.
 */
export class SectionReader {
  readonly isPresent: boolean;
  private readonly values: JsonObject;
  private readonly path: string;
  private readonly unreadable: FieldPaths;

  constructor(value: JsonValue | undefined, path: string, unreadable: FieldPaths) {
    this.isPresent = isJsonObject(value);
    this.values = isJsonObject(value) ? value : EMPTY_SECTION;
    this.path = path;
    this.unreadable = unreadable;
    if (!this.isPresent && !isNoValue(value)) unreadable.add(path);
  }

  text(name: string): string | null {
    return this.read(name, readText);
  }

  fieldText(name: string): string | null {
    return this.read(name, readFieldText);
  }

  code(name: string): string | null {
    return this.read(name, readCode);
  }

  groupCode(name: string): string | null {
    return this.read(name, readGroupCode);
  }

  flag(name: string): boolean | null {
    return this.read(name, readFlag);
  }

  integer(name: string): number | null {
    return this.read(name, readInteger);
  }

  score(name: string, scale: Scale): number | null {
    return this.read(name, (value) => readScore(value, scale));
  }

  section(name: string): SectionReader {
    return new SectionReader(member(this.values, name), childPath(this.path, name), this.unreadable);
  }

  /** One reader per item, or null where the list is absent, no list or longer than `MAX_ITEMS`. */
  sections(name: string): SectionReader[] | null {
    const items = this.list(name);
    if (items === null) return null;
    const path = childPath(this.path, name);
    return items.map((item, index) => new SectionReader(item, childPath(path, index), this.unreadable));
  }

  /** The items as sent, or null as for `sections`. */
  list(name: string): JsonValue[] | null {
    const value = member(this.values, name);
    if (isJsonArray(value) && value.length <= MAX_ITEMS) return value;
    return isNoValue(value) ? null : this.fail(name);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.values, name);
  }

  /** Names of all members; none, and the whole section unreadable, where there are more than `MAX_ITEMS`. */
  names(): string[] {
    const names = Object.keys(this.values);
    if (names.length <= MAX_ITEMS) return names;
    this.unreadable.add(this.path);
    return [];
  }

  /** Reads one value, or each item of a list with `combine` making one value of them. */
  oneOrMany<T, R>(
    name: string,
    reader: (value: JsonValue | undefined) => Reading<T>,
    combine: (items: (T | null)[]) => R,
  ): T | R | null {
    if (!isJsonArray(member(this.values, name))) return this.read(name, reader);
    const items = this.list(name);
    if (items === null) return null;
    const readings: (T | null)[] = [];
    for (const [index, item] of items.entries()) {
      const reading = reader(item);
      if (reading === UNREADABLE) return this.fail(name, index);
      readings.push(reading);
    }
    return combine(readings);
  }

  private read<T>(name: string, reader: (value: JsonValue | undefined) => Reading<T>): T | null {
    const reading = reader(member(this.values, name));
    return reading === UNREADABLE ? this.fail(name) : reading;
  }

  private fail(name: string, index?: number): null {
    const path = childPath(this.path, name);
    this.unreadable.add(index === undefined ? path : childPath(path, index));
    return null;
  }
}
