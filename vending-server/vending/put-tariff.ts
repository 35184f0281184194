/** Puts a tariff into force under an id. Terms never change under an id: what was sold must stay explainable. */
import { StsFault } from '../../lib/faults.ts';
import { canonicalJson } from '../ledger/canonical.ts';
import { type FlatTerms, reckon } from '../tariff/flat.ts';
import type { Vending } from './context.ts';

export interface TariffRequest {
  readonly tariffId: string;
  readonly terms: FlatTerms;
}

/**
 * @returns whether the tariff is new; putting the same terms again changes nothing.
 * @throws StsFault `request_malformed` for a range of payments that is empty, `tariff_exists`.
 */
export async function putTariff(
  { store }: Vending,
  { tariffId, terms }: TariffRequest,
): Promise<{ created: boolean }> {
  if (terms.minimumMinor > terms.maximumMinor) {
    throw new StsFault('request_malformed', 'the minimum is above the maximum', {
      param: 'terms.minimumMinor',
    });
  }
  // Terms that cannot be reckoned with must fail here and not at the first sale.
  reckon(terms.maximumMinor, terms);
  const result = await store.putTariff({ tariffId, terms: canonicalJson({ ...terms }) });
  if (result === 'exists') throw new StsFault('tariff_exists', undefined, { param: 'tariffId' });
  return { created: result === 'created' };
}
