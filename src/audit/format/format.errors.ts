const LONGEST_QUOTE = 32;

/**
 * Bytes or text that are not what the format asks for. The message says what was expected and what was
 * found; of the input it shows a short quote at most, so that it may be logged and sent to a caller.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';

  constructor(expected: string, found: string) {
    super(`expected ${expected}, found ${found}`);
  }
}

/** A short, printable form of untrusted text for a message. */
export function quote(text: string): string {
  return text.length <= LONGEST_QUOTE
    ? JSON.stringify(text)
    : `${JSON.stringify(text.slice(0, LONGEST_QUOTE))}… (${text.length} characters)`;
}
