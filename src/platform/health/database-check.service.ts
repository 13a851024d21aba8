import { hostname } from 'node:os';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { type ReadinessCheck, ReadinessChecks } from './readiness.ts';

const ME = `${hostname()}/${process.pid}`;
/** A probe writes, so it is not repeated for every question. */
const FRESH_MS = 1_000;
const TIMEOUT_MS = 2_000;

/** The database takes writes that a majority keeps in its journal: what every acknowledgement rests on. */
@Injectable()
export class DatabaseCheck implements ReadinessCheck, OnModuleInit {
  readonly name = 'database';
  private latest: { readonly at: number; readonly outcome: Promise<void> } | null = null;

  constructor(
    @InjectConnection() private readonly connection: Connection,
    private readonly checks: ReadinessChecks,
  ) {}

  onModuleInit(): void {
    this.checks.add(this);
  }

  check(): Promise<void> {
    const now = performance.now();
    if (this.latest === null || now - this.latest.at > FRESH_MS) {
      const outcome = this.probe();
      outcome.catch(() => undefined);
      this.latest = { at: now, outcome };
    }
    return this.latest.outcome;
  }

  private async probe(): Promise<void> {
    try {
      await this.connection
        .getClient()
        .db(this.connection.name)
        .collection<{ _id: string; at: Date }>('readiness_probes')
        .updateOne(
          { _id: ME },
          { $currentDate: { at: true } },
          {
            upsert: true,
            writeConcern: { w: 'majority', journal: true },
            timeoutMS: TIMEOUT_MS,
          },
        );
    } catch (error) {
      throw new Error('takes no majority writes', { cause: error });
    }
  }
}
