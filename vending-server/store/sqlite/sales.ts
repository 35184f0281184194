/**
 * Sales in SQLite: what a sale looks at, its claim in memory, its record in the shared commit. What was looked at is not
 * looked up again as long as nothing was committed since.
 */
import { StsFault } from '../../../lib/faults.ts';
import { nextTidMinutes } from '../../../lib/token/tid.ts';
import type { JournalledEntry } from '../../security-module/contract.ts';
import type {
  ClaimVendResult,
  LedgerEntry,
  LimitReached,
  MeterRecord,
  RecordedSale,
  SaleView,
  TariffVersion,
  Transfer,
  VendClaim,
  VendClaimRequest,
  VendorRecord,
  VendRecord,
} from '../contract.ts';
import type { RegisteredContact } from '../customer-contract.ts';
import {
  type EntryRow,
  entryOf,
  type MeterRow,
  meterOf,
  meterRowOf,
  responseDigest,
  type SaleRow,
  saleOf,
  type VendorRow,
  vendorOf,
} from '../rows.ts';
import type { SqliteAccess } from './access.ts';
import { ClaimBook } from './claims.ts';
import type { SqliteFloats } from './floats.ts';
import {
  lastTidMinutes,
  type MeterHistory,
  purchasesVersion,
  raiseTid,
  readHistory,
  readPurchases,
  writeChangeOut,
  writePurchases,
  writeReplaced,
} from './purchases.ts';
import { Remembered } from './remembered.ts';
import type { Statements } from './statements.ts';

export interface SalesParts {
  readonly access: SqliteAccess;
  readonly sql: Statements;
  readonly floats: SqliteFloats;
  readonly addTransfers: (cause: string, transfers: readonly Transfer[], bookedAt: number) => void;
  readonly addNotifications: (rows: NonNullable<VendRecord['notifications']>) => void;
  /** Where the customer of a meter is told of sales. */
  readonly contactOf: (meterPan: string) => RegisteredContact | undefined;
  /** Rises by each commit. */
  readonly commits: () => number;
}

/** When a view was taken, and the row that it was taken from; a view that is forgotten is only looked up again. */
type Seen = WeakMap<SaleView, { readonly commits: number; readonly history: MeterHistory }>;

export class SqliteSales {
  readonly claims = new ClaimBook();
  readonly #parts: SalesParts;
  readonly #sql: Statements;
  readonly #seen: Seen = new WeakMap();
  /** Vendors as the last commit left them. */
  readonly #recent: Remembered;

  constructor(parts: SalesParts) {
    this.#parts = parts;
    this.#sql = parts.sql;
    this.#recent = new Remembered(parts.commits);
  }

  /** Inside a read. */
  view({
    vendorId,
    requestId,
    meterPan,
  }: {
    readonly vendorId: string;
    readonly requestId?: string;
    readonly meterPan: string;
  }): SaleView {
    const meter = this.meter(meterPan);
    const history = readHistory(this.#sql, meterPan);
    const view: SaleView = {
      earlier: requestId === undefined ? undefined : this.saleByRequest(vendorId, requestId),
      vendor: this.#recent.get(vendorId, () => this.vendor(vendorId)),
      meter,
      purchases: readPurchases(this.#sql, meterPan, history),
      tariff: meter === undefined ? [] : this.versions(meter.tariffId),
      contact: requestId === undefined ? undefined : this.#parts.contactOf(meterPan),
    };
    if (requestId !== undefined) this.#seen.set(view, { commits: this.#parts.commits(), history });
    return view;
  }

  /** Inside a read. */
  claim(request: VendClaimRequest, view: SaleView | undefined): ClaimVendResult {
    const { vendorId, requestId, meterPan, besides } = request;
    const seen = view && this.#seen.get(view);
    const isFresh = view !== undefined && seen?.commits === this.#parts.commits();
    const sale = isFresh ? view.earlier : this.saleByRequest(vendorId, requestId);
    if (sale !== undefined) {
      if (sale.requestHash !== request.requestHash) return { kind: 'exists_with_different_request' };
      return { kind: 'exists', sale };
    }
    const settled = this.claims.settled(vendorId, requestId);
    if (settled !== undefined) return { kind: 'in_progress', settled };
    if (this.#sql.findWithdrawn.get(vendorId, requestId) !== undefined) return { kind: 'withdrawn' };
    const meterSettled =
      this.claims.meterSettled(meterPan) ?? (besides && this.claims.meterSettled(besides.meterPan));
    if (meterSettled !== undefined) return { kind: 'in_progress', settled: meterSettled };
    const vendor = isFresh ? view.vendor : this.vendor(vendorId);
    if (vendor === undefined) return { kind: 'vendor_unknown' };
    if ((isFresh ? view.meter : this.meter(meterPan)) === undefined) return { kind: 'meter_unknown' };
    const version = isFresh ? view.purchases.version : purchasesVersion(this.#sql, meterPan);
    if (version !== request.purchasesVersion) return { kind: 'purchases_changed' };
    if (besides !== undefined && purchasesVersion(this.#sql, besides.meterPan) !== besides.purchasesVersion)
      return { kind: 'purchases_changed' };
    const reached = this.#limitReached(request);
    if (reached !== undefined) return reached;
    const availableMinor = vendor.floatMinor + vendor.creditLimitMinor - this.claims.reservedMinor(vendorId);
    if (request.paidMinor > availableMinor) return { kind: 'float_exhausted', availableMinor };
    const history = isFresh ? seen?.history : readHistory(this.#sql, meterPan);
    const tidMinutes = this.#nextTids(request, history);
    const last = tidMinutes.at(-1);
    if (last !== undefined && last > request.maxTidMinutes) return { kind: 'tid_ahead_of_clock' };
    return { kind: 'claimed', claim: this.claims.open(request, tidMinutes) };
  }

  /** Inside a transaction. */
  record(claim: VendClaim, record: VendRecord): RecordedSale {
    const { vendorId, requestId, requestHash, meterPan, paidMinor } = claim.request;
    const { saleId, soldAt, responseBody } = record;
    this.#sql.addSale.run(
      saleId,
      vendorId,
      requestId,
      requestHash,
      meterPan,
      record.currency,
      paidMinor,
      record.amountDeciKwh,
      soldAt,
      responseBody,
      responseDigest(responseBody),
    );
    this.#parts.addTransfers(`sale ${saleId}`, record.transfers, soldAt);
    if (paidMinor !== 0) this.#sql.moveFloat.run(-paidMinor, vendorId);
    this.#parts.floats.enterSale(claim.request, record);
    if (record.meter !== undefined) this.#changeKey(record.meter);
    writePurchases(this.#sql, claim, record);
    for (const entry of record.entries) this.#addEntry(entry, saleId);
    if (record.replaces !== undefined) writeReplaced(this.#sql, saleId, record.replaces);
    if (record.changeOut !== undefined) writeChangeOut(this.#sql, claim, saleId, record.changeOut);
    this.#parts.addNotifications(record.notifications ?? []);
    return { saleId, vendorId, requestId, requestHash, responseBody };
  }

  /** Inside a transaction. */
  recordUnreleased(entries: readonly JournalledEntry[]): number {
    let added = 0;
    for (const entry of entries) {
      const held = entryRow(this.#sql.findEntry.get(entry.moduleId, entry.counter));
      if (held !== undefined && held.entryHash !== entry.entryHash) {
        throw new StsFault('ledger_mismatch', `entry ${entry.counter} differs from the journal's`);
      }
      if (held !== undefined) continue;
      this.#addEntry(entry, null);
      const { meterPan, baseDate, tidMinutes } = entry;
      if (tidMinutes !== null) raiseTid(this.#sql, meterPan, baseDate, tidMinutes);
      added += 1;
    }
    return added;
  }

  saleByRequest(vendorId: string, requestId: string): RecordedSale | undefined {
    const row = this.#sql.findSaleByRequest.get(vendorId, requestId) as SaleRow | undefined;
    return row && saleOf(row);
  }

  meter(meterPan: string): MeterRecord | undefined {
    const row = this.#sql.findMeter.get(meterPan) as MeterRow | undefined;
    return row && meterOf(row);
  }

  vendor(vendorId: string): VendorRecord | undefined {
    const row = this.#sql.findVendor.get(vendorId) as VendorRow | undefined;
    return row && vendorOf(row);
  }

  versions(tariffId: string): readonly TariffVersion[] {
    return this.#parts.access.settled.get(`tariff ${tariffId}`, () => {
      const rows = this.#sql.findTariff.all(tariffId) as { valid_from: number; terms: string }[];
      return rows.map((row) => ({ tariffId, validFrom: row.valid_from, terms: row.terms }));
    });
  }

  #limitReached({ vendorId, paidMinor, counted }: VendClaimRequest): LimitReached | undefined {
    if (counted === undefined) return undefined;
    const { day, operatorId, amountDeciKwh } = counted;
    for (const { ruleId, scope, salesMax, paidMinorMax, amountDeciKwhMax } of counted.limits) {
      const subject = scope === 'vendor' ? vendorId : `${vendorId}/${operatorId}`;
      const sold = this.#parts.floats.counted({ scope, subject }, day);
      const claimed = this.claims.claimedOn(day, vendorId, scope === 'vendor' ? undefined : operatorId);
      const count = {
        ...sold,
        sales: sold.sales + claimed.sales,
        paidMinor: sold.paidMinor + claimed.paidMinor,
        amountDeciKwh: sold.amountDeciKwh + claimed.amountDeciKwh,
      };
      const isWithin =
        count.sales + 1 <= (salesMax ?? Infinity) &&
        count.paidMinor + paidMinor <= (paidMinorMax ?? Infinity) &&
        count.amountDeciKwh + amountDeciKwh <= (amountDeciKwhMax ?? Infinity);
      if (!isWithin) return { kind: 'limit_reached', ruleId, count };
    }
    return undefined;
  }

  /** Inside a transaction, by whoever holds the meter: nobody else has changed its record since it was read. */
  setMeter(meter: MeterRecord): void {
    const row = meterRowOf(meter);
    this.#sql.setMeter.run({ ...row, stores_supply_group: Number(row.stores_supply_group) });
  }

  #nextTids(
    { meterPan, baseDate, tidCount, nowTidMinutes }: VendClaimRequest,
    history: MeterHistory,
  ): readonly number[] {
    if (tidCount === 0) return [];
    let last = Math.max(lastTidMinutes(history, baseDate), this.claims.lastTidMinutes(meterPan, baseDate));
    return Array.from({ length: tidCount }, () => {
      last = nextTidMinutes(nowTidMinutes, last);
      return last;
    });
  }

  #changeKey(meter: MeterRecord): void {
    this.setMeter(meter);
    const { issuedKeyChange: change, meterPan } = meter;
    if (change === null) return;
    const { saleId, changedAt, from, to, threeSections } = change;
    this.#sql.addKeyChange.run({
      saleId,
      meterPan,
      changedAt,
      from: JSON.stringify(from),
      to: JSON.stringify(to),
      threeSections: Number(threeSections),
    });
  }

  #addEntry(entry: JournalledEntry, saleId: string | null): void {
    this.#sql.addEntry.run(
      entry.moduleId,
      entry.counter,
      entry.saleDigest,
      entry.tokenDigest,
      entry.previousHash,
      entry.entryHash,
      entry.signature,
      saleId === null ? 'unreleased' : 'released',
      saleId,
      entry.meterPan,
      entry.baseDate,
      entry.tidMinutes,
      entry.statement,
    );
  }
}

/** A meter's columns in the order of the table. */
export function meterValues(meter: MeterRecord): (string | number | null)[] {
  return Object.values(meterRowOf(meter)).map((value) =>
    typeof value === 'boolean' ? Number(value) : value,
  );
}

export function entryRow(row: unknown): LedgerEntry | undefined {
  return row === undefined ? undefined : entryOf(row as EntryRow);
}
