/** The lines of an export as records; whatever is not exactly such a line is refused, because anything may stand in a file. */
import type { BaseDate } from '../../lib/identity/attributes.ts';
import type { ChainEntry } from '../security-module/contract.ts';
import type { Transfer } from '../store/contract.ts';
import type { Sums } from './export-lines.ts';
import type { SaleFacts } from './sale-facts.ts';
import type { ChainHead } from './verify-chain.ts';

export interface HeaderLine {
  readonly kind: 'header';
  readonly format: string;
  readonly moduleId: string;
  readonly publicKey: string;
  readonly exportedAt: string;
}

export interface ExportedSale extends Omit<SaleFacts, 'answerHash'> {
  readonly answer: {
    readonly hash: string;
    readonly tokens: readonly { readonly tokenDigest: string; readonly groupedDigest: string }[];
    readonly ledger: unknown;
  } | null;
}

export interface EntryLine extends ChainEntry {
  /** 18 digits. */
  readonly meterPan: string;
  /** Of the key under which the token was made. */
  readonly baseDate: BaseDate;
  /** null for a section of a key change, which carries none. */
  readonly tidMinutes: number | null;
  readonly kind: 'entry';
  readonly state: 'released' | 'unreleased';
  readonly saleId: string | null;
  /** On the first entry of a sale; null on its others, and for an unreleased token. */
  readonly sale: ExportedSale | null;
}

export interface SaleLine {
  readonly kind: 'sale';
  readonly sale: ExportedSale;
}

/** A sale of another module's chain: its money is in these books, its proof in that module's export. */
export interface ElsewhereLine {
  readonly kind: 'elsewhere';
  readonly moduleId: string;
  readonly sale: ExportedSale;
}

export interface DepositLine {
  readonly kind: 'deposit';
  readonly vendorId: string;
  readonly requestId: string;
  readonly requestHash: string;
  readonly currency: string;
  readonly amountMinor: number;
  readonly reference: string;
  readonly transfers: readonly Transfer[];
}

/** What was taken back of a sale; stands before all entries. */
export interface ReversalLine {
  readonly kind: 'reversal';
  readonly saleId: string;
  readonly reversedAt: number | null;
  readonly transfers: readonly Transfer[];
}

export interface DebtLine {
  readonly kind: 'debt';
  readonly debtId: string;
  readonly meterPan: string;
  readonly openedMinor: number;
  readonly balanceMinor: number;
  readonly transfers: readonly Transfer[];
}

export interface TransferLine extends Transfer {
  readonly kind: 'transfer';
  readonly cause: string;
}

export interface VendorLine {
  readonly kind: 'vendor';
  readonly vendorId: string;
  readonly currency: string;
  readonly floatMinor: number;
}

export interface TrailerLine {
  readonly kind: 'trailer';
  readonly entries: number;
  readonly released: number;
  readonly unreleased: number;
  readonly sales: number;
  readonly reversals: number;
  readonly deposits: number;
  readonly debts: number;
  readonly transfers: number;
  readonly vendors: number;
  /** Absent where one module alone sells. */
  readonly elsewhere?: number;
  readonly sums: Sums;
  readonly head: ChainHead;
  readonly sha256: string;
}

export type ExportLine =
  | HeaderLine
  | ReversalLine
  | EntryLine
  | SaleLine
  | ElsewhereLine
  | DepositLine
  | DebtLine
  | TransferLine
  | VendorLine
  | TrailerLine;

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const HASH = /^[0-9a-f]{64}$/;
const text: Check = (value) => typeof value === 'string';
const hash: Check = (value) => typeof value === 'string' && HASH.test(value);
const whole: Check = (value) => Number.isSafeInteger(value);
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const positive: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const anything: Check = () => true;
const transfers: Check = (value) => Array.isArray(value) && value.every((one) => has(one, TRANSFER));

const TRANSFER = { debitAccount: text, creditAccount: text, amountMinor: positive };
const ANSWER_TOKEN = { tokenDigest: hash, groupedDigest: hash };
const ANSWER = {
  hash,
  tokens: (value: unknown) => Array.isArray(value) && value.every((one) => has(one, ANSWER_TOKEN)),
  ledger: anything,
};
const SALE = {
  saleId: text,
  soldAt: whole,
  vendorId: text,
  requestId: text,
  requestHash: text,
  meterPan: text,
  currency: text,
  paidMinor: whole,
  amountDeciKwh: whole,
  transfers,
  answer: (value: unknown) => value === null || has(value, ANSWER),
};
const sale: Check = (value) => has(value, SALE);

const SHAPES: Readonly<Record<ExportLine['kind'], Readonly<Record<string, Check>>>> = {
  header: { format: text, moduleId: text, publicKey: text, exportedAt: text },
  reversal: {
    saleId: text,
    reversedAt: (value) => value === null || whole(value),
    transfers,
  },
  entry: {
    moduleId: text,
    counter: positive,
    saleDigest: hash,
    tokenDigest: hash,
    statement: text,
    previousHash: hash,
    entryHash: hash,
    signature: text,
    state: (value) => value === 'released' || value === 'unreleased',
    meterPan: (value) => typeof value === 'string' && /^[0-9]{18}$/.test(value),
    baseDate: (value) => value === '93' || value === '14' || value === '35',
    tidMinutes: (value) => value === null || (count(value) && (value as number) <= 0xff_ffff),
    saleId: (value) => value === null || text(value),
    sale: (value) => value === null || sale(value),
  },
  sale: { sale },
  elsewhere: { moduleId: text, sale },
  deposit: {
    vendorId: text,
    requestId: text,
    requestHash: hash,
    currency: text,
    amountMinor: positive,
    reference: text,
    transfers,
  },
  debt: { debtId: text, meterPan: text, openedMinor: positive, balanceMinor: count, transfers },
  transfer: { cause: text, ...TRANSFER },
  vendor: { vendorId: text, currency: text, floatMinor: whole },
  trailer: {
    entries: count,
    released: count,
    unreleased: count,
    sales: count,
    reversals: count,
    deposits: count,
    debts: count,
    transfers: count,
    vendors: count,
    elsewhere: (value) => value === undefined || positive(value),
    sums: (value) => typeof value === 'object' && value !== null,
    head: (value) => has(value, { counter: count, entryHash: hash }),
    sha256: hash,
  },
};

/** @returns undefined for anything that is no line of an export. */
export function readExportLine(line: string): ExportLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind } = value as Fields;
  if (typeof kind !== 'string' || !Object.hasOwn(SHAPES, kind)) return undefined;
  return has(value, SHAPES[kind as ExportLine['kind']]) ? (value as ExportLine) : undefined;
}

function has(value: unknown, shape: Readonly<Record<string, Check>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  for (const name in shape) {
    if (shape[name]?.((value as Fields)[name]) !== true) return false;
  }
  return true;
}
