import { assertNever } from '../platform/assert-never.ts';
import type { ConfirmationPolicy } from '../platform/config/app-config.ts';
import type { Confirms } from './session.decider.ts';

/**
 * When a conclusion may be acted on (G7): the callback is unsigned, so by default only a pulled result
 * confirms it; two copies that contradict each other never do.
 */
export function confirmsUnder(policy: ConfirmationPolicy): Confirms {
  return (grade) => {
    switch (grade) {
      case 'AGREED':
      case 'PULL_ONLY':
        return true;
      case 'CALLBACK_ONLY':
        return policy === 'CALLBACK_SUFFICES';
      case 'CONFLICT':
        return false;
      default:
        return assertNever(grade);
    }
  };
}
