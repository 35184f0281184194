/**
 * What is said of sales afterwards, on PostgreSQL. Who shows a sale's tokens and who takes it back meet at the sale's row of
 * `sale_advice`, on whatever servers they are: one of the two comes first, and the other one sees it.
 */
import { StsFault } from '../../../lib/faults.ts';
import type {
  AdviceStore,
  ConfirmResult,
  MeterSale,
  ReverseResult,
  SaleAdvice,
  SaleListFilter,
  SaleListPage,
  SaleReversal,
  WholeReversal,
  WithdrawResult,
} from '../advice-contract.ts';
import {
  adviceOf,
  historyBefore,
  keyBefore,
  type MeterSaleRow,
  meterSaleOf,
  saleListEntryOf,
} from '../advice-rows.ts';
import type { SaleRow } from '../contract.ts';
import { type SoldRow, saleRowOf } from '../ledger-rows.ts';
import { meterOf, meterRowOf, saleOf } from '../rows.ts';
import type { PostgresAccess } from './access.ts';
import type { PostgresClaims } from './claims.ts';
import type { Ask } from './connections.ts';
import { raisePurchasesVersion } from './deposits.ts';
import { transferRows } from './sales.ts';

/** What a reversal needs of the claims: in whose name a meter is held, and who waits for whose end. */
export type ClaimRoom = Pick<PostgresClaims, 'serverId' | 'settled'>;

export class PostgresAdvice implements AdviceStore {
  readonly #access: PostgresAccess;
  readonly #claims: ClaimRoom;

  constructor(access: PostgresAccess, claims: ClaimRoom) {
    this.#access = access;
    this.#claims = claims;
  }

  async show(saleId: string, at: number): Promise<SaleAdvice> {
    for (;;) {
      const held = await this.find(saleId);
      if (held !== undefined && held.state !== 'unseen') return held;
      const [row] = await this.#access.query('seeSale', [saleId, at]);
      if (row !== undefined) return adviceOf(row);
      // Somebody else said something in between: look again.
    }
  }

  async find(saleId: string): Promise<SaleAdvice | undefined> {
    const [row] = await this.#access.query('findAdvice', [saleId]);
    return row && adviceOf(row);
  }

  async markUnseen(saleId: string, at: number): Promise<boolean> {
    return (await this.#access.query('markUnseen', [this.#claims.serverId, saleId, at])).length === 1;
  }

  async confirm(saleId: string, at: number, by: string): Promise<ConfirmResult> {
    for (;;) {
      if ((await this.#access.query('findSaleId', [saleId])).length === 0) return { kind: 'sale_unknown' };
      const [row] = await this.#access.query('saySale', [saleId, 'confirmed', at, by, '']);
      const held = row === undefined ? await this.find(saleId) : adviceOf(row);
      if (held?.state === 'reversed') return { kind: 'reversed' };
      if (held?.state === 'confirmed') return { kind: 'confirmed', at: held.at };
    }
  }

  withdraw({ vendorId, requestId, at, by }: Parameters<AdviceStore['withdraw']>[0]): Promise<WithdrawResult> {
    return this.#access.write(`vendor ${vendorId}`, async (ask): Promise<WithdrawResult> => {
      // Claims of the vendor are made with his row locked: none can come between the look and the word.
      if ((await ask('lockFloat', [vendorId])).length === 0) return { kind: 'vendor_unknown' };
      const [sale] = await ask('findSalesByRequest', [[vendorId], [requestId]]);
      if (sale !== undefined) return { kind: 'sold', sale: saleOf(sale) };
      const [claim] = await ask('claimOfRequest', [vendorId, requestId]);
      if (claim !== undefined) return { kind: 'in_progress', settled: this.#claims.settled(claim.claim_id) };
      await ask('withdrawRequest', [vendorId, requestId, at, by]);
      const [row] = await ask('withdrawnAt', [vendorId, requestId]);
      return { kind: 'withdrawn', at: row.withdrawn_at };
    });
  }

  async findSaleRow(saleId: string): Promise<SaleRow | undefined> {
    const [row] = await this.#access.query('findSaleRow', [saleId]);
    return row && saleRowOf(row as SoldRow);
  }

  reverse(reversal: SaleReversal): Promise<ReverseResult> {
    const turn = `vendor ${reversal.sale.vendorId}`;
    return this.#access.write(turn, (ask) => reverseSale(ask, reversal, this.#claims));
  }

  async meterSales(meterPan: string, before: string | null, limit: number): Promise<readonly MeterSale[]> {
    const rows = await this.#access.query('meterSales', [meterPan, before, limit]);
    return rows.map((row) => meterSaleOf(row as MeterSaleRow));
  }

  async sales(filter: SaleListFilter): Promise<SaleListPage> {
    const { vendorId, operatorId, tillId, before, limit } = filter;
    const from = before ?? Number.MAX_SAFE_INTEGER;
    const rows = await this.#access.query('vendorSales', [vendorId, from, operatorId, tillId, limit]);
    const sales = rows.map(saleListEntryOf);
    if (sales.length === limit) return { sales, next: sales.at(-1)?.entryId ?? null };
    const [last] = await this.#access.query('lastSaleScanned', [vendorId, from]);
    return { sales, next: last?.entry_id ?? null };
  }
}

/** Inside a transaction. Whatever refuses is looked for before the first change that stays. */
export async function reverseSale(
  ask: Ask,
  reversal: SaleReversal,
  claims: ClaimRoom,
): Promise<ReverseResult> {
  const { sale, at, by, reason } = reversal;
  const { saleId, vendorId, meterPan, requestId, paidMinor } = sale;
  const [vendor] = await ask('lockFloat', [vendorId]);
  const [row] = await ask('lockAdvice', [saleId]);
  const held = row && adviceOf(row);
  if (held?.state === 'reversed') return { kind: 'exists', at: held.at };
  if (held?.state === 'confirmed') return { kind: 'confirmed' };
  // Somebody was given another token for it, or is at this moment.
  await ask('lockSale', [saleId]);
  if ((await ask('findReplaced', [saleId])).length > 0) return { kind: 'token_may_be_seen' };
  if (vendor.float_minor + paidMinor > Number.MAX_SAFE_INTEGER) return { kind: 'float_too_large' };
  if (reversal.kind === 'meterDebt') {
    if (!(await openDebt(ask, reversal.debt))) return { kind: 'debt_exists' };
    await say(ask, [saleId, 'reversed', at, by, reason]);
    await giveBack(ask, reversal, vendor.float_minor + paidMinor);
    return { kind: 'reversed', at };
  }
  if (reversal.hasTokens) {
    if (held?.state !== 'unseen') return { kind: 'token_may_be_seen' };
    if ((await ask('hasOlderServer', [claims.serverId])).length > 0) return { kind: 'token_may_be_seen' };
  }
  const [hold] = await ask('holdMeter', [claims.serverId, vendorId, requestId, meterPan]);
  if (hold === undefined) {
    const [claim] = await ask('claimOfMeter', [meterPan]);
    return { kind: 'in_progress', settled: claims.settled(claim?.claim_id ?? null) };
  }
  const [last] = await ask('lockLastSale', [meterPan]);
  if (last?.last_sale_id === saleId) {
    await say(ask, [saleId, 'reversed', at, by, reason]);
    await giveBack(ask, reversal, vendor.float_minor + paidMinor);
    await goBack(ask, reversal, last.before);
  }
  await ask('freeMeter', [hold.claim_id]);
  return last?.last_sale_id === saleId ? { kind: 'reversed', at } : { kind: 'sold_since' };
}

/** @throws StsFault when a confirmation came in between: everything is undone, and whoever asks again hears of it. */
async function say(ask: Ask, values: readonly unknown[]): Promise<void> {
  if ((await ask('saySale', values)).length === 0)
    throw new StsFault('store_unavailable', 'the sale was confirmed at the same moment');
}

async function giveBack(ask: Ask, reversal: SaleReversal, floatMinor: number): Promise<void> {
  const { sale, at, day, transfers } = reversal;
  const { saleId, vendorId, meterPan, paidMinor, amountDeciKwh, soldAt } = sale;
  await ask('moveFloat', [vendorId, paidMinor]);
  const [entry] = await ask('enterReversal', [vendorId, saleId, soldAt, at, floatMinor]);
  if (entry === undefined) throw new StsFault('operation_unsupported', 'the sale has no movement of a float');
  await ask('addTransfers', [`saleReversal ${saleId}`, JSON.stringify(transferRows(transfers)), at]);
  const subjects = [
    ['vendor', vendorId],
    ['meter', meterPan],
    ...(entry.operator_id === null ? [] : [['operator', `${vendorId}/${entry.operator_id}`]]),
  ];
  const names = [subjects.map(([scope]) => scope), subjects.map(([, subject]) => subject)];
  await ask('uncount', [...names, paidMinor, amountDeciKwh, day]);
}

/** The meter as it was before the sale. */
async function goBack(
  ask: Ask,
  { sale: { saleId, meterPan }, debts }: WholeReversal,
  before: string | null,
): Promise<void> {
  const { month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, charges, lastAt } = historyBefore(before);
  const figures = [month, monthUnitsDeciKwh, freeUnitsMonth, carriedMinor, charges, lastAt];
  await ask('restoreHistory', [meterPan, ...figures]);
  for (const { debtId, amountMinor } of debts) {
    if ((await ask('addToDebt', [debtId, amountMinor])).length !== 1)
      throw new StsFault('store_damaged', 'a sale has recovered a debt that is not there');
  }
  await ask('lockMeter', [meterPan]);
  const [meter] = await ask('findMeters', [[meterPan]]);
  const [earlier] = await ask('earlierKeyChange', [meterPan, saleId]);
  const key = meter && keyBefore(meterOf(meter), saleId, earlier);
  if (key === undefined) return;
  await ask('forgetKeyChange', [saleId]);
  await ask('setMeters', [JSON.stringify([meterRowOf(key)])]);
}

/** Inside a transaction. @returns false when the debt's id is held. */
async function openDebt(
  ask: Ask,
  { meterPan, debt, openedAt, transfers }: Extract<SaleReversal, { kind: 'meterDebt' }>['debt'],
): Promise<boolean> {
  await ask('lockMeter', [meterPan]);
  const { debtId, label, balanceMinor } = debt;
  const recovery = JSON.stringify(debt.recovery);
  const added = await ask('addDebt', [debtId, meterPan, label, balanceMinor, recovery, openedAt]);
  if (added.length === 0) return false;
  await raisePurchasesVersion(ask, meterPan);
  await ask('addTransfers', [`debt ${debtId}`, JSON.stringify(transferRows(transfers)), openedAt]);
  return true;
}
