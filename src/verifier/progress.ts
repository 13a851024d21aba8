const BAR_WIDTH = 30;
/** A terminal is redrawn this often; a log file gets a line at the second pace. */
const TERMINAL_PACE_MS = 100;
const FILE_PACE_MS = 5_000;

/** Where progress is shown. */
export interface ProgressOutput {
  readonly isTerminal: boolean;
  write(text: string): void;
  /** Milliseconds, from any moment on. */
  now(): number;
}

/** Shows how far a long reading is. Short readings show nothing. */
export class Progress {
  readonly #output: ProgressOutput;
  readonly #started: number;
  #shown: number;
  #drawn = false;

  constructor(output: ProgressOutput) {
    this.#output = output;
    this.#started = output.now();
    this.#shown = this.#started;
  }

  update(done: number, total: number): void {
    const now = this.#output.now();
    const { isTerminal } = this.#output;
    const pace = !isTerminal ? FILE_PACE_MS : this.#drawn ? TERMINAL_PACE_MS : 1_000;
    if (now - this.#shown < pace) return;
    this.#shown = now;
    this.#drawn = true;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const perSecond = Math.round((done * 1000) / (now - this.#started));
    const text = `${Math.floor(share * 100)} %  ${done} of ${total} entries  ${perSecond}/s`;
    if (!isTerminal) {
      this.#output.write(`${text}\n`);
      return;
    }
    const filled = Math.round(share * BAR_WIDTH);
    this.#output.write(`\r[${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${text}\u001b[K`);
  }

  /** Takes the bar away, so that the verdict stands on a line of its own. */
  end(): void {
    if (this.#drawn && this.#output.isTerminal) this.#output.write('\r\u001b[K');
  }
}
