/**
 * A sale again, by its own id or by the id under which the vendor asked for it: the exact first answer, for ever. The tokens of
 * a sale that was taken back are given to nobody any more: whatever shows tokens comes through here.
 */
import { StsFault } from '../../lib/faults.ts';
import { latestOf } from '../clock.ts';
import type { Caller } from '../people/caller.ts';
import type { Role } from '../people/roles.ts';
import type { RecordedSale, Store } from '../store/contract.ts';
import type { Vending } from './context.ts';
import { HOUSE_ID } from './house.ts';
import { withheldBody } from './sale-response.ts';

type Shower = Pick<Vending, 'store' | 'clock'>;

/** @throws StsFault `sale_unknown`, also for a sale that the caller may not see: its id must tell nothing. */
export async function findSale(vending: Shower, caller: Caller, saleId: string): Promise<RecordedSale> {
  const sale = await vending.store.findSale(saleId);
  if (sale === undefined || !maySee(caller, sale)) throw unknown();
  return shownSale(vending, sale);
}

/** A vendor its own; an engineer what the utility's people gave, and no customer's purchases. */
function maySee({ vendorId, roles }: Caller, sale: RecordedSale): boolean {
  if (vendorId !== null) return vendorId === sale.vendorId;
  return sale.vendorId === HOUSE_ID || roles.some((role) => SEE_ALL.includes(role));
}

const SEE_ALL: readonly Role[] = ['supervisor', 'auditor'];

/** @throws StsFault `sale_unknown`. */
export async function findSaleByRequest(
  vending: Shower,
  vendorId: string,
  requestId: string,
): Promise<RecordedSale> {
  const sale = await vending.store.findSaleByRequest(vendorId, requestId);
  if (sale === undefined) throw unknown();
  return shownSale(vending, sale);
}

/** The sale as it may leave: from here on its tokens count as seen, or they are withheld. */
export async function shownSale({ store, clock }: Shower, sale: RecordedSale): Promise<RecordedSale> {
  const advice = await store.advice.show(sale.saleId, latestOf(clock));
  return advice.state === 'reversed' ? { ...sale, responseBody: withheldBody(sale, advice) } : sale;
}

/** The first answer to a request that came again. @throws StsFault `sale_reversed`. */
export async function answeredAgain({ store, clock }: Shower, sale: RecordedSale): Promise<RecordedSale> {
  const { state } = await store.advice.show(sale.saleId, latestOf(clock));
  if (state === 'reversed') throw new StsFault('sale_reversed', undefined, { param: 'requestId' });
  return sale;
}

/**
 * A sale for the messages that were recorded with it, which keep it from ever counting as unseen.
 * @param at - for the books, when it is told of.
 */
export async function toldSale(
  { advice }: Pick<Store, 'advice'>,
  sale: RecordedSale,
  at: number,
): Promise<RecordedSale> {
  const said = await advice.find(sale.saleId);
  const held = said?.state === 'unseen' ? await advice.show(sale.saleId, at) : said;
  return held?.state === 'reversed' ? { ...sale, responseBody: withheldBody(sale, held) } : sale;
}

function unknown(): StsFault {
  return new StsFault('sale_unknown');
}
