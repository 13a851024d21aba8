import type { DeclaredVariable } from './declared-variables.ts';

/** What a document says of one variable. */
interface DocumentedVariable {
  readonly name: string;
  /** What the document gives as its default, in the document's own notation. */
  readonly fallback: string;
  /** What it says beside the name and the default. */
  readonly description: string;
}

const REQUIRED = 'required in production';

/**
 * Compares `.env.example` with the declared variables: each stands there once as `NAME=default`, empty without
 * a default, under a comment that describes it. Lines that are commented out are not looked at.
 * @returns one line for each fault
 */
export function envExampleFaults(text: string, declared: readonly DeclaredVariable[]): string[] {
  const lines = text.split('\n');
  const documented = lines.flatMap((line, at): DocumentedVariable[] => {
    const [, name, fallback] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (name === undefined || fallback === undefined) return [];
    return [{ name, fallback, description: commentAbove(lines, at) }];
  });
  const faults = documented.flatMap(({ name, description }) => {
    const required = declared.some((one) => one.name === name && one.requiredInProduction);
    return required && !description.toLowerCase().includes(REQUIRED)
      ? [`the comment of ${name} does not say that it is ${REQUIRED}`]
      : [];
  });
  return [...compare(documented, declared, ({ fallback }) => fallback ?? ''), ...faults];
}

/**
 * Compares the table under the heading "Configuration" with the declared variables: each has one row
 * "`NAME` | default | meaning", where the default is a value in code font, "required" or "–".
 * @returns one line for each fault
 */
export function readmeFaults(text: string, declared: readonly DeclaredVariable[]): string[] {
  const [, section] = /^## Configuration$(.*?)(?=^## |(?![^]))/ms.exec(text) ?? [];
  if (section === undefined) return ['there is no section "## Configuration"'];
  const documented = [...section.matchAll(/^\| *`([^`]+)` *\|([^|]*)\|(.*)\|$/gm)].map(
    ([, name = '', fallback = '', description = '']) => ({
      name,
      fallback: fallback.trim(),
      description: description.trim(),
    }),
  );
  return compare(documented, declared, ({ fallback, requiredInProduction }) => {
    if (requiredInProduction) return 'required';
    return fallback === null ? '–' : `\`${fallback}\``;
  });
}

function compare(
  documented: readonly DocumentedVariable[],
  declared: readonly DeclaredVariable[],
  expected: (variable: DeclaredVariable) => string,
): string[] {
  const faults: string[] = [];
  for (const variable of declared) {
    const [found, ...more] = documented.filter(({ name }) => name === variable.name);
    if (found === undefined) {
      faults.push(`${variable.name} is missing`);
      continue;
    }
    if (more.length > 0) faults.push(`${variable.name} stands there ${more.length + 1} times`);
    if (found.description === '') faults.push(`${variable.name} is not described`);
    if (found.fallback !== expected(variable)) {
      faults.push(
        `the default of ${variable.name} is "${found.fallback}", it should be "${expected(variable)}"`,
      );
    }
  }
  const known = new Set(declared.map(({ name }) => name));
  for (const { name } of documented) if (!known.has(name)) faults.push(`${name} is not read by the service`);
  return faults;
}

function commentAbove(lines: readonly string[], at: number): string {
  let first = at;
  while (first > 0 && lines[first - 1]?.startsWith('#')) first -= 1;
  return lines
    .slice(first, at)
    .map((line) => line.replace(/^#+ ?/, ''))
    .join(' ')
    .trim();
}
