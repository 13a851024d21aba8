import { ApiProperty } from '@nestjs/swagger';

export class LiveResponse {
  /** Always `ok`: whoever can answer is alive. */
  status!: 'ok';
}

const PARTS = { type: 'object', additionalProperties: { type: 'object' } } as const;

export class ReadyResponse {
  /** `ok`, `degraded` where some work is turned away, or what keeps the service from taking any. */
  status!: 'ok' | 'degraded' | 'error' | 'shutting_down';

  /** The parts that are well; with `status: degraded` and a `message` where one can't take all the work. */
  @ApiProperty({ ...PARTS, example: { database: { status: 'up' } } })
  info!: Record<string, unknown>;

  /** The parts that fail, each with its cause. */
  @ApiProperty({ ...PARTS, example: {} })
  error!: Record<string, unknown>;

  /** All parts. */
  @ApiProperty({ ...PARTS, example: { database: { status: 'up' } } })
  details!: Record<string, unknown>;
}
