import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../platform/config/app-config.ts';
import { parseApiClients, type ApiClient } from './api-clients-file.ts';

const RECHECK_MS = 1_000;

/** The API clients of `API_CLIENTS_FILE`. A changed file counts within a second; a broken one is logged and ignored. */
@Injectable()
export class ApiClients {
  private readonly logger = new Logger(ApiClients.name);
  private readonly file: string;
  private byKeyDigest: ReadonlyMap<string, ApiClient>;
  private stamp: string;
  private checkedAt = 0;

  /** @throws Error naming the file and the fault if it can't be used: a service without callers must not start. */
  constructor(config: AppConfig) {
    this.file = config.access.clientsFile;
    this.stamp = this.readStamp();
    this.byKeyDigest = this.read();
  }

  /** The client that owns `key`, or null. Looked up by SHA-256, so no comparison sees the key itself. */
  findByKey(key: string): ApiClient | null {
    this.reloadIfChanged();
    return this.byKeyDigest.get(hash('sha256', key)) ?? null;
  }

  private reloadIfChanged(): void {
    const now = performance.now();
    if (now - this.checkedAt < RECHECK_MS) return;
    this.checkedAt = now;
    try {
      const stamp = this.readStamp();
      if (stamp === this.stamp) return;
      this.stamp = stamp;
      this.byKeyDigest = this.read();
      this.logger.log(`API clients read again: ${this.byKeyDigest.size}`);
    } catch (error) {
      this.logger.error(
        { err: error },
        'API clients file can not be used; the clients read before stay in force',
      );
    }
  }

  private readStamp(): string {
    const { mtimeMs, size, ino } = statSync(this.file);
    return `${mtimeMs}/${size}/${ino}`;
  }

  private read(): ReadonlyMap<string, ApiClient> {
    return parseApiClients(readFileSync(this.file, 'utf8'), this.file);
  }
}
