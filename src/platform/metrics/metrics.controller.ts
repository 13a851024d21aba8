import { timingSafeEqual } from 'node:crypto';
import { Controller, Get, Headers, Res } from '@nestjs/common';
import { ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OpenToAnyone } from '../../access/access.ts';
import { AppConfig } from '../config/app-config.ts';
import { Problem } from '../http/problem.ts';
import { ApiProblems } from '../openapi/api-problems.ts';
import { Metrics } from './metrics.service.ts';

@ApiTags('Operations')
@Controller('metrics')
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly config: AppConfig,
  ) {}

  /**
   * Metrics in the Prometheus text format.
   * @remarks Demands `authorization: Bearer <METRICS_TOKEN>` where that variable is set.
   */
  @Get()
  @OpenToAnyone('a scraper reaches it through the network only; METRICS_TOKEN closes it')
  @ApiProduces('text/plain')
  @ApiProblems('UNAUTHENTICATED')
  async getMetrics(
    @Headers('authorization') authorization: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { metricsToken } = this.config.access;
    if (metricsToken !== null && !sameText(authorization ?? '', `Bearer ${metricsToken}`)) {
      throw new Problem('UNAUTHENTICATED', 'Send the header authorization: Bearer <METRICS_TOKEN>.');
    }
    const { contentType, text } = await this.metrics.render();
    void reply.header('content-type', contentType);
    return text;
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
