import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor, CurrentPerson } from '../access/actor.ts';
import { Clock } from '../platform/clock.ts';
import { PageQuery } from '../platform/http/page.dto.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { Closes } from './closes.service.ts';
import { Exceptions } from './exceptions.service.ts';
import {
  AssignExceptionRequest,
  CloseChannelQuery,
  CloseParams,
  CloseQuery,
  ExceptionParams,
  ExceptionsQuery,
  ResolveExceptionRequest,
} from './reconciliation-requests.dto.ts';
import {
  CloseResponse,
  ExceptionPage,
  ExceptionResponse,
  RunPage,
  RunResponse,
} from './reconciliation-responses.dto.ts';
import { toCloseResponse, toExceptionResponse, toRunResponse } from './reconciliation.mapper.ts';
import { ReconciliationTask } from './reconciliation.task.ts';

@ApiTags('Reconciliation')
@Controller('v1/reconciliation')
export class ReconciliationController {
  constructor(
    private readonly exceptions: Exceptions,
    private readonly closes: Closes,
    private readonly task: ReconciliationTask,
    private readonly clock: Clock,
  ) {}

  /** Lists exceptions: everything that needs attention or once did, newest first. */
  @Get('exceptions')
  @RequireScope('reconciliation:read')
  @ApiProblems('VALIDATION_FAILED')
  async listExceptions(@Query() { limit, cursor, ...filter }: ExceptionsQuery): Promise<ExceptionPage> {
    const page = await this.exceptions.page(filter, limit, cursor);
    const now = this.clock.now();
    return { ...page, items: page.items.map((state) => toExceptionResponse(state, now)) };
  }

  /**
   * Settles an open exception in a person's name.
   * @remarks It is not raised again for the same cause. An exception whose cause goes is resolved by itself.
   */
  @Post('exceptions/:id/resolution')
  @RequireScope('reconciliation:run')
  @ApiOnBehalfOf('required')
  @ApiProblems('VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'EXCEPTION_NOT_FOUND', 'EXCEPTION_NOT_OPEN')
  async resolveException(
    @Param() { id }: ExceptionParams,
    @Body() { resolutionCode, comment }: ResolveExceptionRequest,
    @CurrentPerson() person: Actor,
  ): Promise<ExceptionResponse> {
    const state = await this.exceptions.resolve(id, resolutionCode, comment, person);
    return toExceptionResponse(state, this.clock.now());
  }

  /**
   * Makes a person the owner of an open exception, or nobody.
   * @remarks Whoever may settle exceptions may assign them, to themselves or to others. The owner of today changes
   * nothing of who may settle it. When an exception is raised again after it was resolved, it has none.
   */
  @Post('exceptions/:id/assignment')
  @HttpCode(HttpStatus.OK)
  @RequireScope('reconciliation:run')
  @ApiOnBehalfOf('required')
  @ApiProblems('VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'EXCEPTION_NOT_FOUND', 'EXCEPTION_NOT_OPEN')
  async assignException(
    @Param() { id }: ExceptionParams,
    @Body() { owner }: AssignExceptionRequest,
    @CurrentPerson() person: Actor,
  ): Promise<ExceptionResponse> {
    return toExceptionResponse(await this.exceptions.assign(id, owner, person), this.clock.now());
  }

  /** Lists the runs of the reconciliation, newest first. */
  @Get('runs')
  @RequireScope('reconciliation:read')
  @ApiProblems('VALIDATION_FAILED')
  async listRuns(@Query() { limit, cursor }: PageQuery): Promise<RunPage> {
    const page = await this.task.runs(limit, cursor);
    return { ...page, items: page.items.map(toRunResponse) };
  }

  /**
   * Asks for a thorough run now.
   * @remarks Reconciliation runs about every second by itself; a run that was asked for looks at every open
   * exception as well. The list of runs shows what came of it.
   */
  @Post('runs')
  @HttpCode(HttpStatus.ACCEPTED)
  @RequireScope('reconciliation:run')
  @ApiOnBehalfOf('optional')
  async startRun(@CurrentActor() actor: Actor): Promise<RunResponse> {
    return toRunResponse(await this.task.request(actor));
  }

  /**
   * Shows whether every session of a day is accounted for.
   * @remarks The sessions behind a figure are listed with `figure`, page by page.
   */
  @Get('closes/:date')
  @RequireScope('reconciliation:read')
  @ApiProblems('VALIDATION_FAILED')
  async getClose(
    @Param() { date }: CloseParams,
    @Query() { channel, figure, limit, cursor }: CloseQuery,
  ): Promise<CloseResponse> {
    const close = await this.closes.get({ date, channel: channel ?? null });
    return toCloseResponse(close, figure && { figure, limit, cursor });
  }

  /**
   * Signs the figures of a day in a person's name; the totals go into the audit log.
   * @remarks Signing the same figures again changes nothing. Figures that have changed since may be signed anew.
   */
  @Post('closes/:date/signature')
  @RequireScope('reconciliation:run')
  @ApiOnBehalfOf('required')
  @ApiProblems('VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'CLOSE_PROVISIONAL', 'CLOSE_NOT_BALANCED')
  async signClose(
    @Param() { date }: CloseParams,
    @Query() { channel }: CloseChannelQuery,
    @CurrentPerson() person: Actor,
  ): Promise<CloseResponse> {
    return toCloseResponse(await this.closes.sign({ date, channel: channel ?? null }, person));
  }
}
