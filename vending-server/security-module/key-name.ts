/** The name of a vending key: the four attributes by which it is found, as people read them; nothing secret. */
import { StsFault } from '../../lib/faults.ts';
import type { BaseDate, KeyType } from '../../lib/identity/attributes.ts';

export interface KeyNameParts {
  readonly supplyGroupCode: string;
  readonly keyRevision: number;
  readonly keyType: KeyType;
  readonly baseDate: BaseDate;
}

export function keyName(key: KeyNameParts): string {
  return `SGC ${key.supplyGroupCode} KRN ${key.keyRevision} KT ${key.keyType} base ${key.baseDate}`;
}

const NAME = /^SGC ([0-9]{6}) KRN ([1-9]) KT ([0-3]) base (93|14|35)$/;

/** @throws StsFault `store_damaged`: only {@link keyName} writes names, and only the journal keeps them. */
export function readKeyName(name: string): KeyNameParts {
  const [, supplyGroupCode, keyRevision, keyType, baseDate] = NAME.exec(name) ?? [];
  if (supplyGroupCode === undefined) throw new StsFault('store_damaged', "the module's journal: a key name");
  return {
    supplyGroupCode,
    keyRevision: Number(keyRevision),
    keyType: Number(keyType) as KeyType,
    baseDate: baseDate as BaseDate,
  };
}
