import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Counter } from 'prom-client';
import type { Actor } from '../access/actor.ts';
import { AuditLog } from '../audit/audit-log.service.ts';
import type { EntryDraft } from '../audit/stream.ts';
import { Problem } from '../platform/http/problem.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { ActiveRuleSets } from './active-rule-sets.service.ts';
import { BuiltInRuleSet } from './built-in-rule-set.service.ts';
import { evaluate } from './engine/evaluate.ts';
import type { ConclusionInput } from './engine/fact.ts';
import type { Decision } from './engine/rule-set.ts';
import { decideEndShadow, decideStartShadow, RuleSetRefusedError } from './rule-set.decider.ts';
import { RuleSetStream } from './rule-set.stream.ts';
import type { RuleSetIdentity, RuleSetState } from './rule-set-state.ts';
import { ShadowReports } from './shadow-reports.repository.ts';
import { NO_SHADOW_COUNTS, type ShadowCounts, type ShadowRun, sumOf, withConclusion } from './shadow-run.ts';

/** A run as shadow and what it has concluded so far. */
export interface ShadowReport {
  readonly run: ShadowRun;
  readonly isRunning: boolean;
  readonly counts: ShadowCounts;
}

const FLUSH_MS = 1_000;

/** Lets one rule set conclude beside the active one on live traffic, and counts where they differ. */
@Injectable()
export class Shadow implements OnApplicationShutdown {
  private readonly logger = new Logger(Shadow.name);
  private readonly total: Counter<'outcome'>;
  /** Counted here and not yet stored, by run. */
  private readonly pending = new Map<number, { readonly run: ShadowRun; counts: ShadowCounts }>();

  constructor(
    private readonly active: ActiveRuleSets,
    private readonly reports: ShadowReports,
    private readonly builtIn: BuiltInRuleSet,
    private readonly log: AuditLog,
    private readonly stream: RuleSetStream,
    metrics: Metrics,
  ) {
    this.total = metrics.counter({
      name: 'ekyc_shadow_conclusions_total',
      help: 'Conclusions of the shadow rule set beside the active one: AGREES, DIFFERS or FAILED',
      labelNames: ['outcome'],
    });
  }

  /**
   * Makes a rule set of any status the shadow, in the place of whichever is. Nothing changes if it is already.
   * @throws Problem RULE_SET_NOT_FOUND
   */
  async start(version: string, actor: Actor): Promise<ShadowReport> {
    await this.active.follow();
    if (this.active.shadow?.version !== version) await this.append(version, actor, decideStartShadow);
    return this.report(version);
  }

  /** Ends the run of a rule set; nothing changes if it isn't the shadow. */
  async end(version: string, actor: Actor): Promise<void> {
    await this.active.follow();
    if (this.active.shadow?.version === version) await this.append(version, actor, decideEndShadow);
  }

  /**
   * The latest run of a rule set; what other instances have counted in the last second may be missing.
   * @throws Problem SHADOW_NOT_FOUND
   */
  async report(version: string): Promise<ShadowReport> {
    await this.active.follow();
    await this.flush();
    const current = this.active.shadow?.version === version ? this.active.shadow : null;
    const stored = await this.reports.findLatest(version);
    if (current !== null) {
      const counts = stored?.run.index === current.index ? stored.counts : NO_SHADOW_COUNTS;
      return { run: current, isRunning: true, counts };
    }
    if (stored === null) throw new Problem('SHADOW_NOT_FOUND', 'Start it, or ask for another rule set.');
    return { ...stored, isRunning: false };
  }

  /**
   * Lets the shadow conclude on what was concluded. Called when the conclusion is durable; whatever happens here
   * reaches nobody who waits for it.
   */
  observe(uuid: string, decision: Decision, input: ConclusionInput): void {
    // A contradiction goes to a person whatever any rules say, so there is nothing to compare.
    if (this.active.shadow === null || input.grade === 'CONFLICT') return;
    setImmediate(() => this.compare(uuid, decision, input));
  }

  @Interval(FLUSH_MS)
  async flushRegularly(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      this.logger.warn({ err: error }, 'what the shadow concluded could not be stored; it tries again');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flushRegularly();
  }

  private compare(uuid: string, active: Decision, input: ConclusionInput): void {
    const { shadow: run, compiledShadow } = this.active;
    if (run === null || compiledShadow === null) return;
    const { counts } = this.pending.get(run.index) ?? { counts: NO_SHADOW_COUNTS };
    try {
      const { decision: shadow } = evaluate(compiledShadow, input);
      this.pending.set(run.index, { run, counts: withConclusion(counts, { uuid, active, shadow }) });
      this.total.inc({ outcome: active === shadow ? 'AGREES' : 'DIFFERS' });
    } catch (error) {
      this.pending.set(run.index, { run, counts: { ...counts, failed: counts.failed + 1 } });
      this.total.inc({ outcome: 'FAILED' });
      this.logger.error({ err: error }, 'the shadow rule set failed; nothing else is affected');
    }
  }

  private async flush(): Promise<void> {
    for (const [index, { run, counts }] of this.pending) {
      this.pending.delete(index);
      try {
        await this.reports.add(run, counts);
      } catch (error) {
        const later = this.pending.get(index)?.counts ?? NO_SHADOW_COUNTS;
        this.pending.set(index, { run, counts: sumOf(counts, later) });
        throw error;
      }
    }
  }

  private async append(
    version: string,
    actor: Actor,
    decide: (state: RuleSetState, builtIn: RuleSetIdentity | null) => EntryDraft[],
  ): Promise<void> {
    try {
      await this.log.append({
        stream: this.stream,
        subjectId: version,
        actor,
        decide: (state: RuleSetState) => decide(state, this.builtIn.identityOf(version)),
        answer: () => undefined,
      });
    } catch (error) {
      if (!(error instanceof RuleSetRefusedError)) throw error;
      throw new Problem(error.reason, 'See the list of rule sets for their versions.');
    }
  }
}
