import { Body, Controller, Delete, Get, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor, CurrentPerson } from '../access/actor.ts';
import { toAuditEntryResponse } from '../audit/audit-entry.mapper.ts';
import { PageQuery } from '../platform/http/page.dto.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { PersonalData } from './personal-data.service.ts';
import { SessionQueries } from './session-queries.service.ts';
import {
  ErasePersonalDataRequest,
  RegisterSessionRequest,
  ResultQuery,
  SessionParams,
  SessionsQuery,
} from './session-requests.dto.ts';
import {
  ErasureResponse,
  ResultResponse,
  SessionPage,
  SessionResponse,
  TimelineResponse,
} from './session-responses.dto.ts';
import { toSessionResponse } from './session.mapper.ts';
import { SessionsService } from './sessions.service.ts';

@ApiTags('Sessions')
@Controller('v1/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly queries: SessionQueries,
    private readonly personalData: PersonalData,
  ) {}

  /**
   * Registers a session, so that its result is expected.
   * @remarks Repeating the same registration answers 200 and changes nothing.
   */
  @Post()
  @RequireScope('sessions:write')
  @ApiResponse({
    status: HttpStatus.OK,
    type: SessionResponse,
    description: 'The same registration was made before.',
  })
  @ApiResponse({ status: HttpStatus.CREATED, type: SessionResponse, description: 'Registered.' })
  @ApiProblems('VALIDATION_FAILED', 'SESSION_CONFLICT')
  async registerSession(
    @Body()
    { uuid, customerRef, channel, expectedWithinSeconds, expiresAfterSeconds }: RegisterSessionRequest,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    const registration = {
      customerRef: customerRef ?? null,
      channel: channel ?? null,
      expectedWithinSeconds: expectedWithinSeconds ?? null,
      expiresAfterSeconds: expiresAfterSeconds ?? null,
    };
    const { created, state } = await this.sessions.register(uuid, registration, actor);
    void reply.status(created ? HttpStatus.CREATED : HttpStatus.OK);
    return withETag(reply, toSessionResponse(state));
  }

  /** Lists sessions, newest first. */
  @Get()
  @RequireScope('sessions:read')
  @ApiProblems('VALIDATION_FAILED')
  async listSessions(@Query() { limit, cursor, ...filter }: SessionsQuery): Promise<SessionPage> {
    const page = await this.queries.list(filter, limit, cursor);
    return { ...page, items: page.items.map(toSessionResponse) };
  }

  /** Reads a session; the ETag is its version. */
  @Get(':uuid')
  @RequireScope('sessions:read')
  @ApiProblems('VALIDATION_FAILED', 'SESSION_NOT_FOUND')
  async getSession(
    @Param() { uuid }: SessionParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SessionResponse> {
    return withETag(reply, toSessionResponse(await this.queries.getOrThrow(uuid)));
  }

  /** Lists the audit entries of a session, oldest first. */
  @Get(':uuid/timeline')
  @RequireScope('sessions:read')
  @ApiProblems('VALIDATION_FAILED', 'SESSION_NOT_FOUND')
  async getTimeline(
    @Param() { uuid }: SessionParams,
    @Query() { limit, cursor }: PageQuery,
  ): Promise<TimelineResponse> {
    const page = await this.queries.timeline(uuid, limit, cursor);
    return { ...page, items: page.items.map(toAuditEntryResponse) };
  }

  /**
   * Reads a result in our own terms, with personal data.
   * @remarks Leaves an audit entry `personal_data.viewed` in the name of the caller.
   */
  @Get(':uuid/result')
  @RequireScope('results:read')
  @ApiOnBehalfOf('optional')
  @ApiProblems('VALIDATION_FAILED', 'SESSION_NOT_FOUND', 'RESULT_NOT_FOUND', 'PERSONAL_DATA_ERASED')
  async getResult(
    @Param() { uuid }: SessionParams,
    @Query() { version: wanted }: ResultQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ResultResponse> {
    const { meta, result } = await this.personalData.viewNormalised(uuid, wanted, actor);
    const { version, source, receivedAt } = meta;
    void reply.header('cache-control', 'no-store');
    return { uuid, version, source, receivedAt, result: { ...result } };
  }

  /**
   * Reads a result exactly as the vendor delivered it, byte for byte.
   * @remarks Leaves an audit entry `personal_data.viewed` in the name of the caller.
   */
  @Get(':uuid/result/raw')
  @RequireScope('results:read')
  @ApiOnBehalfOf('optional')
  @ApiProduces('application/json')
  @ApiResponse({
    status: HttpStatus.OK,
    description: "The vendor's bytes.",
    schema: {
      type: 'object',
      example: { uuid: 'a1b2c3d4', code: '200', face_match: { similarity: '95.2' } },
    },
  })
  @ApiProblems('VALIDATION_FAILED', 'SESSION_NOT_FOUND', 'RESULT_NOT_FOUND', 'PERSONAL_DATA_ERASED')
  async getRawResult(
    @Param() { uuid }: SessionParams,
    @Query() { version }: ResultQuery,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const raw = await this.personalData.viewRaw(uuid, version, actor);
    void reply.headers({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' });
    return raw;
  }

  /**
   * Erases the personal data of a session for good.
   * @remarks The audit log keeps that it was done, by whom and on what legal basis.
   */
  @Delete(':uuid/personal-data')
  @RequireScope('personal-data:erase')
  @ApiOnBehalfOf('required')
  @ApiProblems('VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'SESSION_NOT_FOUND', 'LEGAL_HOLD')
  async erasePersonalData(
    @Param() { uuid }: SessionParams,
    @Body() { legalBasis }: ErasePersonalDataRequest,
    @CurrentPerson() person: Actor,
  ): Promise<ErasureResponse> {
    const { erasedAt, updatedAt } = await this.personalData.erase(uuid, legalBasis, person);
    return { uuid, erasedAt: erasedAt ?? updatedAt };
  }
}

function withETag(reply: FastifyReply, session: SessionResponse): SessionResponse {
  void reply.header('etag', `"${session.version}"`);
  return session;
}
