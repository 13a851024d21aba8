import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPublicAddress } from './public-address.ts';

/** Code of the error by which a connection fails to a name that leads inside. */
export const ADDRESS_NOT_PUBLIC = 'ADDRESS_NOT_PUBLIC';

/**
 * A look-up that knows public addresses only. It is the one by which the connection is made, so there is no
 * moment between check and use at which a name could come to stand for another address. A name of which one
 * address is not public is refused whole: no honest host of media has such a record.
 */
export function publicLookup(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, found: string | LookupAddress[], family) => {
      const addresses = typeof found === 'string' ? [found] : (found ?? []).map(({ address }) => address);
      if (error === null && !addresses.every(isPublicAddress)) {
        const refusal = Object.assign(new Error('a name leads to an address that is not public'), {
          code: ADDRESS_NOT_PUBLIC,
        });
        callback(refusal, found, family);
      } else {
        callback(error, found, family);
      }
    });
  };
}
