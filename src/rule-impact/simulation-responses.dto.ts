import { ApiProperty } from '@nestjs/swagger';
import { type Decision, DECISIONS } from '../conclusion-rules/engine/rule-set.ts';

export class DecisionCountsResponse {
  /**
   * Sessions that are approved.
   * @example 940
   */
  APPROVE!: number;

  /**
   * Sessions that go to a person.
   * @example 40
   */
  NEED_REVIEW!: number;

  /**
   * Sessions that are rejected.
   * @example 20
   */
  REJECT!: number;
}

export class DecisionMatrixResponse {
  /** What becomes of those that are approved. */
  APPROVE!: DecisionCountsResponse;

  /** What becomes of those that go to a person. */
  NEED_REVIEW!: DecisionCountsResponse;

  /** What becomes of those that are rejected. */
  REJECT!: DecisionCountsResponse;
}

export class RuleCountResponse {
  /**
   * Code of the rule, or of a requirement that was not met.
   * @example 'FACE_SIMILARITY_LOW'
   */
  code!: string;

  /**
   * Sessions in whose conclusion it stands.
   * @example 12
   */
  before!: number;

  /**
   * Sessions in whose conclusion it would stand.
   * @example 31
   */
  after!: number;
}

export class NearestThresholdResponse {
  /**
   * Rule that has the bound.
   * @example 'FACE_SIMILARITY_LOW'
   */
  ruleCode!: string;

  /**
   * The score.
   * @example 'faceMatch.similarity'
   */
  fact!: string;

  /**
   * What it is.
   * @example 84.2
   */
  observed!: number;

  /**
   * What it is compared with.
   * @example 85
   */
  bound!: number;

  /**
   * How far apart they are, in the score's unit: percent from 0 to 100, probabilities from 0 to 1.
   * @example 0.8
   */
  distance!: number;
}

export class ChangedSessionResponse {
  /**
   * The session.
   * @example 'a1b2c3d4'
   */
  uuid!: string;

  /** What the rules say of it. */
  @ApiProperty({ enum: DECISIONS, example: 'APPROVE' })
  before!: Decision;

  /** What they would say. */
  @ApiProperty({ enum: DECISIONS, example: 'REJECT' })
  after!: Decision;

  /**
   * Codes of the rules that would speak against it, worst first.
   * @example ["FACE_SIMILARITY_LOW"]
   */
  rules!: string[];

  /** The bound that one of its scores lies next to; null if it has no score that is compared. */
  nearest!: NearestThresholdResponse | null;
}

export class SkippedSessionsResponse {
  /**
   * Of those asked for, how many there are not.
   * @example 0
   */
  unknown!: number;

  /**
   * Without a conclusion.
   * @example 3
   */
  unconcluded!: number;

  /**
   * Whose personal data was erased, so that nothing can be concluded on any more.
   * @example 1
   */
  erased!: number;
}

export class SimulationProgressResponse {
  /**
   * Sessions that were looked at, those that were skipped among them.
   * @example 1003
   */
  lookedAt!: number;

  /**
   * Sessions that there were to look at when it began: those of the range, but `limit` at most.
   * @example 1003
   */
  of!: number;
}

export class SimulationResponse {
  /**
   * The simulated rule set.
   * @example '3f9c1a5b7d2e4f60'
   */
  version!: string;

  /** How far it came. */
  progress!: SimulationProgressResponse;

  /**
   * Sessions that were concluded on again.
   * @example 1000
   */
  examined!: number;

  /** Sessions that were looked at and could not be. */
  skipped!: SkippedSessionsResponse;

  /** By the decisions that the rules have made, whichever version that was. What people decided is left out. */
  before!: DecisionCountsResponse;

  /** By the decisions that this version would make. */
  after!: DecisionCountsResponse;

  /** By the decision before, then by the decision after. */
  matrix!: DecisionMatrixResponse;

  /** Every rule that speaks, or would speak, against a session. */
  rules!: RuleCountResponse[];

  /**
   * How many sessions would be decided otherwise.
   * @example 19
   */
  changedCount!: number;

  /** The first 200 of them; as NDJSON, all of them come on lines of their own. */
  changed!: ChangedSessionResponse[];

  /**
   * Not every session was looked at: go on with `nextCursor` and add the numbers up.
   * @example false
   */
  truncated!: boolean;

  /**
   * Where to go on; null if every session was looked at.
   * @example null
   */
  @ApiProperty({ type: 'string', nullable: true, example: null })
  nextCursor!: string | null;
}

/** One line of a simulation as NDJSON: one of these. */
export class SimulationLineResponse {
  /** How far it is: before the first session, and with every thousandth. */
  progress?: SimulationProgressResponse;

  /** A session whose decision would change; every one has its line. */
  changed?: ChangedSessionResponse;

  /** The whole, on the last line. Where it is missing, the simulation broke off. */
  simulation?: SimulationResponse;
}
