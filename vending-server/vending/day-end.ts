/**
 * The end of a day: what every account had, what moved, what it has; and that the movements of the ledger are the sales that
 * the vendors' entries tell of. Closed once and then kept as it was; whatever reaches a closed day later is named in the next.
 */
import { StsFault } from '../../lib/faults.ts';
import { type CanonicalValue, canonicalJson } from '../ledger/canonical.ts';
import { accountSoldOnDebt } from '../ledger/reversal-postings.ts';
import { partOfAccount, type SaleParts } from '../ledger/sale-parts.ts';
import { timeZoneOf } from '../people/settings.ts';
import type { AccountBalance } from '../store/contract.ts';
import type { DayEndRecord } from '../store/money-contract.ts';
import { addDays } from '../tariff/local-time.ts';
import { SETTLED_MILLIS } from './commission.ts';
import type { Vending } from './context.ts';
import { type Span, spanOfDay } from './local-days.ts';
import { type Totals, totalsOf } from './reports.ts';

/** Money is text: the sums of a country pass 2^53 cents. A balance below 0 stands on the debit side. */
export interface AccountDay {
  readonly account: string;
  readonly openingMinor: string;
  /** What was booked into days that were closed already: credits less debits. */
  readonly lateMinor: string;
  readonly debitMinor: string;
  readonly creditMinor: string;
  readonly closingMinor: string;
}

export interface DayFigures {
  readonly day: string;
  readonly timeZone: string;
  readonly accounts: readonly AccountDay[];
  readonly sales: Totals;
  readonly ties: {
    /** Debits and credits of the day are equal in every currency. */
    readonly balanced: boolean;
    /** What the ledger booked for sales and their reversals is what the entries of the floats say, part by part. */
    readonly salesTie: boolean;
  };
}

/** How much of a day is added up at a time, so that sales go on between. */
const SLICE_MILLIS = 3600_000;

/**
 * @throws StsFault `period_not_over`; `day_end_order` unless the day follows the last one closed. Closing a closed day gives
 *   it as it was closed.
 */
export async function closeDay(vending: Vending, day: string, closedBy: string): Promise<DayEndRecord> {
  const { money } = vending.store;
  const held = await money.findDayEnd(day);
  if (held !== undefined) return held;
  const timeZone = await timeZoneOf(vending);
  const span = spanOfDay(day, timeZone);
  const now = vending.clock.now();
  if (now < span.until + SETTLED_MILLIS) throw new StsFault('period_not_over', undefined, { param: 'day' });
  const last = await money.lastDayEnd();
  if (last !== undefined && addDays(last.day, 1) !== day) {
    throw new StsFault('day_end_order', `next is ${addDays(last.day, 1)}`, { param: 'day' });
  }
  const figures = await figuresOf(vending, { day, timeZone, span, last });
  const text = canonicalJson(figures as unknown as CanonicalValue);
  return money.closeDay({ day, closedAt: now, closedBy, figures: text });
}

/** @throws StsFault `day_end_unknown`. */
export async function findDayEnd({ store }: Vending, day: string): Promise<DayEndRecord> {
  const held = await store.money.findDayEnd(day);
  if (held === undefined) throw new StsFault('day_end_unknown', undefined, { param: 'day' });
  return held;
}

interface OpenDay {
  readonly day: string;
  readonly timeZone: string;
  readonly span: Span;
  readonly last: DayEndRecord | undefined;
}

interface Sides {
  debit: bigint;
  credit: bigint;
}

async function figuresOf(vending: Vending, { day, timeZone, span, last }: OpenDay): Promise<DayFigures> {
  const opening = await openingOf(vending, timeZone, span.from, last);
  const moved = await movedIn(vending, span);
  const names = [...new Set([...opening.keys(), ...moved.keys()])].sort();
  const accounts = names.map((account): AccountDay => {
    const { balance, late } = opening.get(account) ?? { balance: 0n, late: 0n };
    const { debit, credit } = moved.get(account) ?? { debit: 0n, credit: 0n };
    return {
      account,
      openingMinor: String(balance),
      lateMinor: String(late),
      debitMinor: String(debit),
      creditMinor: String(credit),
      closingMinor: String(balance + late + credit - debit),
    };
  });
  const sales = await totalsOf(vending, { by: 'time', vendorId: null, ...span });
  return {
    day,
    timeZone,
    accounts,
    sales,
    ties: { balanced: isBalanced(accounts), salesTie: salesTie(accounts, sales) },
  };
}

/** What the day before closed with, and what reached it since; or, for a first day, everything before. */
async function openingOf(
  vending: Vending,
  timeZone: string,
  from: number,
  last: DayEndRecord | undefined,
): Promise<Map<string, { balance: bigint; late: bigint }>> {
  const opening = new Map<string, { balance: bigint; late: bigint }>();
  if (last === undefined) {
    const before = await vending.store.money.accountsBetween(0, from);
    for (const { account, debitMinor, creditMinor } of before) {
      opening.set(account, { balance: BigInt(creditMinor) - BigInt(debitMinor), late: 0n });
    }
    return opening;
  }
  // Only `closeDay` writes figures.
  const closed = JSON.parse(last.figures) as DayFigures;
  const again = await movedIn(vending, { from: spanOfDay(last.day, timeZone).from, until: from });
  for (const { account, closingMinor, debitMinor, creditMinor } of closed.accounts) {
    const now = again.get(account) ?? { debit: 0n, credit: 0n };
    const late = now.credit - now.debit - (BigInt(creditMinor) - BigInt(debitMinor));
    opening.set(account, { balance: BigInt(closingMinor), late });
    again.delete(account);
  }
  for (const [account, { debit, credit }] of again)
    opening.set(account, { balance: 0n, late: credit - debit });
  return opening;
}

async function movedIn({ store }: Vending, { from, until }: Span): Promise<Map<string, Sides>> {
  const moved = new Map<string, Sides>();
  for (let at = from; at < until; at += SLICE_MILLIS) {
    const slice = await store.money.accountsBetween(at, Math.min(at + SLICE_MILLIS, until));
    for (const balance of slice) add(moved, balance);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return moved;
}

function add(moved: Map<string, Sides>, { account, debitMinor, creditMinor }: AccountBalance): void {
  const { debit, credit } = moved.get(account) ?? { debit: 0n, credit: 0n };
  moved.set(account, { debit: debit + BigInt(debitMinor), credit: credit + BigInt(creditMinor) });
}

function isBalanced(accounts: readonly AccountDay[]): boolean {
  const sums = new Map<string, bigint>();
  for (const { account, debitMinor, creditMinor } of accounts) {
    const currency = account.slice(account.lastIndexOf(':') + 1);
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(creditMinor) - BigInt(debitMinor));
  }
  return [...sums.values()].every((sum) => sum === 0n);
}

/**
 * What sales moved on an account, less what was taken back: accounts of sales move by nothing else. A debt's own opening stands
 * on two accounts that cancel here. What a meter owes in a vendor's place is sold still, and no vendor's any more.
 */
function soldOn({ account, debitMinor, creditMinor }: AccountDay): { part: keyof SaleParts; minor: bigint } {
  const moved = BigInt(creditMinor) - BigInt(debitMinor);
  if (/^(sales:|tax:|debt:)/.test(account)) return { part: partOfAccount(account), minor: moved };
  if (/^debts:opened:/.test(account)) return { part: 'arrearsMinor', minor: moved };
  const onDebt = accountSoldOnDebt(account);
  return { part: partOfAccount(onDebt ?? account), minor: onDebt === undefined ? 0n : moved };
}

function salesTie(accounts: readonly AccountDay[], { all }: Totals): boolean {
  const booked: Record<keyof SaleParts, bigint> = {
    energyMinor: 0n,
    taxMinor: 0n,
    arrearsMinor: 0n,
    chargesMinor: 0n,
    feesMinor: 0n,
  };
  for (const account of accounts) {
    const { part, minor } = soldOn(account);
    booked[part] += minor;
  }
  return Object.entries(booked).every(([part, sum]) => sum === BigInt(all[part as keyof SaleParts]));
}
