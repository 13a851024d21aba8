import { Readable } from 'node:stream';
import { Controller, Get, Headers, HttpStatus, Param, Res, StreamableFile } from '@nestjs/common';
import { ApiHeader, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { Problem } from '../platform/http/problem.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { wantedBytes } from './byte-range.ts';
import { EvidenceParams } from './evidence.dto.ts';
import { EvidenceViews } from './evidence-views.service.ts';
import { fileNameOf, MEDIA_TYPES } from './media-type.ts';

const BYTES = { type: 'string', format: 'binary' } as const;

@ApiTags('Sessions')
@Controller('v1/sessions/:uuid/evidence')
export class EvidenceController {
  constructor(private readonly views: EvidenceViews) {}

  /**
   * Reads a picture of the document or the video of the face, as the vendor gave it.
   * @remarks Of the latest pulled result. Takes a range of bytes. Every answer with bytes leaves an audit entry
   * `personal_data.viewed` in the name of the caller. The ETag is the SHA-256 of the whole.
   */
  @Get(':kind')
  @RequireScope('results:read')
  @ApiOnBehalfOf('optional')
  @ApiHeader({
    name: 'range',
    required: false,
    description: 'One range of bytes (RFC 9110); several are answered with the whole.',
    schema: { type: 'string', example: 'bytes=0-1048575' },
  })
  @ApiHeader({
    name: 'if-range',
    required: false,
    description: 'ETag under which the range was begun; if it is another now, the answer is the whole.',
    schema: {
      type: 'string',
      example: '"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"',
    },
  })
  @ApiProduces(...MEDIA_TYPES)
  @ApiResponse({ status: HttpStatus.OK, description: 'The whole.', schema: BYTES })
  @ApiResponse({ status: HttpStatus.PARTIAL_CONTENT, description: 'The range.', schema: BYTES })
  @ApiProblems(
    'VALIDATION_FAILED',
    'SESSION_NOT_FOUND',
    'EVIDENCE_NOT_FOUND',
    'PERSONAL_DATA_ERASED',
    'RANGE_NOT_SATISFIABLE',
  )
  async getEvidence(
    @Param() { uuid, kind }: EvidenceParams,
    @Headers('range') rangeHeader: string | undefined,
    @Headers('if-range') ifRange: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<StreamableFile> {
    const evidence = await this.views.getOrThrow(uuid, kind);
    const { bytes: size, sha256, mediaType } = evidence;
    const etag = `"${sha256}"`;
    const wanted = wantedBytes(ifRange === undefined || ifRange === etag ? rangeHeader : undefined, size);
    if (wanted === 'UNSATISFIABLE') {
      void reply.header('content-range', `bytes */${size}`);
      throw new Problem('RANGE_NOT_SATISFIABLE', 'The header content-range says how many bytes there are.');
    }
    const range = wanted === 'WHOLE' ? { start: 0, end: size - 1 } : wanted;
    const bytes = await this.views.view(uuid, evidence, range, actor);
    void reply.headers({
      'accept-ranges': 'bytes',
      'cache-control': 'no-store',
      etag,
      // What a vendor's camera took is never to be run as a page of ours.
      'x-content-type-options': 'nosniff',
    });
    if (wanted !== 'WHOLE') {
      void reply.status(HttpStatus.PARTIAL_CONTENT);
      void reply.header('content-range', `bytes ${range.start}-${range.end}/${size}`);
    }
    return new StreamableFile(Readable.from(bytes), {
      type: mediaType,
      disposition: `attachment; filename="${fileNameOf(kind, mediaType)}"`,
      length: range.end - range.start + 1,
    });
  }
}
