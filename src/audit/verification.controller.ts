import { Controller, Get, HttpCode, HttpStatus, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { LogKeys } from './log-keys.service.ts';
import type { SelfCheckResult } from './self-check-result.ts';
import { SelfCheck } from './self-check.service.ts';
import { VerificationResponse } from './verification.dto.ts';

@ApiTags('Audit')
@Controller('v1/audit/verification')
export class VerificationController {
  constructor(
    private readonly selfCheck: SelfCheck,
    private readonly keys: LogKeys,
  ) {}

  /** The last self-check of the log, and the public keys under which anyone can check it. */
  @Get()
  @RequireScope('audit:read')
  async getVerification(): Promise<VerificationResponse> {
    return this.respond(await this.selfCheck.findLatest());
  }

  /**
   * Verifies the whole log now and answers with the result.
   * @remarks Takes about ten seconds a million entries.
   */
  @Post()
  @HttpCode(HttpStatus.OK)
  @RequireScope('audit:read')
  async runVerification(): Promise<VerificationResponse> {
    return this.respond(await this.selfCheck.run());
  }

  private respond(result: SelfCheckResult | null): VerificationResponse {
    const { origin, vkeys } = this.keys;
    const common = {
      origin,
      keys: [...vkeys],
      at: result?.at.toISOString() ?? null,
      seconds: result?.seconds ?? null,
    };
    if (result?.outcome === 'VERIFIED') {
      return { ...common, outcome: 'VERIFIED', size: result.size, root: result.root, divergence: null };
    }
    const divergence = result && {
      case: result.case,
      index: result.index,
      expected: result.expected,
      found: result.found,
    };
    return { ...common, outcome: result ? 'DIVERGED' : 'NONE_YET', size: null, root: null, divergence };
  }
}
