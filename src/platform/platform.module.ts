import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import { ScheduleModule } from '@nestjs/schedule';
import { LoggerModule } from 'nestjs-pino';
import { Clock, SystemClock } from './clock.ts';
import { AppConfig } from './config/app-config.ts';
import { ConfigModule } from './config/config.module.ts';
import { HealthModule } from './health/health.module.ts';
import { ProblemFilter } from './http/problem.filter.ts';
import { UndeclaredInputGuard } from './http/undeclared-input.guard.ts';
import { validationPipe } from './http/validation.ts';
import { LeasesModule } from './leases/leases.module.ts';
import { loggerOptions } from './logging/logger-options.ts';
import { MetricsController } from './metrics/metrics.controller.ts';
import { Metrics } from './metrics/metrics.service.ts';
import { RequestMetrics } from './metrics/request-metrics.service.ts';
import { MongoModule } from './mongo/mongo.module.ts';

/** What every other module stands on: configuration, database, HTTP manners, health, metrics, logging. */
@Global()
@Module({
  imports: [
    ConfigModule,
    LoggerModule.forRootAsync({
      useFactory: (config: AppConfig) => loggerOptions(config.logLevel),
      inject: [AppConfig],
    }),
    ScheduleModule.forRoot(),
    MongoModule,
    HealthModule,
    LeasesModule,
  ],
  controllers: [MetricsController],
  providers: [
    { provide: Clock, useClass: SystemClock },
    Metrics,
    RequestMetrics,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useFactory: validationPipe },
    { provide: APP_GUARD, useClass: UndeclaredInputGuard },
  ],
  exports: [Clock, Metrics],
})
export class PlatformModule {}
