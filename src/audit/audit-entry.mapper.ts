import type { ReadEntry } from './audit-queries.service.ts';
import type { AuditEntryResponse } from './audit.dto.ts';

export function toAuditEntryResponse({
  index,
  id,
  at,
  action,
  subject,
  actor,
  data,
  leafHash,
}: ReadEntry): AuditEntryResponse {
  return { index, id, at, action, subject, actor, data, leafHash };
}
