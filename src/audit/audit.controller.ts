import { Controller, Get, Headers, Param, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { Problem } from '../platform/http/problem.ts';
import { AuditQueries } from './audit-queries.service.ts';
import { AuditEntriesQuery, AuditEntryPage, AuditEntryResponse, EntryIndexParams } from './audit.dto.ts';
import { toAuditEntryResponse } from './audit-entry.mapper.ts';

const LEAF_BYTES = 'application/octet-stream';

@ApiTags('Audit')
@Controller('v1/audit')
export class AuditController {
  constructor(private readonly queries: AuditQueries) {}

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
}

function entryNotFound(): Problem {
  return new Problem('ENTRY_NOT_FOUND', 'Ask for an index below the size of the log.');
}
