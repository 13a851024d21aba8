import { Injectable } from '@nestjs/common';
import type { Attachment } from '../audit/stream.ts';
import { KeyedDigest } from '../vault/keyed-digest.service.ts';
import { Vault } from '../vault/vault.service.ts';

/** What a reviewer wrote; it may name people, so only the vault holds it. */
export interface Comments {
  /** For colleagues and auditors. */
  readonly comment: string;
  /** For the customer. */
  readonly customerMessage: string | null;
}

/** Keeps what reviewers write in the vault, and a digest of it in the log. */
@Injectable()
export class ReviewComments {
  constructor(
    private readonly vault: Vault,
    private readonly digest: KeyedDigest,
  ) {}

  /** Wraps comments for the vault; the digest goes into the entry. */
  sealed(uuid: string, comments: Comments): { comments: Attachment; commentDigest: string } {
    const bytes = Buffer.from(JSON.stringify(comments), 'utf8');
    const attachment = this.vault.attachment({ session: uuid, kind: 'comment', bytes, hasEarlier: true });
    return { comments: attachment, commentDigest: this.digestOf(uuid, bytes) };
  }

  /**
   * The comments that were kept with an entry; null if they were erased.
   * @throws Error if they are not those that the entry says
   */
  async find(uuid: string, entryId: string, commentDigest: string): Promise<Comments | null> {
    const bytes = await this.vault.find(entryId);
    if (bytes !== null && this.digestOf(uuid, bytes) !== commentDigest) {
      throw new Error('the vault holds another comment than the log says');
    }
    return bytes && (JSON.parse(bytes.toString('utf8')) as Comments);
  }

  /** Of one session, so that equal comments on two of them don't show as equal. */
  private digestOf(uuid: string, bytes: Buffer): string {
    return this.digest.of('comment', Buffer.concat([Buffer.from(`${uuid}\0`), bytes]));
  }
}
