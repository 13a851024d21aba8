import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import { ApiProblems } from '../platform/openapi/api-problems.ts';
import type { Scope } from './scopes.ts';

/** Who may call a route. Every route declares one; a test walks them all, and the guard refuses the rest. */
export type Access =
  | { readonly kind: 'scope'; readonly scope: Scope }
  | { readonly kind: 'api-key-header'; readonly scope: Scope }
  | { readonly kind: 'vendor' }
  | { readonly kind: 'anyone'; readonly why: string };

export const ACCESS = 'ekyc-ledger:access';

/** Callable by API clients that hold `scope`. */
export const RequireScope = (scope: Scope) =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'scope', scope } satisfies Access),
    ApiBearerAuth('api-key'),
    ApiProblems('UNAUTHENTICATED', 'SCOPE_MISSING', 'TOO_MANY_REQUESTS', 'DATABASE_UNAVAILABLE'),
  );

/** Callable by API clients that hold `scope` and send their key as the vendor's API wants it; refused in its form. */
export const RequireScopeByApiKeyHeader = (scope: Scope) =>
  applyDecorators(
    SetMetadata(ACCESS, { kind: 'api-key-header', scope } satisfies Access),
    ApiSecurity('vendor-style-api-key'),
  );

/** Callable by the vendor; the callback module authenticates before the body is read. */
export const VendorOnly = () =>
  applyDecorators(SetMetadata(ACCESS, { kind: 'vendor' } satisfies Access), ApiSecurity('vendor-token'));

/** Callable by whoever reaches the port, for the stated reason. */
export const OpenToAnyone = (why: string) => SetMetadata(ACCESS, { kind: 'anyone', why } satisfies Access);
