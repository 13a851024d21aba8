import { Body, Controller, Headers, HttpCode, HttpStatus, Ip, Post, Res, UseFilters } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBody, ApiConsumes, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OpenToAnyone } from '../access/access.ts';
import type { BodyRouteConfig } from '../platform/http/fastify.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { parseTokenRequest } from './token-request.ts';
import { NEVER_STORED, TokenRequestFilter } from './token-request.filter.ts';
import { VendorAuthentication } from './vendor-authentication.service.ts';
import { AccessTokenResponse, TokenErrorResponse, TokenRequestBody } from './vendor-token.dto.ts';

const TOKEN_REQUEST_LIMIT_BYTES = 8 * 1024;

@ApiTags('Vendor')
@Controller('v1/callbacks/fpt/token')
@UseFilters(TokenRequestFilter)
export class VendorTokenController {
  constructor(private readonly authentication: VendorAuthentication) {}

  /**
   * Issues a short-lived token for callbacks.
   * @remarks The vendor's setting "Dynamic Token": OAuth 2.0 client credentials, RFC 6749, as a form or JSON, the
   * credentials in the body or as HTTP Basic. Errors have OAuth's form, because an OAuth client reads them. Tokens
   * are good at every instance. Without CALLBACK_TOKEN_CLIENT_ID everybody is refused.
   */
  @Post()
  @HttpCode(HttpStatus.OK)
  @OpenToAnyone('the vendor proves itself here, by the client id and secret in the request')
  @RouteConfig({ rawBodyLimitBytes: TOKEN_REQUEST_LIMIT_BYTES } satisfies BodyRouteConfig)
  @ApiConsumes('application/x-www-form-urlencoded', 'application/json')
  @ApiBody({ type: TokenRequestBody })
  @ApiResponse({
    status: HttpStatus.BAD_REQUEST,
    description:
      '`invalid_request`: malformed, or without a grant type; `unsupported_grant_type`: not client_credentials',
    type: TokenErrorResponse,
  })
  @ApiResponse({
    status: HttpStatus.UNAUTHORIZED,
    description: '`invalid_client`: no or wrong credentials',
    type: TokenErrorResponse,
  })
  @ApiProblems('BODY_TOO_LARGE', 'TOO_MANY_REQUESTS')
  async issueCallbackToken(
    @Headers('authorization') authorization: string | undefined,
    @Body() body: Buffer | undefined,
    @Ip() address: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessTokenResponse> {
    const request = parseTokenRequest(authorization, body ?? Buffer.alloc(0));
    const { token, expiresInSeconds } = await this.authentication.issueToken(request, address);
    void reply.headers(NEVER_STORED);
    return { access_token: token, token_type: 'Bearer', expires_in: expiresInSeconds };
  }
}
