/**
 * May this be sold, by this vendor, now? Rights by supply group, limits of the day, velocity and hours. Called between the
 * reckoning of a sale and its claim; a refusal changes nothing but the list of alarms.
 */
import { type FaultCode, StsFault } from '../../lib/faults.ts';
import {
  checkSale,
  type Finding,
  type LimitsLeft,
  limitsLeft,
  type NamedRule,
  passed,
  type Rule,
} from '../people/limits.ts';
import type { ClaimLimit, LimitReached } from '../store/contract.ts';
import type { AlarmDraft, CounterSubject, DayCount, LimitRule } from '../store/money-contract.ts';
import { localMoment } from '../tariff/local-time.ts';
import type { Vending } from './context.ts';

export interface GuardedSale {
  /** When it is sold: its counters stand under this moment's day. */
  readonly at: number;
  readonly vendorId: string;
  /** Who stands at the till; undefined when the vendor's till does not tell. */
  readonly operatorId: string | undefined;
  readonly meterPan: string;
  readonly supplyGroupCode: string;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
}

/**
 * Sales that were allowed and are not yet durable, by vendor, operator and meter: without them a hundred sales at once would
 * all see the counters of before. Give each one back when its sale is recorded or has come to nothing.
 */
export class SalesUnderWay {
  readonly #sums = new Map<string, { sales: number; paidMinor: number; amountDeciKwh: number }>();

  add(subjects: readonly CounterSubject[], sale: GuardedSale): () => void {
    this.#change(subjects, sale, 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#change(subjects, sale, -1);
    };
  }

  on(count: DayCount): DayCount {
    const sum = this.#sums.get(keyOf(count));
    if (sum === undefined) return count;
    return {
      ...count,
      sales: count.sales + sum.sales,
      paidMinor: count.paidMinor + sum.paidMinor,
      amountDeciKwh: count.amountDeciKwh + sum.amountDeciKwh,
    };
  }

  #change(subjects: readonly CounterSubject[], sale: GuardedSale, sign: 1 | -1): void {
    for (const subject of subjects) {
      const key = keyOf(subject);
      const sum = this.#sums.get(key) ?? { sales: 0, paidMinor: 0, amountDeciKwh: 0 };
      sum.sales += sign;
      sum.paidMinor += sign * sale.paidMinor;
      sum.amountDeciKwh += sign * sale.amountDeciKwh;
      if (sum.sales === 0) this.#sums.delete(key);
      else this.#sums.set(key, sum);
    }
  }
}

export interface Admitted {
  /** For the sale's record: the day its counters are of. */
  readonly day: string;
  /** To be called once, when the sale is durable or has come to nothing. */
  readonly over: () => void;
  /** Looked at again by the claim, which sees what other servers have sold and claimed since. */
  readonly limits: readonly ClaimLimit[];
  /** Raises the alarm of a claim that such a limit has refused. @returns the fault to throw. */
  readonly limited: (reached: LimitReached) => Promise<StsFault>;
}

/**
 * @returns the admission, counted as under way from here on.
 * @throws StsFault `supply_group_not_permitted`, `limit_reached`, `hours_closed`.
 */
export async function admitSale(
  vending: Pick<Vending, 'store' | 'rules' | 'underWay'>,
  sale: GuardedSale,
): Promise<Admitted> {
  const { underWay } = vending;
  const { limits } = vending.store;
  const { at, vendorId, supplyGroupCode } = sale;
  const groups = await limits.supplyGroupsOf(vendorId);
  if (groups !== null && !groups.includes(supplyGroupCode)) {
    throw new StsFault('supply_group_not_permitted', supplyGroupCode, { param: 'meter' });
  }
  const { day, minute } = localMoment(at, await vending.rules.timeZone());
  const subjects = subjectsOf(sale);
  const rules = (await limits.limitRules()).map(ruleOf);
  const held = rules.length === 0 ? [] : await limits.dayCounts(subjects, day);
  // Nothing is awaited from here to `add`, so that of two at once the second sees the first.
  const counts = held.map((count) => underWay.on(count));
  const findings = checkSale(rules, { minute, ...sale }, counts);
  const refusal = findings.find(({ effect }) => effect === 'refuse');
  const over = refusal === undefined ? underWay.add(subjects, sale) : () => undefined;
  if (findings.length > 0) {
    try {
      await limits.addAlarms(findings.map((finding) => alarmOf(finding, sale)));
    } catch (error) {
      over();
      throw error;
    }
  }
  if (refusal !== undefined) throw faultOf(refusal);
  const dayLimits = limitsFor(rules, sale);
  const limited = async ({ ruleId, count }: LimitReached) => {
    const limit = dayLimits.find((each) => each.ruleId === ruleId);
    const detail = (limit && passed(limit, sale, count)) ?? `${count.scope}: ${count.sales} sales`;
    const finding = { ruleId, detail, effect: 'refuse', code: 'limit_reached' } as const;
    await limits.addAlarms([alarmOf(finding, sale)]);
    return faultOf(finding);
  };
  return { day, over, limits: dayLimits, limited };
}

/** What refuses by the day. A meter's limit is none of them: its sales come one by one, and are reckoned anew. */
function limitsFor(
  rules: readonly NamedRule[],
  { vendorId, operatorId }: GuardedSale,
): readonly ClaimLimit[] {
  return rules.flatMap(({ ruleId, rule }) => {
    if (rule.kind !== 'dayLimit' || rule.effect !== 'refuse') return [];
    if (rule.vendorId !== null && rule.vendorId !== vendorId) return [];
    const { scope, salesMax, paidMinorMax, amountDeciKwhMax } = rule;
    if (scope === 'meter' || (scope === 'operator' && operatorId === undefined)) return [];
    return [{ ruleId, scope, salesMax, paidMinorMax, amountDeciKwhMax }];
  });
}

function faultOf({ code, ruleId, detail }: Finding): StsFault {
  return new StsFault(code, `${ruleId}: ${detail}`);
}

/**
 * What the rules leave for this vendor, operator and meter today.
 * @returns as {@link LimitsLeft}; `supply_group_not_permitted` among its refusals.
 */
export async function limitsOf(
  vending: Pick<Vending, 'store' | 'rules' | 'underWay'>,
  sale: Omit<GuardedSale, 'paidMinor' | 'amountDeciKwh'>,
): Promise<Omit<LimitsLeft, 'refusal'> & { readonly refusal: FaultCode | null }> {
  const { at, vendorId, supplyGroupCode } = sale;
  const { limits } = vending.store;
  const { day, minute } = localMoment(at, await vending.rules.timeZone());
  const rules = (await limits.limitRules()).map(ruleOf);
  const held = rules.length === 0 ? [] : await limits.dayCounts(subjectsOf(sale), day);
  const left = limitsLeft(
    rules,
    { vendorId, at, minute },
    held.map((count) => vending.underWay.on(count)),
  );
  const groups = await limits.supplyGroupsOf(vendorId);
  const isPermitted = groups === null || groups.includes(supplyGroupCode);
  return isPermitted ? left : { ...left, refusal: 'supply_group_not_permitted' };
}

function subjectsOf({
  vendorId,
  meterPan,
  operatorId,
}: Pick<GuardedSale, 'vendorId' | 'meterPan' | 'operatorId'>): readonly CounterSubject[] {
  return [
    { scope: 'vendor', subject: vendorId },
    { scope: 'meter', subject: meterPan },
    ...(operatorId === undefined
      ? []
      : [{ scope: 'operator', subject: `${vendorId}/${operatorId}` } as const]),
  ];
}

/** Rules read before, by their text: they are read at each sale and change once a month. */
const known = new Map<string, NamedRule>();
const KNOWN_MAX = 1000;

/** Only the route of the rules writes them, and it writes nothing but parsed rules. */
function ruleOf({ ruleId, rule }: LimitRule): NamedRule {
  const key = `${ruleId} ${rule}`;
  let named = known.get(key);
  if (named === undefined) {
    named = { ruleId, rule: JSON.parse(rule) as Rule };
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(key, named);
  }
  return named;
}

function alarmOf(finding: Finding, sale: GuardedSale): AlarmDraft {
  const { ruleId, detail } = finding;
  const { at, vendorId, operatorId = null, meterPan } = sale;
  return { at, ruleId, vendorId, operatorId, meterPan, detail };
}

function keyOf({ scope, subject }: CounterSubject): string {
  return `${scope} ${subject}`;
}
