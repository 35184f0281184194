/** What is said of sales afterwards, in SQLite; a sale is taken back with all that belongs to it in one shared commit. */
import type { Statement } from 'better-sqlite3';
import { StsFault } from '../../../lib/faults.ts';
import {
  type AdviceStore,
  type ConfirmResult,
  type MeterSale,
  type ReverseResult,
  SALE_LIST_SCAN,
  type SaleAdvice,
  type SaleListFilter,
  type SaleListPage,
  type SaleReversal,
  type WholeReversal,
  type WithdrawResult,
} from '../advice-contract.ts';
import {
  type AdviceRow,
  adviceOf,
  historyBefore,
  type KeyChangeRow,
  keyBefore,
  type MeterSaleRow,
  meterSaleOf,
  type SaleListRow,
  saleListEntryOf,
} from '../advice-rows.ts';
import type { SaleRow, Transfer } from '../contract.ts';
import { type SoldRow, saleRowOf } from '../ledger-rows.ts';
import { prepareAll, type SqliteAccess } from './access.ts';
import type { SqliteFloats } from './floats.ts';
import { addDebt } from './purchases.ts';
import type { SqliteSales } from './sales.ts';
import type { Statements } from './statements.ts';

const SQL = {
  find: 'SELECT state, told_at, told_by, note FROM sale_advice WHERE sale_id = ?',
  see: `INSERT INTO sale_advice AS a (sale_id, state, told_at, told_by, note) VALUES (?, 'seen', ?, '', '')
    ON CONFLICT (sale_id) DO UPDATE SET state = 'seen', told_at = excluded.told_at WHERE a.state = 'unseen'`,
  markUnseen: `INSERT OR IGNORE INTO sale_advice (sale_id, state, told_at, told_by, note) VALUES (?, 'unseen', ?, '', '')`,
  say: `INSERT INTO sale_advice (sale_id, state, told_at, told_by, note) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (sale_id) DO UPDATE SET (state, told_at, told_by, note) =
      (excluded.state, excluded.told_at, excluded.told_by, excluded.note)`,
  hasVendor: 'SELECT float_minor FROM vendor WHERE vendor_id = ?',
  withdraw: `INSERT OR IGNORE INTO withdrawn_request (vendor_id, request_id, withdrawn_at, withdrawn_by) VALUES (?, ?, ?, ?)`,
  withdrawnAt: 'SELECT withdrawn_at FROM withdrawn_request WHERE vendor_id = ? AND request_id = ?',
  saleRow: `SELECT sale_id AS sold_id, vendor_id, request_id, request_hash, meter_pan AS sold_to, currency, paid_minor,
      amount_deci_kwh, sold_at, response_body, response_digest FROM sale WHERE sale_id = ?`,
  // Causes have no index, times have one.
  transfers: `SELECT json_group_array(json_array(debit_account, credit_account, amount_minor)) AS transfers FROM (
    SELECT debit_account, credit_account, amount_minor FROM transfer WHERE booked_at = ? AND cause = ? ORDER BY transfer_id)`,
  lastSale: 'SELECT last_sale_id, before FROM meter_history WHERE meter_pan = ?',
  restore: `UPDATE meter_history SET version = version + 1, month = :month, month_units_deci_kwh = :monthUnitsDeciKwh,
      free_units_month = :freeUnitsMonth, carried_minor = :carriedMinor, charges = :charges, last_at = :lastAt,
      last_sale_id = NULL, before = NULL
    WHERE meter_pan = :meterPan`,
  uncountMeter: `UPDATE meter_history SET day_sales = max(day_sales - 1, 0), day_paid_minor = max(day_paid_minor - ?, 0),
      day_deci_kwh = max(day_deci_kwh - ?, 0) WHERE meter_pan = ? AND day = ?`,
  uncount: `UPDATE day_count SET sales = max(sales - 1, 0), paid_minor = max(paid_minor - ?, 0),
      amount_deci_kwh = max(amount_deci_kwh - ?, 0) WHERE scope = ? AND subject = ? AND day = ?`,
  addToDebt: 'UPDATE debt SET balance_minor = balance_minor + ? WHERE debt_id = ?',
  earlierKeyChange: `SELECT sale_id, changed_at, from_key, to_key, three_sections FROM key_change
    WHERE meter_pan = ? AND sale_id <> ? AND confirmed_at IS NULL AND revoked_at IS NULL
    ORDER BY coalesce(meter_version, -1) DESC, changed_at DESC, sale_id DESC LIMIT 1`,
  forgetKeyChange: 'DELETE FROM key_change WHERE sale_id = ?',
  sales: `SELECT e.entry_id, s.sale_id, s.request_id, s.sold_at, s.meter_pan, m.drn, s.currency, s.paid_minor, s.amount_deci_kwh,
      coalesce(e.sale_kind, 'credit') AS sale_kind, e.operator_id, e.till_id, a.state
    FROM (SELECT entry_id, reference, sale_kind, operator_id, till_id FROM float_entry
      WHERE vendor_id = :vendorId AND entry_id < :before AND kind = 'sale' ORDER BY entry_id DESC LIMIT ${SALE_LIST_SCAN}) AS e
    JOIN sale AS s ON s.sale_id = e.reference JOIN meter AS m ON m.meter_pan = s.meter_pan
    LEFT JOIN sale_advice AS a ON a.sale_id = s.sale_id
    WHERE (:operatorId IS NULL OR e.operator_id = :operatorId) AND (:tillId IS NULL OR e.till_id = :tillId)
    ORDER BY e.entry_id DESC LIMIT :limit`,
  meterSales: `SELECT s.sale_id, s.vendor_id, s.sold_at, s.response_body, a.state FROM sale AS s
    LEFT JOIN sale_advice AS a ON a.sale_id = s.sale_id
    WHERE s.meter_pan = :meterPan AND (:before IS NULL
      OR (s.sold_at, s.sale_id) < (SELECT sold_at, sale_id FROM sale WHERE sale_id = :before))
    ORDER BY s.sold_at DESC, s.sale_id DESC LIMIT :limit`,
  lastScanned: `SELECT entry_id FROM float_entry WHERE vendor_id = ? AND entry_id < ? AND kind = 'sale'
    ORDER BY entry_id DESC LIMIT 1 OFFSET ${SALE_LIST_SCAN - 1}`,
} as const;

export interface AdviceParts {
  readonly sql: Statements;
  readonly sales: SqliteSales;
  readonly floats: SqliteFloats;
  readonly addTransfers: (cause: string, transfers: readonly Transfer[], bookedAt: number) => void;
}

export class SqliteAdvice implements AdviceStore {
  readonly #access: SqliteAccess;
  readonly #parts: AdviceParts;
  readonly #sql: Readonly<Record<keyof typeof SQL, Statement>>;

  constructor(access: SqliteAccess, parts: AdviceParts) {
    this.#access = access;
    this.#parts = parts;
    this.#sql = prepareAll(access.database, SQL);
  }

  async show(saleId: string, at: number): Promise<SaleAdvice> {
    const held = await this.find(saleId);
    if (held !== undefined && held.state !== 'unseen') return held;
    return this.#access.write(() => {
      this.#sql.see.run(saleId, at);
      return this.#advice(saleId) ?? { state: 'seen', at, by: '', note: '' };
    });
  }

  find(saleId: string): Promise<SaleAdvice | undefined> {
    return this.#access.read(() => this.#advice(saleId));
  }

  markUnseen(saleId: string, at: number): Promise<boolean> {
    return this.#access.write(() => this.#sql.markUnseen.run(saleId, at).changes === 1);
  }

  confirm(saleId: string, at: number, by: string): Promise<ConfirmResult> {
    return this.#access.write((): ConfirmResult => {
      if (this.#sql.saleRow.get(saleId) === undefined) return { kind: 'sale_unknown' };
      const held = this.#advice(saleId);
      if (held?.state === 'reversed') return { kind: 'reversed' };
      if (held?.state === 'confirmed') return { kind: 'confirmed', at: held.at };
      this.#sql.say.run(saleId, 'confirmed', at, by, '');
      return { kind: 'confirmed', at };
    });
  }

  withdraw({ vendorId, requestId, at, by }: Parameters<AdviceStore['withdraw']>[0]): Promise<WithdrawResult> {
    return this.#access.write((): WithdrawResult => {
      if (this.#sql.hasVendor.get(vendorId) === undefined) return { kind: 'vendor_unknown' };
      const sale = this.#parts.sales.saleByRequest(vendorId, requestId);
      if (sale !== undefined) return { kind: 'sold', sale };
      const settled = this.#parts.sales.claims.settled(vendorId, requestId);
      if (settled !== undefined) return { kind: 'in_progress', settled };
      this.#sql.withdraw.run(vendorId, requestId, at, by);
      const row = this.#sql.withdrawnAt.get(vendorId, requestId) as { withdrawn_at: number };
      return { kind: 'withdrawn', at: row.withdrawn_at };
    });
  }

  findSaleRow(saleId: string): Promise<SaleRow | undefined> {
    return this.#access.read(() => {
      const row = this.#sql.saleRow.get(saleId) as SoldRow | undefined;
      if (row === undefined) return undefined;
      const moved = this.#sql.transfers.get(row.sold_at, `sale ${saleId}`) as Pick<SoldRow, 'transfers'>;
      return saleRowOf({ ...row, ...moved });
    });
  }

  reverse(reversal: SaleReversal): Promise<ReverseResult> {
    return this.#access.write(() => this.reverseNow(reversal));
  }

  /** Inside a transaction. */
  reverseNow(reversal: SaleReversal): ReverseResult {
    const { sale, at, by, reason, transfers, day } = reversal;
    const { saleId, vendorId, meterPan, paidMinor, amountDeciKwh } = sale;
    const refused = this.#refusal(reversal);
    if (refused !== undefined) return refused;
    if (reversal.kind === 'meterDebt' && addDebt(this.#parts.sql, reversal.debt) !== 'created') {
      return { kind: 'debt_exists' };
    }
    this.#sql.say.run(saleId, 'reversed', at, by, reason);
    this.#parts.sql.moveFloat.run(paidMinor, vendorId);
    const operatorId = this.#parts.floats.enterReversal({ ...sale, at });
    this.#parts.addTransfers(`saleReversal ${saleId}`, transfers, at);
    const uncount = (scope: string, subject: string) =>
      this.#sql.uncount.run(paidMinor, amountDeciKwh, scope, subject, day);
    uncount('vendor', vendorId);
    if (operatorId !== null) uncount('operator', `${vendorId}/${operatorId}`);
    this.#sql.uncountMeter.run(paidMinor, amountDeciKwh, meterPan, day);
    if (reversal.kind === 'whole') this.#goBack(reversal);
    else
      this.#parts.addTransfers(
        `debt ${reversal.debt.debt.debtId}`,
        reversal.debt.transfers,
        reversal.debt.openedAt,
      );
    return { kind: 'reversed', at };
  }

  sales({ vendorId, operatorId, tillId, before, limit }: SaleListFilter): Promise<SaleListPage> {
    return this.#access.read(() => {
      const from = before ?? Number.MAX_SAFE_INTEGER;
      const rows = this.#sql.sales.all({
        vendorId,
        operatorId,
        tillId,
        before: from,
        limit,
      }) as SaleListRow[];
      const last = this.#sql.lastScanned.get(vendorId, from) as { entry_id: number } | undefined;
      const next = rows.length < limit ? (last?.entry_id ?? null) : (rows.at(-1)?.entry_id ?? null);
      return { sales: rows.map(saleListEntryOf), next };
    });
  }

  meterSales(meterPan: string, before: string | null, limit: number): Promise<readonly MeterSale[]> {
    return this.#access.read(() =>
      (this.#sql.meterSales.all({ meterPan, before, limit }) as MeterSaleRow[]).map(meterSaleOf),
    );
  }

  /** Why the sale cannot be taken back; nothing has been changed yet. */
  #refusal(reversal: SaleReversal): ReverseResult | undefined {
    const { saleId, vendorId, meterPan, paidMinor } = reversal.sale;
    const held = this.#advice(saleId);
    if (held?.state === 'reversed') return { kind: 'exists', at: held.at };
    if (held?.state === 'confirmed') return { kind: 'confirmed' };
    // Somebody was given another token for it.
    if (this.#parts.sql.findReplaced.get(saleId) !== undefined) return { kind: 'token_may_be_seen' };
    if (reversal.kind === 'whole') {
      if (reversal.hasTokens && held?.state !== 'unseen') return { kind: 'token_may_be_seen' };
      const settled = this.#parts.sales.claims.meterSettled(meterPan);
      if (settled !== undefined) return { kind: 'in_progress', settled };
      if (this.#lastSale(meterPan)?.last_sale_id !== saleId) return { kind: 'sold_since' };
    }
    const vendor = this.#sql.hasVendor.get(vendorId) as { float_minor: number };
    if (vendor.float_minor + paidMinor > Number.MAX_SAFE_INTEGER) return { kind: 'float_too_large' };
    return undefined;
  }

  /** The meter as it was before the sale. */
  #goBack({ sale: { saleId, meterPan }, debts }: WholeReversal): void {
    this.#sql.restore.run({ meterPan, ...historyBefore(this.#lastSale(meterPan)?.before ?? null) });
    for (const { debtId, amountMinor } of debts) {
      if (this.#sql.addToDebt.run(amountMinor, debtId).changes !== 1)
        throw new StsFault('store_damaged', 'a sale has recovered a debt that is not there');
    }
    const meter = this.#parts.sales.meter(meterPan);
    const earlier = this.#sql.earlierKeyChange.get(meterPan, saleId) as KeyChangeRow | undefined;
    const before = meter && keyBefore(meter, saleId, earlier);
    if (before === undefined) return;
    this.#sql.forgetKeyChange.run(saleId);
    this.#parts.sales.setMeter(before);
  }

  #lastSale(meterPan: string): { last_sale_id: string | null; before: string | null } | undefined {
    return this.#sql.lastSale.get(meterPan) as
      | { last_sale_id: string | null; before: string | null }
      | undefined;
  }

  #advice(saleId: string): SaleAdvice | undefined {
    const row = this.#sql.find.get(saleId) as AdviceRow | undefined;
    return row && adviceOf(row);
  }
}
