import { ApiProperty } from '@nestjs/swagger';
import { FINDING_CODES, type FindingCode, SEVERITIES, type Severity } from './engine/lint-rule-set.ts';
import { RULE_SET_EXAMPLE } from './rule-set.example.ts';
import { CODE_SECTIONS, type CodeSection } from './warning-codes.ts';

export const RULE_SET_STATUSES = ['DRAFT', 'APPROVED', 'ACTIVE', 'RETIRED'] as const;
export type RuleSetStatus = (typeof RULE_SET_STATUSES)[number];

export class RuleSetSummaryResponse {
  /**
   * The beginning of its content's digest, with `.2`, `.3`, … where the content was there before. Conclusions name it.
   * @example '3f9c1a5b7d2e4f60'
   */
  version!: string;

  /**
   * As its author named it.
   * @example 'Default'
   */
  name!: string;

  /**
   * `ACTIVE` for the one that concludes now, `RETIRED` for those that once did, `APPROVED` for those that may and
   * those that are scheduled.
   */
  @ApiProperty({ enum: RULE_SET_STATUSES, example: 'ACTIVE' })
  status!: RuleSetStatus;

  /**
   * The person who drafted it, or the client where none was named; `ekyc-ledger` for a set that came with the service.
   * @example 'officer-7'
   */
  author!: string;

  /**
   * When it was drafted, RFC 3339 UTC; null for a set that came with the service.
   * @example '2026-01-31T09:15:30.123Z'
   */
  draftedAt!: string | null;

  /**
   * The second person, who approved it; null before, and for a set that came with the service.
   * @example 'officer-8'
   */
  approvedBy!: string | null;

  /**
   * When it was approved, RFC 3339 UTC.
   * @example '2026-01-31T10:00:00.000Z'
   */
  approvedAt!: string | null;

  /**
   * From when on it was to conclude when it was activated last, RFC 3339 UTC; null if it never was.
   * @example '2026-02-01T00:00:00.000Z'
   */
  activeFrom!: string | null;

  /**
   * Since when another one concludes in its place, RFC 3339 UTC; null unless `RETIRED`.
   * @example null
   */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  retiredFrom!: string | null;

  /**
   * SHA-256 of the document's RFC 8785 canonical JSON, hex; the audit log has it too.
   * @example '3f9c1a5b7d2e4f608a1b2c3d4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f50617'
   */
  digest!: string;
}

export class RuleSetPage {
  /** The rule sets, newest first; the one that came with the service last, until it is activated. */
  items!: RuleSetSummaryResponse[];

  /**
   * Where the next page starts; null at the end.
   * @example null
   */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  nextCursor!: string | null;
}

export class RuleSetFindingResponse {
  /** An `ERROR` keeps a document from becoming a draft; only sets that came with the service can have one. */
  @ApiProperty({ enum: SEVERITIES, example: 'WARNING' })
  severity!: Severity;

  /** What was found. */
  @ApiProperty({ enum: FINDING_CODES, example: 'WARNING_CODE_WITHOUT_RULE' })
  code!: FindingCode;

  /**
   * Where, such as `rules.3.when`.
   * @example 'rules'
   */
  path!: string;

  /**
   * In words.
   * @example 'no rule asks for the warning FC03'
   */
  message!: string;
}

export class RuleSetResponse extends RuleSetSummaryResponse {
  /** What the static checks have to say about it. */
  findings!: RuleSetFindingResponse[];

  /**
   * What it is for.
   * @example 'Approves nobody whose face was not compared.'
   */
  description!: string;

  /** Thresholds and lists by name, each with its reason. */
  @ApiProperty({ type: 'object', additionalProperties: true, example: RULE_SET_EXAMPLE.parameters })
  parameters!: object;

  /** What has to be known to hold before anything is approved. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: RULE_SET_EXAMPLE.approveRequires,
  })
  approveRequires!: readonly object[];

  /** What speaks against a person. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    example: RULE_SET_EXAMPLE.rules,
  })
  rules!: readonly object[];
}

export class WarningGroupResponse {
  /**
   * The vendor's group code where it is known, else ours.
   * @example 'FC'
   */
  code!: string;

  /**
   * Its name.
   * @example 'ID Fraud Check'
   */
  name!: string;
}

export class WarningCodeResponse {
  /**
   * As the vendor sends it. Unique within its section.
   * @example 'FC03'
   */
  code!: string;

  /** Where the code can appear; a number means something only together with its section. */
  @ApiProperty({ enum: CODE_SECTIONS, example: 'FRAUD' })
  section!: CodeSection;

  /** The group it is listed in. */
  group!: WarningGroupResponse;

  /**
   * The vendor's English message.
   * @example 'Document has been edited or is colored photocopy'
   */
  english!: string;

  /**
   * The vendor's Vietnamese message; null where it publishes none.
   * @example 'Photocopy màu hoặc đã bị chỉnh sửa'
   */
  vietnamese!: string | null;

  /**
   * What it says about the session, in our words.
   * @example 'Forged, or no original was shown.'
   */
  meaning!: string;

  /**
   * Where it is documented: S = the vendor's contract page, V… = editions of its documents, I3 = second-hand.
   * @example ["S", "V1"]
   */
  sources!: string[];
}

export class WarningCodePage {
  /** The codes, section by section. */
  items!: WarningCodeResponse[];

  /**
   * Where the next page starts; null at the end.
   * @example null
   */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  nextCursor!: string | null;
}
