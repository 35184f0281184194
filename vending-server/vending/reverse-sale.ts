/**
 * A sale taken back. Of what was never sold the request id is withdrawn; what was sold goes back whole as long as nobody can have
 * seen a token of it. Everything else stays sold, unless the utility lets two of its people make it a debt of the meter.
 */
import { StsFault } from '../../lib/faults.ts';
import { debtTransfers } from '../ledger/postings.ts';
import { debtOf, mirrored, reversalDebtId } from '../ledger/reversal-postings.ts';
import { reversalFault } from '../people/reversal-fault.ts';
import { timeZoneOf } from '../people/settings.ts';
import type { DebtReversal, SaleReversal, WholeReversal } from '../store/advice-contract.ts';
import type { SaleRow } from '../store/contract.ts';
import { localMoment } from '../tariff/local-time.ts';
import type { Vending } from './context.ts';
import { HOUSE_ID } from './house.ts';
import type { SaleResponse } from './sale-response.ts';

export interface ReversalOrder {
  readonly by: string;
  readonly reason: string;
}

export type Reversal =
  /** Nothing was sold under this id, and nothing will be. */
  | { readonly kind: 'nothingSold'; readonly at: number }
  | {
      readonly kind: 'reversed';
      readonly at: number;
      readonly saleId: string;
      readonly requestId: string;
      readonly currency: string;
      /** What went back to the float. */
      readonly amountMinor: number;
      /** The debt of the meter that took its place; null where nothing is owed. */
      readonly debtId: string | null;
    };

/**
 * What the vendor asked for under this id, undone; a sale that is being made at this moment is waited for. Asked again it
 * answers the same.
 * @throws StsFault `sale_confirmed`, `token_may_be_seen`, `meter_sold_since`, `operation_unsupported`.
 */
export async function reverseByRequest(
  vending: Vending,
  { vendorId, requestId }: { readonly vendorId: string; readonly requestId: string },
  { by, reason }: ReversalOrder,
): Promise<Reversal> {
  const { store, clock } = vending;
  for (;;) {
    const result = await store.advice.withdraw({ vendorId, requestId, at: clock.now(), by });
    switch (result.kind) {
      case 'in_progress':
        await result.settled;
        break;
      case 'withdrawn':
        return { kind: 'nothingSold', at: result.at };
      case 'vendor_unknown':
        throw new StsFault('vendor_unknown');
      case 'sold':
        return reverseWhole(vending, result.sale.saleId, { by, reason });
    }
  }
}

/**
 * Takes a sale back as if it had never been.
 * @throws StsFault `sale_unknown`, `sale_confirmed`, `token_may_be_seen`, `meter_sold_since`, `operation_unsupported`.
 */
export async function reverseWhole(
  vending: Vending,
  saleId: string,
  order: ReversalOrder,
): Promise<Reversal> {
  const row = await soldRow(vending, saleId);
  const reversal: WholeReversal = {
    ...(await baseOf(vending, row, order)),
    kind: 'whole',
    hasTokens: (JSON.parse(row.responseBody) as SaleResponse).tokens.length > 0,
    transfers: mirrored(row.transfers, 'whole'),
    debts: row.transfers.flatMap(({ creditAccount, amountMinor }) => {
      const debtId = debtOf(creditAccount);
      return debtId === undefined ? [] : [{ debtId, amountMinor }];
    }),
  };
  return reversed(vending, row, reversal);
}

/**
 * The sale as two people of the utility may make it a debt of the meter.
 * @throws StsFault `sale_unknown`, `operation_unsupported`, `token_may_be_seen` unless the setting `reversal` is `meterDebt`.
 */
export async function debtReversalOf(
  vending: Vending,
  { saleId, ...order }: ReversalOrder & { readonly saleId: string },
): Promise<DebtReversal> {
  const row = await soldRow(vending, saleId);
  if ((await vending.rules.reversalPolicy()) !== 'meterDebt') throw new StsFault('token_may_be_seen');
  const base = await baseOf(vending, row, order);
  const debtId = reversalDebtId(saleId);
  const { meterPan, paidMinor, currency } = row;
  return {
    ...base,
    kind: 'meterDebt',
    transfers: mirrored(row.transfers, 'meterDebt'),
    debt: {
      meterPan,
      debt: { debtId, label: 'Reversed sale', balanceMinor: paidMinor, recovery: { kind: 'all' } },
      openedAt: base.at,
      transfers: debtTransfers(debtId, currency, paidMinor),
    },
  };
}

/** @throws StsFault of {@link debtReversalOf}, `sale_confirmed`, `debt_exists`. */
export async function reverseToDebt(
  vending: Vending,
  order: ReversalOrder & { readonly saleId: string },
): Promise<Reversal> {
  const reversal = await debtReversalOf(vending, order);
  return reversed(vending, await soldRow(vending, order.saleId), reversal);
}

async function reversed({ store }: Vending, row: SaleRow, reversal: SaleReversal): Promise<Reversal> {
  for (;;) {
    const result = await store.advice.reverse(reversal);
    const fault = reversalFault(result);
    if (fault !== undefined) throw fault;
    if (result.kind === 'in_progress') await result.settled;
    else if (result.kind === 'reversed' || result.kind === 'exists') return answerOf(row, result.at, store);
  }
}

async function answerOf(row: SaleRow, at: number, store: Vending['store']): Promise<Reversal> {
  const { saleId, requestId, currency, paidMinor, meterPan } = row;
  const debtId = reversalDebtId(saleId);
  const { history } = await store.findPurchases(meterPan);
  const isOwed = history.debts.some((debt) => debt.debtId === debtId);
  const who = { saleId, requestId, currency, amountMinor: paidMinor };
  return { kind: 'reversed', at, ...who, debtId: isOwed ? debtId : null };
}

/** @throws StsFault `sale_unknown`, `operation_unsupported` for what was given without money or is older than the accounts. */
async function soldRow({ store }: Vending, saleId: string): Promise<SaleRow> {
  const row = await store.advice.findSaleRow(saleId);
  if (row === undefined) throw new StsFault('sale_unknown');
  const moved = row.transfers.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (row.vendorId === HOUSE_ID || row.paidMinor === 0 || moved !== row.paidMinor)
    throw new StsFault('operation_unsupported');
  return row;
}

async function baseOf(vending: Vending, sale: SaleRow, { by, reason }: ReversalOrder) {
  // The day of the sale's counters; a utility that has changed its time zone since loses them for the limits of that day.
  const { day } = localMoment(sale.soldAt, await timeZoneOf(vending));
  return { sale, at: vending.clock.now(), by, reason, day };
}
