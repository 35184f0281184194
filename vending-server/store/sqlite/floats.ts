/** Every movement of a float in SQLite, in order, and what a set of sales comes to. The callers hold the transaction. */
import type { Statement } from 'better-sqlite3';
import { StsFault } from '../../../lib/faults.ts';
import { salePartsOf } from '../../ledger/sale-parts.ts';
import type { VendClaimRequest, VendRecord } from '../contract.ts';
import type {
  CounterScope,
  CounterSubject,
  DayCount,
  FloatEntry,
  MinuteSales,
  SaleSpan,
  SaleTotalsRow,
} from '../money-contract.ts';
import {
  type FloatEntryRow,
  floatEntryOf,
  type MinuteRow,
  minuteSalesOf,
  saleTotalsOf,
  type TotalsRow,
} from '../money-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';

const ENTRY_COLUMNS = 'entry_id, vendor_id, kind, reference, at, amount_minor, balance_minor';
/** The parts of a reversal are what went back. */
const SIGN = "iif(kind = 'sale', 1, -1)";
const TOTALS = `coalesce(tender, '') AS tender, coalesce(sale_kind, 'credit') AS sale_kind,
  coalesce(operator_id, '') AS operator_id, sum(kind = 'sale') AS sales, sum(kind <> 'sale') AS reversals,
  -sum(amount_minor) AS paid_minor, sum(${SIGN} * energy_minor) AS energy_minor, sum(${SIGN} * tax_minor) AS tax_minor,
  sum(${SIGN} * arrears_minor) AS arrears_minor, sum(${SIGN} * charges_minor) AS charges_minor,
  sum(${SIGN} * fees_minor) AS fees_minor, sum(${SIGN} * amount_deci_kwh) AS amount_deci_kwh,
  sum(${SIGN} * rounding_minor) AS rounding_minor`;
/** Sales, and what went back of them. */
const SALES = "kind IN ('sale', 'saleReversal')";
const GROUPED = 'GROUP BY 1, 2, 3 ORDER BY 1, 2, 3';

const SQL = {
  balance: 'SELECT float_minor FROM vendor WHERE vendor_id = ?',
  add: `INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor) VALUES (?, ?, ?, ?, ?, ?)`,
  addSale: `INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor, operator_id, till_id,
      shift_id, tender, sale_kind, energy_minor, tax_minor, arrears_minor, charges_minor, fees_minor, amount_deci_kwh,
      magnetic_tokens, free_basic_tokens, rounding_minor)
    VALUES (?, 'sale', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  count: `INSERT INTO day_count (scope, subject, day, sales, paid_minor, amount_deci_kwh, last_at) VALUES (?, ?, ?, 1, ?, ?, ?)
    ON CONFLICT (scope, subject, day) DO UPDATE SET sales = sales + 1, paid_minor = paid_minor + excluded.paid_minor,
      amount_deci_kwh = amount_deci_kwh + excluded.amount_deci_kwh, last_at = max(last_at, excluded.last_at)`,
  // Counted in the shift that is open at the till now: out of its drawer the money goes back.
  addReversal: `INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor, operator_id, till_id,
      shift_id, tender, sale_kind, energy_minor, tax_minor, arrears_minor, charges_minor, fees_minor, amount_deci_kwh,
      magnetic_tokens, free_basic_tokens, rounding_minor)
    SELECT vendor_id, 'saleReversal', reference, :at, -amount_minor, :balanceMinor, operator_id, till_id,
      (SELECT shift_id FROM till_shift AS t
        WHERE t.vendor_id = sold.vendor_id AND t.till_id = sold.till_id AND t.closed_at IS NULL),
      tender, sale_kind, energy_minor, tax_minor, arrears_minor, charges_minor, fees_minor, amount_deci_kwh,
      magnetic_tokens, free_basic_tokens, rounding_minor
    FROM float_entry AS sold WHERE at = :soldAt AND kind = 'sale' AND vendor_id = :vendorId AND reference = :saleId
    RETURNING operator_id`,
  counted:
    'SELECT sales, paid_minor, amount_deci_kwh FROM day_count WHERE scope = ? AND subject = ? AND day = ?',
  find: `SELECT ${ENTRY_COLUMNS} FROM float_entry WHERE kind = ? AND vendor_id = ? AND reference = ?`,
  page: `SELECT ${ENTRY_COLUMNS} FROM float_entry WHERE vendor_id = ? AND entry_id < ? ORDER BY entry_id DESC LIMIT ?`,
  lastEntry: 'SELECT coalesce(max(entry_id), 0) AS last FROM float_entry WHERE vendor_id = ?',
  byEntries: `SELECT ${TOTALS} FROM float_entry
    WHERE ${SALES} AND vendor_id = ? AND entry_id > ? AND entry_id <= ? ${GROUPED}`,
  byShift: `SELECT ${TOTALS} FROM float_entry WHERE ${SALES} AND vendor_id = ? AND shift_id = ? ${GROUPED}`,
  byTime: `SELECT ${TOTALS} FROM float_entry WHERE ${SALES} AND at >= ? AND at < ? ${GROUPED}`,
  // The entries lead, by their time: a few of them stand against all vendors.
  byMinute: `SELECT at / 60000 * 60000 AS minute, currency, sum(kind = 'sale') AS sales, sum(kind <> 'sale') AS reversals,
      -sum(amount_minor) AS paid_minor, sum(${SIGN} * amount_deci_kwh) AS amount_deci_kwh
    FROM float_entry CROSS JOIN vendor USING (vendor_id)
    WHERE ${SALES} AND at >= ? AND at < ? GROUP BY 1, 2 ORDER BY 1, 2`,
  byTimeOfVendor: `SELECT ${TOTALS} FROM float_entry
    WHERE ${SALES} AND +vendor_id = ? AND at >= ? AND at < ? ${GROUPED}`,
} as const;

export class SqliteFloats {
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor({ database }: Pick<SqliteAccess, 'database'>) {
    this.#sql = prepareAll(database, SQL);
  }

  /** Inside a transaction, right after the float was moved. */
  enter(entry: Omit<FloatEntry, 'entryId' | 'balanceMinor'>): number {
    const { vendorId, kind, reference, at, amountMinor } = entry;
    const balanceMinor = this.#balance(vendorId);
    this.#sql.add.run(vendorId, kind, reference, at, amountMinor, balanceMinor);
    return balanceMinor;
  }

  /** Inside the transaction of the sale, right after its money left the float. */
  enterSale({ vendorId, paidMinor }: VendClaimRequest, record: VendRecord): void {
    const { saleId, soldAt, amountDeciKwh, transfers, desk = {} } = record;
    const parts = salePartsOf(transfers);
    this.#sql.addSale.run(
      vendorId,
      saleId,
      soldAt,
      -paidMinor,
      this.#balance(vendorId),
      desk.operatorId ?? null,
      desk.tillId ?? null,
      desk.shiftId ?? null,
      desk.tender ?? null,
      desk.saleKind ?? null,
      parts.energyMinor,
      parts.taxMinor,
      parts.arrearsMinor,
      parts.chargesMinor,
      parts.feesMinor,
      record.boughtDeciKwh,
      desk.magneticTokens ?? 0,
      desk.freeBasicTokens ?? 0,
      desk.roundingMinor ?? 0,
    );
    const day = desk.day ?? new Date(soldAt).toISOString().slice(0, 10);
    const count = (scope: Exclude<CounterScope, 'meter'>, subject: string) =>
      this.#sql.count.run(scope, subject, day, paidMinor, amountDeciKwh, soldAt);
    // A meter's own count stands in its history, which the sale writes anyway.
    count('vendor', vendorId);
    if (desk.operatorId !== undefined) count('operator', `${vendorId}/${desk.operatorId}`);
  }

  /**
   * Inside a transaction, right after the money of a sale went back to the float: the movement says of it what the sale's said.
   * @returns who sold it, if the till told.
   * @throws StsFault `operation_unsupported` for a sale from before floats had movements.
   */
  enterReversal(sale: {
    readonly saleId: string;
    readonly vendorId: string;
    readonly soldAt: number;
    readonly at: number;
  }): string | null {
    const { saleId, vendorId, soldAt, at } = sale;
    const balanceMinor = this.#balance(vendorId);
    const row = this.#sql.addReversal.get({ saleId, vendorId, soldAt, at, balanceMinor }) as
      | { operator_id: string | null }
      | undefined;
    if (row === undefined) throw new StsFault('operation_unsupported', 'the sale has no movement of a float');
    return row.operator_id;
  }

  /** What is sold on a day, claims aside. */
  counted({ scope, subject }: CounterSubject, day: string): Omit<DayCount, 'lastAt'> {
    const row = this.#sql.counted.get(scope, subject, day) as
      | { sales: number; paid_minor: number; amount_deci_kwh: number }
      | undefined;
    const { sales = 0, paid_minor: paidMinor = 0, amount_deci_kwh: amountDeciKwh = 0 } = row ?? {};
    return { scope, subject, sales, paidMinor, amountDeciKwh };
  }

  find(kind: FloatEntry['kind'], vendorId: string, reference: string): FloatEntry | undefined {
    const row = this.#sql.find.get(kind, vendorId, reference) as FloatEntryRow | undefined;
    return row && floatEntryOf(row);
  }

  page(vendorId: string, before: number | null, limit: number): readonly FloatEntry[] {
    const rows = this.#sql.page.all(vendorId, before ?? Number.MAX_SAFE_INTEGER, limit) as FloatEntryRow[];
    return rows.map(floatEntryOf);
  }

  lastEntry(vendorId: string): number {
    return (this.#sql.lastEntry.get(vendorId) as { last: number }).last;
  }

  totals(span: SaleSpan): readonly SaleTotalsRow[] {
    return (this.#rows(span) as TotalsRow[]).map(saleTotalsOf);
  }

  byMinute(from: number, until: number): readonly MinuteSales[] {
    return (this.#sql.byMinute.all(from, until) as MinuteRow[]).map(minuteSalesOf);
  }

  #rows(span: SaleSpan): unknown[] {
    switch (span.by) {
      case 'entries':
        return this.#sql.byEntries.all(span.vendorId, span.after, span.through);
      case 'shift':
        return this.#sql.byShift.all(span.vendorId, span.shiftId);
      case 'time':
        return span.vendorId === null
          ? this.#sql.byTime.all(span.from, span.until)
          : this.#sql.byTimeOfVendor.all(span.vendorId, span.from, span.until);
    }
  }

  #balance(vendorId: string): number {
    return (this.#sql.balance.get(vendorId) as { float_minor: number }).float_minor;
  }
}
