import { Readable } from 'node:stream';
import {
  Body,
  Controller,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Res,
  StreamableFile,
} from '@nestjs/common';
import { ApiExtraModels, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScope } from '../access/access.ts';
import { RuleSetParams } from '../conclusion-rules/rule-set-requests.dto.ts';
import { invalid } from '../platform/http/validation.ts';
import { whenGone } from '../platform/http/when-gone.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { SimulateRequest } from './simulation-requests.dto.ts';
import { SimulationLineResponse, SimulationResponse } from './simulation-responses.dto.ts';
import { toSimulationLines, toSimulationResponse } from './simulation.mapper.ts';
import { type SimulatedSessions, Simulations } from './simulations.service.ts';

const NDJSON = 'application/x-ndjson';

@ApiTags('Rules')
@Controller('v1/rule-sets/:version')
export class RuleImpactController {
  constructor(private readonly simulations: Simulations) {}

  /**
   * Shows what a rule set, draft or not, would have concluded on sessions of the past.
   * @remarks Give `uuids`, or `from` and `to`: sessions first seen in that time, newest first. Nothing is changed
   * and nothing personal is shown. After about 10 seconds it answers what it has, with `nextCursor` to go on. With
   * `Accept: application/x-ndjson` it goes on to the end and tells on lines of JSON how far it is, every session
   * that would change, and at last the whole; it ends when the caller goes away. An instance is at one simulation
   * at a time.
   */
  @Post('simulations')
  @HttpCode(HttpStatus.OK)
  @RequireScope('rules:read')
  @ApiExtraModels(SimulationResponse, SimulationLineResponse)
  @ApiResponse({
    status: HttpStatus.OK,
    description: 'What it found.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(SimulationResponse) } },
      [NDJSON]: { schema: { $ref: getSchemaPath(SimulationLineResponse) } },
    },
  })
  @ApiProblems('VALIDATION_FAILED', 'RULE_SET_NOT_FOUND')
  async simulateRuleSet(
    @Param() { version }: RuleSetParams,
    @Body() request: SimulateRequest,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SimulationResponse | StreamableFile> {
    const sessions = sessionsOf(request);
    if (!accept?.includes(NDJSON)) {
      return toSimulationResponse(version, await this.simulations.run(version, sessions));
    }
    const steps = await this.simulations.start(version, sessions, whenGone(reply));
    // Proxies that gather an answer before they pass it on would hide how far it is.
    void reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    return new StreamableFile(Readable.from(toSimulationLines(version, steps)), {
      type: `${NDJSON}; charset=utf-8`,
    });
  }
}

function sessionsOf({ uuids, from, to, cursor, limit }: SimulateRequest): SimulatedSessions {
  const hasRange = from !== undefined || to !== undefined;
  if (hasRange === (uuids !== undefined) || (uuids !== undefined && cursor !== undefined)) {
    throw invalid([{ path: 'uuids', message: 'must be given, or from and to instead' }]);
  }
  return uuids === undefined ? { from, to, cursor, limit } : { uuids };
}
