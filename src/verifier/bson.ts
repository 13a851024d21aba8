import { isUtf8 } from 'node:buffer';

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
  return readFields(bytes, 0);
}

function readFields(bytes: Buffer, start: number): StoredDocument {
  // Without a prototype, so that no name is taken.
  const fields = Object.create(null) as Record<string, unknown>;
  const end = start + bytes.readInt32LE(start) - 1;
  let at = start + HEADER_BYTES;
  while (at < end) {
    const type = bytes[at];
    let nameEnd = at + 1;
    while (bytes[nameEnd] !== 0) nameEnd++;
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const value = nameEnd + 1;
    fields[name] =
      name in fields ? new OddValue('a field that is there twice') : readValue(type, bytes, value);
    const length = lengthOf(type, bytes, value);
    if (length === null) {
      // Where the next field begins is not known, but this one is enough to refuse the document.
      return fields;
    }
    at = value + length;
  }
  return fields;
}

function readValue(type: number | undefined, bytes: Buffer, at: number): unknown {
  switch (type) {
    case TYPE.STRING: {
      const first = at + HEADER_BYTES;
      const last = first + bytes.readInt32LE(at) - 1;
      const text = bytes.toString('utf8', first, last);
      // This character is what decoding makes of bytes that are no UTF-8, too.
      if (text.includes('\ufffd') && !isUtf8(bytes.subarray(first, last))) return new OddValue('no UTF-8');
      return text;
    }
    case TYPE.INT64:
      return bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
    case TYPE.DATE:
      return new Date(bytes.readInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at));
    case TYPE.DOCUMENT:
      return readFields(bytes, at);
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
