import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { Problem } from '../platform/http/problem.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { CheckpointQueries } from './checkpoint-queries.service.ts';

const IMMUTABLE = 'private, max-age=31536000, immutable';

/** The log in the C2SP formats signed-note, tlog-checkpoint and tlog-tiles, for any verifier that speaks them. */
@ApiTags('Audit')
@Controller('tlog')
export class TlogController {
  constructor(private readonly queries: CheckpointQueries) {}

  /** The latest signed checkpoint. */
  @Get('checkpoint')
  @RequireScope('audit:read')
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, description: 'A signed note.', schema: { type: 'string' } })
  @ApiProblems('NOT_YET_SEALED')
  async getCheckpoint(@Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const note = await this.queries.findNote();
    if (note === null)
      throw new Problem('NOT_YET_SEALED', 'Ask again in a second.', { retryAfterSeconds: 1 });
    void reply.headers({ 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' });
    return note;
  }

  /**
   * A tile of hashes or a bundle of entries.
   * @remarks `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`. What is once served never changes.
   */
  @Get('tile/*')
  @RequireScope('audit:read')
  @ApiParam({
    name: '*',
    description: 'Level and index, with the width of a partial tile',
    example: '0/x001/234.p/7',
  })
  @ApiProduces('application/octet-stream')
  @ApiResponse({
    status: 200,
    description: 'Hashes of 32 bytes, or entries after their length in two bytes.',
    schema: { type: 'string', format: 'binary' },
  })
  @ApiProblems('NOT_FOUND')
  async getTile(@Param('*') path: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<Buffer> {
    const tile = await this.queries.findTile(`tile/${path}`);
    if (tile === null) throw new Problem('NOT_FOUND', 'No checkpoint covers such a tile.');
    void reply.headers({ 'content-type': 'application/octet-stream', 'cache-control': IMMUTABLE });
    return tile;
  }
}
