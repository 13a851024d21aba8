/** Most paths reported; a caller that gets as many must assume more. */
export const MAX_PATHS = 100;

const MAX_PATH_LENGTH = 120;

/** Member names as vendors write them. Six digits in all could be an identity or phone number. */
const SHOWABLE_NAME = /^(?!(?:[^0-9]*[0-9]){6})[A-Za-z0-9_-]{1,40}$/;

/**
 * The path one level below `parent`, such as `ocr.data.0.name`. Paths stand in the audit log, which holds no
 * personal data and at most 32 KiB per entry, so a member name that could hide something is shown as `*` and
 * a path that grows too long ends in `*`.
 *
 * @param parent '' at the top
 */
export function childPath(parent: string, name: string | number): string {
  const segment = typeof name === 'number' || SHOWABLE_NAME.test(name) ? String(name) : '*';
  if (parent === '') return segment;
  if (parent.length + segment.length < MAX_PATH_LENGTH) return `${parent}.${segment}`;
  return parent.endsWith('*') ? parent : `${parent}.*`;
}

/** Distinct paths, capped at `MAX_PATHS`: those that come first are kept. */
export class FieldPaths {
  private readonly paths = new Set<string>();

  add(path: string): void {
    if (!this.isFull) this.paths.add(path);
  }

  get isFull(): boolean {
    return this.paths.size >= MAX_PATHS;
  }

  toSortedArray(): string[] {
    return [...this.paths].sort();
  }
}
