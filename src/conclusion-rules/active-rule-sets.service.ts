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
import type { ActivatedData, RuleSetState } from './rule-set-state.ts';

/** Half of what an activation may take to reach every instance. */
const FOLLOW_MS = 500;
const CHUNK = 200;

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

  /**
   * Reads what the log has to say about activations since the last time.
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
      const entries = await this.entries.after('rule_set.activated', this.lastIndex, CHUNK);
      for (const entry of entries) await this.take(entry);
      if (entries.length < CHUNK) return;
    }
  }

  /** Takes one activation in: first the rule set is made ready, then the schedule may name it. */
  private async take({ index, at, subject, data }: LogEntry): Promise<void> {
    const { digest, from } = data as unknown as ActivatedData;
    const version = subject.id;
    if (!this.compiled.has(version)) {
      this.compiled.set(version, compileRuleSet(await this.documents.getOrThrow(digest), version));
    }
    this.schedule = withActivation(this.schedule, { version, from, index }, at);
    this.lastIndex = index;
    this.logger.log(`rule set ${version} concludes from ${from} on`);
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
