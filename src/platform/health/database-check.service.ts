import { hostname } from 'node:os';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectConnection } from '@nestjs/mongoose';
import type { Connection } from 'mongoose';
import { type CollectionPlan, provideCollection } from '../mongo/collections.ts';
import { type ReadinessCheck, ReadinessChecks } from './readiness.ts';

/** One document per process, written to see whether that can be done. */
export const READINESS_PROBES_PLAN: CollectionPlan = { name: 'readiness_probes', indexes: [] };

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

  async onModuleInit(): Promise<void> {
    await provideCollection(this.connection.getClient().db(this.connection.name), READINESS_PROBES_PLAN);
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
        .collection<{ _id: string; at: Date }>(READINESS_PROBES_PLAN.name)
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
