import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { SYSTEM_ACTOR } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import type { LogEntry } from '../audit/format/leaf.ts';
import { Clock } from '../platform/clock.ts';
import {
  type Activation,
  type ActivationSchedule,
  initialSchedule,
  scheduleAt,
  withActivation,
} from './activation-schedule.ts';
import { BuiltInRuleSet } from './built-in-rule-set.service.ts';
import { type CompiledRuleSet, compileRuleSet } from './engine/compile.ts';
import { decideRetire } from './rule-set.decider.ts';
import { RuleSetDocuments } from './rule-set-documents.repository.ts';
import { RuleSetStream } from './rule-set.stream.ts';
import type { ActivatedData, RuleSetIdentity, RuleSetState } from './rule-set-state.ts';
import { shadowAfter, type ShadowRun } from './shadow-run.ts';

/** Half of what an activation may take to reach every instance. */
const FOLLOW_MS = 500;
const CHUNK = 200;
const FOLLOWED = ['rule_set.activated', 'rule_set.shadow_started', 'rule_set.shadow_ended'] as const;

/**
 * Knows which rule set concludes, at this instance, by following the log. An activation is in effect here as
 * soon as this instance has read it: at once where it was made, within a second anywhere else.
 */
@Injectable()
export class ActiveRuleSets {
  private readonly logger = new Logger(ActiveRuleSets.name);
  private readonly compiled = new Map<string, CompiledRuleSet>();
  /** Versions whose retirement is in the log, with the activation that superseded them. */
  private readonly noted = new Map<string, number>();
  private schedule: ActivationSchedule;
  private run: ShadowRun | null = null;
  private lastIndex = -1;
  private reading: Promise<void> | null = null;
  private readNext: Promise<void> | null = null;

  constructor(
    private readonly builtIn: BuiltInRuleSet,
    private readonly documents: RuleSetDocuments,
    private readonly entries: AuditQueries,
    private readonly log: AuditLog,
    private readonly stream: RuleSetStream,
    private readonly clock: Clock,
  ) {
    this.schedule = initialSchedule(builtIn.version);
    this.compiled.set(builtIn.version, compileRuleSet(builtIn.ruleSet, builtIn.version));
  }

  /** The rule set that concludes entries of this time, as far as this instance has read the log. */
  at(time: string): CompiledRuleSet {
    const { version } = scheduleAt(this.schedule, time).current;
    const compiled = this.compiled.get(version);
    if (compiled === undefined) throw new Error(`rule set ${version} concludes but was never prepared`);
    return compiled;
  }

  /** The schedule now. */
  get now(): ActivationSchedule {
    return scheduleAt(this.schedule, this.clock.now().toISOString());
  }

  /** The rule set that concludes beside the active one without any effect; null while there is none. */
  get shadow(): ShadowRun | null {
    return this.run;
  }

  /** The shadow, ready to conclude; null if there is none or it can't be used here. */
  get compiledShadow(): CompiledRuleSet | null {
    return this.run === null ? null : (this.compiled.get(this.run.version) ?? null);
  }

  /**
   * Reads what the log has to say about activations and shadows since the last time.
   * @throws Error if a rule set that is to conclude is missing, was altered or can't be used by this release;
   *   until that is mended, the ones before it conclude
   */
  follow(): Promise<void> {
    if (this.reading === null) return this.startReading();
    // Whoever asks while a round is under way needs one that begins after the asking; all of them share it.
    return (this.readNext ??= this.reading
      .catch(() => undefined)
      .then(() => {
        this.readNext = null;
        return this.startReading();
      }));
  }

  @Interval(FOLLOW_MS)
  async followRegularly(): Promise<void> {
    try {
      await this.follow();
      await this.noteRetirements();
    } catch (error) {
      this.logger.error({ err: error }, 'activations of rule sets could not be followed; it tries again');
    }
  }

  private startReading(): Promise<void> {
    const round = this.readOn().finally(() => {
      this.reading = null;
    });
    this.reading = round;
    return round;
  }

  private async readOn(): Promise<void> {
    for (;;) {
      const entries = await this.entries.after(FOLLOWED, this.lastIndex, CHUNK);
      for (const entry of entries) await this.take(entry);
      if (entries.length < CHUNK) return;
    }
  }

  private async take(entry: LogEntry): Promise<void> {
    if (entry.action === 'rule_set.activated') await this.takeActivation(entry);
    else await this.takeShadow(entry);
    this.lastIndex = entry.index;
  }

  /** First the rule set is made ready, then the schedule may name it. */
  private async takeActivation({ index, at, subject, data }: LogEntry): Promise<void> {
    const { digest, from } = data as unknown as ActivatedData;
    await this.prepare(subject.id, digest);
    this.schedule = withActivation(this.schedule, { version: subject.id, from, index }, at);
    this.logger.log(`rule set ${subject.id} concludes from ${from} on`);
  }

  /** A shadow that can't be used here is none here: it must not keep an activation behind it from being read. */
  private async takeShadow(entry: LogEntry): Promise<void> {
    this.run = shadowAfter(this.run, entry);
    if (this.run?.index !== entry.index) return;
    try {
      await this.prepare(entry.subject.id, (entry.data as unknown as RuleSetIdentity).digest);
    } catch (error) {
      this.logger.error({ err: error }, 'a rule set can not run as shadow at this instance');
    }
  }

  private async prepare(version: string, digest: string): Promise<void> {
    if (this.compiled.has(version)) return;
    this.compiled.set(version, compileRuleSet(await this.documents.getOrThrow(digest), version));
  }

  /** Lets the history of every superseded rule set say so. Several instances do it; the log takes it once. */
  private async noteRetirements(): Promise<void> {
    for (const [version, by] of this.now.former) {
      if (this.noted.get(version) === by.index) continue;
      await this.noteRetirement(version, by);
      this.noted.set(version, by.index);
    }
  }

  private async noteRetirement(version: string, by: Activation): Promise<void> {
    await this.log.append({
      stream: this.stream,
      subjectId: version,
      actor: SYSTEM_ACTOR,
      decide: (state: RuleSetState) => decideRetire(state, { by, builtIn: this.builtIn.identityOf(version) }),
      answer: () => undefined,
    });
  }
}
