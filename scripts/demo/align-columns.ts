import { stripVTControlCharacters } from 'node:util';

const GAP = '  ';

/** Rows as lines with their columns below each other. Nothing is cut, and no line ends in blanks. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))));
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - widthOf(cell)))
      .join(GAP)
      .trimEnd(),
  );
}

/** Letters that people see: no colour codes, and a Vietnamese letter is one, whatever it is made of. */
function widthOf(text: string): number {
  return [...new Intl.Segmenter().segment(stripVTControlCharacters(text))].length;
}
