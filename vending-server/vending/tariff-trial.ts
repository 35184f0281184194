/**
 * What a payment would come to under a version of a tariff, or under terms that nobody has put yet, for a meter with a given
 * past: the same reckoning as a sale's, without a meter. Reads only.
 */
import { StsFault } from '../../lib/faults.ts';
import type { PurchaseHistory } from '../tariff/history.ts';
import { localMoment } from '../tariff/local-time.ts';
import type { TariffTerms } from '../tariff/terms.ts';
import type { Vending } from './context.ts';
import { termsAt, termsOf } from './find-tariff.ts';
import { monthOf, type PurchaseRequest, reckonUnder } from './purchase.ts';
import { assertTerms } from './put-tariff.ts';
import type { PurchasePicture } from './sale-response.ts';

export interface TariffTrialRequest
  extends Pick<PurchaseRequest, 'paidMinor' | 'amountDeciKwh' | 'freeUnits'> {
  readonly under:
    | { readonly terms: TariffTerms }
    /** The version that began then, or the one in force for undefined. */
    | { readonly tariffId: string; readonly validFrom: number | undefined };
  /** A month of '' is the present one. */
  readonly history: PurchaseHistory;
}

export type TariffTrial = Omit<PurchasePicture, 'meter' | 'keyChange'>;

/**
 * @throws StsFault `tariff_unknown`, `tariff_not_in_force`, `request_malformed` for terms or a past that cannot be reckoned with,
 *   `payment_too_small`, `payment_too_large`, `operation_unsupported`.
 */
export async function tariffTrial(
  { store, clock }: Pick<Vending, 'store' | 'clock'>,
  request: TariffTrialRequest,
): Promise<TariffTrial> {
  const now = clock.now();
  const terms = await termsFor(store, request.under, now);
  const { month } = localMoment(now, terms.timeZone);
  const history = { ...request.history, month: request.history.month || month };
  assertCharges(terms, history);
  const { paidMinor, freeDeciKwh, reckoned } = reckonUnder(terms, history, request, now);
  return {
    currency: terms.currency,
    paidMinor,
    lines: reckoned.lines,
    amountDeciKwh: reckoned.amountDeciKwh,
    freeDeciKwh,
    month: monthOf({ terms, purchases: { version: 0, history } }, reckoned.history),
    carriedMinor: reckoned.history.carriedMinor,
  };
}

async function termsFor(
  store: Vending['store'],
  under: TariffTrialRequest['under'],
  now: number,
): Promise<TariffTerms> {
  if ('terms' in under) {
    assertTerms(under.terms);
    return under.terms;
  }
  const versions = await store.findTariff(under.tariffId);
  if (under.validFrom === undefined) return termsAt(versions, now).terms;
  const version = versions.find(({ validFrom }) => validFrom === under.validFrom);
  if (version === undefined) throw new StsFault('tariff_unknown', undefined, { param: 'validFrom' });
  return termsOf(version);
}

/** A day where the charge counts months, or the other way round, was never paid through. */
function assertCharges({ fixedCharges }: TariffTerms, { charges }: PurchaseHistory): void {
  for (const { chargeId, per } of fixedCharges) {
    const paidThrough = charges[chargeId]?.paidThrough;
    if (paidThrough === undefined || (paidThrough.length === 10) === (per === 'day')) continue;
    throw new StsFault('request_malformed', `a charge by the ${per}`, { param: 'history.charges' });
  }
}
