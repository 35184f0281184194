/** Durable sales on PostgreSQL: those that wait together share a statement and its commit; each knows whether it was kept. */
import { StsFault } from '../../../lib/faults.ts';
import { salePartsOf } from '../../ledger/sale-parts.ts';
import type { JournalledEntry } from '../../security-module/contract.ts';
import type { MeterRecord, RecordedSale, Transfer, VendRecord } from '../contract.ts';
import { meterRowOf, responseDigest, saleOf } from '../rows.ts';
import { type Ask, type PostgresConnections, pause, type Row } from './connections.ts';
import { isBrokenRule, isConnectionError, isHeldUp, postgresFault } from './faults.ts';
import { recordMore, type Sale } from './issue.ts';
import { BUSY, type Outcome, type Patience, VendorLanes, type VendorTurns } from './lane.ts';
import { notificationRow } from './outbox.ts';
import type { StatementName } from './statements.ts';

/** How long a sale whose token is made is tried again on a database that comes and goes. */
const PATIENCE_MILLIS = 5_000;
const PAUSE_MILLIS = 50;
const PAUSE_MOST_MILLIS = 500;

export class PostgresSales {
  readonly #connections: PostgresConnections;
  readonly #lanes: VendorLanes<Sale, RecordedSale>;

  constructor(connections: PostgresConnections, turns: VendorTurns) {
    this.#connections = connections;
    this.#lanes = new VendorLanes((sales, patience) => this.#record(sales, patience), {
      turns,
      vendorOf: ({ claim }) => claim.request.vendorId,
    });
  }

  /**
   * What is more than a sale, a replacement or a change-out, has a transaction of its own.
   * @throws StsFault `store_unavailable` when nobody can say whether the sale was kept, or when another server took the claim;
   *   then an Error for a broken rule of the schema.
   */
  record(sale: Sale): Promise<RecordedSale> {
    const { replaces, changeOut } = sale.record;
    if (replaces !== undefined || changeOut !== undefined) return this.#recordMore(sale);
    return this.#lanes.add(sale.claim.request.vendorId, sale);
  }

  async #recordMore(sale: Sale): Promise<RecordedSale> {
    const record = (ask: Ask) => recordMore(ask, sale, JSON.stringify([rowOf(sale, 0)]));
    const isWorthAnother = (error: unknown) => isUnavailable(error) && !this.#connections.closed;
    const isKept = await patiently(() => this.#connections.transaction(record), isWorthAnother);
    if (isKept) return recordedOf(sale);
    const kept = (await this.#findKept([sale])).get(sale.record.saleId);
    if (kept === undefined) throw new StsFault('store_unavailable', 'another server has ended the claim');
    return kept;
  }

  async #record(
    sales: readonly Sale[],
    patience: Patience,
  ): Promise<readonly Outcome<RecordedSale | typeof BUSY>[]> {
    try {
      return await this.#recordTogether(sales, patience);
    } catch (error) {
      if (patience === 'short' && isHeldUp(error)) return sales.map(() => ({ value: BUSY }));
      if (sales.length === 1 || !isBrokenRule(error))
        return sales.map(() => ({ error: postgresFault(error) }));
    }
    // One of them breaks a rule and took the others with it: each by itself.
    const outcomes: Outcome<RecordedSale | typeof BUSY>[] = [];
    for (const sale of sales) outcomes.push(...(await this.#record([sale], patience)));
    return outcomes;
  }

  /** A repetition is harmless: the first one that is kept uses the claims up. */
  async #recordTogether(
    sales: readonly Sale[],
    patience: Patience,
  ): Promise<readonly Outcome<RecordedSale | typeof BUSY>[]> {
    const given = sales.map(rowOf);
    const text = JSON.stringify(given);
    const statement = statementFor(given, patience);
    return patiently(async () => {
      const rows = await this.#connections.attempt(statement, [text]);
      const fates = new Map(rows.map((row) => [row.claim_id, row]));
      const lost = sales.filter(({ claim }) => {
        const fate = fates.get(claim.claimId);
        return fate !== undefined && !fate.busy && !fate.kept;
      });
      const found = lost.length === 0 ? new Map<string, RecordedSale>() : await this.#findKept(lost);
      return sales.map((sale) => outcomeOf(sale, fates.get(sale.claim.claimId), found));
    }, isConnectionError);
  }

  /** Those whose claims were gone, by the ids of their sales: an attempt that was not heard of may have kept them. */
  async #findKept(sales: readonly Sale[]): Promise<ReadonlyMap<string, RecordedSale>> {
    const rows = await this.#connections.attempt('findSales', [sales.map(({ record }) => record.saleId)]);
    return new Map(rows.map((row) => [row.sale_id, saleOf(row)]));
  }
}

async function patiently<T>(work: () => Promise<T>, isWorthAnother: (error: unknown) => boolean): Promise<T> {
  const startedAt = performance.now();
  for (let pauseMillis = PAUSE_MILLIS; ; pauseMillis = Math.min(pauseMillis * 2, PAUSE_MOST_MILLIS)) {
    try {
      return await work();
    } catch (error) {
      if (!isWorthAnother(error) || performance.now() - startedAt > PATIENCE_MILLIS) throw error;
      await pause(pauseMillis);
    }
  }
}

/** As a transaction tells of a lost connection. */
function isUnavailable(error: unknown): boolean {
  return error instanceof StsFault && error.code === 'store_unavailable';
}

function outcomeOf(
  sale: Sale,
  fate: Row | undefined,
  found: ReadonlyMap<string, RecordedSale>,
): Outcome<RecordedSale | typeof BUSY> {
  if (fate?.kept) return { value: recordedOf(sale) };
  if (fate?.busy) return { value: BUSY };
  const kept = found.get(sale.record.saleId);
  if (kept !== undefined) return { value: kept };
  return { error: new StsFault('store_unavailable', 'another server has ended the claim') };
}

function recordedOf({ claim: { request }, record }: Sale): RecordedSale {
  const { vendorId, requestId, requestHash } = request;
  return { saleId: record.saleId, vendorId, requestId, requestHash, responseBody: record.responseBody };
}

function rowOf({ claim, record }: Sale, place: number) {
  const { history } = record;
  const [first = null, ...further] = record.tokenNos;
  return {
    claim_id: claim.claimId,
    vendor_id: claim.request.vendorId,
    sale_id: record.saleId,
    request_hash: claim.request.requestHash,
    sold_at: record.soldAt,
    currency: record.currency,
    amount_deci_kwh: record.amountDeciKwh,
    bought_deci_kwh: record.boughtDeciKwh,
    token_no: first,
    further_tokens: further,
    response_body: record.responseBody,
    response_digest: responseDigest(record.responseBody),
    transfers: transferRows(record.transfers),
    month: history.month,
    month_units_deci_kwh: history.monthUnitsDeciKwh,
    free_units_month: history.freeUnitsMonth,
    carried_minor: history.carriedMinor,
    charges: JSON.stringify(history.charges),
    last_at: history.lastAt,
    debts: history.debts.map(({ debtId, balanceMinor }) => ({ debt_id: debtId, balance: balanceMinor })),
    entries: record.entries.map(chainRow),
    key_change: keyChangeOf(record.meter),
    notifications: (record.notifications ?? []).map(notificationRow),
    place,
    ...movementOf(record),
  };
}

const PLAIN = {
  none: 'recordFreePlainVends',
  short: 'recordPatientPlainVends',
  long: 'recordPlainVends',
} as const;
const WHOLE = { none: 'recordFreeVends', short: 'recordPatientVends', long: 'recordVends' } as const;

function statementFor(sales: readonly ReturnType<typeof rowOf>[], patience: Patience): StatementName {
  const arePlain = sales.every(
    ({ further_tokens, key_change, debts, notifications }) =>
      key_change === null && further_tokens.length + debts.length + notifications.length === 0,
  );
  return (arePlain ? PLAIN : WHOLE)[patience];
}

/** The columns of a meter that its key change sets, and those of the row that tells of it. */
function keyChangeOf(meter: MeterRecord | undefined) {
  if (meter === undefined) return null;
  const change = meter.issuedKeyChange;
  return {
    ...meterRowOf(meter),
    from_key: JSON.stringify(change?.from),
    to_key: JSON.stringify(change?.to),
    three_sections: change?.threeSections,
  };
}

/** A chain entry by the names of its columns. */
export function chainRow(entry: JournalledEntry): Row {
  return {
    module_id: entry.moduleId,
    counter: entry.counter,
    sale_digest: entry.saleDigest,
    token_digest: entry.tokenDigest,
    previous_hash: entry.previousHash,
    entry_hash: entry.entryHash,
    signature: entry.signature,
    statement: entry.statement,
    meter_pan: entry.meterPan,
    base_date: entry.baseDate,
    tid_minutes: entry.tidMinutes,
  };
}

/** What the sale's movement of the float and the counters of its day say beside the sale. */
function movementOf({ soldAt, transfers, desk = {} }: VendRecord) {
  const parts = salePartsOf(transfers);
  return {
    energy_minor: parts.energyMinor,
    tax_minor: parts.taxMinor,
    arrears_minor: parts.arrearsMinor,
    charges_minor: parts.chargesMinor,
    fees_minor: parts.feesMinor,
    rounding_minor: desk.roundingMinor ?? 0,
    operator_id: desk.operatorId,
    till_id: desk.tillId,
    shift_id: desk.shiftId,
    tender: desk.tender,
    sale_kind: desk.saleKind,
    magnetic_tokens: desk.magneticTokens ?? 0,
    free_basic_tokens: desk.freeBasicTokens ?? 0,
    day: desk.day ?? new Date(soldAt).toISOString().slice(0, 10),
  };
}

export function transferRows(transfers: readonly Transfer[]) {
  return transfers.map(({ debitAccount, creditAccount, amountMinor }) => ({
    debit: debitAccount,
    credit: creditAccount,
    amount: amountMinor,
  }));
}
