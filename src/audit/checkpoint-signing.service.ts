import { Injectable } from '@nestjs/common';
import { Clock } from '../platform/clock.ts';
import { CheckpointMetrics } from './checkpoint-metrics.service.ts';
import { CheckpointsRepository, type StoredCheckpoint } from './checkpoints.repository.ts';
import { signCheckpoint } from './format/checkpoint.ts';
import { LogKeys } from './log-keys.service.ts';
import type { LogTree } from './log-tree.ts';
import { Witnesses } from './witnesses.service.ts';

/** Signs the root of the log and has witnesses sign along. */
@Injectable()
export class CheckpointSigning {
  constructor(
    private readonly checkpoints: CheckpointsRepository,
    private readonly keys: LogKeys,
    private readonly witnesses: Witnesses,
    private readonly metrics: CheckpointMetrics,
    private readonly clock: Clock,
  ) {}

  /**
   * Signs and stores the tree's root behind `latest`.
   *
   * MUST only be called with a tree that extends the one of `latest`.
   * @param newest when the newest entry under it was made
   * @returns null if another instance has taken the number or the size
   */
  async sign(
    tree: LogTree,
    latest: StoredCheckpoint | null,
    newest: Date | null,
  ): Promise<StoredCheckpoint | null> {
    const at = this.clock.now();
    const { size } = tree;
    const root = tree.root();
    const note = signCheckpoint({ origin: this.keys.origin, size, root, extensions: [] }, this.keys.signers);
    const checkpoint = { number: (latest?.number ?? -1) + 1, size, root, note, at };
    if (!(await this.checkpoints.insert(checkpoint))) return null;
    this.metrics.signed(size, newest === null ? 0 : at.getTime() - newest.getTime());
    void this.witnesses.askAll(checkpoint);
    return checkpoint;
  }
}
