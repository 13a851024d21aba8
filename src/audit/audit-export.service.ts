import { Injectable } from '@nestjs/common';
import type { Actor } from '../access/actor.ts';
import { AuditLogRepository } from './audit-log.repository.ts';
import { AuditLog } from './audit-log.service.ts';
import { AuditQueries } from './audit-queries.service.ts';
import { decodeLeaf } from './format/leaf.ts';
import type { Stream } from './stream.ts';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportRange {
  /** Earliest time, included. */
  readonly from?: Date | undefined;
  /** Latest time, excluded. */
  readonly to?: Date | undefined;
}

const CHUNK = 500;

/** Exports have no state; each leaves one entry about the log itself. */
const LOG: Stream<null> = { subjectType: 'log', stateless: true, initial: () => null, evolve: () => null };

/** Hands the log out. Every export is itself an entry, which it does not contain. */
@Injectable()
export class AuditExport {
  constructor(
    private readonly log: AuditLog,
    private readonly entries: AuditLogRepository,
    private readonly queries: AuditQueries,
  ) {}

  /**
   * Fixes what the export holds and records it, then gives its bytes piece by piece, as fast as they are taken.
   * ndjson lines are the leaf bytes verbatim; csv is for people.
   */
  async open({ from, to }: ExportRange, format: ExportFormat, actor: Actor): Promise<AsyncIterable<Buffer>> {
    const first = await this.queries.firstIndexAt(from);
    const until = await this.queries.endIndexAt(to);
    await this.log.append({
      stream: LOG,
      subjectId: 'audit',
      actor,
      decide: () => [{ action: 'audit.exported', data: { format, from: first, until } }],
      answer: () => undefined,
    });
    return format === 'ndjson' ? this.ndjson(first, until) : this.csv(first, until);
  }

  private async *ndjson(from: number, until: number): AsyncGenerator<Buffer> {
    for await (const entries of this.chunks(from, until)) {
      yield Buffer.concat(entries.flatMap(({ leaf }) => [leaf, NEW_LINE]));
    }
  }

  private async *csv(from: number, until: number): AsyncGenerator<Buffer> {
    yield Buffer.from(`${COLUMNS.join(',')}\r\n`);
    for await (const entries of this.chunks(from, until)) {
      yield Buffer.from(entries.map(({ index, leaf }) => rowOf(index, leaf)).join(''));
    }
  }

  private async *chunks(from: number, until: number): AsyncGenerator<{ index: number; leaf: Buffer }[]> {
    for (let index = from; index < until; index += CHUNK) {
      yield await this.entries.readLeaves(index, Math.min(CHUNK, until - index));
    }
  }
}

const NEW_LINE = Buffer.from('\n');
const COLUMNS = [
  'index',
  'id',
  'at',
  'action',
  'subjectType',
  'subjectId',
  'actorType',
  'actorId',
  'via',
  'data',
];

function rowOf(index: number, leaf: Buffer): string {
  const { id, at, action, subject, actor, data } = decodeLeaf(leaf);
  const cells = [
    String(index),
    id,
    at,
    action,
    subject.type,
    subject.id,
    actor.type,
    actor.id,
    actor.via ?? '',
    JSON.stringify(data),
  ];
  return `${cells.map(cellOf).join(',')}\r\n`;
}

/** RFC 4180. A cell that a spreadsheet would run as a formula is kept from it by an apostrophe. */
function cellOf(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
