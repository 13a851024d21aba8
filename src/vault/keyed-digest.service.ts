import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../platform/config/app-config.ts';

/**
 * Digests for the audit log. Keyed, because what they stand for can be guessed: a 12-digit ID number has
 * too few values for a plain hash. One key for all sessions, so that two instances agree on a delivery.
 */
@Injectable()
export class KeyedDigest {
  private readonly key: KeyObject;

  constructor(config: AppConfig) {
    // Node takes much longer with the bare bytes.
    this.key = createSecretKey(config.vault.digestKey);
  }

  /** HMAC-SHA-256 in lower-case hex. `purpose` keeps digests of different things apart. */
  of(purpose: 'result' | 'delivery' | 'rule-inputs' | 'comment', bytes: Buffer | string): string {
    return createHmac('sha256', this.key).update(purpose).update('\0').update(bytes).digest('hex');
  }
}
