/**
 * Limits of the day, velocity and hours, as data: what a sale may not pass, and what is only to be noticed. A pure decision
 * from counters; who counts, and who sells, stand elsewhere.
 */
import type { FaultCode } from '../../lib/faults.ts';
import type { CounterScope, DayCount } from '../store/money-contract.ts';

/** What happens when a rule is met: the sale is refused and an alarm raised, or the alarm alone. */
export type LimitEffect = 'refuse' | 'alarm';

interface RuleBase {
  readonly effect: LimitEffect;
  /** null for all vendors; else for this one alone. */
  readonly vendorId: string | null;
}

export type Rule =
  /** The most that one vendor, operator or meter may sell or buy in a day; null bounds nothing. */
  | (RuleBase & {
      readonly kind: 'dayLimit';
      readonly scope: CounterScope;
      readonly salesMax: number | null;
      readonly paidMinorMax: number | null;
      readonly amountDeciKwhMax: number | null;
    })
  /** Two sales of one subject closer together than this, once so many were made on the day. */
  | (RuleBase & {
      readonly kind: 'velocity';
      readonly scope: CounterScope;
      readonly closerThanMillis: number;
      readonly afterSales: number;
    })
  /** One sale of so much. */
  | (RuleBase & { readonly kind: 'largeSale'; readonly paidMinorMax: number })
  /** Outside these minutes of the day where the utility is; `from` above `until` spans midnight. */
  | (RuleBase & {
      readonly kind: 'openHours';
      readonly fromMinute: number;
      readonly untilMinute: number;
    });

export interface NamedRule {
  readonly ruleId: string;
  readonly rule: Rule;
}

/** What is about to be sold. */
export interface SaleToCheck {
  readonly vendorId: string;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
  readonly at: number;
  /** Minutes since local midnight, 0-1439. */
  readonly minute: number;
}

export interface Finding {
  readonly ruleId: string;
  readonly effect: LimitEffect;
  readonly code: Extract<FaultCode, 'limit_reached' | 'hours_closed'>;
  /** For the alarm: what was met, in figures. */
  readonly detail: string;
}

/** What bounds a day, of whatever rule. */
export type DayBounds = Pick<
  Extract<Rule, { kind: 'dayLimit' }>,
  'scope' | 'salesMax' | 'paidMinorMax' | 'amountDeciKwhMax'
>;

/** @param counts - of the day before this sale, one for each scope that is known. */
export function checkSale(
  rules: readonly NamedRule[],
  sale: SaleToCheck,
  counts: readonly DayCount[],
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { ruleId, rule } of rules) {
    if (rule.vendorId !== null && rule.vendorId !== sale.vendorId) continue;
    const detail = metBy(rule, sale, counts);
    if (detail === undefined) continue;
    const code = rule.kind === 'openHours' ? 'hours_closed' : 'limit_reached';
    findings.push({ ruleId, effect: rule.effect, code, detail });
  }
  return findings;
}

function metBy(rule: Rule, sale: SaleToCheck, counts: readonly DayCount[]): string | undefined {
  switch (rule.kind) {
    case 'largeSale':
      return sale.paidMinor > rule.paidMinorMax ? `${sale.paidMinor} of ${rule.paidMinorMax}` : undefined;
    case 'openHours':
      return isOpen(rule.fromMinute, rule.untilMinute, sale.minute) ? undefined : clock(sale.minute);
    case 'dayLimit': {
      const count = counts.find(({ scope }) => scope === rule.scope);
      return count && passed(rule, sale, count);
    }
    case 'velocity': {
      const count = counts.find(({ scope }) => scope === rule.scope);
      if (count === undefined || count.sales < Math.max(1, rule.afterSales)) return undefined;
      // A clock set back is no reason to call a sale fast.
      const apart = Math.abs(sale.at - count.lastAt);
      return apart < rule.closerThanMillis
        ? `${rule.scope}: ${apart} ms after sale ${count.sales}`
        : undefined;
    }
  }
}

/** @returns what the sale would pass, in figures; undefined when it stays within. */
export function passed(
  rule: DayBounds,
  sale: Pick<SaleToCheck, 'paidMinor' | 'amountDeciKwh'>,
  count: Pick<DayCount, 'sales' | 'paidMinor' | 'amountDeciKwh'>,
): string | undefined {
  const sums = [
    ['sales', count.sales + 1, rule.salesMax],
    ['paidMinor', count.paidMinor + sale.paidMinor, rule.paidMinorMax],
    ['amountDeciKwh', count.amountDeciKwh + sale.amountDeciKwh, rule.amountDeciKwhMax],
  ] as const;
  const met = sums.find(([, sum, max]) => max !== null && sum > max);
  return met && `${rule.scope}: ${met[0]} ${met[1]} of ${met[2]}`;
}

/** What rules that refuse leave for the rest of the day; null where none bounds. */
export interface LimitsLeft {
  readonly sales: number | null;
  readonly paidMinor: number | null;
  readonly amountDeciKwh: number | null;
  /** Why nothing may be sold at this moment. */
  readonly refusal: Finding['code'] | null;
}

/** @param counts - of the day so far, one for each scope that is known. */
export function limitsLeft(
  rules: readonly NamedRule[],
  { vendorId, at, minute }: Pick<SaleToCheck, 'vendorId' | 'at' | 'minute'>,
  counts: readonly DayCount[],
): LimitsLeft {
  const left = {
    sales: Number.POSITIVE_INFINITY,
    paidMinor: Number.POSITIVE_INFINITY,
    amountDeciKwh: Number.POSITIVE_INFINITY,
  };
  // Whatever refuses even the least sale.
  const nothing = { vendorId, at, minute, paidMinor: 0, amountDeciKwh: 0 };
  const binding = rules.filter(({ rule }) => rule.effect === 'refuse');
  const [refused] = checkSale(binding, nothing, counts);
  for (const { rule } of binding) {
    if (rule.vendorId !== null && rule.vendorId !== vendorId) continue;
    if (rule.kind === 'largeSale') left.paidMinor = Math.min(left.paidMinor, rule.paidMinorMax);
    if (rule.kind !== 'dayLimit') continue;
    const count = counts.find(({ scope }) => scope === rule.scope);
    if (count === undefined) continue;
    const of = (max: number | null, had: number) =>
      max === null ? Number.POSITIVE_INFINITY : Math.max(0, max - had);
    left.sales = Math.min(left.sales, of(rule.salesMax, count.sales));
    left.paidMinor = Math.min(left.paidMinor, of(rule.paidMinorMax, count.paidMinor));
    left.amountDeciKwh = Math.min(left.amountDeciKwh, of(rule.amountDeciKwhMax, count.amountDeciKwh));
  }
  const told = (value: number) => (value === Number.POSITIVE_INFINITY ? null : value);
  const isSpent = left.paidMinor === 0 || left.amountDeciKwh === 0;
  return {
    sales: told(left.sales),
    paidMinor: told(left.paidMinor),
    amountDeciKwh: told(left.amountDeciKwh),
    refusal: refused?.code ?? (isSpent ? 'limit_reached' : null),
  };
}

function isOpen(from: number, until: number, minute: number): boolean {
  return from <= until ? minute >= from && minute < until : minute >= from || minute < until;
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
