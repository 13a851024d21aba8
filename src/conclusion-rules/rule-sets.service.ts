import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { indexOfCursor, type Page, pageOf } from '../platform/http/paging.ts';
import { Problem } from '../platform/http/problem.ts';
import { invalid } from '../platform/http/validation.ts';
import type { ActivationSchedule } from './activation-schedule.ts';
import { ActiveRuleSets } from './active-rule-sets.service.ts';
import { BuiltInRuleSet } from './built-in-rule-set.service.ts';
import { type CompiledRuleSet, compileRuleSet } from './engine/compile.ts';
import { nthVersion } from './engine/content-version.ts';
import { type Finding, lintRuleSet } from './engine/lint-rule-set.ts';
import type { RuleSet } from './engine/rule-set.ts';
import { validateRuleSet } from './engine/validate-rule-set.ts';
import {
  decideActivate,
  decideApprove,
  decideDraft,
  type RuleSetRefusal,
  RuleSetRefusedError,
} from './rule-set.decider.ts';
import { RuleSetDocuments } from './rule-set-documents.repository.ts';
import { RuleSetRepository } from './rule-set.repository.ts';
import { RuleSetStream } from './rule-set.stream.ts';
import { initialRuleSet, type RuleSetState } from './rule-set-state.ts';

/** A rule set and where it stands among the others. */
export interface ListedRuleSet {
  readonly state: RuleSetState;
  readonly schedule: ActivationSchedule;
}

/** A rule set with its content. */
export interface ReadRuleSet extends ListedRuleSet {
  readonly ruleSet: RuleSet;
  /** What the static checks have to say about it. */
  readonly findings: readonly Finding[];
}

const MAX_FAULTS = 100;

const REMEDIES: Readonly<Record<RuleSetRefusal, string>> = {
  RULE_SET_NOT_FOUND: 'See the list of rule sets for their versions.',
  FOUR_EYES: 'Have it approved by somebody else than its author.',
  RULE_SET_NOT_DRAFT: 'Only a draft is approved, and once; read who approved this one.',
  RULE_SET_NOT_APPROVED: 'Have it approved by a second person first.',
};

/** Everything that happens to a rule set goes through here and into the log. */
@Injectable()
export class RuleSets {
  constructor(
    private readonly log: AuditLog,
    private readonly stream: RuleSetStream,
    private readonly repository: RuleSetRepository,
    private readonly documents: RuleSetDocuments,
    private readonly builtIn: BuiltInRuleSet,
    private readonly active: ActiveRuleSets,
  ) {}

  /**
   * Keeps a document as a new draft, under a version of its own even if its content was there before.
   * @throws Problem VALIDATION_FAILED with the path of each fault
   */
  async draft(document: unknown, author: Actor): Promise<ReadRuleSet> {
    const validation = validateRuleSet(document);
    if (!validation.ok) throw refused(validation.errors);
    const { ruleSet } = validation;
    const findings = lintRuleSet(ruleSet);
    const errors = findings.filter(({ severity }) => severity === 'ERROR');
    if (errors.length > 0) throw refused(errors);
    return { ...(await this.draftVersion(ruleSet, author)), ruleSet, findings };
  }

  /**
   * Approves a draft in a person's name.
   * @throws Problem RULE_SET_NOT_FOUND, FOUR_EYES, RULE_SET_NOT_DRAFT
   */
  async approve(version: string, person: Actor): Promise<ListedRuleSet> {
    const { state } = await this.append(version, person, (before) => decideApprove(before, person));
    return { state, schedule: await this.currentSchedule() };
  }

  /**
   * Lets an approved rule set conclude, at once or from a time on. Changes nothing if it does already and nothing
   * else is scheduled.
   * @param from RFC 3339 UTC with milliseconds; null for at once
   * @throws Problem RULE_SET_NOT_FOUND, RULE_SET_NOT_APPROVED; Error if its document was altered
   */
  async activate(version: string, from: string | null, actor: Actor): Promise<ListedRuleSet> {
    const schedule = await this.currentSchedule();
    const isInForce = schedule.current.version === version && schedule.next === null && from === null;
    const known = await this.stateOf(version);
    if (isInForce) return { state: known, schedule };
    // What can't be used must not be let loose on the other instances.
    await this.contentOf(known);
    const { state } = await this.append(version, actor, (before, at) =>
      decideActivate(before, { from, builtIn: this.builtIn.identityOf(version) }, at),
    );
    return { state, schedule: await this.currentSchedule() };
  }

  /** @throws Problem RULE_SET_NOT_FOUND */
  async getOrThrow(version: string): Promise<ReadRuleSet> {
    const state = await this.stateOf(version);
    const ruleSet = await this.contentOf(state);
    return { state, schedule: await this.currentSchedule(), ruleSet, findings: lintRuleSet(ruleSet) };
  }

  /**
   * A rule set ready to conclude, whatever its status.
   * @throws Problem RULE_SET_NOT_FOUND
   */
  async compiled(version: string): Promise<CompiledRuleSet> {
    return compileRuleSet(await this.contentOf(await this.stateOf(version)), version);
  }

  /**
   * The rule set that a conclusion names, ready to conclude again; also one that came with an earlier release.
   * @throws Error if it was altered or can't be used by this release
   */
  async findPinned(version: string): Promise<CompiledRuleSet | null> {
    const digest = (await this.repository.find(version))?.identity?.digest;
    const ruleSet =
      digest === undefined
        ? await this.documents.findByVersion(version)
        : await this.documents.getOrThrow(digest);
    return ruleSet && compileRuleSet(ruleSet, version);
  }

  /** The version that concludes now. */
  async activeVersion(): Promise<string> {
    return (await this.currentSchedule()).current.version;
  }

  /** Rule sets, newest first; the built-in one comes last until it is activated. */
  async page(limit: number, cursor?: string): Promise<Page<ListedRuleSet>> {
    const schedule = await this.currentSchedule();
    const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : indexOfCursor(cursor);
    const states = await this.repository.findBefore(before, limit + 1);
    const builtIn = await this.stateOf(this.builtIn.version);
    const rows = states.length <= limit && builtIn.stage === 'NONE' ? [...states, builtIn] : states;
    return pageOf(
      rows,
      limit,
      ({ firstIndex }) => firstIndex,
      (state) => ({ state, schedule }),
    );
  }

  private async draftVersion(ruleSet: RuleSet, author: Actor): Promise<ListedRuleSet> {
    const digest = await this.documents.keep(ruleSet);
    // The projection only says where to begin; whether a version is free is decided on the log.
    for (let n = 1 + (await this.repository.countWithContent(digest)); ; n += 1) {
      const version = nthVersion(digest, n);
      if (version === this.builtIn.version) continue;
      const { state, own } = await this.append(version, author, (before) =>
        decideDraft(before, { digest, name: ruleSet.name }),
      );
      if (own.length > 0) return { state, schedule: await this.currentSchedule() };
    }
  }

  private async stateOf(version: string): Promise<RuleSetState> {
    const state = await this.repository.find(version);
    if (state !== null) return state;
    if (version !== this.builtIn.version) throw problem('RULE_SET_NOT_FOUND');
    return { ...initialRuleSet(version), identity: this.builtIn.identity };
  }

  private async contentOf({ identity }: RuleSetState): Promise<RuleSet> {
    if (identity === null) throw new Error('a rule set has no content');
    return this.documents.getOrThrow(identity.digest);
  }

  private async currentSchedule(): Promise<ActivationSchedule> {
    await this.active.follow();
    return this.active.now;
  }

  private async append(
    version: string,
    actor: Actor,
    decide: (state: RuleSetState, at: string) => readonly EntryDraft[],
  ): Promise<{ state: RuleSetState; own: readonly LogEntry[] }> {
    try {
      return await this.log.append({
        stream: this.stream,
        subjectId: version,
        actor,
        decide,
        answer: (state: RuleSetState, own) => ({ state, own }),
      });
    } catch (error) {
      throw error instanceof RuleSetRefusedError ? problem(error.reason) : error;
    }
  }
}

function problem(reason: RuleSetRefusal): Problem {
  return new Problem(reason, REMEDIES[reason]);
}

/** Faults of the document as a whole have no path of their own. */
function refused(faults: readonly { readonly path: string; readonly message: string }[]): Problem {
  return invalid(
    faults.slice(0, MAX_FAULTS).map(({ path, message }) => ({ path: path === '' ? 'body' : path, message })),
  );
}
