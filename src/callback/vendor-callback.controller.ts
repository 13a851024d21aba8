import { Body, Controller, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { VendorOnly } from '../access/access.ts';
import type { BodyRouteConfig } from '../platform/http/fastify.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { ReceiptResponse } from './callback.dto.ts';
import { CallbackService } from './callback.service.ts';
import { CALLBACK_EXAMPLE } from '../results/callback.example.ts';

const CALLBACK_LIMIT_BYTES = 4 * 1024 * 1024;

/** Marks the route whose caller is authenticated before its body is read. */
export interface CallbackRouteConfig extends BodyRouteConfig {
  readonly vendorCallback: true;
}

@ApiTags('Vendor')
@Controller('v1/callbacks/fpt')
export class VendorCallbackController {
  constructor(private readonly callbacks: CallbackService) {}

  /**
   * Takes a result that the vendor pushes.
   * @remarks Authenticated by the fixed token in the header CALLBACK_AUTH_HEADER or, with Dynamic Token, by
   * `Authorization: Bearer` and a token of `POST /v1/callbacks/fpt/token`. Any or no content type; the result stands
   * bare or under CALLBACK_DATA_KEY. 200 is sent only after the delivery is durable. Repeating a delivery is safe and
   * changes nothing. Not rate-limited; when the service is overloaded it answers 503 and the vendor sends again.
   */
  @Post()
  @HttpCode(HttpStatus.OK)
  @VendorOnly()
  @RouteConfig({
    vendorCallback: true,
    rawBodyLimitBytes: CALLBACK_LIMIT_BYTES,
  } satisfies CallbackRouteConfig)
  @ApiBody({ schema: { type: 'object', example: CALLBACK_EXAMPLE }, description: "The vendor's result." })
  @ApiProblems('UNAUTHENTICATED', 'BODY_TOO_LARGE', 'CALLBACK_QUARANTINED', 'TOO_MANY_REQUESTS')
  @ApiProblems('OVERLOADED', 'DATABASE_UNAVAILABLE', 'CLOCK_BACKWARDS')
  receiveCallback(@Body() body: Buffer | undefined): Promise<ReceiptResponse> {
    return this.callbacks.receive(body ?? Buffer.alloc(0));
  }
}
