/**
 * The import format of one vending key, ours until the KMC's own load file is public (open question C5): a JSON object
 *
 *   { "supplyGroupCode": "201457", "keyRevision": 1, "keyType": 2, "baseDate": "14", "keyExpiry": 255,
 *     "activeFrom": "2026-01-01T00:00:00Z", "issueUntil": "2030-01-01T00:00:00Z", "vendingKey": "<16 or 40 hex digits>" }
 *
 * 16 hex digits are a 64-bit key for DKGA02, 40 a 160-bit key for DKGA04 (sts.md 9.1). Refusals name the field and never
 * quote anything: a key pasted into the wrong field is still a key.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import type { BaseDate, DecoderKeyAlgorithm, KeyType } from '../../lib/identity/attributes.ts';
import type { VendingKeyAttributes } from './contract.ts';

export interface VendingKeyRecord {
  readonly supplyGroupCode: string;
  /** KRN, 1-9. */
  readonly keyRevision: number;
  /** 1 VDDK, 2 VUDK, 3 VCDK. */
  readonly keyType: Exclude<KeyType, 0>;
  readonly baseDate: BaseDate;
  /** KEN, 0-255. */
  readonly keyExpiry: number;
  /** ISO 8601 UTC, seconds or milliseconds, ending in Z. */
  readonly activeFrom: string;
  /** ISO 8601 UTC, after `activeFrom`; from this moment on nothing is issued. */
  readonly issueUntil: string;
  /** 16 or 40 hex digits, most significant first. */
  readonly vendingKey: string;
}

const RECORD = z.strictObject({
  supplyGroupCode: z.string().regex(/^[0-9]{6}$/),
  keyRevision: z.int().min(1).max(9),
  keyType: z.literal([1, 2, 3]),
  baseDate: z.enum(['93', '14', '35']),
  keyExpiry: z.int().min(0).max(255),
  activeFrom: z.iso.datetime(),
  issueUntil: z.iso.datetime(),
  vendingKey: z.string().regex(/^([0-9a-fA-F]{16}|[0-9a-fA-F]{40})$/),
});

const EXPECTED: Readonly<Record<keyof VendingKeyRecord, string>> = {
  supplyGroupCode: '6 decimal digits as text',
  keyRevision: 'an integer from 1 to 9',
  keyType: '1, 2 or 3',
  baseDate: '"93", "14" or "35"',
  keyExpiry: 'an integer from 0 to 255',
  activeFrom: 'an ISO 8601 time in UTC',
  issueUntil: 'an ISO 8601 time in UTC, after "activeFrom"',
  vendingKey: '16 or 40 hex digits',
};

/** @throws StsFault `vending_key_malformed`, with the field as its param. */
export function parseVendingKeyRecord(value: unknown): VendingKeyRecord {
  const parsed = RECORD.safeParse(value);
  if (!parsed.success) throw malformed(parsed.error.issues[0]?.path[0]);
  const record = parsed.data;
  if (Date.parse(record.activeFrom) >= Date.parse(record.issueUntil)) throw malformed('issueUntil');
  return { ...record, vendingKey: record.vendingKey.toLowerCase() };
}

/** What may be told of a key; the key itself is only read. */
export function attributesOf(record: VendingKeyRecord, vendingKey: Uint8Array): VendingKeyAttributes {
  const { vendingKey: _secret, ...attributes } = record;
  return {
    ...attributes,
    decoderKeyAlgorithm: decoderKeyAlgorithmOf(vendingKey),
    checkValue: checkValueOf(vendingKey),
  };
}

/**
 * Six hex digits by which people compare two copies of a key: the head of HMAC-SHA-256(key, 'wattoken-kcv-1'). This is our
 * own; how other systems reckon theirs is not public (open question C4), so the values of two makers cannot be compared.
 */
export function checkValueOf(vendingKey: Uint8Array): string {
  return createHmac('sha256', vendingKey).update('wattoken-kcv-1').digest('hex').slice(0, 6);
}

function decoderKeyAlgorithmOf(vendingKey: Uint8Array): DecoderKeyAlgorithm {
  return vendingKey.length === 8 ? 2 : 4;
}

function malformed(field: unknown): StsFault {
  if (typeof field !== 'string' || !Object.hasOwn(EXPECTED, field)) {
    return new StsFault('vending_key_malformed', 'the record has not exactly the documented fields');
  }
  const expected = EXPECTED[field as keyof VendingKeyRecord];
  return new StsFault('vending_key_malformed', `"${field}" expected ${expected}`, { param: field });
}
