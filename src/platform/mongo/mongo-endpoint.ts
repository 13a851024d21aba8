import { join } from 'node:path';
import type { AppConfig } from '../config/app-config.ts';

/** The database in use: the one that was configured, or an embedded one that this process runs. */
export class MongoEndpoint {
  private constructor(
    readonly uri: string,
    private readonly stopEmbedded: () => Promise<void>,
  ) {}

  /** @throws Error naming what to do if no embedded MongoDB can be had. */
  static async open(config: AppConfig, log: (line: string) => void): Promise<MongoEndpoint> {
    if (config.mongo.uri !== null) return new MongoEndpoint(config.mongo.uri, () => Promise.resolve());
    // Only here, so that production neither needs nor loads what runs an embedded server.
    const { startEmbeddedMongo } = await import('../embedded-mongo/embedded-mongo.ts');
    const embedded = await startEmbeddedMongo({
      dataDir: join(config.dataDir, 'mongo'),
      cacheSizeGb: 0.25,
      env: config.mongo.embeddedEnvironment,
      log,
    });
    return new MongoEndpoint(embedded.uri, () => embedded.stop());
  }

  /** Stops an embedded server; call it when nothing uses the database any more. */
  async stop(): Promise<void> {
    await this.stopEmbedded();
  }
}
