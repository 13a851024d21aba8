import type { VendorAnswer } from './vendor-answer.ts';
import type { VendorClient } from './vendor-client.service.ts';

/** Stands in for the vendor where FPT_BASE_URL is unset, which only development allows: nobody can be asked. */
export class UnconfiguredVendor implements Pick<VendorClient, 'fetchResult'> {
  fetchResult(): Promise<VendorAnswer> {
    return Promise.resolve({
      kind: 'UNAVAILABLE',
      cause: 'NOT_CONFIGURED',
      retryAfterMs: null,
      attempts: [],
    });
  }
}
