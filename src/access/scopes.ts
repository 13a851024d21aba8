/** What an API client may be allowed to do. Names are part of the HTTP contract. */
export const SCOPES = [
  'sessions:read',
  'sessions:write',
  'results:read',
  'reviews:write',
  'rules:read',
  'rules:write',
  'rules:approve',
  'audit:read',
  'reconciliation:read',
  'reconciliation:run',
  'personal-data:erase',
] as const;

export type Scope = (typeof SCOPES)[number];
