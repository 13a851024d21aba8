/** A part of the service that must be well before it takes work. */
export interface ReadinessCheck {
  /** Name under which `/health/ready` shows it. */
  readonly name: string;
  /** Resolves when the part is well. @throws Error whose message names the cause, without personal data. */
  check(): Promise<void>;
  /**
   * What keeps a part that is well from doing all that is asked of it, in words without personal data; null
   * when nothing does. It is shown and does not take the instance out of service.
   */
  impairment?(): string | null;
}

/** The checks that modules have contributed. */
export class ReadinessChecks {
  private readonly checks: ReadinessCheck[] = [];

  add(check: ReadinessCheck): void {
    this.checks.push(check);
  }

  get all(): readonly ReadinessCheck[] {
    return this.checks;
  }
}
