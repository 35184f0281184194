/** What was bought for a meter since it is its present customer's: in a list, by month, one explained, and its last tokens. */
import { StsFault } from '../../lib/faults.ts';
import type { ReceiptFacts } from '../receipt/facts.ts';
import type { ReceiptSettings } from '../receipt/settings.ts';
import type { MeterSale } from '../store/advice-contract.ts';
import type { VisitRecord } from '../store/visit-contract.ts';
import { localMoment } from '../tariff/local-time.ts';
import type { Vending } from './context.ts';
import { shownSale } from './find-sale.ts';
import { findTerms } from './find-tariff.ts';
import { type MeterUse, useOf } from './meter-use.ts';
import { receiptOf } from './receipt-of.ts';
import { receiptNumberOf, type SaleResponse } from './sale-response.ts';
import { showsTokens } from './visits.ts';

type Context = Pick<Vending, 'store' | 'clock'>;

export interface MeterPurchase {
  readonly saleId: string;
  readonly receiptNumber: string;
  readonly soldAt: string;
  /** Where the utility is. */
  readonly day: string;
  readonly kind: SaleResponse['kind'];
  readonly currency: string;
  readonly paidMinor: number;
  /** What its tokens carry: paid for, and given. A replacement stands for a token that is in the list already. */
  readonly boughtDeciKwh: number;
  readonly givenDeciKwh: number;
  readonly isTakenBack: boolean;
}

export interface MeterMonth {
  /** 'YYYY-MM' where the utility is; months without a purchase are left out. */
  readonly month: string;
  readonly purchases: number;
  readonly paidMinor: number;
  readonly boughtDeciKwh: number;
  readonly givenDeciKwh: number;
}

export interface MeterPurchases {
  /** The newest first. */
  readonly purchases: readonly MeterPurchase[];
  /** Whether older ones were left out. */
  readonly hasMore: boolean;
  /** The oldest first, of what is in the list. */
  readonly months: readonly MeterMonth[];
  readonly use: MeterUse | null;
}

/** About three a week for two years. */
const MOST_PURCHASES = 300;
/** How many purchases' tokens are shown again. */
const TOKENS_OF = 5;

export async function meterPurchases(
  { store, clock }: Context,
  { meterPan }: VisitRecord,
): Promise<MeterPurchases> {
  const [sales, timeZone] = await Promise.all([
    currentSales(store, meterPan, MOST_PURCHASES + 1),
    timeZoneOf(store, meterPan, clock.now()),
  ]);
  const purchases = sales.slice(0, MOST_PURCHASES).map((sale) => purchaseOf(sale, timeZone));
  const kept = purchases.filter(({ isTakenBack }) => !isTakenBack).reverse();
  const bought = kept.map(({ day, boughtDeciKwh, givenDeciKwh }) => ({
    day,
    amountDeciKwh: boughtDeciKwh + givenDeciKwh,
  }));
  return {
    purchases,
    hasMore: sales.length > MOST_PURCHASES,
    months: monthsOf(kept),
    use: useOf(bought) ?? null,
  };
}

/** The receipt of a purchase, without its tokens and without whose meter it is. @throws StsFault `sale_unknown`. */
export async function explainedPurchase(
  vending: Context,
  { meterPan }: VisitRecord,
  saleId: string,
  settings: ReceiptSettings,
): Promise<ReceiptFacts> {
  const { store } = vending;
  const recorded = await store.findSale(saleId);
  const sale = recorded && (JSON.parse(recorded.responseBody) as SaleResponse);
  const isVisible =
    sale?.meter.meterPan === meterPan && Date.parse(sale.soldAt) >= (await store.visits.heldSince(meterPan));
  if (recorded === undefined || !isVisible) throw new StsFault('sale_unknown');
  const facts = await receiptOf(vending, recorded, settings);
  const advice = await store.advice.find(saleId);
  const reversed = advice?.state === 'reversed' ? { reversedAt: new Date(advice.at).toISOString() } : {};
  return { ...facts, ...reversed, tokens: [], customer: null };
}

/**
 * The digits of the last purchases: from here on they count as seen.
 * @throws StsFault `receipt_too_old`.
 */
export async function lastTokens(
  vending: Context,
  visit: VisitRecord,
  settings: ReceiptSettings,
): Promise<readonly ReceiptFacts[]> {
  if (!showsTokens(visit)) throw new StsFault('receipt_too_old');
  const { store } = vending;
  const sales = await currentSales(store, visit.meterPan, TOKENS_OF);
  return Promise.all(
    sales.map(async ({ saleId }) => {
      const sale = await store.findSale(saleId);
      if (sale === undefined) throw new StsFault('sale_unknown');
      return { ...(await receiptOf(vending, await shownSale(vending, sale), settings)), customer: null };
    }),
  );
}

async function currentSales(
  store: Vending['store'],
  meterPan: string,
  limit: number,
): Promise<readonly MeterSale[]> {
  const [since, sales] = await Promise.all([
    store.visits.heldSince(meterPan),
    store.advice.meterSales(meterPan, null, limit),
  ]);
  return sales.filter(({ soldAt }) => soldAt >= since);
}

async function timeZoneOf(store: Vending['store'], meterPan: string, now: number): Promise<string> {
  const meter = await store.findMeter(meterPan);
  if (meter === undefined) throw new StsFault('meter_unknown');
  return (await findTerms(store, meter.tariffId, now)).terms.timeZone;
}

function purchaseOf({ saleId, soldAt, responseBody, state }: MeterSale, timeZone: string): MeterPurchase {
  const sale = JSON.parse(responseBody) as SaleResponse;
  const energy = (isOurs: (reason: string) => boolean) =>
    sale.tokens.reduce((sum, token) => {
      if (token.kind !== 'creditElectricity') return sum;
      // Sales of the first format say no reason: all of them were paid.
      return isOurs(token.reason ?? 'paid') ? sum + token.amountDeciKwh : sum;
    }, 0);
  return {
    saleId,
    receiptNumber: receiptNumberOf(sale),
    soldAt: sale.soldAt,
    day: localMoment(soldAt, timeZone).day,
    kind: sale.kind ?? 'credit',
    currency: sale.currency,
    paidMinor: sale.paidMinor,
    boughtDeciKwh: energy((reason) => reason === 'paid'),
    givenDeciKwh: energy((reason) => reason !== 'paid' && reason !== 'replacement'),
    isTakenBack: state === 'reversed',
  };
}

function monthsOf(purchases: readonly MeterPurchase[]): readonly MeterMonth[] {
  const months = new Map<string, MeterMonth>();
  for (const { day, paidMinor, boughtDeciKwh, givenDeciKwh } of purchases) {
    const month = day.slice(0, 7);
    const held = months.get(month);
    months.set(month, {
      month,
      purchases: (held?.purchases ?? 0) + 1,
      paidMinor: (held?.paidMinor ?? 0) + paidMinor,
      boughtDeciKwh: (held?.boughtDeciKwh ?? 0) + boughtDeciKwh,
      givenDeciKwh: (held?.givenDeciKwh ?? 0) + givenDeciKwh,
    });
  }
  return [...months.values()];
}
