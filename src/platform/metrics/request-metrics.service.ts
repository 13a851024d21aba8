import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Histogram } from 'prom-client';
import { Metrics } from './metrics.service.ts';

const QUIET = new Set(['/health/live', '/health/ready', '/metrics']);

/** Counts, times and logs every answered request by its route; addresses may hold what must not be kept. */
@Injectable()
export class RequestMetrics implements OnModuleInit {
  private readonly logger = new Logger('HTTP');
  private readonly seconds: Histogram<'method' | 'route' | 'status'>;

  constructor(
    private readonly adapterHost: HttpAdapterHost,
    metrics: Metrics,
  ) {
    this.seconds = metrics.histogram({
      name: 'ekyc_http_request_seconds',
      help: 'Time to answer a request, by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    });
  }

  onModuleInit(): void {
    const fastify = this.adapterHost.httpAdapter.getInstance<FastifyInstance>();
    fastify.addHook('onResponse', (request, reply, done) => {
      this.observe(request, reply);
      done();
    });
  }

  private observe(request: FastifyRequest, reply: FastifyReply): void {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const { method } = request;
    const status = reply.statusCode;
    this.seconds.observe({ method, route, status }, reply.elapsedTime / 1000);
    if (QUIET.has(route)) return;
    const line = { method, route, status, ms: Math.round(reply.elapsedTime), correlationId: request.id };
    if (status >= 500) this.logger.warn(line, 'answered');
    else this.logger.log(line, 'answered');
  }
}
