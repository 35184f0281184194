/** A sale again, by its own id or by the id under which the vendor asked for it; always the exact first answer. */
import { StsFault } from '../../lib/faults.ts';
import type { Caller } from '../people/caller.ts';
import type { Role } from '../people/roles.ts';
import type { RecordedSale } from '../store/contract.ts';
import type { Vending } from './context.ts';
import { HOUSE_ID } from './house.ts';

/** @throws StsFault `sale_unknown`, also for a sale that the caller may not see: its id must tell nothing. */
export async function findSale({ store }: Vending, caller: Caller, saleId: string): Promise<RecordedSale> {
  const sale = await store.findSale(saleId);
  if (sale === undefined || !maySee(caller, sale)) throw unknown();
  return sale;
}

/** A vendor its own; an engineer what the utility's people gave, and no customer's purchases. */
function maySee({ vendorId, roles }: Caller, sale: RecordedSale): boolean {
  if (vendorId !== null) return vendorId === sale.vendorId;
  return sale.vendorId === HOUSE_ID || roles.some((role) => SEE_ALL.includes(role));
}

const SEE_ALL: readonly Role[] = ['supervisor', 'auditor'];

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
