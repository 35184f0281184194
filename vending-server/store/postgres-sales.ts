/** Durable sales on PostgreSQL: all that wait for one vendor go into one statement, and each knows whether it was kept. */
import { StsFault } from '../../lib/faults.ts';
import type { RecordedSale, Transfer, VendClaim, VendRecord } from './contract.ts';
import { Lanes, type Outcome } from './lane.ts';
import { type PostgresConnections, pause } from './postgres-connections.ts';
import { isBrokenRule, isConnectionError, postgresFault } from './postgres-faults.ts';
import { responseDigest, saleOf } from './rows.ts';

export interface Sale {
  readonly claim: VendClaim;
  readonly record: VendRecord;
}

/** How long a sale whose token is made is tried again on a database that comes and goes. */
const PATIENCE_MILLIS = 5_000;
const PAUSE_MILLIS = 50;
const PAUSE_MOST_MILLIS = 500;

export class PostgresSales {
  readonly #connections: PostgresConnections;
  readonly #lanes = new Lanes<Sale, RecordedSale>((vendorId, sales) => this.#record(vendorId, sales));

  constructor(connections: PostgresConnections) {
    this.#connections = connections;
  }

  /**
   * @throws StsFault `store_unavailable` when nobody can say whether the sale was kept, or when another server took the claim;
   *   then an Error for a broken rule of the schema.
   */
  record(sale: Sale): Promise<RecordedSale> {
    return this.#lanes.add(sale.claim.request.vendorId, sale);
  }

  async #record(vendorId: string, sales: readonly Sale[]): Promise<readonly Outcome<RecordedSale>[]> {
    try {
      return await this.#recordTogether(vendorId, sales);
    } catch (error) {
      if (sales.length === 1 || !isBrokenRule(error))
        return sales.map(() => ({ error: postgresFault(error) }));
    }
    // One of them breaks a rule and took the others with it: each by itself.
    const outcomes: Outcome<RecordedSale>[] = [];
    for (const sale of sales) outcomes.push(...(await this.#record(vendorId, [sale])));
    return outcomes;
  }

  /** A repetition is harmless: the first one that is kept uses the claims up. */
  async #recordTogether(vendorId: string, sales: readonly Sale[]): Promise<readonly Outcome<RecordedSale>[]> {
    const rows = JSON.stringify(sales.map(rowOf));
    const startedAt = performance.now();
    for (let wait = PAUSE_MILLIS; ; wait = Math.min(wait * 2, PAUSE_MOST_MILLIS)) {
      try {
        const kept = await this.#connections.attempt('recordVends', [vendorId, rows]);
        const ids = new Set(kept.map((row) => row.claim_id));
        if (ids.size === sales.length) return sales.map((sale) => ({ value: recordedOf(sale) }));
        return await this.#findKept(vendorId, sales, ids);
      } catch (error) {
        if (!isConnectionError(error) || performance.now() - startedAt > PATIENCE_MILLIS) throw error;
        await pause(wait);
      }
    }
  }

  /** Those whose claims were gone: kept by an attempt that was not heard of, or taken by another server. */
  async #findKept(
    vendorId: string,
    sales: readonly Sale[],
    kept: ReadonlySet<number>,
  ): Promise<readonly Outcome<RecordedSale>[]> {
    const asked = sales.filter(({ claim }) => !kept.has(claim.claimId));
    const ids = asked.map(({ claim }) => claim.request.requestId);
    const rows = await this.#connections.attempt('findSalesByRequest', [ids.map(() => vendorId), ids]);
    const held = new Map(rows.map((row) => [row.request_id, saleOf(row)]));
    return sales.map((sale) => {
      if (kept.has(sale.claim.claimId)) return { value: recordedOf(sale) };
      const found = held.get(sale.claim.request.requestId);
      if (found?.saleId === sale.record.saleId) return { value: found };
      return { error: new StsFault('store_unavailable', 'another server has ended the claim') };
    });
  }
}

function recordedOf({ claim: { request }, record }: Sale): RecordedSale {
  const { vendorId, requestId, requestHash } = request;
  return { saleId: record.saleId, vendorId, requestId, requestHash, responseBody: record.responseBody };
}

function rowOf({ claim, record }: Sale) {
  const { entry, history } = record;
  return {
    claim_id: claim.claimId,
    sale_id: record.saleId,
    request_hash: claim.request.requestHash,
    base_date: claim.request.baseDate,
    tid_minutes: claim.tidMinutes,
    sold_at: record.soldAt,
    currency: record.currency,
    amount_deci_kwh: record.amountDeciKwh,
    token_no: record.tokenNo,
    response_body: record.responseBody,
    response_digest: responseDigest(record.responseBody),
    transfers: transferRows(record.transfers),
    month: history.month,
    month_units_deci_kwh: history.monthUnitsDeciKwh,
    free_units_month: history.freeUnitsMonth,
    carried_minor: history.carriedMinor,
    charges: JSON.stringify(history.charges),
    debts: history.debts.map(({ debtId, balanceMinor }) => ({ debt_id: debtId, balance: balanceMinor })),
    module_id: entry.moduleId,
    counter: entry.counter,
    sale_digest: entry.saleDigest,
    token_digest: entry.tokenDigest,
    previous_hash: entry.previousHash,
    entry_hash: entry.entryHash,
    signature: entry.signature,
  };
}

export function transferRows(transfers: readonly Transfer[]) {
  return transfers.map(({ debitAccount, creditAccount, amountMinor }) => ({
    debit: debitAccount,
    credit: creditAccount,
    amount: amountMinor,
  }));
}
