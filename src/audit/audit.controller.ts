import { Readable } from 'node:stream';
import { Controller, Get, Headers, Param, Query, Res, StreamableFile } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { invalid } from '../platform/http/validation.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { Problem } from '../platform/http/problem.ts';
import { AuditQueries } from './audit-queries.service.ts';
import {
  AuditEntriesQuery,
  AuditEntryPage,
  AuditEntryResponse,
  ConsistencyQuery,
  ConsistencyResponse,
  EntryIndexParams,
  ExportQuery,
} from './audit.dto.ts';
import { AuditExport } from './audit-export.service.ts';
import { CheckpointQueries } from './checkpoint-queries.service.ts';
import { toAuditEntryResponse } from './audit-entry.mapper.ts';

const LEAF_BYTES = 'application/octet-stream';

@ApiTags('Audit')
@Controller('v1/audit')
export class AuditController {
  constructor(
    private readonly queries: AuditQueries,
    private readonly checkpoints: CheckpointQueries,
    private readonly exports: AuditExport,
  ) {}

  /**
   * Lists audit entries, oldest first.
   * @remarks All given conditions hold together.
   */
  @Get('entries')
  @RequireScope('audit:read')
  @ApiProblems('VALIDATION_FAILED')
  async listEntries(@Query() query: AuditEntriesQuery): Promise<AuditEntryPage> {
    const { limit, cursor, ...filter } = query;
    const page = await this.queries.page(filter, limit, cursor);
    return { ...page, items: page.items.map(toAuditEntryResponse) };
  }

  /**
   * Reads one entry.
   * @remarks With `Accept: application/octet-stream` the answer is the leaf: the exact bytes that are hashed.
   */
  @Get('entries/:index')
  @RequireScope('audit:read')
  @ApiProduces('application/json', LEAF_BYTES)
  @ApiProblems('VALIDATION_FAILED', 'ENTRY_NOT_FOUND')
  async getEntry(
    @Param() { index }: EntryIndexParams,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditEntryResponse> {
    if (accept?.includes(LEAF_BYTES)) {
      const leaf = await this.queries.findLeaf(Number(index));
      if (leaf === null) throw entryNotFound();
      void reply.header('content-type', LEAF_BYTES);
      return leaf as unknown as AuditEntryResponse;
    }
    const entry = await this.queries.findEntry(Number(index));
    if (entry === null) throw entryNotFound();
    return toAuditEntryResponse(entry);
  }

  /**
   * A receipt (C2SP tlog-proof) that proves offline, with the log's public key alone, that the entry is in the log.
   * @remarks 409 until a checkpoint covers the entry, which takes about a second.
   */
  @Get('entries/:index/proof')
  @RequireScope('audit:read')
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, description: 'The receipt.', schema: { type: 'string' } })
  @ApiProblems('VALIDATION_FAILED', 'ENTRY_NOT_FOUND', 'NOT_YET_SEALED')
  async getProof(
    @Param() { index }: EntryIndexParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const receipt = await this.checkpoints.receipt(Number(index));
    void reply.header('content-type', 'text/plain; charset=utf-8');
    return receipt;
  }

  /** Proves that the log of a later size extends the one of an earlier size: nothing was changed or taken out. */
  @Get('consistency')
  @RequireScope('audit:read')
  @ApiProblems('VALIDATION_FAILED', 'NOT_YET_SEALED')
  async getConsistency(@Query() { from, to }: ConsistencyQuery): Promise<ConsistencyResponse> {
    if (from > to) throw invalid([{ path: 'from', message: 'must not be greater than to' }]);
    const proof = await this.checkpoints.consistency(from, to);
    return { proof: proof.map((hash) => hash.toString('base64')) };
  }

  /**
   * Exports entries as a stream.
   * @remarks `ndjson` lines are the leaf bytes verbatim, so that hashes can be checked; `csv` is for people. Each
   * export leaves an audit entry.
   */
  @Get('export')
  @RequireScope('audit:read')
  @ApiOnBehalfOf('optional')
  @ApiProduces('application/x-ndjson', 'text/csv')
  @ApiResponse({ status: 200, description: 'The entries, oldest first.', schema: { type: 'string' } })
  @ApiProblems('VALIDATION_FAILED')
  async exportEntries(
    @Query() { format, ...range }: ExportQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const bytes = await this.exports.open(range, format, actor);
    void reply.header('cache-control', 'no-store');
    return new StreamableFile(Readable.from(bytes), {
      type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8',
      disposition: `attachment; filename="audit.${format}"`,
    });
  }
}

function entryNotFound(): Problem {
  return new Problem('ENTRY_NOT_FOUND', 'Ask for an index below the size of the log.');
}
