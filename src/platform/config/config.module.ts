import { Global, Module } from '@nestjs/common';
import { ConfigModule as NestConfigModule, ConfigService } from '@nestjs/config';
import { AppConfig } from './app-config.ts';
import { parseEnvironment } from './parse-environment.ts';

const KEY = 'app';

/** Parses the environment (and `.env`) once; everything else injects {@link AppConfig}. */
@Global()
@Module({
  imports: [
    NestConfigModule.forRoot({
      cache: true,
      validate: (env) => ({ [KEY]: parseEnvironment(env) }),
    }),
  ],
  providers: [
    {
      provide: AppConfig,
      useFactory: (config: ConfigService) => config.getOrThrow<AppConfig>(KEY),
      inject: [ConfigService],
    },
  ],
  exports: [AppConfig],
})
export class ConfigModule {}
