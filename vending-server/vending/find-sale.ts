/** A sale again, by its own id or by the id under which the vendor asked for it; always the exact first answer. */
import { StsFault } from '../../lib/faults.ts';
import type { Caller } from '../people/caller.ts';
import type { RecordedSale } from '../store/contract.ts';
import type { Vending } from './context.ts';

/** @throws StsFault `sale_unknown`, also for a sale of another vendor: its id must tell nothing. */
export async function findSale({ store }: Vending, caller: Caller, saleId: string): Promise<RecordedSale> {
  const sale = await store.findSale(saleId);
  if (sale === undefined || (caller.vendorId !== null && caller.vendorId !== sale.vendorId)) throw unknown();
  return sale;
}

/** @throws StsFault `sale_unknown`. */
export async function findSaleByRequest(
  { store }: Vending,
  vendorId: string,
  requestId: string,
): Promise<RecordedSale> {
  const sale = await store.findSaleByRequest(vendorId, requestId);
  if (sale === undefined) throw unknown();
  return sale;
}

function unknown(): StsFault {
  return new StsFault('sale_unknown');
}
