import { Global, Logger, Module } from '@nestjs/common';
import { MongooseModule, type MongooseModuleOptions } from '@nestjs/mongoose';
import { AppConfig } from '../config/app-config.ts';
import { MongoEndpoint } from './mongo-endpoint.ts';
import { PrimaryChanges } from './primary-changes.service.ts';

/** Name of the database if the connection string has none. */
export const DEFAULT_DATABASE = 'ekyc_ledger';

@Global()
@Module({
  providers: [
    {
      provide: MongoEndpoint,
      useFactory: (config: AppConfig) =>
        MongoEndpoint.open(config, (line) => new Logger('MongoDB').log(line)),
      inject: [AppConfig],
    },
  ],
  exports: [MongoEndpoint],
})
class MongoEndpointModule {}

/** The connection. Reads are majority-committed and writes journaled by a majority unless a call says otherwise. */
@Global()
@Module({
  providers: [PrimaryChanges],
  exports: [PrimaryChanges],
  imports: [
    MongoEndpointModule,
    MongooseModule.forRootAsync({
      useFactory: (endpoint: MongoEndpoint, { mongo }: AppConfig): MongooseModuleOptions => ({
        uri: endpoint.uri,
        ...(databaseOf(endpoint.uri) === '' && { dbName: DEFAULT_DATABASE }),
        autoIndex: false,
        autoCreate: false,
        retryWrites: true,
        w: 'majority',
        journal: true,
        readConcernLevel: 'majority',
        serverSelectionTimeoutMS: 3_000,
        connectTimeoutMS: 3_000,
        // A server may answer its monitor and still never this one operation, which would hold up all behind it.
        socketTimeoutMS: mongo.answerTimeoutMs,
        maxPoolSize: 20,
        // Wait for a database that is still coming up, but say so and give up in the end.
        retryAttempts: 5,
        retryDelay: 1_000,
      }),
      inject: [MongoEndpoint, AppConfig],
    }),
  ],
})
export class MongoModule {}

/** Name of the database in the path of a connection string, or "". */
export function databaseOf(uri: string): string {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]*)/.exec(uri)?.[1] ?? '';
}
