/** Why a sale was not taken back. */
import { StsFault } from '../../lib/faults.ts';
import type { ReverseResult } from '../store/advice-contract.ts';

/** @returns undefined when it was, now or before, and while it has to be waited for. */
export function reversalFault({ kind }: ReverseResult): StsFault | undefined {
  switch (kind) {
    case 'reversed':
    case 'exists':
    case 'in_progress':
      return undefined;
    case 'confirmed':
      return new StsFault('sale_confirmed');
    case 'token_may_be_seen':
      return new StsFault('token_may_be_seen');
    case 'sold_since':
      return new StsFault('meter_sold_since');
    case 'debt_exists':
      return new StsFault('debt_exists', 'a debt has the id that this reversal would give');
    case 'float_too_large':
      return new StsFault('payment_too_large', 'the float would pass 2^53');
  }
}
