import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { RuleSetParams } from '../conclusion-rules/rule-set-requests.dto.ts';
import { invalid } from '../platform/http/validation.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { SimulateRequest } from './simulation-requests.dto.ts';
import { SimulationResponse } from './simulation-responses.dto.ts';
import { toSimulationResponse } from './simulation.mapper.ts';
import { type SimulatedSessions, Simulations } from './simulations.service.ts';

@ApiTags('Rules')
@Controller('v1/rule-sets/:version')
export class RuleImpactController {
  constructor(private readonly simulations: Simulations) {}

  /**
   * Shows what a rule set, draft or not, would have concluded on sessions of the past.
   * @remarks Give `uuids`, or `from` and `to`: sessions first seen in that time, newest first. Nothing is changed
   * and nothing personal is shown. After about 10 seconds it answers what it has, with `nextCursor` to go on.
   */
  @Post('simulations')
  @HttpCode(HttpStatus.OK)
  @RequireScope('rules:read')
  @ApiProblems('VALIDATION_FAILED', 'RULE_SET_NOT_FOUND')
  async simulateRuleSet(
    @Param() { version }: RuleSetParams,
    @Body() request: SimulateRequest,
  ): Promise<SimulationResponse> {
    return toSimulationResponse(version, await this.simulations.run(version, sessionsOf(request)));
  }
}

function sessionsOf({ uuids, from, to, cursor, limit }: SimulateRequest): SimulatedSessions {
  const hasRange = from !== undefined || to !== undefined;
  if (hasRange === (uuids !== undefined) || (uuids !== undefined && cursor !== undefined)) {
    throw invalid([{ path: 'uuids', message: 'must be given, or from and to instead' }]);
  }
  return uuids === undefined ? { from, to, cursor, limit } : { uuids };
}
