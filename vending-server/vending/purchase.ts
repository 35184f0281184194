/**
 * What a payment would buy at this moment: read by the look-up, the trial and the sale alike, so that the trial is the sale
 * to the cent. Reads only.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { MeterPurchases, MeterRecord, SaleView, VendorRecord } from '../store/contract.ts';
import { blockPosition } from '../tariff/energy.ts';
import type { PurchaseHistory } from '../tariff/history.ts';
import { daysBetween, localMoment } from '../tariff/local-time.ts';
import {
  freeUnitsDue,
  type Reckoned,
  reckonPayment,
  reckonUnits,
  takeFreeUnits,
  unitsOfMonth,
} from '../tariff/reckon.ts';
import type { TariffTerms } from '../tariff/terms.ts';
import type { Vending } from './context.ts';
import { termsAt } from './find-tariff.ts';
import { isGivenAgain, type KeyPlan, planKey } from './key-plan.ts';
import { type Desk, deskDetails } from './sale-desk.ts';
import type { MonthPosition, PurchasePicture, SaleDetails } from './sale-response.ts';
import { assertInPlace, type PreparedVend } from './vend.ts';
import { energyTokens, moneyTokens, type WantedToken } from './wanted-tokens.ts';

export interface PurchaseRequest {
  readonly vendorId: string;
  /** DRN of 11 or 13 digits or MeterPAN of 18. */
  readonly meter: string;
  /** Money, or energy: exactly one of the two. */
  readonly paidMinor?: number | undefined;
  readonly amountDeciKwh?: number | undefined;
  readonly currency: string;
  /** Whether free units of the month that are due come with it; they do unless this is false. */
  readonly freeUnits?: boolean | undefined;
  /** What the look-up answered for this meter; a sale that brings it cannot be for another one. */
  readonly lookUpCode?: string | undefined;
}

/** A meter as a vendor finds it. */
export interface MeterForSale {
  readonly vendor: VendorRecord;
  readonly meter: MeterRecord;
  readonly terms: TariffTerms;
  readonly purchases: MeterPurchases;
}

export interface Purchase extends MeterForSale {
  readonly plan: KeyPlan;
  readonly paidMinor: number;
  /** Free units that come with it, whole 0.1 kWh; the blocks of `reckoned` begin after them. */
  readonly freeDeciKwh: number;
  readonly reckoned: Reckoned;
}

type Reads = Pick<Vending, 'store' | 'keys' | 'rules'>;

/** @throws StsFault `vendor_unknown`, `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`. */
export function meterForSale({ vendor, meter, purchases, tariff }: SaleView, now: number): MeterForSale {
  if (vendor === undefined) throw new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
  if (meter === undefined) throw new StsFault('meter_unknown', undefined, { param: 'meter' });
  return { vendor, meter, terms: termsAt(tariff, now).terms, purchases };
}

/** @throws StsFault of {@link meterForSale} and of the meter's number. */
export async function findForSale(
  { store }: Pick<Vending, 'store'>,
  vendorId: string,
  meterNumber: string,
  now: number,
): Promise<MeterForSale> {
  const { meterPan } = parseMeterNumber(meterNumber);
  return meterForSale(await store.viewForSale({ vendorId, meterPan }), now);
}

/**
 * @throws StsFault of {@link meterForSale}, then `meter_changed_out`, `look_up_code_wrong`, `currency_mismatch`,
 *   `payment_too_small`, `payment_too_large`, `operation_unsupported` for units of a tariff that bills by band.
 */
export async function reckonPurchase(
  vending: Reads,
  request: PurchaseRequest,
  view: SaleView,
  now: number,
): Promise<Purchase> {
  const found = meterForSale(view, now);
  const { vendor, meter, terms, purchases } = found;
  assertInPlace(meter);
  assertLookUpCode(request.lookUpCode, meter);
  if (request.currency !== vendor.currency || request.currency !== terms.currency) {
    throw new StsFault('currency_mismatch', undefined, { param: 'currency' });
  }
  const { paidMinor, freeDeciKwh, reckoned } = reckonUnder(terms, purchases.history, request, now);
  const plan = await planFor(vending, meter, now);
  return { vendor, meter, terms, purchases, plan, paidMinor, freeDeciKwh, reckoned };
}

/**
 * What is asked for under these terms, after this past.
 * @throws StsFault `payment_too_small`, `payment_too_large`, `operation_unsupported` for units of a tariff that bills by band.
 */
export function reckonUnder(
  terms: TariffTerms,
  before: PurchaseHistory,
  request: Pick<PurchaseRequest, 'paidMinor' | 'amountDeciKwh' | 'freeUnits'>,
  now: number,
): Pick<Purchase, 'paidMinor' | 'freeDeciKwh' | 'reckoned'> {
  const freeDeciKwh = request.freeUnits === false ? 0 : freeUnitsDue(terms, before, now);
  // Before what is bought, as their tokens are: where free units fill the blocks, what is bought begins after them.
  const history = freeDeciKwh === 0 ? before : takeFreeUnits(terms, before, now);
  const { paidMinor, reckoning } =
    request.amountDeciKwh === undefined
      ? byMoney(terms, history, request.paidMinor ?? 0, now)
      : byUnits(terms, history, request.amountDeciKwh, now);
  if (reckoning.kind !== 'reckoned') {
    const param = request.amountDeciKwh === undefined ? 'paidMinor' : 'amountDeciKwh';
    throw new StsFault(reckoning.kind, undefined, { param });
  }
  return { paidMinor, freeDeciKwh, reckoned: reckoning };
}

/**
 * The key that the meter's next tokens are made under. What keys the meter has held is looked up only where a set leads on.
 * @throws StsFault as `planKey`.
 */
export async function planFor(
  { store, keys, rules }: Reads,
  meter: MeterRecord,
  now: number,
  isRequested = false,
): Promise<KeyPlan> {
  const known = await keys.keys();
  const question = { policy: await rules.keyPolicy(), isRequested };
  const plan = planKey(meter, known, now, question);
  if (plan.keyChange === undefined || isGivenAgain(plan.keyChange)) return plan;
  const { meterPan } = meter;
  const held = (await store.keys.keysHeld([meterPan])).get(meterPan) ?? [];
  return planKey(meter, known, now, { ...question, held });
}

function byMoney(terms: TariffTerms, history: MeterPurchases['history'], paidMinor: number, now: number) {
  return { paidMinor, reckoning: reckonPayment(terms, history, paidMinor, now) };
}

function byUnits(terms: TariffTerms, history: MeterPurchases['history'], amountDeciKwh: number, now: number) {
  if (terms.energy.kind === 'timeOfUse') {
    throw new StsFault('operation_unsupported', 'a tariff by bands sells money and no units', {
      param: 'amountDeciKwh',
    });
  }
  return reckonUnits(terms, history, amountDeciKwh, now);
}

/** A reckoned purchase as what is to be vended. @throws StsFault `payment_too_large` for more tokens than a sale may have. */
export function purchaseVend(purchase: Purchase, { desk, cash }: Desk, now: number): PreparedVend {
  const { plan, reckoned, freeDeciKwh } = purchase;
  return {
    plan,
    wanted: wantedOf(purchase),
    history: reckoned.history,
    picture: pictureOf(purchase),
    details: {
      kind: 'credit',
      ...detailsOf(purchase, now),
      ...deskDetails(desk),
      tender: desk.tender ?? null,
      cash,
    },
    desk: { saleKind: 'credit', freeBasicTokens: freeDeciKwh > 0 ? 1 : 0, ...desk },
  };
}

function wantedOf({ plan, freeDeciKwh, reckoned }: Purchase): readonly WantedToken[] {
  const limits = plan.key ?? {};
  const { amountDeciKwh, lines } = reckoned;
  const money = lines.reduce(
    (sum, line) => sum + (line.kind === 'currency' ? line.amountHundredThousandth : 0),
    0,
  );
  return [
    ...(freeDeciKwh === 0 ? [] : energyTokens('free', freeDeciKwh, limits)),
    ...(amountDeciKwh === 0 ? [] : energyTokens('paid', amountDeciKwh, limits)),
    ...(money === 0 ? [] : moneyTokens('paid', money, limits)),
  ];
}

export function pictureOf(purchase: Purchase): PurchasePicture {
  const { terms, plan, paidMinor, freeDeciKwh, reckoned } = purchase;
  const { lines, amountDeciKwh, history } = reckoned;
  return {
    meter: meterPicture(plan.meter),
    currency: terms.currency,
    paidMinor,
    lines,
    amountDeciKwh,
    freeDeciKwh,
    month: monthOf(purchase, history),
    carriedMinor: history.carriedMinor,
    keyChange: keyChangePicture(plan),
  };
}

/** The picture of a vend that nothing is bought with. */
export function emptyPicture(
  { currency }: Pick<TariffTerms, 'currency'>,
  plan: KeyPlan,
  { carriedMinor }: Pick<PurchaseHistory, 'carriedMinor'>,
): PurchasePicture {
  return {
    meter: meterPicture(plan.meter),
    currency,
    paidMinor: 0,
    lines: [],
    amountDeciKwh: 0,
    freeDeciKwh: 0,
    month: null,
    carriedMinor,
    keyChange: keyChangePicture(plan),
  };
}

function meterPicture(meter: MeterRecord): PurchasePicture['meter'] {
  const { drn, meterPan, supplyGroupCode, tariffIndex, keyRevision } = meter;
  return { drn, meterPan, supplyGroupCode, tariffIndex, keyRevision };
}

function keyChangePicture({ keyChange }: KeyPlan): PurchasePicture['keyChange'] {
  if (keyChange === undefined) return null;
  const { from, to, sectionCount: sections, rollOver, reasons } = keyChange;
  return { from, to, sections, rollOver, reasons };
}

/** Where the meter stands in its blocks before and after. */
export function monthOf(
  { terms, purchases }: Pick<Purchase, 'terms' | 'purchases'>,
  after: MeterPurchases['history'],
): MonthPosition | null {
  if (terms.energy.kind === 'timeOfUse') return null;
  return {
    unitsDeciKwh: after.monthUnitsDeciKwh,
    blockBefore: blockPosition(terms, unitsOfMonth(purchases.history, after.month)),
    blockAfter: blockPosition(terms, after.monthUnitsDeciKwh),
  };
}

/** What a sale says of the meter besides the purchase, without a desk. */
export function detailsOf(
  { terms, purchases, reckoned }: Pick<Purchase, 'terms' | 'purchases'> & { readonly reckoned?: Reckoned },
  now: number,
): Omit<SaleDetails, 'kind'> {
  const { lastAt } = purchases.history;
  const touched = new Set(
    (reckoned?.lines ?? []).flatMap((line) => (line.kind === 'arrears' ? [line.debtId] : [])),
  );
  const dayOf = (millis: number) => localMoment(millis, terms.timeZone).day;
  return {
    operator: null,
    terminal: null,
    shiftId: null,
    tender: null,
    cash: null,
    daysSinceLastPurchase: lastAt === null ? null : Math.max(0, daysBetween(dayOf(lastAt), dayOf(now))),
    debtsLeft: purchases.history.debts
      .filter(({ debtId, balanceMinor }) => balanceMinor > 0 && !touched.has(debtId))
      .map(({ label, balanceMinor }) => ({ label, balanceMinor })),
    reason: null,
    approvedBy: null,
  };
}

/**
 * Six letters and digits that follow from the meter's number and attributes: a seller who looked up one meter and types
 * another's number is stopped, and so is a sale after the meter's record has changed.
 */
export function lookUpCode(meter: MeterRecord): string {
  const { meterPan, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, tariffId } = meter;
  const text = [meterPan, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate, tariffId].join('\n');
  const bytes = createHash('sha256').update(`wattoken-look-up-1\n${text}`).digest();
  return Array.from(bytes.subarray(0, 6), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}

/** Without letters and digits that people mistake for one another; 32 of them, so that every byte is fair. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';

/** @throws StsFault `look_up_code_wrong` for a code that was given and is not of this meter as it stands now. */
export function assertLookUpCode(given: string | undefined, meter: MeterRecord): void {
  if (given === undefined || isLookUpCode(given, meter)) return;
  throw new StsFault('look_up_code_wrong', undefined, { param: 'lookUpCode' });
}

function isLookUpCode(given: string, meter: MeterRecord): boolean {
  const expected = Buffer.from(lookUpCode(meter));
  const bytes = Buffer.from(given.toUpperCase());
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
