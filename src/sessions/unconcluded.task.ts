import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { Clock } from '../platform/clock.ts';
import { PersonalData } from './personal-data.service.ts';
import { SessionQueries } from './session-queries.service.ts';
import { SessionsService } from './sessions.service.ts';

const EVERY_MS = 5_000;
/** A conclusion follows its result within milliseconds; only a crash leaves one unjudged for longer. */
const GRACE_MS = 5_000;
const BATCH = 100;

/** Judges results whose process died between receiving and judging them. */
@Injectable()
export class UnconcludedTask {
  private readonly logger = new Logger(UnconcludedTask.name);
  private running = false;

  constructor(
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly personalData: PersonalData,
    private readonly clock: Clock,
  ) {}

  @Interval(EVERY_MS)
  async runRegularly(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      await this.run();
    } catch (error) {
      this.logger.warn({ err: error }, 'the sweep for unjudged results failed; it tries again');
    } finally {
      this.running = false;
    }
  }

  /** Judges what it finds. Several instances may do so at once: the log takes each conclusion once. */
  async run(graceMs = GRACE_MS): Promise<number> {
    let judged = 0;
    const before = new Date(this.clock.now().getTime() - graceMs);
    for (const { uuid, results } of await this.queries.findUnconcluded(before, BATCH)) {
      for (const meta of results.filter(({ conclusion }) => conclusion === null)) {
        const result = await this.personalData.findForProcessing(uuid, meta);
        if (result === null) continue;
        await this.sessions.conclude(uuid, meta.version, result);
        judged += 1;
      }
    }
    return judged;
  }
}
