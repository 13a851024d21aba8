const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const FIRST_NON_ASCII = 0x80;
const COMMA = 0x2c;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
/** Deeper than any entry is; keeps hostile nesting from exhausting the stack. */
const MAX_DEPTH = 64;

/** The bytes are not the canonical ones. */
export class NotCanonicalError extends Error {
  override readonly name = 'NotCanonicalError';
}

/**
 * Reads RFC 8785 canonical JSON straight off its bytes, in the order in which they stand. Everything has one
 * canonical spelling, so whatever is not spelt like that ends the reading: another order of keys, a key that
 * comes twice, a space, an escape that is not needed, another form of a number.
 *
 * Every method moves on behind what it reads. @throws NotCanonicalError if something else stands there
 */
export class CanonicalReader {
  readonly #bytes: Buffer;
  /** Each byte as a character: a piece of text is had sooner than a piece of bytes. */
  readonly #text: string;
  #at = 0;

  /** @param bytes valid UTF-8 */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
  }

  /** Reads exactly this text, which is ASCII. */
  expect(text: string): void {
    if (!this.accept(text)) throw new NotCanonicalError(`${text} at byte ${this.#at}`);
  }

  /** Reads this ASCII text if it stands here. */
  accept(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  expectEnd(): void {
    if (this.#at < this.#bytes.length) throw new NotCanonicalError(`the end at byte ${this.#at}`);
  }

  string(): string {
    const start = this.#at + 1;
    const isAscii = this.#skipString();
    const end = this.#at - 1;
    if (isAscii === null) return JSON.parse(this.#bytes.toString('utf8', start - 1, end + 1)) as string;
    return isAscii ? this.#text.slice(start, end) : this.#bytes.toString('utf8', start, end);
  }

  /** Reads an object of any content. */
  object(): void {
    if (this.#bytes[this.#at] !== BRACE_OPEN) throw new NotCanonicalError(`an object at byte ${this.#at}`);
    this.#skipObject(0);
  }

  #skipValue(depth: number): void {
    switch (this.#bytes[this.#at]) {
      case QUOTE:
        this.#skipString();
        return;
      case BRACE_OPEN:
        return this.#skipObject(depth);
      case BRACKET_OPEN:
        return this.#skipArray(depth);
      default:
        if (!this.accept('true') && !this.accept('false') && !this.accept('null')) this.#skipNumber();
    }
  }

  #skipObject(depth: number): void {
    this.#enter(depth);
    if (this.accept('}')) return;
    let previous: string | null = null;
    do {
      const key = this.string();
      // JavaScript compares text by UTF-16 code units, as RFC 8785 does.
      if (previous !== null && !(previous < key))
        throw new NotCanonicalError(`keys in order at byte ${this.#at}`);
      previous = key;
      this.expect(':');
      this.#skipValue(depth + 1);
    } while (this.#more(BRACE_CLOSE));
  }

  #skipArray(depth: number): void {
    this.#enter(depth);
    if (this.accept(']')) return;
    do this.#skipValue(depth + 1);
    while (this.#more(BRACKET_CLOSE));
  }

  #enter(depth: number): void {
    if (depth > MAX_DEPTH) throw new NotCanonicalError(`at most ${MAX_DEPTH} levels`);
    this.#at++;
  }

  /** Reads what stands behind a member: a comma, or the end of the object or array. */
  #more(close: number): boolean {
    const byte = this.#bytes[this.#at++];
    if (byte !== COMMA && byte !== close)
      throw new NotCanonicalError(`, or the end of it at byte ${this.#at - 1}`);
    return byte === COMMA;
  }

  /** @returns whether it is ASCII; null where it has escapes */
  #skipString(): boolean | null {
    const bytes = this.#bytes;
    const start = this.#at;
    if (bytes[start] !== QUOTE) throw new NotCanonicalError(`text at byte ${start}`);
    let isAscii = true;
    let hasEscapes = false;
    let at = start + 1;
    for (; bytes[at] !== QUOTE; at++) {
      const byte = bytes[at];
      if (byte === undefined || byte < FIRST_PRINTABLE) throw new NotCanonicalError(`text at byte ${start}`);
      if (byte >= FIRST_NON_ASCII) isAscii = false;
      if (byte === BACKSLASH) {
        hasEscapes = true;
        at++;
      }
    }
    this.#at = at + 1;
    if (!hasEscapes) return isAscii;
    const text = bytes.toString('utf8', start, at + 1);
    if (!isCanonicalString(text)) throw new NotCanonicalError(`escapes as in RFC 8785 at byte ${start}`);
    return null;
  }

  #skipNumber(): void {
    const start = this.#at;
    let at = start;
    while (isInNumber(this.#bytes[at])) at++;
    const text = this.#text.slice(start, at);
    // RFC 8785 writes numbers as ECMAScript does.
    if (text !== String(Number(text))) throw new NotCanonicalError(`a value at byte ${start}`);
    this.#at = at;
  }
}

/** @param text in quotes */
function isCanonicalString(text: string): boolean {
  try {
    const value = JSON.parse(text) as string;
    return value.isWellFormed() && JSON.stringify(value) === text;
  } catch {
    return false;
  }
}

/** Digits, sign, point and exponent. */
function isInNumber(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e || byte === 0x65 || byte === 0x2b;
}
