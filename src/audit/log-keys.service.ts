import { Injectable } from '@nestjs/common';
import { AppConfig } from '../platform/config/app-config.ts';
import {
  ed25519Signer,
  ed25519Verifier,
  type NoteSigner,
  type NoteVerifier,
  parseVerifierKey,
} from './format/signed-note.ts';

/** The log's name and its keys. The first key is the current one; the others still sign along while they are replaced. */
@Injectable()
export class LogKeys {
  readonly origin: string;
  readonly signers: readonly NoteSigner[];
  readonly verifiers: readonly NoteVerifier[];
  /** Public keys in the form that verifiers take, the current one first. */
  readonly vkeys: readonly string[];

  constructor(config: AppConfig) {
    this.origin = config.audit.origin;
    const signers = config.audit.signingSeeds.map((seed) => ed25519Signer(this.origin, seed));
    this.signers = signers;
    this.vkeys = signers.map(({ vkey }) => vkey);
    this.verifiers = this.vkeys.map((vkey) => ed25519Verifier(parseVerifierKey(vkey)));
  }
}
