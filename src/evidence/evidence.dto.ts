import { IsIn } from 'class-validator';
import { EVIDENCE_KINDS, type EvidenceKind } from '../results/normalised-result.ts';
import { SessionParams } from '../sessions/session-requests.dto.ts';

export class EvidenceParams extends SessionParams {
  /** Front or back of the document, or the video of the face. */
  @IsIn(EVIDENCE_KINDS)
  kind!: EvidenceKind;
}
