/** The vendors' money beside sales and deposits in SQLite: changes of floats, shifts, batches, commission, day ends. */
import type { Statement } from 'better-sqlite3';
import type { AccountBalance, PutResult, Transfer } from '../contract.ts';
import type {
  BatchRecord,
  CommissionFigureRow,
  CommissionVersion,
  CreditLimitChange,
  DayEndRecord,
  DepositRecord,
  FloatChange,
  FloatChangeResult,
  FloatEntry,
  MinuteSales,
  MoneyStore,
  OpenShiftResult,
  SaleSpan,
  SaleTotalsRow,
  ShiftRecord,
} from '../money-contract.ts';
import { type BatchRow, batchOf, dayEndOf, type ShiftRow, shiftOf } from '../money-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';
import type { SqliteFloats } from './floats.ts';

const SHIFT = 'shift_id, vendor_id, operator_id, till_id, opened_at, closed_at, closed_by, counted_minor';
const BATCH = 'batch_id, kind, vendor_id, closed_at, closed_by, after_entry, through_entry, reference';

/** The parts of a reversal are what went back. */
const SIGN = "iif(kind = 'sale', 1, -1)";

const SQL = {
  findVendor: 'SELECT float_minor, credit_limit_minor FROM vendor WHERE vendor_id = ?',
  moveFloat: 'UPDATE vendor SET float_minor = float_minor + ? WHERE vendor_id = ?',
  setCreditLimit: 'UPDATE vendor SET credit_limit_minor = ? WHERE vendor_id = ?',
  findDeposit: `SELECT amount_minor, reference, deposited_at FROM deposit WHERE vendor_id = ? AND request_id = ?`,
  findShift: `SELECT ${SHIFT} FROM till_shift WHERE vendor_id = ? AND shift_id = ?`,
  openShiftOf: `SELECT ${SHIFT} FROM till_shift
    WHERE vendor_id = ? AND closed_at IS NULL AND (till_id = ? OR operator_id = ?) LIMIT 1`,
  openShift: `INSERT INTO till_shift (vendor_id, shift_id, operator_id, till_id, opened_at) VALUES (?, ?, ?, ?, ?)`,
  closeShift: `UPDATE till_shift SET closed_at = ?, closed_by = ?, counted_minor = ?
    WHERE vendor_id = ? AND shift_id = ? AND closed_at IS NULL`,
  findBatch: `SELECT ${BATCH} FROM batch WHERE vendor_id = ? AND kind = ? AND batch_id = ?`,
  lastBatch: `SELECT coalesce(max(through_entry), 0) AS through FROM batch WHERE vendor_id = ? AND kind = ?`,
  addBatch: `INSERT INTO batch (vendor_id, kind, batch_id, closed_at, closed_by, after_entry, through_entry, reference)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  batches: `SELECT ${BATCH} FROM batch WHERE vendor_id = ? AND kind = ? AND through_entry < ?
    ORDER BY after_entry DESC LIMIT ?`,
  commissions:
    'SELECT vendor_id, from_month, terms FROM commission_terms WHERE vendor_id = ? ORDER BY from_month',
  addCommission: 'INSERT INTO commission_terms (vendor_id, from_month, terms) VALUES (?, ?, ?)',
  commissionFigures: `SELECT coalesce(sum(${SIGN} * amount_deci_kwh), 0) AS amount_deci_kwh,
      coalesce(sum(${SIGN} * arrears_minor), 0) AS arrears_minor,
      coalesce(sum(${SIGN} * magnetic_tokens), 0) AS magnetic_tokens,
      coalesce(sum(${SIGN} * free_basic_tokens), 0) AS free_basic_tokens
    FROM float_entry WHERE kind IN ('sale', 'saleReversal') AND +vendor_id = ? AND at >= ? AND at < ?`,
  accounts: `SELECT account, sum(debit) AS debit_minor, sum(credit) AS credit_minor FROM (
      SELECT debit_account AS account, amount_minor AS debit, 0 AS credit FROM transfer
        WHERE booked_at >= :from AND booked_at < :until
      UNION ALL SELECT credit_account, 0, amount_minor FROM transfer WHERE booked_at >= :from AND booked_at < :until)
    GROUP BY account ORDER BY account`,
  findDayEnd: 'SELECT day, closed_at, closed_by, figures FROM day_end WHERE day = ?',
  lastDayEnd: 'SELECT day, closed_at, closed_by, figures FROM day_end ORDER BY day DESC LIMIT 1',
  addDayEnd: 'INSERT OR IGNORE INTO day_end (day, closed_at, closed_by, figures) VALUES (?, ?, ?, ?)',
} as const;

interface MoneyParts {
  readonly floats: SqliteFloats;
  readonly addTransfers: (cause: string, transfers: readonly Transfer[], bookedAt: number) => void;
  /** What sales of this moment have spoken for. */
  readonly reservedMinor: (vendorId: string) => number;
}

export class SqliteMoney implements MoneyStore {
  readonly #access: SqliteAccess;
  readonly #parts: MoneyParts;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess, parts: MoneyParts) {
    this.#access = access;
    this.#parts = parts;
    this.#sql = prepareAll(access.database, SQL);
  }

  findDeposit(vendorId: string, requestId: string): Promise<DepositRecord | undefined> {
    return this.#access.read(() => {
      const row = this.#sql.findDeposit.get(vendorId, requestId) as
        | { amount_minor: number; reference: string; deposited_at: number }
        | undefined;
      if (row === undefined) return undefined;
      const isReversed = this.#parts.floats.find('depositReversal', vendorId, requestId) !== undefined;
      const { amount_minor: amountMinor, reference, deposited_at: at } = row;
      return { vendorId, requestId, amountMinor, reference, at, isReversed };
    });
  }

  changeFloat(change: FloatChange): Promise<FloatChangeResult> {
    return this.#access.write(() => this.changeFloatNow(change));
  }

  /** Inside a transaction. */
  changeFloatNow({ kind, vendorId, reference, amountMinor, at, transfers }: FloatChange): FloatChangeResult {
    const held = this.#parts.floats.find(kind, vendorId, reference);
    if (held !== undefined) return { kind: 'exists', floatMinor: held.balanceMinor };
    const vendor = this.#vendor(vendorId);
    if (vendor === undefined) return { kind: 'vendor_unknown' };
    // Money that a sale of this moment has claimed is not there to be taken.
    const floatMinor = vendor.floatMinor + amountMinor;
    const available = floatMinor + vendor.creditLimitMinor - this.#parts.reservedMinor(vendorId);
    if (amountMinor < 0 && available < 0) return { kind: 'float_exhausted', floatMinor: vendor.floatMinor };
    if (floatMinor > Number.MAX_SAFE_INTEGER) return { kind: 'float_too_large' };
    this.#sql.moveFloat.run(amountMinor, vendorId);
    this.#parts.floats.enter({ vendorId, kind, reference, at, amountMinor });
    this.#parts.addTransfers(`${kind} ${vendorId} ${reference}`, transfers, at);
    return { kind: 'recorded', floatMinor };
  }

  changeCreditLimit(change: CreditLimitChange) {
    return this.#access.write(() => this.changeCreditLimitNow(change));
  }

  /** Inside a transaction. */
  changeCreditLimitNow({ vendorId, fromMinor, toMinor }: CreditLimitChange) {
    const vendor = this.#vendor(vendorId);
    if (vendor === undefined) return 'vendor_unknown';
    if (vendor.creditLimitMinor === toMinor) return 'changed';
    if (vendor.creditLimitMinor !== fromMinor) return 'changed_meanwhile';
    if (vendor.floatMinor - this.#parts.reservedMinor(vendorId) < -toMinor) return 'below_float';
    this.#sql.setCreditLimit.run(toMinor, vendorId);
    return 'changed';
  }

  floatEntries(vendorId: string, before: number | null, limit: number): Promise<readonly FloatEntry[]> {
    return this.#access.read(() => this.#parts.floats.page(vendorId, before, limit));
  }

  findFloatChange(
    kind: FloatChange['kind'],
    vendorId: string,
    reference: string,
  ): Promise<FloatEntry | undefined> {
    return this.#access.read(() => this.#parts.floats.find(kind, vendorId, reference));
  }

  saleTotals(span: SaleSpan): Promise<readonly SaleTotalsRow[]> {
    return this.#access.read(() => this.#parts.floats.totals(span));
  }

  salesByMinute(from: number, until: number): Promise<readonly MinuteSales[]> {
    return this.#access.read(() => this.#parts.floats.byMinute(from, until));
  }

  openShift(
    shift: Pick<ShiftRecord, 'shiftId' | 'vendorId' | 'operatorId' | 'tillId' | 'openedAt'>,
  ): Promise<OpenShiftResult> {
    return this.#access.write(() => {
      const { vendorId, shiftId, operatorId, tillId } = shift;
      if (this.#vendor(vendorId) === undefined) return { kind: 'vendor_unknown' };
      const held = this.#shift(vendorId, shiftId);
      if (held !== undefined) {
        const isSame = held.operatorId === operatorId && held.tillId === tillId;
        return isSame ? { kind: 'same', shift: held } : { kind: 'exists_with_different_request' };
      }
      const open = this.#sql.openShiftOf.get(vendorId, tillId, operatorId) as ShiftRow | undefined;
      if (open !== undefined) return { kind: 'open_elsewhere', shift: shiftOf(open) };
      this.#sql.openShift.run(vendorId, shiftId, operatorId, tillId, shift.openedAt);
      return { kind: 'opened', shift: { ...shift, closedAt: null, closedBy: null, countedMinor: null } };
    });
  }

  closeShift(close: Parameters<MoneyStore['closeShift']>[0]): Promise<ShiftRecord | undefined> {
    return this.#access.write(() => {
      const { vendorId, shiftId, at, closedBy, countedMinor } = close;
      this.#sql.closeShift.run(at, closedBy, countedMinor, vendorId, shiftId);
      return this.#shift(vendorId, shiftId);
    });
  }

  findShift(vendorId: string, shiftId: string): Promise<ShiftRecord | undefined> {
    return this.#access.read(() => this.#shift(vendorId, shiftId));
  }

  closeBatch(batch: Parameters<MoneyStore['closeBatch']>[0]) {
    return this.#access.write(() => {
      const { vendorId, kind, batchId, closedAt, closedBy, reference } = batch;
      if (this.#vendor(vendorId) === undefined) return 'vendor_unknown' as const;
      const held = this.#sql.findBatch.get(vendorId, kind, batchId) as BatchRow | undefined;
      if (held !== undefined) {
        return held.reference === reference ? batchOf(held) : ('exists_with_different_request' as const);
      }
      const afterEntry = (this.#sql.lastBatch.get(vendorId, kind) as { through: number }).through;
      const throughEntry = this.#parts.floats.lastEntry(vendorId);
      const span = { by: 'entries', vendorId, after: afterEntry, through: throughEntry } as const;
      if (this.#parts.floats.totals(span).length === 0) return 'empty' as const;
      this.#sql.addBatch.run(
        vendorId,
        kind,
        batchId,
        closedAt,
        closedBy,
        afterEntry,
        throughEntry,
        reference,
      );
      return { ...batch, afterEntry, throughEntry };
    });
  }

  findBatch(vendorId: string, kind: BatchRecord['kind'], batchId: string): Promise<BatchRecord | undefined> {
    return this.#access.read(() => {
      const row = this.#sql.findBatch.get(vendorId, kind, batchId) as BatchRow | undefined;
      return row && batchOf(row);
    });
  }

  batches(
    vendorId: string,
    kind: BatchRecord['kind'],
    before: number | null,
    limit: number,
  ): Promise<readonly BatchRecord[]> {
    return this.#access.read(() =>
      (this.#sql.batches.all(vendorId, kind, before ?? Number.MAX_SAFE_INTEGER, limit) as BatchRow[]).map(
        batchOf,
      ),
    );
  }

  putCommission(version: CommissionVersion): Promise<PutResult | 'vendor_unknown'> {
    return this.#access.write(() => this.putCommissionNow(version));
  }

  /** Inside a transaction. */
  putCommissionNow({ vendorId, fromMonth, terms }: CommissionVersion): PutResult | 'vendor_unknown' {
    if (this.#vendor(vendorId) === undefined) return 'vendor_unknown';
    const held = this.#commissions(vendorId).find((version) => version.fromMonth === fromMonth);
    if (held !== undefined) return held.terms === terms ? 'same' : 'exists';
    this.#sql.addCommission.run(vendorId, fromMonth, terms);
    return 'created';
  }

  findCommission(vendorId: string): Promise<readonly CommissionVersion[]> {
    return this.#access.read(() => this.#commissions(vendorId));
  }

  commissionFigures(vendorId: string, from: number, until: number): Promise<CommissionFigureRow> {
    return this.#access.read(() => {
      const row = this.#sql.commissionFigures.get(vendorId, from, until) as {
        amount_deci_kwh: number;
        arrears_minor: number;
        magnetic_tokens: number;
        free_basic_tokens: number;
      };
      return {
        amountDeciKwh: row.amount_deci_kwh,
        arrearsMinor: row.arrears_minor,
        magneticTokens: row.magnetic_tokens,
        freeBasicTokens: row.free_basic_tokens,
      };
    });
  }

  accountsBetween(from: number, until: number): Promise<readonly AccountBalance[]> {
    return this.#access.read(() =>
      (
        this.#sql.accounts.all({ from, until }) as {
          account: string;
          debit_minor: number;
          credit_minor: number;
        }[]
      ).map((row) => ({ account: row.account, debitMinor: row.debit_minor, creditMinor: row.credit_minor })),
    );
  }

  findDayEnd(day: string): Promise<DayEndRecord | undefined> {
    return this.#access.read(() => this.#dayEnd(day));
  }

  lastDayEnd(): Promise<DayEndRecord | undefined> {
    return this.#access.read(() => dayEndOf(this.#sql.lastDayEnd.get()));
  }

  closeDay(record: DayEndRecord): Promise<DayEndRecord> {
    return this.#access.write(() => {
      this.#sql.addDayEnd.run(record.day, record.closedAt, record.closedBy, record.figures);
      return this.#dayEnd(record.day) ?? record;
    });
  }

  #dayEnd(day: string): DayEndRecord | undefined {
    return dayEndOf(this.#sql.findDayEnd.get(day));
  }

  #vendor(vendorId: string): { floatMinor: number; creditLimitMinor: number } | undefined {
    const row = this.#sql.findVendor.get(vendorId) as
      | { float_minor: number; credit_limit_minor: number }
      | undefined;
    return row && { floatMinor: row.float_minor, creditLimitMinor: row.credit_limit_minor };
  }

  #shift(vendorId: string, shiftId: string): ShiftRecord | undefined {
    const row = this.#sql.findShift.get(vendorId, shiftId) as ShiftRow | undefined;
    return row && shiftOf(row);
  }

  #commissions(vendorId: string): readonly CommissionVersion[] {
    const rows = this.#sql.commissions.all(vendorId) as { from_month: string; terms: string }[];
    return rows.map((row) => ({ vendorId, fromMonth: row.from_month, terms: row.terms }));
  }
}
