import { Injectable } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import { type Connection, mongo } from 'mongoose';
import { isDuplicateKey } from '../platform/mongo/duplicate-keys.ts';
import { DURABLE } from '../platform/mongo/write-concerns.ts';
import { canonicalRuleSet, digestPrefixOf, ruleSetDigest } from './engine/content-version.ts';
import type { RuleSet } from './engine/rule-set.ts';
import { validateRuleSet } from './engine/validate-rule-set.ts';
import { RULE_SET_DOCUMENTS_PLAN } from './rule-set-collections.ts';

interface RuleSetDocument {
  /** SHA-256 of `text`, hex. */
  readonly _id: string;
  /** RFC 8785 canonical JSON. Text and no BSON: the bytes are what the digest in the log stands for. */
  readonly text: string;
}

/** The content of rule sets, each once and for good; the log holds their digests. */
@Injectable()
export class RuleSetDocuments {
  private readonly collection: mongo.Collection<RuleSetDocument>;

  constructor(@InjectConnection() connection: Connection) {
    this.collection = connection
      .getClient()
      .db(connection.name)
      .collection<RuleSetDocument>(RULE_SET_DOCUMENTS_PLAN.name, {
        readConcern: { level: 'majority' },
        writeConcern: DURABLE,
      });
  }

  /**
   * Keeps a rule set; durable when it resolves, so that an entry may name it. Without an entry it means nothing.
   * @returns its digest
   */
  async keep(ruleSet: RuleSet): Promise<string> {
    const text = canonicalRuleSet(ruleSet);
    const digest = ruleSetDigest(text);
    try {
      await this.collection.insertOne({ _id: digest, text });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    return digest;
  }

  /**
   * The rule set with this digest.
   * @throws Error if it is missing, was altered, or can't be used by this release
   */
  async getOrThrow(digest: string): Promise<RuleSet> {
    return checked(await this.collection.findOne({ _id: digest }), digest);
  }

  /**
   * The rule set of a version that has no entry: one that was built in once.
   * @throws Error if it was altered or can't be used by this release
   */
  async findByVersion(version: string): Promise<RuleSet | null> {
    const prefix = digestPrefixOf(version);
    if (prefix === null) return null;
    const document = await this.collection.findOne({ _id: { $gte: prefix, $lt: `${prefix}g` } });
    return document && checked(document, document._id);
  }
}

function checked(document: RuleSetDocument | null, digest: string): RuleSet {
  if (document === null) throw new Error(`the document of the rule set with digest ${digest} is missing`);
  if (ruleSetDigest(document.text) !== digest) {
    throw new Error(`the document of the rule set with digest ${digest} was altered`);
  }
  const validation = validateRuleSet(JSON.parse(document.text));
  if (!validation.ok) {
    const [first] = validation.errors;
    throw new Error(
      `this release can't use the rule set with digest ${digest}: ${first?.path} ${first?.message}`,
    );
  }
  return validation.ruleSet;
}
