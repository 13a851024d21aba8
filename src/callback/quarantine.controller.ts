import { Body, Controller, Get, HttpCode, HttpStatus, Param, Post, Query, Res } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor, CurrentPerson } from '../access/actor.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { QuarantineDesk } from './quarantine-desk.service.ts';
import { toQuarantinedDeliveryResponse } from './quarantine.mapper.ts';
import { DismissDeliveryRequest, QuarantineParams, QuarantineQuery } from './quarantine-requests.dto.ts';
import { QuarantinedDeliveryResponse, QuarantinePage } from './quarantine-responses.dto.ts';

@ApiTags('Quarantine')
@Controller('v1/quarantine')
export class QuarantineController {
  constructor(private readonly desk: QuarantineDesk) {}

  /** Lists deliveries that came with a valid token and could not be used, newest first. */
  @Get()
  @RequireScope('reconciliation:read')
  @ApiProblems('VALIDATION_FAILED')
  async listQuarantinedDeliveries(
    @Query() { limit, cursor, ...filter }: QuarantineQuery,
  ): Promise<QuarantinePage> {
    const page = await this.desk.page(filter, limit, cursor);
    return { ...page, items: page.items.map(toQuarantinedDeliveryResponse) };
  }

  /** Reads what is known of a quarantined delivery, without its content. */
  @Get(':receiptId')
  @RequireScope('reconciliation:read')
  @ApiProblems('VALIDATION_FAILED', 'DELIVERY_NOT_FOUND')
  async getQuarantinedDelivery(
    @Param() { receiptId }: QuarantineParams,
  ): Promise<QuarantinedDeliveryResponse> {
    return toQuarantinedDeliveryResponse(await this.desk.getOrThrow(receiptId));
  }

  /**
   * Reads the body of a quarantined delivery exactly as it came, byte for byte.
   * @remarks Leaves an audit entry `personal_data.viewed` in the name of the caller. A delivery that was too large
   * has no bytes, and those of a replayed one lie with its session.
   */
  @Get(':receiptId/raw')
  @RequireScope('results:read')
  @ApiOnBehalfOf('optional')
  @ApiProduces('application/octet-stream')
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'The bytes, whatever they are.',
    schema: { type: 'string', format: 'binary' },
  })
  @ApiProblems('VALIDATION_FAILED', 'DELIVERY_NOT_FOUND', 'DELIVERY_NOT_KEPT')
  async getRawDelivery(
    @Param() { receiptId }: QuarantineParams,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const raw = await this.desk.viewRaw(receiptId, actor);
    void reply.headers({
      'cache-control': 'no-store',
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${receiptId}"`,
      // Nobody knows what these bytes are; no browser is to guess.
      'x-content-type-options': 'nosniff',
    });
    return raw;
  }

  /**
   * Reads a quarantined delivery again with today's reader and settings, in a person's name.
   * @remarks If it can be used now, it becomes a result of its session as if the vendor had just sent it, and the
   * exception about it is resolved. If not, it stays in quarantine. Repeating it changes nothing.
   */
  @Post(':receiptId/replays')
  @HttpCode(HttpStatus.OK)
  @RequireScope('reconciliation:run')
  @ApiOnBehalfOf('required')
  @ApiProblems(
    ...(['VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'DELIVERY_NOT_FOUND', 'DELIVERY_NOT_KEPT'] as const),
    ...(['CALLBACK_QUARANTINED', 'OVERLOADED', 'DATABASE_UNAVAILABLE'] as const),
  )
  async replayDelivery(
    @Param() { receiptId }: QuarantineParams,
    @CurrentPerson() person: Actor,
  ): Promise<QuarantinedDeliveryResponse> {
    return toQuarantinedDeliveryResponse(await this.desk.replay(receiptId, person));
  }

  /**
   * Takes a delivery that is of no use off the list of those that wait, in a person's name.
   * @remarks Its bytes stay, and it may still be replayed. The exception about it is resolved.
   */
  @Post(':receiptId/dismissal')
  @HttpCode(HttpStatus.OK)
  @RequireScope('reconciliation:run')
  @ApiOnBehalfOf('required')
  @ApiProblems('VALIDATION_FAILED', 'ON_BEHALF_OF_REQUIRED', 'DELIVERY_NOT_FOUND', 'DELIVERY_REPLAYED')
  async dismissDelivery(
    @Param() { receiptId }: QuarantineParams,
    @Body() { reasonCode }: DismissDeliveryRequest,
    @CurrentPerson() person: Actor,
  ): Promise<QuarantinedDeliveryResponse> {
    return toQuarantinedDeliveryResponse(await this.desk.dismiss(receiptId, reasonCode, person));
  }
}
