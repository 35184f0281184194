/** The terms under which a meter buys. */
import { StsFault } from '../../lib/faults.ts';
import type { Store } from '../store/contract.ts';
import type { FlatTerms } from '../tariff/flat.ts';

/** @throws StsFault `tariff_unknown`. */
export async function findTerms(store: Store, tariffId: string): Promise<FlatTerms> {
  const tariff = await store.findTariff(tariffId);
  if (tariff === undefined) throw new StsFault('tariff_unknown', undefined, { param: 'tariffId' });
  // Only `putTariff` writes terms, and it writes nothing but parsed FlatTerms.
  return JSON.parse(tariff.terms) as FlatTerms;
}
