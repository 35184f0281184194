/**
 * The store on SQLite: one file, one process, group commit. Reads are point look-ups in the calling turn; every write goes
 * through `GroupCommit` and is durable when its promise resolves.
 */
import type { Database } from 'better-sqlite3';
import { StsFault } from '../../../lib/faults.ts';
import { tokenDigest } from '../../ledger/chain.ts';
import type { JournalledEntry, ModuleIdentity } from '../../security-module/contract.ts';
import type {
  AccountBalance,
  ApiKeyRecord,
  Carried,
  ClaimVendResult,
  DebtRecord,
  DepositRequest,
  DepositResult,
  LedgerEntry,
  MeterPurchases,
  MeterRecord,
  PutResult,
  RecordedSale,
  SaleAftermath,
  SaleView,
  Store,
  TariffVersion,
  Transfer,
  VendClaim,
  VendClaimRequest,
  VendorRecord,
  VendRecord,
} from '../contract.ts';
import type { CommitReport, OperationStore } from '../operation-contract.ts';
import type { Outbox, ReceiptKeys } from '../outbox.ts';
import { type ApiKeyInfoRow, apiKeyInfoOf } from '../people-rows.ts';
import {
  type EntryRow,
  entryOf,
  type SaleRow,
  saleOf,
  sameFields,
  type VendorRow,
  vendorOf,
} from '../rows.ts';
import type { SqliteAccess } from './access.ts';
import { SqliteAdvice } from './advice.ts';
import { SqliteApprovals } from './approvals.ts';
import { SqliteAudit } from './audit.ts';
import { Checkpoints } from './checkpoints.ts';
import { SqliteCustomers, SqliteFaultReports } from './customers.ts';
import { addTariffVersion, recordDeposit } from './deposits.ts';
import { storeFault } from './faults.ts';
import { SqliteFloats } from './floats.ts';
import { GroupCommit } from './group-commit.ts';
import { SqliteKeys } from './keys.ts';
import { SqliteLimits } from './limits.ts';
import { LogFile } from './log-file.ts';
import { SqliteMoney } from './money.ts';
import { SqliteOperation } from './operation.ts';
import { notificationAdder, sqliteOutbox, sqliteReceiptKeys } from './outbox.ts';
import { addApiKey, SqlitePeople } from './people.ts';
import { addDebt, aftermathOf, readHistory, readPurchases } from './purchases.ts';
import { ReadTurn } from './read-turn.ts';
import { Remembered } from './remembered.ts';
import { entryRow, meterValues, SqliteSales } from './sales.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { SqliteVisits } from './visits.ts';

export class SqliteStore implements Store {
  readonly operation: OperationStore;
  readonly #database: Database;
  readonly #unlock: () => void;
  readonly #sql: Statements;
  readonly #reads: ReadTurn;
  readonly #commits: GroupCommit;
  readonly #checkpoints: Checkpoints;
  readonly #log: LogFile;
  /** Counts commits of anything but sales. */
  #settings = 0;
  /** What sales look at and do not change. */
  readonly #settled = new Remembered(() => this.#settings);
  readonly #sales: SqliteSales;
  readonly #floats: SqliteFloats;
  readonly people: SqlitePeople;
  readonly approvals: SqliteApprovals;
  readonly audit: SqliteAudit;
  readonly money: SqliteMoney;
  readonly limits: SqliteLimits;
  readonly advice: SqliteAdvice;
  readonly customers: SqliteCustomers;
  readonly faultReports: SqliteFaultReports;
  readonly visits: SqliteVisits;
  readonly keys: SqliteKeys;
  readonly outbox: Outbox;
  readonly receiptKeys: ReceiptKeys;

  /** Use `openSqliteStore`: it sets durability, migrates and holds the lock that `unlock` gives back. */
  constructor(database: Database, unlock: () => void, onCommit?: (report: CommitReport) => void) {
    this.#database = database;
    this.#unlock = unlock;
    this.#sql = prepareStatements(database);
    this.#reads = new ReadTurn(database);
    this.#checkpoints = new Checkpoints({
      path: database.name,
      hold: (work) => this.#commits.hold(work),
    });
    this.#log = new LogFile(database);
    this.#commits = new GroupCommit(database, this.#reads, this.#log, (report) => {
      this.#checkpoints.noteCommit(report.writes);
      onCommit?.(report);
    });
    const access: SqliteAccess = {
      database,
      read: (look) => this.#read(look),
      peek: (look) => this.#read(look, () => false),
      write: (change) => this.#write(change),
      settled: this.#settled,
    };
    this.operation = new SqliteOperation(access, this.#commits);
    this.#floats = new SqliteFloats(access);
    this.customers = new SqliteCustomers(access);
    this.faultReports = new SqliteFaultReports(access);
    this.visits = new SqliteVisits(access);
    this.#sales = new SqliteSales({
      access,
      sql: this.#sql,
      floats: this.#floats,
      addTransfers: (...rows) => this.#addTransfers(...rows),
      addNotifications: notificationAdder(database),
      contactOf: (meterPan) => this.customers.contact(meterPan),
      commits: () => this.#commits.count,
    });
    this.people = new SqlitePeople(access);
    this.audit = new SqliteAudit(access);
    this.limits = new SqliteLimits(access);
    this.keys = new SqliteKeys(access, {
      sql: this.#sql,
      sales: this.#sales,
      write: (change, committed) => this.#write(change, committed),
    });
    this.money = new SqliteMoney(access, {
      floats: this.#floats,
      addTransfers: (...rows) => this.#addTransfers(...rows),
      reservedMinor: (vendorId) => this.#sales.claims.reservedMinor(vendorId),
    });
    this.advice = new SqliteAdvice(access, {
      sql: this.#sql,
      sales: this.#sales,
      floats: this.#floats,
      addTransfers: (...rows) => this.#addTransfers(...rows),
    });
    this.approvals = new SqliteApprovals(access, {
      people: this.people,
      money: this.money,
      advice: this.advice,
      deposit: (request) => this.#deposit(request),
      putTariff: (version) => addTariffVersion(this.#sql, version),
    });
    this.outbox = sqliteOutbox(database, access);
    this.receiptKeys = sqliteReceiptKeys(database, access);
  }

  settingsVersion(): number {
    return this.#settings;
  }

  putTariff(version: TariffVersion): Promise<PutResult> {
    return this.#write(() => addTariffVersion(this.#sql, version));
  }

  findTariff(tariffId: string): Promise<readonly TariffVersion[]> {
    return this.#read(() => this.#sales.versions(tariffId));
  }

  tariffIds(after: string, limit: number): Promise<readonly string[]> {
    return this.#read(() =>
      (this.#sql.tariffIds.all(after, limit) as { tariff_id: string }[]).map((row) => row.tariff_id),
    );
  }

  findPurchases(meterPan: string): Promise<MeterPurchases> {
    return this.#read(() => readPurchases(this.#sql, meterPan, readHistory(this.#sql, meterPan)));
  }

  openDebt(record: DebtRecord): Promise<PutResult | 'meter_unknown' | 'meter_changed_out'> {
    return this.#write(() => {
      const meter = this.#sales.meter(record.meterPan);
      if (meter === undefined) return 'meter_unknown';
      if (meter.replacedBy !== null) return 'meter_changed_out';
      const result = addDebt(this.#sql, record);
      if (result === 'created')
        this.#addTransfers(`debt ${record.debt.debtId}`, record.transfers, record.openedAt);
      return result;
    });
  }

  putMeter(meter: MeterRecord): Promise<PutResult> {
    return this.#write(() => {
      const held = this.#sales.meter(meter.meterPan);
      if (held !== undefined) return sameFields(held, meter) ? 'same' : 'exists';
      this.#sql.addMeter.run(...meterValues(meter));
      return 'created';
    });
  }

  findMeter(meterPan: string): Promise<MeterRecord | undefined> {
    return this.#read(() => this.#sales.meter(meterPan));
  }

  putVendor(vendor: Omit<VendorRecord, 'floatMinor'>): Promise<PutResult> {
    return this.#write(() => {
      const held = this.#sales.vendor(vendor.vendorId);
      if (held !== undefined) {
        return sameFields(held, { ...vendor, floatMinor: held.floatMinor }) ? 'same' : 'exists';
      }
      this.#sql.addVendor.run(vendor.vendorId, vendor.name, vendor.currency, vendor.creditLimitMinor);
      return 'created';
    });
  }

  findVendor(vendorId: string): Promise<VendorRecord | undefined> {
    return this.#read(() => this.#sales.vendor(vendorId));
  }

  vendors(after: string, limit: number): Promise<readonly VendorRecord[]> {
    return this.#read(() => (this.#sql.vendors.all(after, limit) as VendorRow[]).map(vendorOf));
  }

  addApiKey(key: ApiKeyRecord): Promise<void> {
    return this.#write(() => {
      addApiKey(this.#sql, key);
    });
  }

  findApiKey(keyHash: string): Promise<ApiKeyRecord | undefined> {
    const look = () => {
      const row = this.#sql.findApiKey.get(keyHash) as ApiKeyInfoRow | undefined;
      return row && { ...apiKeyInfoOf(row), keyHash };
    };
    return this.#read(
      () => this.#settled.get(`api key ${keyHash}`, look),
      () => false,
    );
  }

  hasOperatorKey(): Promise<boolean> {
    return this.#read(() => (this.#sql.hasOperatorKey.get() as { has: number }).has === 1);
  }

  deposit(request: DepositRequest): Promise<DepositResult> {
    return this.#write(() => this.#deposit(request));
  }

  viewForSale(asked: Parameters<Store['viewForSale']>[0]): Promise<SaleView> {
    return this.#read(
      () => this.#sales.view(asked),
      ({ earlier }) => earlier !== undefined,
    );
  }

  claimVend(request: VendClaimRequest, view?: SaleView): Promise<ClaimVendResult> {
    return this.#read(
      () => this.#sales.claim(request, view),
      ({ kind }) => kind === 'exists',
    );
  }

  async recordVend(claim: VendClaim, record: VendRecord): Promise<RecordedSale> {
    this.#sales.claims.startRecording(claim);
    try {
      this.#assertOpen();
      return await this.#commits.add(
        () => this.#sales.record(claim, record),
        () => this.#sales.claims.recorded(claim),
      );
    } catch (error) {
      this.#sales.claims.stopRecording(claim);
      throw error;
    }
  }

  releaseClaim(claim: VendClaim): void {
    this.#sales.claims.release(claim);
  }

  findSale(saleId: string): Promise<RecordedSale | undefined> {
    return this.#read(() => {
      const row = this.#sql.findSale.get(saleId) as SaleRow | undefined;
      return row && saleOf(row);
    });
  }

  findSaleByRequest(vendorId: string, requestId: string): Promise<RecordedSale | undefined> {
    return this.#read(() => this.#sales.saleByRequest(vendorId, requestId));
  }

  findAftermath(saleId: string): Promise<SaleAftermath> {
    return this.#read(() => aftermathOf(this.#sql, saleId));
  }

  soldTo(meterPan: string): Promise<Carried> {
    return this.#read(() => {
      const row = this.#sql.findSold.get(meterPan) as
        | { sold_deci_kwh: number; sold_hundred_thousandth: number }
        | undefined;
      const { sold_deci_kwh = 0, sold_hundred_thousandth = 0 } = row ?? {};
      return { amountDeciKwh: sold_deci_kwh, amountHundredThousandth: sold_hundred_thousandth };
    });
  }

  bindModule(identity: Pick<ModuleIdentity, 'moduleId' | 'publicKey' | 'counter'>): Promise<void> {
    const { moduleId, publicKey, counter } = identity;
    return this.#write(() => {
      const held = this.#sql.findModule.get() as { module_id: string; public_key: string } | undefined;
      if (held === undefined && counter > 0) {
        throw new StsFault('ledger_mismatch', `the ledger is empty and the module counts ${counter}`);
      }
      if (held === undefined) this.#sql.addModule.run(moduleId, publicKey);
      else if (held.module_id !== moduleId || held.public_key !== publicKey) {
        throw new StsFault('ledger_mismatch', 'this data folder belongs to another security module');
      }
    });
  }

  modules(): Promise<readonly Pick<ModuleIdentity, 'moduleId' | 'publicKey'>[]> {
    return this.#read(() =>
      (this.#sql.findModule.all() as { module_id: string; public_key: string }[]).map((row) => ({
        moduleId: row.module_id,
        publicKey: row.public_key,
      })),
    );
  }

  publicKeyOf(moduleId: string): Promise<string | undefined> {
    return this.#read(() => {
      const held = this.#sql.findModule.get() as { module_id: string; public_key: string } | undefined;
      return held?.module_id === moduleId ? held.public_key : undefined;
    });
  }

  lastEntry(moduleId: string): Promise<LedgerEntry | undefined> {
    return this.#read(() => entryRow(this.#sql.lastEntry.get(moduleId)));
  }

  lastSignedEntry(moduleId: string): Promise<LedgerEntry | undefined> {
    return this.#read(() => entryRow(this.#sql.lastSignedEntry.get(moduleId)));
  }

  counterWithoutGap(moduleId: string): Promise<number> {
    return this.#read(() => (this.#sql.counterWithoutGap.get({ moduleId }) as { counter: number }).counter);
  }

  entries(moduleId: string, afterCounter: number, limit: number): Promise<readonly LedgerEntry[]> {
    return this.#read(() =>
      (this.#sql.entries.all(moduleId, afterCounter, limit) as EntryRow[]).map((row) => entryOf(row)),
    );
  }

  findEntryByToken(tokenNo: string): Promise<LedgerEntry | undefined> {
    return this.#read(() => entryRow(this.#sql.findEntryByToken.get({ tokenDigest: tokenDigest(tokenNo) })));
  }

  findEntriesBySale(saleId: string): Promise<readonly LedgerEntry[]> {
    return this.#read(() =>
      (this.#sql.findEntriesBySale.all(saleId) as EntryRow[]).map((row) => entryOf(row)),
    );
  }

  recordUnreleased(entries: readonly JournalledEntry[]): Promise<number> {
    return this.#write(() => this.#sales.recordUnreleased(entries));
  }

  trialBalance(): Promise<readonly AccountBalance[]> {
    return this.#read(() =>
      (this.#sql.trialBalance.all() as { account: string; debit_minor: number; credit_minor: number }[]).map(
        (row) => ({ account: row.account, debitMinor: row.debit_minor, creditMinor: row.credit_minor }),
      ),
    );
  }

  ping(): Promise<void> {
    return this.#read(() => {
      this.#sql.ping.get();
    });
  }

  /** Commits what waits, closes the file and gives the folder free. A second call does nothing. */
  async close(): Promise<void> {
    await this.#commits.settle();
    if (!this.#database.open) return;
    this.#reads.end();
    this.#database.close();
    await this.#checkpoints.close();
    await this.#log.close();
    this.#unlock();
  }

  /**
   * Caps the database file, in pages of 4,096 bytes: a quota of the disk. A write beyond it is refused as
   * `store_unavailable`, as on a full disk.
   * @returns the cap in force; a cap below the present size becomes the present size.
   */
  limitPages(pages: number): number {
    return Number(this.#database.pragma(`max_page_count = ${Math.trunc(pages)}`, { simple: true }));
  }

  /** The value of a PRAGMA of this connection, for proofs of how it was opened. */
  pragma(name: 'synchronous' | 'journal_mode' | 'foreign_keys'): unknown {
    return this.#database.pragma(name, { simple: true });
  }

  #addTransfers(cause: string, transfers: readonly Transfer[], bookedAt: number): void {
    for (const { debitAccount, creditAccount, amountMinor } of transfers) {
      this.#sql.addTransfer.run(cause, debitAccount, creditAccount, amountMinor, bookedAt);
    }
  }

  #deposit(request: DepositRequest): DepositResult {
    const result = recordDeposit(this.#sql, request, (...rows) => this.#addTransfers(...rows));
    if (result.kind === 'recorded') {
      const { vendorId, requestId: reference, at, amountMinor } = request;
      this.#floats.enter({ vendorId, kind: 'deposit', reference, at, amountMinor });
    }
    return result;
  }

  /** What was seen before it was flushed, and is to leave this process, is given once it is. */
  async #read<T>(look: () => T, leaves: (seen: T) => boolean = () => true): Promise<T> {
    this.#assertOpen();
    const { flushing } = this.#commits;
    let seen: T;
    try {
      this.#reads.begin();
      seen = look();
    } catch (error) {
      throw storeFault(error);
    }
    if (flushing !== undefined && leaves(seen)) await flushing;
    return seen;
  }

  async #write<T>(change: () => T, committed?: () => void): Promise<T> {
    this.#assertOpen();
    return this.#commits.add(change, () => {
      this.#settings += 1;
      committed?.();
    });
  }

  #assertOpen(): void {
    if (!this.#database.open) throw new StsFault('store_unavailable', 'the database is closed');
    this.#commits.assertDurable();
  }
}
