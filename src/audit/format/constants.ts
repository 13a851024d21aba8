/**
 * Every number and word of the log's formats, once. Pinned to these texts:
 * signed-note v1.0.0, tlog-checkpoint v1.0.0, tlog-cosignature v1.0.1, tlog-witness v1.0.0,
 * tlog-tiles v0.1.0 (all c2sp.org), tlog-proof (c2sp.org, untagged), RFC 6962 section 2.1, RFC 8410.
 *
 * The independent verifier imports this file and nothing else of the log, so it holds values only.
 */

/** SHA-256, the hash of the tree (tlog-tiles, Merkle Tree). */
export const HASH_BYTES = 32;
/** Leaf hash = SHA-256(0x00 || entry) (RFC 6962, 2.1). */
export const LEAF_HASH_PREFIX = 0x00;
/** Node hash = SHA-256(0x01 || left || right) (RFC 6962, 2.1). */
export const NODE_HASH_PREFIX = 0x01;
/** A proof in a tree of at most 2^63 leaves has no more hashes than this (tlog-witness, add-checkpoint). */
export const MAX_PROOF_HASHES = 63;

/** A tree size or index in text: decimal, no sign, no leading zero (tlog-checkpoint, Format). */
export const DECIMAL_PATTERN = /^(?:0|[1-9][0-9]{0,15})$/;
/** Sizes and indexes are JavaScript safe integers; the formats would allow 2^63 - 1. */
export const MAX_TREE_SIZE = Number.MAX_SAFE_INTEGER;

/** A tile is a subtree of this height (tlog-tiles, Merkle Tree). */
export const TILE_HEIGHT = 8;
/** Hashes in a full tile, entries in a full bundle. */
export const TILE_WIDTH = 256;
/** Levels in paths run from 0 to this. */
export const MAX_TILE_LEVEL = 63;
/** What stands in place of the level in the path of an entry bundle (tlog-tiles, Log entries). */
export const ENTRIES_LEVEL = 'entries';
/** Bytes of the big-endian length before each entry of a bundle. */
export const ENTRY_LENGTH_BYTES = 2;
/** The longest entry that a bundle can hold. */
export const MAX_ENTRY_BYTES = 0xffff;
/**
 * The longest leaf of this log. Half of what a bundle allows, because a full bundle of the longest entries
 * (256 × 65,537 bytes) would not fit into one 16 MiB document.
 */
export const MAX_LEAF_BYTES = 32_768;

/** Begins a signature line: U+2014 (signed-note, Format). */
export const EM_DASH = '\u2014';
/** A signature begins with the first bytes of the key's SHA-256 (signed-note, Signatures). */
export const KEY_ID_BYTES = 4;
/** Type bytes in key ids and verifier keys (signed-note, Signature types; tlog-cosignature for 04 and 06). */
export const SIGNATURE_TYPE = {
  ED25519: 0x01,
  ED25519_COSIGNATURE: 0x04,
  ML_DSA_44_COSIGNATURE: 0x06,
} as const;
/** Longest note that is read. A bound is asked for (signed-note, Format), the value is ours. */
export const MAX_NOTE_BYTES = 1_000_000;
/** Most signature lines that are read. At least 16 are asked for, the value is ours. */
export const MAX_NOTE_SIGNATURES = 100;

/** Seed and public key of Ed25519 (RFC 8032, 5.1.5). */
export const ED25519_KEY_BYTES = 32;
/** Ed25519 signature (RFC 8032, 5.1.6). */
export const ED25519_SIGNATURE_BYTES = 64;
/** DER before the 32 bytes of a public key, to make an SPKI document (RFC 8410, 4). */
export const ED25519_SPKI_PREFIX_HEX = '302a300506032b6570032100';
/** DER before the 32 bytes of a seed, to make a PKCS #8 document (RFC 8410, 7). */
export const ED25519_PKCS8_PREFIX_HEX = '302e020100300506032b657004220420';

/** First line of the message that a witness signs (tlog-cosignature, Ed25519 signed message). */
export const COSIGNATURE_HEADER = 'cosignature/v1';
/** Bytes of the big-endian POSIX time before the signature itself. */
export const COSIGNATURE_TIME_BYTES = 8;

/** First line of an offline receipt (tlog-proof, Format). */
export const TLOG_PROOF_HEADER = 'c2sp.org/tlog-proof@v1';

/** Longest body of a request to a witness that is read: old size, proof and the largest note. */
export const MAX_ADD_CHECKPOINT_BYTES = MAX_NOTE_BYTES + 64 * (MAX_PROOF_HASHES + 1);

/** Content types of what is served over HTTP. */
export const MEDIA_TYPE = {
  /** tlog-tiles, Checkpoints. */
  CHECKPOINT: 'text/plain; charset=utf-8',
  /** tlog-tiles, Merkle Tree and Log entries. */
  TILE: 'application/octet-stream',
  /** Body of a witness's 409 (tlog-witness, add-checkpoint). */
  TREE_SIZE: 'text/x.tlog.size',
} as const;
