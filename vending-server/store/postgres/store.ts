/**
 * The store on PostgreSQL: any number of servers on one database, none of which holds anything that another one needs.
 * Reads of one kind that are asked for together share a statement; claims and sales share one for each vendor, so that no
 * vendor waits for another one's row.
 */
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
  VendClaim,
  VendClaimRequest,
  VendorRecord,
  VendRecord,
} from '../contract.ts';
import { entryOf, meterRowOf, sameFields, vendorOf } from '../rows.ts';
import { accessTo } from './access.ts';
import { PostgresAdvice } from './advice.ts';
import { PostgresApprovals } from './approvals.ts';
import { PostgresAudit } from './audit.ts';
import type { PostgresClaims } from './claims.ts';
import type { Ask, PostgresConnections } from './connections.ts';
import { PostgresCustomers, PostgresFaultReports } from './customers.ts';
import { addTariffVersion, raisePurchasesVersion, recordDeposit } from './deposits.ts';
import { aftermathOf, carriedOf } from './issue.ts';
import { PostgresKeys } from './keys.ts';
import { PostgresLimits } from './limits.ts';
import { PostgresMoney } from './money.ts';
import { PostgresOperation } from './operation.ts';
import { PostgresOutbox, PostgresReceiptKeys } from './outbox.ts';
import { PostgresPeople } from './people.ts';
import { PostgresReads } from './reads.ts';
import { chainRow, PostgresSales, transferRows } from './sales.ts';
import { PostgresVisits } from './visits.ts';

export class PostgresStore implements Store {
  readonly #connections: PostgresConnections;
  readonly #claims: PostgresClaims;
  readonly #sales: PostgresSales;
  readonly #reads: PostgresReads;
  readonly #unlock: () => void;
  readonly people: PostgresPeople;
  readonly approvals: PostgresApprovals;
  readonly audit: PostgresAudit;
  readonly money: PostgresMoney;
  readonly limits: PostgresLimits;
  readonly advice: PostgresAdvice;
  readonly customers: PostgresCustomers;
  readonly faultReports: PostgresFaultReports;
  readonly visits: PostgresVisits;
  readonly keys: PostgresKeys;
  readonly operation: PostgresOperation;
  readonly outbox: PostgresOutbox;
  readonly receiptKeys: PostgresReceiptKeys;
  #closing: Promise<void> | undefined;

  /** Use `openPostgresStore`: it migrates, takes the first lease and locks the data folder, which `unlock` gives back. */
  constructor(connections: PostgresConnections, claims: PostgresClaims, unlock: () => void) {
    this.#connections = connections;
    this.#claims = claims;
    this.#sales = new PostgresSales(connections, claims.turns);
    this.#reads = new PostgresReads(connections);
    this.#unlock = unlock;
    const access = accessTo(connections);
    this.people = new PostgresPeople(access);
    this.approvals = new PostgresApprovals(access, claims);
    this.audit = new PostgresAudit(access);
    this.money = new PostgresMoney(access);
    this.limits = new PostgresLimits(access);
    this.advice = new PostgresAdvice(access, claims);
    this.customers = new PostgresCustomers(access);
    this.faultReports = new PostgresFaultReports(access);
    this.visits = new PostgresVisits(access);
    this.keys = new PostgresKeys(connections, claims);
    this.operation = new PostgresOperation(access);
    this.outbox = new PostgresOutbox(access);
    this.receiptKeys = new PostgresReceiptKeys(access);
  }

  settingsVersion(): undefined {
    return undefined;
  }

  putTariff(version: TariffVersion): Promise<PutResult> {
    return addTariffVersion((...asked) => this.#connections.query(...asked), version);
  }

  findTariff(tariffId: string): Promise<readonly TariffVersion[]> {
    return this.#reads.tariff(tariffId);
  }

  async tariffIds(after: string, limit: number): Promise<readonly string[]> {
    return (await this.#connections.query('tariffIds', [after, limit])).map((row) => row.tariff_id);
  }

  async putMeter(meter: MeterRecord): Promise<PutResult> {
    const added = await this.#connections.query('addMeter', Object.values(meterRowOf(meter)));
    if (added.length > 0) return 'created';
    return sameFields((await this.#reads.meter(meter.meterPan)) ?? {}, meter) ? 'same' : 'exists';
  }

  findMeter(meterPan: string): Promise<MeterRecord | undefined> {
    return this.#reads.meter(meterPan);
  }

  findPurchases(meterPan: string): Promise<MeterPurchases> {
    return this.#reads.purchases(meterPan);
  }

  openDebt(record: DebtRecord): Promise<PutResult | 'meter_unknown' | 'meter_changed_out'> {
    const { meterPan, debt, openedAt, transfers } = record;
    return this.#connections.transaction(async (ask) => {
      const [meter] = await ask('lockMeter', [meterPan]);
      if (meter === undefined) return 'meter_unknown';
      if (meter.replaced_by !== null) return 'meter_changed_out';
      const recovery = JSON.stringify(debt.recovery);
      const { debtId, label, balanceMinor } = debt;
      const added = await ask('addDebt', [debtId, meterPan, label, balanceMinor, recovery, openedAt]);
      if (added.length === 0) {
        const [held] = await ask('findDebt', [debtId]);
        const fields = { meter_pan: meterPan, label, opened_minor: balanceMinor, recovery };
        return sameFields(held, fields) ? 'same' : 'exists';
      }
      await raisePurchasesVersion(ask, meterPan);
      await ask('addTransfers', [`debt ${debtId}`, JSON.stringify(transferRows(transfers)), openedAt]);
      return 'created';
    });
  }

  async putVendor(vendor: Omit<VendorRecord, 'floatMinor'>): Promise<PutResult> {
    const { vendorId, name, currency, creditLimitMinor } = vendor;
    const added = await this.#connections.query('addVendor', [vendorId, name, currency, creditLimitMinor]);
    if (added.length > 0) return 'created';
    const held = await this.#reads.vendor(vendorId);
    return held !== undefined && sameFields(held, { ...vendor, floatMinor: held.floatMinor })
      ? 'same'
      : 'exists';
  }

  findVendor(vendorId: string): Promise<VendorRecord | undefined> {
    return this.#reads.vendor(vendorId);
  }

  async vendors(after: string, limit: number): Promise<readonly VendorRecord[]> {
    return (await this.#connections.query('vendors', [after, limit])).map(vendorOf);
  }

  async addApiKey(key: ApiKeyRecord): Promise<void> {
    const scopes = key.scopes === null ? null : JSON.stringify(key.scopes);
    const { keyHash, keyId, role, vendorId, label, createdAt, createdBy, expiresAt, revokedAt } = key;
    const what = [keyHash, keyId, role, vendorId, label, scopes];
    await this.#connections.query('addApiKey', [
      ...what,
      createdAt,
      createdBy,
      expiresAt,
      revokedAt,
      key.lastUsedDay,
    ]);
  }

  findApiKey(keyHash: string): Promise<ApiKeyRecord | undefined> {
    return this.#reads.apiKey(keyHash);
  }

  async hasOperatorKey(): Promise<boolean> {
    const [row] = await this.#connections.query('hasOperatorKey');
    return row.has;
  }

  deposit(request: DepositRequest): Promise<DepositResult> {
    return this.#connections.transaction((ask) => recordDeposit(ask, request));
  }

  async viewForSale(asked: Parameters<Store['viewForSale']>[0]): Promise<SaleView> {
    this.#assertOpen();
    return this.#reads.view(asked);
  }

  async claimVend(request: VendClaimRequest): Promise<ClaimVendResult> {
    this.#assertOpen();
    return this.#claims.claimWith(request);
  }

  async recordVend(claim: VendClaim, record: VendRecord): Promise<RecordedSale> {
    const besides = this.#claims.besides(claim);
    const held = besides === undefined ? [claim] : [claim, besides];
    for (const one of held) this.#claims.startRecording(one);
    try {
      const sale = await this.#sales.record({ claim, record, ...(besides === undefined ? {} : { besides }) });
      for (const one of held) this.#claims.ended(one);
      return sale;
    } catch (error) {
      for (const one of held) this.#claims.stopRecording(one);
      throw error;
    }
  }

  releaseClaim(claim: VendClaim): void {
    const besides = this.#claims.besides(claim);
    this.#claims.release(claim);
    if (besides !== undefined) this.#claims.release(besides);
  }

  findSale(saleId: string): Promise<RecordedSale | undefined> {
    return this.#reads.sale(saleId);
  }

  findSaleByRequest(vendorId: string, requestId: string): Promise<RecordedSale | undefined> {
    return this.#reads.saleByRequest(vendorId, requestId);
  }

  async findAftermath(saleId: string): Promise<SaleAftermath> {
    const [replaced, reversed] = await Promise.all([
      this.#connections.query('findReplaced', [saleId]),
      this.#connections.query('findReversed', [saleId]),
    ]);
    return aftermathOf(replaced, reversed);
  }

  async soldTo(meterPan: string): Promise<Carried> {
    const [row] = await this.#connections.query('soldTo', [meterPan]);
    return carriedOf(row);
  }

  async bindModule(identity: Pick<ModuleIdentity, 'moduleId' | 'publicKey' | 'counter'>): Promise<void> {
    const { moduleId, publicKey, counter } = identity;
    await this.#connections.transaction(async (ask) => {
      const [held] = await ask('findModule', [moduleId]);
      if (held === undefined && counter > 0) {
        throw new StsFault('ledger_mismatch', `the ledger does not know the module, which counts ${counter}`);
      }
      if (held === undefined) await ask('addModule', [moduleId, publicKey]);
      else if (held.public_key !== publicKey) {
        throw new StsFault('ledger_mismatch', 'the ledger knows this module with another public key');
      }
    });
    await this.#claims.bind(moduleId);
  }

  async modules(): Promise<readonly Pick<ModuleIdentity, 'moduleId' | 'publicKey'>[]> {
    const rows = await this.#connections.query('modules');
    return rows.map((row) => ({ moduleId: row.module_id, publicKey: row.public_key }));
  }

  async publicKeyOf(moduleId: string): Promise<string | undefined> {
    const [row] = await this.#connections.query('findModule', [moduleId]);
    return row?.public_key;
  }

  async lastEntry(moduleId: string): Promise<LedgerEntry | undefined> {
    const [row] = await this.#connections.query('lastEntry', [moduleId]);
    return row && entryOf(row);
  }

  async lastSignedEntry(moduleId: string): Promise<LedgerEntry | undefined> {
    const [row] = await this.#connections.query('lastSignedEntry', [moduleId]);
    return row && entryOf(row);
  }

  async counterWithoutGap(moduleId: string): Promise<number> {
    const [row] = await this.#connections.query('counterWithoutGap', [moduleId]);
    return row.counter;
  }

  async findEntryByToken(tokenNo: string): Promise<LedgerEntry | undefined> {
    const [row] = await this.#connections.query('findEntryByToken', [tokenNo, tokenDigest(tokenNo)]);
    return row && entryOf(row);
  }

  async findEntriesBySale(saleId: string): Promise<readonly LedgerEntry[]> {
    return (await this.#connections.query('findEntriesBySale', [saleId])).map(entryOf);
  }

  async entries(moduleId: string, afterCounter: number, limit: number): Promise<readonly LedgerEntry[]> {
    return (await this.#connections.query('entries', [moduleId, afterCounter, limit])).map(entryOf);
  }

  recordUnreleased(entries: readonly JournalledEntry[]): Promise<number> {
    return this.#connections.transaction((ask) => recordUnreleased(ask, entries));
  }

  async trialBalance(): Promise<readonly AccountBalance[]> {
    const rows = await this.#connections.query('trialBalance');
    return rows.map((row) => ({
      account: row.account,
      debitMinor: row.debit_minor,
      creditMinor: row.credit_minor,
    }));
  }

  /** A standby answers too, and keeps nothing. */
  async ping(): Promise<void> {
    const [row] = await this.#connections.query('ping');
    if (row.standby) throw new StsFault('store_unavailable', 'the database is a standby');
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#claims.close();
    await this.#connections.close();
    this.#unlock();
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StsFault('store_unavailable', 'the database is closed');
  }
}

/** Several callers may name the same entries at once: each entry is added by one of them, and looked at by all. */
async function recordUnreleased(ask: Ask, entries: readonly JournalledEntry[]): Promise<number> {
  const byModule = new Map<string, JournalledEntry[]>();
  for (const entry of entries) byModule.set(entry.moduleId, [...(byModule.get(entry.moduleId) ?? []), entry]);
  let added = 0;
  for (const [moduleId, own] of byModule) {
    added += (await ask('addUnreleased', [JSON.stringify(own.map(chainRow))])).length;
    const rows = await ask('entriesAmong', [moduleId, own.map(({ counter }) => counter)]);
    const held = new Map(rows.map((row) => [row.counter, row.entry_hash]));
    for (const { counter, entryHash } of own) {
      if (held.get(counter) === entryHash) continue;
      throw new StsFault('ledger_mismatch', `entry ${counter} differs from the journal's`);
    }
  }
  return added;
}
