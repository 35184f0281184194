/**
 * `wattoken key`: decoder keys and key-change sets from vending keys. Vending keys come from files alone: a command line is
 * seen by everybody on the machine and kept in histories.
 */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import type { BaseDate, EncryptionAlgorithm, KeyType } from '../../lib/identity/attributes.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { deriveDecoderKey } from '../../lib/keys/decoder-key.ts';
import { keyChangeSections } from '../../lib/keys/key-change.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';
import { makeToken } from '../conformance/adapter.ts';
import { readJson } from '../files.ts';
import { type OutputOptions, printResult, table } from '../output.ts';

interface MeterOptions extends OutputOptions {
  /** DRN or MeterPAN. */
  readonly meter: string;
  readonly algorithm: EncryptionAlgorithm;
}

export interface KeyDeriveOptions extends MeterOptions {
  readonly keyFile: string;
  readonly tariffIndex: number;
}

export interface KeyChangeSetOptions extends MeterOptions {
  readonly fromKeyFile: string;
  readonly fromTariffIndex: number;
  readonly toKeyFile: string;
  readonly toTariffIndex: number;
  readonly threeSections?: boolean;
}

/** The part of a vending key record (SECURITY.md) that a derivation reads. */
const keyFile = z.looseObject({
  supplyGroupCode: z.string(),
  keyRevision: z.int(),
  keyType: z.union([z.literal(1), z.literal(2), z.literal(3)]),
  baseDate: z.enum(['93', '14', '35']),
  keyExpiry: z.int(),
  vendingKey: z.string().regex(/^([0-9a-fA-F]{16}|[0-9a-fA-F]{40})$/),
});
type KeyFile = z.infer<typeof keyFile>;

function readKeyFile(path: string, flag: string): KeyFile {
  const parsed = keyFile.safeParse(readJson(path, flag));
  if (parsed.success) return parsed.data;
  // The record holds a key: only the field is named.
  const field = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new StsFault('vending_key_malformed', `${flag} ${path}: field "${field}"`, { param: flag });
}

/** 64-bit vending keys belong to DKGA02, 160-bit ones to DKGA04 (sts.md 9.1). */
function derive(key: KeyFile, options: MeterOptions, tariffIndex: number): string {
  const vendingKey = bytesFromHex(key.vendingKey);
  const decoderKey = deriveDecoderKey({
    decoderKeyAlgorithm: vendingKey.length === 8 ? 2 : 4,
    encryptionAlgorithm: options.algorithm,
    vendingKey,
    meterPan: parseMeterNumber(options.meter).meterPan,
    supplyGroupCode: key.supplyGroupCode,
    tariffIndex,
    keyRevision: key.keyRevision,
    keyType: key.keyType as KeyType,
    baseDate: key.baseDate as BaseDate,
  });
  vendingKey.fill(0);
  return hexFromBytes(decoderKey);
}

/** Prints a meter's settings file: with `--json`, what `--meter-file` of other commands takes. */
export function keyDerive(options: KeyDeriveOptions): void {
  const key = readKeyFile(options.keyFile, '--key-file');
  const settings = {
    drn: parseMeterNumber(options.meter).drn,
    encryptionAlgorithm: options.algorithm,
    decoderKey: derive(key, options, options.tariffIndex),
    keyType: key.keyType,
    keyRevision: key.keyRevision,
    keyExpiry: key.keyExpiry,
    supplyGroupCode: key.supplyGroupCode,
    tariffIndex: options.tariffIndex,
    baseDate: key.baseDate,
  };
  const rows = Object.entries(settings).map(([name, value]): [string, string] => [name, String(value)]);
  printResult(options, settings, table(rows));
}

const YEAR = { '93': 1993, '14': 2014, '35': 2035 } as const;

/** The sections in the order in which a slip prints them; any order works at the meter, credit comes after them. */
export function keyChangeSet(options: KeyChangeSetOptions): void {
  const from = readKeyFile(options.fromKeyFile, '--from-key-file');
  const to = readKeyFile(options.toKeyFile, '--to-key-file');
  const threeSections = options.threeSections === true;
  if (YEAR[to.baseDate] < YEAR[from.baseDate]) {
    throw new StsFault('usage', 'the new key has an older base date: no meter moves back');
  }
  if (threeSections && options.algorithm === 11) {
    throw new StsFault('usage', '--three-sections is for EA07; a set for EA11 always has four', {
      param: '--three-sections',
    });
  }
  const oldKey = derive(from, options, options.fromTariffIndex);
  const rollOver = from.baseDate !== to.baseDate;
  const sections = keyChangeSections(options.algorithm, {
    newDecoderKey: derive(to, options, options.toTariffIndex),
    keyExpiry: to.keyExpiry,
    keyRevision: to.keyRevision,
    keyType: to.keyType as KeyType,
    tariffIndex: options.toTariffIndex,
    supplyGroupCode: to.supplyGroupCode,
    rollOver,
    threeSections,
  });
  // The clear block of a section holds a part of the new key: it stays out of the result.
  const tokens = sections.map((section) => makeToken(section, options.algorithm, oldKey).tokenNo);
  const rows = tokens.map((tokenNo, i): [string, string] => [`section ${i + 1}`, groupTokenNo(tokenNo)]);
  printResult(options, { rollOver, tokens }, table(rows));
}
