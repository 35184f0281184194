/** Rows of either database and the records they stand for. */
import { StsFault } from '../../lib/faults.ts';
import type {
  BaseDate,
  DecoderKeyAlgorithm,
  EncryptionAlgorithm,
  KeyType,
} from '../../lib/identity/attributes.ts';
import { sha256 } from '../sha256.ts';
import { type Debt, NO_HISTORY, type PurchaseHistory } from '../tariff/history.ts';
import type {
  IssuedKeyChange,
  LedgerEntry,
  MeterPurchases,
  MeterRecord,
  RecordedSale,
  VendorRecord,
  WantedKey,
} from './contract.ts';

export interface MeterRow {
  readonly meter_pan: string;
  readonly drn: string;
  readonly encryption_algorithm: EncryptionAlgorithm;
  readonly decoder_key_algorithm: DecoderKeyAlgorithm;
  readonly supply_group_code: string;
  readonly tariff_index: number;
  readonly key_revision: number;
  readonly key_type: KeyType;
  readonly base_date: BaseDate;
  readonly tariff_id: string;
  readonly token_carrier_type: number;
  readonly key_expiry: number | null;
  readonly stores_supply_group: number | boolean;
  /** JSON, as {@link meterRowOf} writes it. */
  readonly wanted_key: string | null;
  readonly issued_key_change: string | null;
  readonly replaced_by: string | null;
  readonly replaces: string | null;
}

export function meterOf(row: MeterRow): MeterRecord {
  return {
    meterPan: row.meter_pan,
    drn: row.drn,
    encryptionAlgorithm: row.encryption_algorithm,
    decoderKeyAlgorithm: row.decoder_key_algorithm,
    supplyGroupCode: row.supply_group_code,
    tariffIndex: row.tariff_index,
    keyRevision: row.key_revision,
    keyType: row.key_type,
    baseDate: row.base_date,
    tariffId: row.tariff_id,
    tokenCarrierType: row.token_carrier_type,
    keyExpiry: row.key_expiry,
    storesSupplyGroup: Boolean(row.stores_supply_group),
    wantedKey: row.wanted_key === null ? null : (JSON.parse(row.wanted_key) as WantedKey),
    issuedKeyChange:
      row.issued_key_change === null ? null : (JSON.parse(row.issued_key_change) as IssuedKeyChange),
    replacedBy: row.replaced_by,
    replaces: row.replaces,
  };
}

/** What a meter's record is held as, by the names of the columns. */
export function meterRowOf(meter: MeterRecord): MeterRow {
  return {
    meter_pan: meter.meterPan,
    drn: meter.drn,
    encryption_algorithm: meter.encryptionAlgorithm,
    decoder_key_algorithm: meter.decoderKeyAlgorithm,
    supply_group_code: meter.supplyGroupCode,
    tariff_index: meter.tariffIndex,
    key_revision: meter.keyRevision,
    key_type: meter.keyType,
    base_date: meter.baseDate,
    tariff_id: meter.tariffId,
    token_carrier_type: meter.tokenCarrierType,
    key_expiry: meter.keyExpiry,
    stores_supply_group: meter.storesSupplyGroup,
    wanted_key: jsonOf(meter.wantedKey),
    issued_key_change: jsonOf(meter.issuedKeyChange),
    replaced_by: meter.replacedBy,
    replaces: meter.replaces,
  };
}

function jsonOf(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** What a history is held as, by the names of the columns. */
export interface HistoryRow {
  readonly version: number | null;
  readonly month: string;
  readonly month_units_deci_kwh: number;
  readonly free_units_month: string;
  readonly carried_minor: string;
  readonly charges: string;
  readonly last_at: number | null;
}

/** @param row - undefined, or without a version, for a meter that never bought. */
export function purchasesOf(row: HistoryRow | undefined, debts: readonly DebtRow[]): MeterPurchases {
  const owed = debts.map(debtOf);
  if (row === undefined || row.version === null)
    return { version: 0, history: { ...NO_HISTORY, debts: owed } };
  return {
    version: row.version,
    history: {
      month: row.month,
      monthUnitsDeciKwh: row.month_units_deci_kwh,
      freeUnitsMonth: row.free_units_month,
      carriedMinor: row.carried_minor,
      charges: JSON.parse(row.charges) as PurchaseHistory['charges'],
      debts: owed,
      lastAt: row.last_at,
    },
  };
}

export interface DebtRow {
  readonly debt_id: string;
  readonly label: string;
  readonly balance_minor: number;
  readonly recovery: string;
}

function debtOf(row: DebtRow): Debt {
  return {
    debtId: row.debt_id,
    label: row.label,
    balanceMinor: row.balance_minor,
    recovery: JSON.parse(row.recovery) as Debt['recovery'],
  };
}

export interface VendorRow {
  readonly vendor_id: string;
  readonly name: string;
  readonly currency: string;
  readonly credit_limit_minor: number;
  readonly float_minor: number;
}

export function vendorOf(row: VendorRow): VendorRecord {
  return {
    vendorId: row.vendor_id,
    name: row.name,
    currency: row.currency,
    creditLimitMinor: row.credit_limit_minor,
    floatMinor: row.float_minor,
  };
}

export interface SaleRow {
  readonly sale_id: string;
  readonly vendor_id: string;
  readonly request_id: string;
  readonly request_hash: string;
  readonly response_body: string;
  readonly response_digest: string;
}

/**
 * SQLite keeps no checksum of a page, and a flipped bit in an answer would be a wrong token: the digest finds it.
 * @throws StsFault `store_damaged`.
 */
export function saleOf(row: SaleRow): RecordedSale {
  if (responseDigest(row.response_body) !== row.response_digest) {
    throw new StsFault('store_damaged', 'the recorded answer of a sale does not match its digest');
  }
  return {
    saleId: row.sale_id,
    vendorId: row.vendor_id,
    requestId: row.request_id,
    requestHash: row.request_hash,
    responseBody: row.response_body,
  };
}

/** SHA-256 of the exact answer, hex. */
export function responseDigest(responseBody: string): string {
  return sha256(responseBody);
}

export interface EntryRow {
  readonly module_id: string;
  readonly counter: number;
  readonly sale_digest: string;
  readonly token_digest: string;
  readonly previous_hash: string;
  readonly entry_hash: string;
  readonly signature: string;
  readonly state: 'released' | 'unreleased';
  readonly sale_id: string | null;
  readonly meter_pan: string;
  readonly tid_minutes: number | null;
  readonly statement: string;
}

export function entryOf(row: EntryRow): LedgerEntry {
  return {
    moduleId: row.module_id,
    counter: row.counter,
    saleDigest: row.sale_digest,
    tokenDigest: row.token_digest,
    previousHash: row.previous_hash,
    entryHash: row.entry_hash,
    signature: row.signature,
    state: row.state,
    saleId: row.sale_id,
    meterPan: row.meter_pan,
    tidMinutes: row.tid_minutes,
    statement: row.statement,
  };
}

/** Two flat records with the same fields and values; what is no plain value is never the same. */
export function sameFields(left: object, right: object): boolean {
  const other = new Map(Object.entries(right));
  const entries = Object.entries(left);
  return entries.length === other.size && entries.every(([name, value]) => other.get(name) === value);
}
