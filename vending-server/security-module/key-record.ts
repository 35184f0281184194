/**
 * The import format of one vending key, ours until the KMC's own load file is public (open question C5); README.md of this
 * room describes it. Version 2 is a JSON object
 *
 *   { "format": "wattoken-vending-key", "version": 2,
 *     "supplyGroupCode": "201457", "keyRevision": 1, "keyType": 2, "baseDate": "14", "keyExpiry": 255,
 *     "activeFrom": "2026-01-01T00:00:00Z", "issueUntil": "2030-01-01T00:00:00Z",
 *     "allowedSubclasses": ["0.0", "2.3", "2.4"], "unitLimitDeci": 100000, "currencyLimitHundredThousandth": 5000000,
 *     "cluster": 0, "vendingKey": "<16 or 40 hex digits>" }
 *
 * where the third line is optional, each field by itself. Version 1 has neither that line nor the first. A key in two
 * components is twice the same object with `"format": "wattoken-vending-key-component"`, `"component": 1` or 2,
 * `"keyComponent"` in the place of `"vendingKey"`, and the check values of the component and of the whole key; the key is
 * the exclusive or of both components.
 *
 * 16 hex digits are a 64-bit key for DKGA02, 40 a 160-bit key for DKGA04 (sts.md 9.1). Refusals name the field and never
 * quote anything: a key pasted into the wrong field is still a key.
 */
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import type { BaseDate, DecoderKeyAlgorithm, KeyType } from '../../lib/identity/attributes.ts';
import type { VendingKeyAttributes, VendingKeyLimits } from './contract.ts';
import { ISSUABLE_SUBCLASSES } from './subclasses.ts';

interface KeyAttributes extends VendingKeyLimits {
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
}

export interface VendingKeyRecord extends KeyAttributes {
  /** 16 or 40 hex digits, most significant first. */
  readonly vendingKey: string;
}

/** One half of a key, worth nothing without the other. */
export interface KeyComponent extends KeyAttributes {
  readonly component: 1 | 2;
  /** As long as the key; the key is the exclusive or of both. */
  readonly keyComponent: string;
  readonly componentCheckValue: string;
  /** Of the whole key. */
  readonly checkValue: string;
}

const HEX_KEY = z.string().regex(/^([0-9a-fA-F]{16}|[0-9a-fA-F]{40})$/);
const CHECK_VALUE = z.string().regex(/^[0-9a-f]{6}$/);
/** CLM and ULM have 32 bits in the key's own attributes (sts.md 9.1). */
const LIMIT = z.int().min(1).max(0xffff_ffff);

const ATTRIBUTES = {
  supplyGroupCode: z.string().regex(/^[0-9]{6}$/),
  keyRevision: z.int().min(1).max(9),
  keyType: z.literal([1, 2, 3]),
  baseDate: z.enum(['93', '14', '35']),
  keyExpiry: z.int().min(0).max(255),
  activeFrom: z.iso.datetime(),
  issueUntil: z.iso.datetime(),
};
const LIMITS = {
  allowedSubclasses: z
    .array(z.string().refine((name) => ISSUABLE_SUBCLASSES.includes(name)))
    .min(1)
    .optional(),
  unitLimitDeci: LIMIT.optional(),
  currencyLimitHundredThousandth: LIMIT.optional(),
  cluster: z.int().min(0).max(255).optional(),
};
const VERSION_1 = z.strictObject({ ...ATTRIBUTES, vendingKey: HEX_KEY });
const VERSION_2 = z.strictObject({
  format: z.literal('wattoken-vending-key'),
  version: z.literal(2),
  ...ATTRIBUTES,
  ...LIMITS,
  vendingKey: HEX_KEY,
});
/** As the sealed file holds a key, whatever it was imported from. */
const STORED = z.strictObject({ ...ATTRIBUTES, ...LIMITS, vendingKey: HEX_KEY });
const STORED_COMPONENT = z.strictObject({
  ...ATTRIBUTES,
  ...LIMITS,
  component: z.literal([1, 2]),
  keyComponent: HEX_KEY,
  componentCheckValue: CHECK_VALUE,
  checkValue: CHECK_VALUE,
});
const COMPONENT = STORED_COMPONENT.extend({
  format: z.literal('wattoken-vending-key-component'),
  version: z.literal(2),
});

const EXPECTED: Readonly<Record<string, string>> = {
  format: '"wattoken-vending-key" or "wattoken-vending-key-component"',
  version: '2',
  supplyGroupCode: '6 decimal digits as text',
  keyRevision: 'an integer from 1 to 9',
  keyType: '1, 2 or 3',
  baseDate: '"93", "14" or "35"',
  keyExpiry: 'an integer from 0 to 255',
  activeFrom: 'an ISO 8601 time in UTC',
  issueUntil: 'an ISO 8601 time in UTC, after "activeFrom"',
  allowedSubclasses: 'a list of class and subclass, such as "0.0", of tokens that are built here',
  unitLimitDeci: 'an integer from 1 to 4294967295',
  currencyLimitHundredThousandth: 'an integer from 1 to 4294967295',
  cluster: 'an integer from 0 to 255',
  vendingKey: '16 or 40 hex digits',
  component: '1 or 2',
  keyComponent: '16 or 40 hex digits',
  componentCheckValue: '6 lower-case hex digits',
  checkValue: '6 lower-case hex digits',
};

/** @throws StsFault `vending_key_malformed`, with the field as its param. */
export function parseVendingKeyRecord(value: unknown): VendingKeyRecord {
  const hasFormat = typeof value === 'object' && value !== null && 'format' in value;
  if (!hasFormat) return recordOf(parsed(VERSION_1, value));
  const { format: _format, version: _version, ...fields } = parsed(VERSION_2, value);
  return recordOf(fields);
}

/** A record out of the sealed file. @throws StsFault `vending_key_malformed`. */
export function parseStoredRecord(value: unknown): VendingKeyRecord {
  return recordOf(parsed(STORED, value));
}

/**
 * One component as it comes from a custodian.
 * @throws StsFault `vending_key_malformed`, `key_components_mismatch` when it has not its own check value: a digit was
 *   mistyped.
 */
export function parseKeyComponent(value: unknown): KeyComponent {
  const { format: _format, version: _version, ...fields } = parsed(COMPONENT, value);
  return componentOf(fields);
}

/** A component out of the sealed file. @throws StsFault as {@link parseKeyComponent}. */
export function parseStoredComponent(value: unknown): KeyComponent {
  return componentOf(parsed(STORED_COMPONENT, value));
}

/**
 * The key of two components.
 * @throws StsFault `key_components_mismatch` when they are not components 1 and 2 of one key, by attributes or check value.
 */
export function combineComponents(one: KeyComponent, other: KeyComponent): VendingKeyRecord {
  const { component: first, keyComponent, componentCheckValue: _one, ...attributes } = one;
  const { component: second, keyComponent: otherHalf, componentCheckValue: _other, ...others } = other;
  if (first === second) throw mismatch(`both are component ${first}`);
  if (JSON.stringify(attributes) !== JSON.stringify(others)) throw mismatch('their attributes differ');
  if (keyComponent.length !== otherHalf.length) throw mismatch('their lengths differ');
  const bytes = exclusiveOr(bytesFromHex(keyComponent), bytesFromHex(otherHalf));
  const { checkValue, ...record } = attributes;
  const isWhole = checkValueOf(bytes) === checkValue;
  const vendingKey = hexFromBytes(bytes);
  bytes.fill(0);
  if (!isWhole) throw mismatch('together they have not the check value of the key');
  return recordOf({ ...record, vendingKey });
}

/**
 * A key as two components, for a ceremony that starts from a key in one piece.
 * @param random - as many unpredictable bytes as the key has; they become component 1.
 */
export function splitRecord(record: VendingKeyRecord, random: Uint8Array): readonly [object, object] {
  const { vendingKey, ...attributes } = record;
  const whole = bytesFromHex(vendingKey);
  const half = (component: 1 | 2, bytes: Uint8Array) => ({
    format: 'wattoken-vending-key-component',
    version: 2,
    component,
    ...attributes,
    keyComponent: hexFromBytes(bytes),
    componentCheckValue: checkValueOf(bytes),
    checkValue: checkValueOf(whole),
  });
  return [half(1, random), half(2, exclusiveOr(whole, random))];
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

function exclusiveOr(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] ?? 0));
}

/** What zod gives, or a record of ours: its list may be read-only. */
type Parsed<Schema extends z.ZodType> = Omit<z.infer<Schema>, 'allowedSubclasses'> & {
  readonly allowedSubclasses?: readonly string[] | undefined;
};

/** One spelling of every record, so that two can be compared as text. */
function recordOf({ vendingKey, ...attributes }: Parsed<typeof STORED>): VendingKeyRecord {
  return { ...inOrder(attributes), vendingKey: vendingKey.toLowerCase() };
}

function componentOf(fields: Parsed<typeof STORED_COMPONENT>): KeyComponent {
  const { component, keyComponent, componentCheckValue, checkValue, ...attributes } = fields;
  const half = keyComponent.toLowerCase();
  const bytes = bytesFromHex(half);
  const isAsMade = checkValueOf(bytes) === componentCheckValue;
  bytes.fill(0);
  if (!isAsMade) throw mismatch(`component ${component} has not its own check value`);
  return { ...inOrder(attributes), component, keyComponent: half, componentCheckValue, checkValue };
}

function inOrder(attributes: Omit<Parsed<typeof STORED>, 'vendingKey'>): KeyAttributes {
  if (Date.parse(attributes.activeFrom) >= Date.parse(attributes.issueUntil)) throw malformed('issueUntil');
  const { allowedSubclasses, unitLimitDeci, currencyLimitHundredThousandth, cluster, ...always } = attributes;
  const { supplyGroupCode, keyRevision, keyType, baseDate, keyExpiry, activeFrom, issueUntil } = always;
  return {
    supplyGroupCode,
    keyRevision,
    keyType,
    baseDate,
    keyExpiry,
    activeFrom,
    issueUntil,
    ...(allowedSubclasses === undefined
      ? {}
      : { allowedSubclasses: ISSUABLE_SUBCLASSES.filter((name) => allowedSubclasses.includes(name)) }),
    ...(unitLimitDeci === undefined ? {} : { unitLimitDeci }),
    ...(currencyLimitHundredThousandth === undefined ? {} : { currencyLimitHundredThousandth }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw malformed(result.error.issues[0]?.path[0]);
}

function malformed(field: unknown): StsFault {
  if (typeof field !== 'string' || !Object.hasOwn(EXPECTED, field)) {
    return new StsFault('vending_key_malformed', 'the record has not exactly the documented fields');
  }
  return new StsFault('vending_key_malformed', `"${field}" expected ${EXPECTED[field]}`, { param: field });
}

function mismatch(detail: string): StsFault {
  return new StsFault('key_components_mismatch', detail);
}
