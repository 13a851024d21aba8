import { styleText } from 'node:util';
import { alignColumns } from './align-columns.ts';

const INDENT = '   ';

/** Drops the colour by itself where NO_COLOR is set or the output is no terminal. */
const style = (format: Parameters<typeof styleText>[0], text: string): string =>
  styleText(format, text, { stream: process.stdout });

export const strong = (text: string): string => style('bold', text);
export const quiet = (text: string): string => style('dim', text);
export const good = (text: string): string => style('green', text);
export const bad = (text: string): string => style('red', text);
export const warning = (text: string): string => style('yellow', text);

let chapters = 0;

export function title(text: string): void {
  console.log(`\n${strong(text)}`);
}

/** Begins the next numbered part of the story. */
export function chapter(text: string): void {
  chapters += 1;
  console.log(`\n${strong(`${chapters}  ${text}`)}`);
}

export function line(text: string): void {
  console.log(`${INDENT}${text}`);
}

export function gap(): void {
  console.log();
}

/** What a reader may want to know about the lines above. */
export function remark(text: string): void {
  line(quiet(text));
}

/** A call and how it was answered. */
export function exchange(call: string, status: number): void {
  line(`${call} ${quiet('→')} ${status < 400 ? good(String(status)) : warning(String(status))}`);
}

/** Rows below a quiet heading, columns aligned. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const [first = '', ...rest] = alignColumns([heading, ...rows]);
  remark(first);
  for (const row of rest) line(row);
}

/** Names and values below each other. */
export function facts(pairs: Readonly<Record<string, string>>): void {
  for (const row of alignColumns(Object.entries(pairs))) line(row);
}
