import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { RequireScope } from '../access/access.ts';
import { type Actor, CurrentActor, CurrentPerson } from '../access/actor.ts';
import { PageQuery } from '../platform/http/page.dto.ts';
import { indexOfCursor, pageOf } from '../platform/http/paging.ts';
import { ApiOnBehalfOf } from '../platform/openapi/api-headers.ts';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import { ActivateRuleSetRequest, RuleSetParams, WarningCodesQuery } from './rule-set-requests.dto.ts';
import {
  RuleSetPage,
  RuleSetResponse,
  RuleSetSummaryResponse,
  WarningCodePage,
} from './rule-set-responses.dto.ts';
import { RULE_SET_EXAMPLE } from './rule-set.example.ts';
import { toDocument, toRuleSetResponse, toRuleSetSummary } from './rule-set.mapper.ts';
import { RuleSets } from './rule-sets.service.ts';
import { WARNING_CODES } from './warning-codes.ts';

@ApiTags('Rules')
@Controller('v1')
export class RuleSetsController {
  constructor(private readonly ruleSets: RuleSets) {}

  /** Lists the rule sets, newest first. */
  @Get('rule-sets')
  @RequireScope('rules:read')
  @ApiProblems('VALIDATION_FAILED')
  async listRuleSets(@Query() { limit, cursor }: PageQuery): Promise<RuleSetPage> {
    const page = await this.ruleSets.page(limit, cursor);
    return { ...page, items: page.items.map(toRuleSetSummary) };
  }

  /**
   * Reads a rule set with its rules.
   * @remarks The answer can be posted again as a new draft: what it adds to the document is passed over then.
   */
  @Get('rule-sets/:version')
  @RequireScope('rules:read')
  @ApiProblems('VALIDATION_FAILED', 'RULE_SET_NOT_FOUND')
  async getRuleSet(@Param() { version }: RuleSetParams): Promise<RuleSetResponse> {
    return toRuleSetResponse(await this.ruleSets.getOrThrow(version));
  }

  /**
   * Keeps a rule set as a draft, if the static checks find no error in it.
   * @remarks `config/rule-sets/README.md` explains the language. `findings` has what the checks warn of. The same
   * content again is a draft of its own, with a version of its own.
   */
  @Post('rule-sets')
  @RequireScope('rules:write')
  @ApiOnBehalfOf('optional')
  @ApiBody({ schema: { type: 'object', additionalProperties: true, example: RULE_SET_EXAMPLE } })
  @ApiProblems('VALIDATION_FAILED')
  async draftRuleSet(
    @Body() body: Record<string, unknown>,
    @CurrentActor() author: Actor,
  ): Promise<RuleSetResponse> {
    return toRuleSetResponse(await this.ruleSets.draft(toDocument(body), author));
  }

  /**
   * Approves a draft in the name of a second person.
   * @remarks Not its author, whichever client either came through. Repeating one's own approval changes nothing.
   */
  @Post('rule-sets/:version/approvals')
  @ApiProblems(
    'VALIDATION_FAILED',
    'ON_BEHALF_OF_REQUIRED',
    'SCOPE_MISSING',
    'FOUR_EYES',
    'RULE_SET_NOT_FOUND',
    'RULE_SET_NOT_DRAFT',
  )
  @RequireScope('rules:approve')
  @ApiOnBehalfOf('required')
  async approveRuleSet(
    @Param() { version }: RuleSetParams,
    @CurrentPerson() person: Actor,
  ): Promise<RuleSetSummaryResponse> {
    return toRuleSetSummary(await this.ruleSets.approve(version, person));
  }

  /**
   * Lets an approved rule set conclude, at once or from a time on; the one before it retires.
   * @remarks A retired one may be activated again: that is the way back. Whatever was scheduled and has not begun
   * is dropped by the next activation. The other instances follow within a second.
   */
  @Post('rule-sets/:version/activation')
  @RequireScope('rules:approve')
  @ApiOnBehalfOf('optional')
  @ApiProblems('VALIDATION_FAILED', 'RULE_SET_NOT_FOUND', 'RULE_SET_NOT_APPROVED')
  async activateRuleSet(
    @Param() { version }: RuleSetParams,
    @Body() { at }: ActivateRuleSetRequest,
    @CurrentActor() actor: Actor,
  ): Promise<RuleSetSummaryResponse> {
    return toRuleSetSummary(await this.ruleSets.activate(version, at?.toISOString() ?? null, actor));
  }

  /** Lists the vendor's error and warning codes with what they mean. */
  @Get('warning-codes')
  @RequireScope('rules:read')
  @ApiProblems('VALIDATION_FAILED')
  listWarningCodes(@Query() { limit, cursor }: WarningCodesQuery): WarningCodePage {
    const start = cursor === undefined ? 0 : indexOfCursor(cursor) + 1;
    const rows = WARNING_CODES.slice(start, start + limit + 1).map((code, offset) => ({ code, offset }));
    return pageOf(
      rows,
      limit,
      ({ offset }) => start + offset,
      ({ code }) => ({ ...code, group: { ...code.group }, sources: [...code.sources] }),
    );
  }
}
