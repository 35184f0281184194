/** What a vendor says of his sales, and what he sold: for tills that lost an answer. */
import { StsFault } from '../../lib/faults.ts';
import type { SaleListEntry, SaleListFilter } from '../store/advice-contract.ts';
import type { Vending } from './context.ts';

/**
 * The vendor says that the customer has the token; it is never taken back after that. Saying it again changes nothing.
 * @throws StsFault `sale_unknown`, `sale_reversed`.
 */
export async function confirmSale(
  { store, clock }: Vending,
  { vendorId, requestId, by }: { readonly vendorId: string; readonly requestId: string; readonly by: string },
): Promise<{ readonly saleId: string; readonly confirmedAt: number }> {
  const sale = await store.findSaleByRequest(vendorId, requestId);
  if (sale === undefined) throw new StsFault('sale_unknown');
  const { saleId } = sale;
  const result = await store.advice.confirm(saleId, clock.now(), by);
  switch (result.kind) {
    case 'confirmed':
      return { saleId, confirmedAt: result.at };
    case 'reversed':
      throw new StsFault('sale_reversed', undefined, { param: 'requestId' });
    case 'sale_unknown':
      throw new StsFault('sale_unknown');
  }
}

/** The answer of a sale has certainly not left the house. Afterwards, and never in the way of the sale. */
export async function answerLost({ store, clock }: Vending, saleId: string): Promise<void> {
  await store.advice.markUnseen(saleId, clock.now());
}

export type SaleState = 'sold' | 'confirmed' | 'reversed';

export interface ListedSale extends Omit<SaleListEntry, 'state'> {
  readonly state: SaleState;
}

/** Sales of a vendor, the newest first and without their digits. */
export async function listSales(
  { store }: Pick<Vending, 'store'>,
  filter: SaleListFilter,
): Promise<{ readonly sales: readonly ListedSale[]; readonly next: number | null }> {
  const { sales, next } = await store.advice.sales(filter);
  return { sales: sales.map((sale) => ({ ...sale, state: stateOf(sale) })), next };
}

export function stateOf({ state }: Pick<SaleListEntry, 'state'>): SaleState {
  return state === 'confirmed' || state === 'reversed' ? state : 'sold';
}
