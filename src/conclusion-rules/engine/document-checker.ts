/** One thing that is wrong with a document. No rejected value is repeated. */
export interface DocumentError {
  /** Where, such as `rules.3.when.all.0.fact`; '' for the whole document. */
  readonly path: string;
  readonly message: string;
}

/** More than anybody reads at once. */
const MAX_ERRORS = 100;

export type JsonRecord = Readonly<Record<string, unknown>>;

/** Reads an unknown JSON document and collects what is wrong with it. Never throws. */
export class DocumentChecker {
  readonly errors: DocumentError[] = [];

  fail(path: string, message: string): void {
    if (this.errors.length < MAX_ERRORS) this.errors.push({ path, message });
  }

  /** The object, or null and an error. Members that aren't named are errors: most often a misspelt one. */
  object(
    value: unknown,
    path: string,
    required: readonly string[],
    optional: readonly string[] = [],
  ): JsonRecord | null {
    const record = this.record(value, path);
    if (record === null) return null;
    for (const name of required) if (!Object.hasOwn(record, name)) this.fail(at(path, name), 'is missing');
    for (const name of Object.keys(record)) {
      if (!required.includes(name) && !optional.includes(name)) {
        this.fail(path, `has a member that is not one of ${[...required, ...optional].join(', ')}`);
      }
    }
    return record;
  }

  /** An object with any members. */
  record(value: unknown, path: string): JsonRecord | null {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
    this.fail(path, 'must be an object');
    return null;
  }

  list(value: unknown, path: string, { min, max }: { min: number; max: number }): readonly unknown[] {
    if (Array.isArray(value) && value.length >= min && value.length <= max) return value;
    this.fail(path, `must be a list of ${min} to ${max} items`);
    return [];
  }

  /** Text that people read. */
  text(value: unknown, path: string, maxLength: number): void {
    const fits = typeof value === 'string' && value.trim() !== '' && value.length <= maxLength;
    // A lone surrogate has no UTF-8, so no canonical form and no version.
    if (!fits || !value.isWellFormed()) this.fail(path, `must be text of 1 to ${maxLength} characters`);
  }

  /** A name, code or date in a fixed form. */
  word(value: unknown, path: string, form: RegExp, description: string): string | null {
    if (typeof value === 'string' && form.test(value)) return value;
    this.fail(path, `must be ${description}`);
    return null;
  }

  oneOf<T extends string | number>(value: unknown, path: string, allowed: readonly T[]): T | null {
    const found = allowed.find((item) => item === value);
    if (found === undefined) this.fail(path, `must be one of ${allowed.join(', ')}`);
    return found ?? null;
  }
}

/** The path one level below. */
export function at(path: string, name: string | number): string {
  return path === '' ? String(name) : `${path}.${name}`;
}
