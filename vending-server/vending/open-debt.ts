/** Puts what a customer owes on his meter, to be recovered from what he pays for energy. */
import { StsFault } from '../../lib/faults.ts';
import { debtTransfers } from '../ledger/postings.ts';
import type { Recovery } from '../tariff/history.ts';
import type { Vending } from './context.ts';
import { findTerms } from './find-tariff.ts';
import { findMeter } from './register-meter.ts';

export interface DebtRequest {
  readonly debtId: string;
  readonly meter: string;
  readonly label: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly recovery: Recovery;
}

/** @throws StsFault of the meter's number, `meter_unknown`, `meter_changed_out`, `tariff_unknown`, `currency_mismatch`,
 *   `debt_exists`. */
export async function openDebt(vending: Vending, request: DebtRequest): Promise<{ created: boolean }> {
  const { debtId, label, amountMinor, currency, recovery } = request;
  const now = vending.clock.now();
  const { meterPan, tariffId } = await findMeter(vending, request.meter);
  const { terms } = await findTerms(vending.store, tariffId, now);
  if (terms.currency !== currency) {
    throw new StsFault('currency_mismatch', undefined, { param: 'currency' });
  }
  const result = await vending.store.openDebt({
    meterPan,
    debt: { debtId, label, balanceMinor: amountMinor, recovery },
    openedAt: now,
    transfers: debtTransfers(debtId, currency, amountMinor),
  });
  if (result === 'meter_unknown' || result === 'meter_changed_out')
    throw new StsFault(result, undefined, { param: 'meter' });
  if (result === 'exists') throw new StsFault('debt_exists', undefined, { param: 'debtId' });
  return { created: result === 'created' };
}
