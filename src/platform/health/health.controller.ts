import { Controller, Get, HttpCode, HttpStatus, Res, ServiceUnavailableException } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { OpenToAnyone } from '../../access/access.ts';
import { LiveResponse, ReadyResponse } from './health.dto.ts';
import { ReadinessChecks } from './readiness.ts';

@ApiTags('Operations')
@Controller('health')
@OpenToAnyone('load balancers and orchestrators hold no key; it shows names of parts and nothing else')
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly readiness: ReadinessChecks,
  ) {}

  /** Tells that the process runs. */
  @Get('live')
  @HttpCode(HttpStatus.OK)
  getLive(): LiveResponse {
    return { status: 'ok' };
  }

  /**
   * Tells whether the service can take work, and if not, which part fails.
   * @remarks `degraded` is 200: the service works, but turns some of the work away. Taking it out of the load balancer
   * would leave its share to the others.
   */
  @Get('ready')
  @ApiResponse({
    status: HttpStatus.OK,
    type: ReadyResponse,
    description: 'Every part is well, or takes at least some work.',
  })
  @ApiResponse({
    status: HttpStatus.SERVICE_UNAVAILABLE,
    type: ReadyResponse,
    description: 'The parts in `error` fail.',
  })
  async getReady(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadyResponse> {
    const probes = this.readiness.all.map((part) => async () => {
      const indicator = this.indicators.check(part.name);
      try {
        await part.check();
        const impairment = part.impairment?.() ?? null;
        return impairment === null ? indicator.up() : indicator.degraded(impairment);
      } catch (error) {
        return indicator.down(error instanceof Error ? error.message : 'unknown fault');
      }
    });
    try {
      return (await this.health.check(probes)) as ReadyResponse;
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      void reply.status(HttpStatus.SERVICE_UNAVAILABLE);
      return error.getResponse() as ReadyResponse;
    }
  }
}
