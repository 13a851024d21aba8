import { isAscii, isUtf8 } from 'node:buffer';

/*
 * Stored documents, read from their bytes. The driver shows the last of two fields with one name, while the
 * database finds the document by the first; and it shows values of rare types as if they were of a common
 * one. Whoever may write to the database could hide an entry from every query like that. So what a document
 * says is read here, field by field (bsonspec.org, version 1.1).
 */

const TYPE = {
  DOUBLE: 0x01,
  STRING: 0x02,
  DOCUMENT: 0x03,
  BINARY: 0x05,
  DATE: 0x09,
  INT32: 0x10,
  INT64: 0x12,
} as const;
const GENERIC_BINARY = 0;
const HEADER_BYTES = 4;

/** A value that no document of the log has. It equals nothing, so whatever it stands in is refused. */
export class OddValue {
  readonly #what: string;

  constructor(what: string) {
    this.#what = what;
  }

  toJSON(): string {
    return this.#what;
  }
}

/** Fields by name: text, numbers, dates, bytes as Buffer, documents, or {@link OddValue}. */
export type StoredDocument = Readonly<Record<string, unknown>>;

/** @param bytes a whole document, as the database sends it: its lengths are right */
export function readBson(bytes: Buffer): StoredDocument {
  return readFields({ bytes, text: bytes.toString('latin1'), isAscii: isAscii(bytes) }, 0);
}

/** A document, and each of its bytes as a character: a piece of text is had sooner than a piece of bytes. */
interface Source {
  readonly bytes: Buffer;
  readonly text: string;
  readonly isAscii: boolean;
}

function readFields(source: Source, start: number): StoredDocument {
  const { bytes } = source;
  const fields: Record<string, unknown> = {};
  const end = start + bytes.readInt32LE(start) - 1;
  let at = start + HEADER_BYTES;
  while (at < end) {
    const type = bytes[at];
    const nameEnd = source.text.indexOf('\0', at);
    const name = fieldName(textOf(source, at + 1, nameEnd));
    const value = nameEnd + 1;
    fields[name] = Object.hasOwn(fields, name)
      ? new OddValue('a field that is there twice')
      : readValue(type, source, value);
    const length = lengthOf(type, bytes, value);
    // Where the next field begins is not known then, but this one is enough to refuse the document.
    if (length === null) return fields;
    at = value + length;
  }
  return fields;
}

/** JavaScript takes this one name for something else than a field. */
function fieldName(name: unknown): string {
  return name === '__proto__' || typeof name !== 'string' ? JSON.stringify(name) : name;
}

function readValue(type: number | undefined, source: Source, at: number): unknown {
  const { bytes } = source;
  switch (type) {
    case TYPE.STRING:
      return textOf(source, at + HEADER_BYTES, at + HEADER_BYTES + bytes.readInt32LE(at) - 1);
    case TYPE.INT64:
      return bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
    case TYPE.DATE:
      return new Date(bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at));
    case TYPE.DOCUMENT:
      return readFields(source, at);
    case TYPE.BINARY: {
      const first = at + HEADER_BYTES + 1;
      if (bytes[first - 1] !== GENERIC_BINARY) return new OddValue('bytes of a special kind');
      return bytes.subarray(first, first + bytes.readInt32LE(at));
    }
    case TYPE.INT32:
      return bytes.readInt32LE(at);
    case TYPE.DOUBLE:
      return bytes.readDoubleLE(at);
    default:
      return new OddValue(`a value of BSON type ${type}`);
  }
}

const NON_ASCII = /[\u0080-\u00ff]/;

function textOf(source: Source, start: number, end: number): string | OddValue {
  const piece = source.text.slice(start, end);
  if (source.isAscii || !NON_ASCII.test(piece)) return piece;
  const { bytes } = source;
  return isUtf8(bytes.subarray(start, end))
    ? bytes.toString('utf8', start, end)
    : new OddValue('bytes that are no UTF-8');
}

function lengthOf(type: number | undefined, bytes: Buffer, at: number): number | null {
  switch (type) {
    case TYPE.STRING:
      return HEADER_BYTES + bytes.readInt32LE(at);
    case TYPE.BINARY:
      return HEADER_BYTES + 1 + bytes.readInt32LE(at);
    case TYPE.DOCUMENT:
      return bytes.readInt32LE(at);
    case TYPE.INT64:
    case TYPE.DATE:
    case TYPE.DOUBLE:
      return 8;
    case TYPE.INT32:
      return 4;
    default:
      return null;
  }
}
