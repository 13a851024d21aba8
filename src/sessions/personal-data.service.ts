import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { AuditQueries } from '../audit/audit-queries.service.ts';
import { Clock } from '../platform/clock.ts';
import { AppConfig } from '../platform/config/app-config.ts';
import { Problem } from '../platform/http/problem.ts';
import type { JsonObject } from '../results/json-text.ts';
import { normaliseResult } from '../results/normalise-result.ts';
import type { NormalisedResult } from '../results/normalised-result.ts';
import { readVendorBody } from '../results/vendor-body.ts';
import { EvidenceStore } from '../vault/evidence-store.service.ts';
import { Vault } from '../vault/vault.service.ts';
import { decideErase, decideView } from './session.decider.ts';
import { SessionQueries } from './session-queries.service.ts';
import { SessionsService } from './sessions.service.ts';
import type { SessionResult, SessionState } from './session-state.ts';

/** A blob without an entry was left by a lost race; a young one may still be on its way to its entry. */
const ORPHAN_AFTER_MS = 3_600_000;

/** Shows and erases what only the vault holds; nobody sees it without an entry that says so. */
@Injectable()
export class PersonalData {
  constructor(
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly entries: AuditQueries,
    private readonly vault: Vault,
    private readonly media: EvidenceStore,
    private readonly clock: Clock,
    private readonly config: AppConfig,
  ) {}

  /**
   * A result as the vendor delivered it, byte for byte.
   * @param version the latest if not given
   * @throws Problem SESSION_NOT_FOUND, RESULT_NOT_FOUND, PERSONAL_DATA_ERASED
   */
  async viewRaw(uuid: string, version: number | undefined, actor: Actor): Promise<Buffer> {
    const { raw } = await this.view(uuid, version, actor, 'RAW');
    return raw;
  }

  /** Like {@link viewRaw}, read into our own terms. */
  async viewNormalised(
    uuid: string,
    version: number | undefined,
    actor: Actor,
  ): Promise<{ meta: SessionResult; result: NormalisedResult }> {
    const { meta, raw } = await this.view(uuid, version, actor, 'NORMALISED');
    return { meta, result: normaliseResult(uuid, this.bodyOf(raw)) };
  }

  /**
   * The result as the vendor's own API would give it: the latest pulled one, byte for byte, or else the
   * callback without its envelope. Null if there is none or it was erased.
   */
  async findInVendorFormat(uuid: string, actor: Actor): Promise<Buffer | null> {
    const state = await this.queries.find(uuid);
    const meta = state?.results.find(({ version }) => version === state.latestPull) ?? state?.results.at(-1);
    const raw = meta === undefined ? null : await this.vault.find(meta.entryId);
    if (meta === undefined || raw === null) return null;
    await this.sessions.append(uuid, actor, () => decideView(meta.version, 'RAW'));
    return meta.source === 'PULL' ? raw : Buffer.from(JSON.stringify(this.bodyOf(raw)));
  }

  /** Reads a result for our own processing, which shows it to nobody. Null if it was erased. */
  async findForProcessing(uuid: string, meta: SessionResult): Promise<NormalisedResult | null> {
    const body = await this.findBody(meta);
    return body && normaliseResult(uuid, body);
  }

  /** Like {@link findForProcessing}, for many results of several sessions, by the id of their entry. */
  async findManyForProcessing(sessions: readonly SessionState[]): Promise<Map<string, NormalisedResult>> {
    const kept = sessions.flatMap(({ uuid, results }) => results.map(({ entryId }) => ({ uuid, entryId })));
    const raw = await this.vault.findMany(kept.map(({ entryId }) => entryId));
    return new Map(
      kept.flatMap(({ uuid, entryId }) => {
        const bytes = raw.get(entryId);
        return bytes === undefined ? [] : [[entryId, normaliseResult(uuid, this.bodyOf(bytes))]];
      }),
    );
  }

  /** The vendor's result without its envelope, for our own processing. Null if it was erased. */
  async findBody(meta: SessionResult): Promise<JsonObject | null> {
    const raw = await this.vault.find(meta.entryId);
    return raw && this.bodyOf(raw);
  }

  /**
   * Erases every result of a session with its media, and whatever people wrote about it, for good.
   * @throws Problem SESSION_NOT_FOUND, LEGAL_HOLD (with the time from which it may be done)
   */
  async erase(uuid: string, legalBasis: string, actor: Actor): Promise<SessionState> {
    const { evidence } = await this.queries.getOrThrow(uuid);
    const erasableAfter = latestOf(
      await this.vault.findErasableAfter(uuid),
      await this.media.findErasableAfter(evidence.archived.map(({ fileId }) => fileId)),
    );
    if (erasableAfter !== null && erasableAfter > this.clock.now()) {
      throw new Problem('LEGAL_HOLD', 'Ask again after the time in erasableAfter.', {
        members: { erasableAfter: erasableAfter.toISOString() },
      });
    }
    // The entry first: data that is gone without a trace would be worse than an entry whose erasure is repeated.
    const { state, own } = await this.sessions.append(uuid, actor, (before) =>
      decideErase(before, legalBasis),
    );
    const isBefore = ({ index, at }: { index: number; at: string }) =>
      own[0] === undefined ? at <= (state.erasedAt ?? '') : index < own[0].index;
    await this.vault.erase(await this.kept(uuid, isBefore));
    const media = state.evidence.archived.filter(({ entryIndex, archivedAt }) =>
      isBefore({ index: entryIndex, at: archivedAt }),
    );
    await this.media.erase(media.map(({ fileId }) => fileId));
    return state;
  }

  /**
   * What the vault keeps for a session, results and what people wrote alike. Only what came before the erasure:
   * a callback that was acknowledged meanwhile keeps its bytes.
   */
  private async kept(
    uuid: string,
    isBefore: (place: { index: number; at: string }) => boolean,
  ): Promise<string[]> {
    const blobs = await this.vault.list(uuid);
    const places = await this.entries.placesOf(blobs.map(({ entryId }) => entryId));
    const orphanedBefore = new Date(this.clock.now().getTime() - ORPHAN_AFTER_MS);
    return blobs
      .filter(({ entryId, createdAt }) => {
        const place = places.get(entryId);
        return place === undefined ? createdAt < orphanedBefore : isBefore(place);
      })
      .map(({ entryId }) => entryId);
  }

  private async view(
    uuid: string,
    version: number | undefined,
    actor: Actor,
    form: 'NORMALISED' | 'RAW',
  ): Promise<{ meta: SessionResult; raw: Buffer }> {
    const { results } = await this.queries.getOrThrow(uuid);
    const meta =
      version === undefined ? results.at(-1) : results.find((result) => result.version === version);
    if (meta === undefined) throw new Problem('RESULT_NOT_FOUND', 'See the versions in the session.');
    const raw = await this.vault.find(meta.entryId);
    if (raw === null)
      throw new Problem('PERSONAL_DATA_ERASED', 'The timeline says when and on what legal basis.');
    await this.sessions.append(uuid, actor, () => decideView(meta.version, form));
    return { meta, raw };
  }

  private bodyOf(raw: Buffer): JsonObject {
    const body = readVendorBody(raw, this.config.callback.dataKey);
    if (!body.ok) throw new Error(`a stored result can't be read any more: ${body.reason}`);
    return body.result;
  }
}

function latestOf(...times: readonly (Date | null)[]): Date | null {
  return times.reduce((latest, time) =>
    latest === null || (time !== null && time > latest) ? time : latest,
  );
}
