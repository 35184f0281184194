/** Rows of the SQLite store and the records they stand for. */
import { createHash } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import type {
  BaseDate,
  DecoderKeyAlgorithm,
  EncryptionAlgorithm,
  KeyType,
} from '../../lib/identity/attributes.ts';
import type { LedgerEntry, MeterRecord, RecordedSale, VendorRecord } from './contract.ts';

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
  return createHash('sha256').update(responseBody).digest('hex');
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
