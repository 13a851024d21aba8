import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { serveApiDescription } from '../openapi/openapi.ts';
import { AppConfig } from '../config/app-config.ts';
import { fastifyAdapter, limitArrival } from './fastify.ts';

/**
 * Builds the application around a root module, ready to listen.
 * @throws ConfigurationError or whatever keeps a module from starting; nothing runs half
 */
export async function createApp(rootModule: new () => object): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(rootModule, fastifyAdapter(), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(app.get(Logger));
  limitArrival(app.getHttpServer(), app.get(AppConfig).http.requestTimeoutMs);
  serveApiDescription(app);
  return app;
}
