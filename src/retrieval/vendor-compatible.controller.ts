import { Controller, Headers, HttpCode, HttpStatus, Post, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiHeader, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScopeByApiKeyHeader } from '../access/access.ts';
import { type Actor, CurrentActor } from '../access/actor.ts';
import { BODY_LIMIT_BYTES, type BodyRouteConfig } from '../platform/http/fastify.ts';
import { IgnoreUndeclaredInput } from '../platform/http/undeclared-input.guard.ts';
import { VendorFormatError } from '../platform/http/vendor-format.errors.ts';
import { CALLBACK_EXAMPLE } from '../results/callback.example.ts';
import { PersonalData } from '../sessions/personal-data.service.ts';

const MESSAGE = { type: 'object', properties: { message: { type: 'string' } } } as const;

/** The vendor's own API, served from what we hold: a client written against the vendor changes its base URL and works. */
@ApiTags('Vendor format')
@Controller('callback/get_result')
export class VendorCompatibleController {
  constructor(private readonly personalData: PersonalData) {}

  /**
   * Gives a session's result in the vendor's exact format.
   * @remarks The latest pulled result, or the callback's if none was pulled. Errors are the vendor's too. A body is
   * ignored, whatever it is. Leaves an audit entry `personal_data.viewed`.
   */
  @Post()
  @HttpCode(HttpStatus.OK)
  @RequireScopeByApiKeyHeader('results:read')
  @RouteConfig({ rawBodyLimitBytes: BODY_LIMIT_BYTES } satisfies BodyRouteConfig)
  @IgnoreUndeclaredInput()
  @ApiHeader({
    name: 'uuid',
    required: true,
    description: 'The client_uuid.',
    schema: { type: 'string', example: 'a1b2c3d4' },
  })
  @ApiResponse({
    status: HttpStatus.OK,
    description: "The vendor's bytes.",
    schema: { type: 'object', example: CALLBACK_EXAMPLE },
  })
  @ApiResponse({
    status: HttpStatus.FORBIDDEN,
    description: 'No key with results:read.',
    schema: { ...MESSAGE, example: { message: 'Forbidden' } },
  })
  @ApiResponse({
    status: HttpStatus.NOT_FOUND,
    description: 'No result.',
    schema: { ...MESSAGE, example: { message: 'Not found data with uuid' } },
  })
  async getVendorResult(
    @Headers('uuid') uuid: string | undefined,
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const result = uuid === undefined ? null : await this.personalData.findInVendorFormat(uuid, actor);
    if (result === null) throw new VendorFormatError(HttpStatus.NOT_FOUND, 'Not found data with uuid');
    void reply.headers({ 'cache-control': 'no-store', 'content-type': 'application/json; charset=utf-8' });
    return result;
  }
}
