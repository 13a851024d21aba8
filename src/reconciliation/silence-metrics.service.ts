import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import type { Gauge } from 'prom-client';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import { Pace } from '../platform/metrics/pace.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { silenceOf, type SilencePolicy, usualWaitMs } from './silence.ts';

const LOOK_EVERY_MS = 5_000;
const LEARN_EVERY_MS = 60_000;
/** Newest sessions to learn from. */
const HISTORY = 2_000;

/** Shows when callbacks stay away. Every instance shows the same. */
@Injectable()
export class SilenceMetrics {
  private readonly logger = new Logger(SilenceMetrics.name);
  private readonly policy: SilencePolicy;
  private readonly usualSeconds: Gauge;
  private readonly late: Gauge;
  private readonly silentSeconds: Gauge;
  private readonly alarm: Gauge;
  private readonly pace = new Pace();
  private usualMs: number | null = null;

  constructor(
    config: AppConfig,
    metrics: Metrics,
    private readonly sessions: SessionQueries,
    private readonly entries: AuditQueries,
    private readonly clock: Clock,
  ) {
    this.policy = {
      floorMs: 60_000,
      ceilingMs: config.sessions.expectedWithinSeconds * 1_000,
      minSamples: 100,
      alarmFrom: 5,
    };
    this.usualSeconds = metrics.gauge({
      name: 'ekyc_callback_wait_usual_seconds',
      help: 'Within this time of its registration 99 of 100 sessions get their first callback; learnt from recent ones',
    });
    this.late = metrics.gauge({
      name: 'ekyc_sessions_without_callback',
      help: 'Registered sessions without any result for longer than is usual',
    });
    this.silentSeconds = metrics.gauge({
      name: 'ekyc_callback_silence_seconds',
      help: 'For how long no callback at all has come while sessions waited for one; 0 while none waits',
    });
    this.alarm = metrics.gauge({
      name: 'ekyc_callback_silence_alarm',
      help: '1 while sessions become late one after another and no callback comes for anybody',
    });
  }

  @Interval(LEARN_EVERY_MS)
  async learnRegularly(): Promise<void> {
    await this.orWarn(() => this.learn());
  }

  @Interval(LOOK_EVERY_MS)
  async lookRegularly(): Promise<void> {
    await this.orWarn(() => this.pace.run(() => this.look()));
  }

  private async learn(): Promise<number> {
    this.usualMs = usualWaitMs(await this.sessions.callbackWaitsMs(HISTORY), this.policy);
    this.usualSeconds.set(this.usualMs / 1_000);
    return this.usualMs;
  }

  private async look(): Promise<void> {
    const usualMs = this.usualMs ?? (await this.learn());
    const newest = await this.entries.newest('callback.received');
    const now = this.clock.now();
    const waiting = await this.sessions.waiting({
      registeredBefore: new Date(now.getTime() - usualMs),
      inARowFrom: new Date((newest === null ? 0 : Date.parse(newest.at)) - usualMs),
    });
    const { silentMs, alarm } = silenceOf(waiting, newest?.at ?? null, now, this.policy);
    this.late.set(waiting.late);
    this.silentSeconds.set(silentMs / 1_000);
    this.alarm.set(alarm ? 1 : 0);
  }

  private async orWarn(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn({ err: error }, 'late callbacks could not be counted; the metrics stay as they were');
    }
  }
}
