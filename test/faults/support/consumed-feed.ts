import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { SessionChangeResponse } from '../../../src/sessions/feed.dto.ts';
import type { ServiceProcess } from '../../support/service-process.ts';

/** A page that a consumer has dealt with, and where it then stood. */
export interface ConsumedPage {
  readonly after: number;
  readonly items: readonly SessionChangeResponse[];
  readonly next: number;
}

const PROGRAM = fileURLToPath(new URL('feed-consumer.ts', import.meta.url));
const END_WITH_PARENT = new URL('../../support/end-with-parent.ts', import.meta.url).href;

/** A consumer of the feed, in a process of its own, with what it has kept. */
export class ConsumedFeed {
  private readonly file: string;
  private readonly instances: () => readonly ServiceProcess[];
  private child: ChildProcess | null = null;

  /** @param instances those that it asks in turn, at its start */
  constructor(file: string, instances: () => readonly ServiceProcess[]) {
    this.file = file;
    this.instances = instances;
  }

  /** Goes on from what it has kept. */
  start(): void {
    const instances = this.instances();
    const args = [this.file, instances[0]!.apiKey, ...instances.map(({ url }) => url)];
    this.child = spawn(process.execPath, ['--import', END_WITH_PARENT, PROGRAM, ...args], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child === null) return;
    this.child = null;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** The pages that it has kept, in its order. */
  get pages(): ConsumedPage[] {
    let text = '';
    try {
      text = readFileSync(this.file, 'utf8');
    } catch {
      return [];
    }
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ConsumedPage);
  }
}
