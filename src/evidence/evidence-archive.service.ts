import { Injectable, Logger } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { SYSTEM_ACTOR } from '../access/actor.ts';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import { AppConfig, type EvidencePolicy } from '../platform/config/app-config.ts';
import { Clock } from '../platform/clock.ts';
import { Metrics } from '../platform/metrics/metrics.service.ts';
import type { EvidenceKind } from '../results/normalised-result.ts';
import { type ArchivedData, evidenceDue, missingEvidence } from '../sessions/evidence-state.ts';
import { PersonalData } from '../sessions/personal-data.service.ts';
import { decideArchiveEvidence, decideEvidenceFailed } from '../sessions/session.decider.ts';
import { SessionQueries } from '../sessions/session-queries.service.ts';
import { SESSION } from '../sessions/session.stream.ts';
import { SessionsService } from '../sessions/sessions.service.ts';
import { EvidenceStore, type StoredMedia, type UnsettledMedia } from '../vault/evidence-store.service.ts';
import { MediaClient, type MediaFailure } from './media-client.service.ts';

/** `NO_ADDRESS`: the result can't be read any more. `FAILED`: a fault of ours, told in the logs. */
type ArchiveOutcome = 'ARCHIVED' | MediaFailure | 'NO_ADDRESS' | 'FAILED';

/** Entries that are read at once when a file is looked for in the log. */
const ENTRIES_PAGE = 200;

/**
 * Brings the media of pulled results into the vault and what became of it into the log. Only a pulled result's
 * addresses are followed: it came from the vendor itself, while anybody with the callback's token could have us
 * fetch what he likes and keep it as evidence.
 */
@Injectable()
export class EvidenceArchive {
  private readonly logger = new Logger(EvidenceArchive.name);
  private readonly policy: EvidencePolicy | null;
  private readonly fetches: Counter<'kind' | 'outcome'>;

  constructor(
    config: AppConfig,
    private readonly client: MediaClient,
    private readonly store: EvidenceStore,
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly personalData: PersonalData,
    private readonly entries: AuditQueries,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    this.policy = config.evidence;
    this.fetches = metrics.counter({
      name: 'ekyc_evidence_fetches_total',
      help: 'Attempts to archive a picture or video, by kind and what they came to',
      labelNames: ['kind', 'outcome'],
    });
  }

  /**
   * Makes one attempt at the media that a session misses, if one is due; it leaves an entry for each that was
   * archived, and one for all that were not.
   * @param signal ends the attempt without a trace, so that it can be made again
   * @throws the reason of `signal`, or what the log throws
   */
  async archive(uuid: string, signal: AbortSignal): Promise<void> {
    const { evidence, results } = await this.queries.getOrThrow(uuid);
    const { wanted } = evidence;
    const due = evidenceDue(uuid, evidence, this.policy);
    // Another instance may have been at it since somebody found it to be due.
    if (wanted === null || due === null || due > this.clock.now()) return;

    const meta = results.find(({ version }) => version === wanted.version);
    const result = meta === undefined ? null : await this.personalData.findForProcessing(uuid, meta);
    const outcomes: Partial<Record<EvidenceKind, string>> = {};
    for (const kind of missingEvidence(evidence)) {
      const address = result?.resources[kind] ?? null;
      const outcome = await this.archiveOne({ uuid, kind, version: wanted.version, address }, signal);
      this.fetches.inc({ kind, outcome });
      if (outcome !== 'ARCHIVED') outcomes[kind] = outcome;
    }
    if (Object.keys(outcomes).length === 0) return;
    this.logger.warn({ uuid, ...outcomes }, 'media could not be archived');
    await this.sessions.append(uuid, SYSTEM_ACTOR, (state) =>
      decideEvidenceFailed(state, { version: wanted.version, outcomes }),
    );
  }

  /**
   * Removes files that were begun before `before` and that no entry refers to.
   * @returns how many
   */
  async collectOrphans(before: Date, limit: number): Promise<number> {
    let removed = 0;
    for (const media of await this.store.findUnsettled(before, limit)) {
      const isEvidence = await this.isInLog(media);
      if (!isEvidence) {
        await this.store.erase([media.fileId]);
        removed += 1;
      }
      await this.store.settle(media.fileId);
    }
    if (removed > 0) this.logger.log({ removed }, 'removed files that nothing refers to');
    return removed;
  }

  private async archiveOne(
    wanted: { uuid: string; kind: EvidenceKind; version: number; address: string | null },
    signal: AbortSignal,
  ): Promise<ArchiveOutcome> {
    const { uuid, kind, version, address } = wanted;
    if (address === null) return 'NO_ADDRESS';
    try {
      const fetched = await this.client.fetch(
        address,
        kind,
        (bytes) => this.store.put(uuid, kind, bytes),
        signal,
      );
      if (fetched.outcome !== 'FETCHED') return fetched.outcome;
      const { taken, mediaType } = fetched;
      await this.record(uuid, { kind, version, mediaType, ...taken }, taken);
      return 'ARCHIVED';
    } catch (error) {
      signal.throwIfAborted();
      this.logger.error({ err: error, uuid, kind }, 'media could not be kept');
      return 'FAILED';
    }
  }

  /** The entry makes the file evidence. Without one, the file goes at once; where that is unknown, later. */
  private async record(uuid: string, data: ArchivedData, { fileId }: StoredMedia): Promise<void> {
    const { own } = await this.sessions.append(uuid, SYSTEM_ACTOR, (state) =>
      decideArchiveEvidence(state, data),
    );
    if (own.length === 0) await this.store.erase([fileId]);
    await this.store.settle(fileId);
  }

  /** Asks the log itself: a projection that lags behind must not cost evidence. */
  private async isInLog({ fileId, session }: UnsettledMedia): Promise<boolean> {
    const about = { subject: session, subjectType: SESSION, action: 'evidence.archived' } as const;
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Awaited<ReturnType<AuditQueries['page']>> = await this.entries.page(
        about,
        ENTRIES_PAGE,
        cursor || undefined,
      );
      if (page.items.some(({ data }) => data['fileId'] === fileId)) return true;
      cursor = page.nextCursor;
    }
    return false;
  }
}
