/**
 * What a payment would buy at this moment: read by the look-up, the trial and the sale alike, so that the trial is the sale
 * to the cent. Reads only.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { StsFault } from '../../lib/faults.ts';
import type { MeterPurchases, MeterRecord, VendorRecord } from '../store/contract.ts';
import { type Reckoned, reckonPayment, reckonUnits } from '../tariff/reckon.ts';
import type { TariffTerms } from '../tariff/terms.ts';
import type { Vending } from './context.ts';
import { findTerms } from './find-tariff.ts';
import { findVendor } from './open-vendor.ts';
import { findMeter } from './register-meter.ts';

export interface PurchaseRequest {
  readonly vendorId: string;
  /** DRN of 11 or 13 digits or MeterPAN of 18. */
  readonly meter: string;
  /** Money, or energy: exactly one of the two. */
  readonly paidMinor?: number | undefined;
  readonly amountDeciKwh?: number | undefined;
  readonly currency: string;
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
  readonly paidMinor: number;
  readonly reckoned: Reckoned;
}

/** @throws StsFault `vendor_unknown`, `meter_unknown`, `tariff_unknown`, `tariff_not_in_force`. */
export async function findForSale(
  vending: Pick<Vending, 'store'>,
  vendorId: string,
  meterNumber: string,
  now: number,
): Promise<MeterForSale> {
  const vendor = await findVendor(vending, vendorId);
  const meter = await findMeter(vending, meterNumber);
  const { terms } = await findTerms(vending.store, meter.tariffId, now);
  return { vendor, meter, terms, purchases: await vending.store.findPurchases(meter.meterPan) };
}

/**
 * @throws StsFault of {@link findForSale}, then `look_up_code_wrong`, `currency_mismatch`, `payment_too_small`,
 *   `payment_too_large`, `operation_unsupported` for units of a tariff that bills by band.
 */
export async function reckonPurchase(
  vending: Pick<Vending, 'store'>,
  request: PurchaseRequest,
  now: number,
): Promise<Purchase> {
  const found = await findForSale(vending, request.vendorId, request.meter, now);
  const { vendor, meter, terms, purchases } = found;
  if (request.lookUpCode !== undefined && !isLookUpCode(request.lookUpCode, meter)) {
    throw new StsFault('look_up_code_wrong', undefined, { param: 'lookUpCode' });
  }
  if (request.currency !== vendor.currency || request.currency !== terms.currency) {
    throw new StsFault('currency_mismatch', undefined, { param: 'currency' });
  }
  const { paidMinor, reckoning } =
    request.amountDeciKwh === undefined
      ? byMoney(found, request.paidMinor ?? 0, now)
      : byUnits(found, request.amountDeciKwh, now);
  if (reckoning.kind !== 'reckoned') {
    const param = request.amountDeciKwh === undefined ? 'paidMinor' : 'amountDeciKwh';
    throw new StsFault(reckoning.kind, undefined, { param });
  }
  return { vendor, meter, terms, purchases, paidMinor, reckoned: reckoning };
}

function byMoney({ terms, purchases }: MeterForSale, paidMinor: number, now: number) {
  return { paidMinor, reckoning: reckonPayment(terms, purchases.history, paidMinor, now) };
}

function byUnits({ terms, purchases }: MeterForSale, amountDeciKwh: number, now: number) {
  if (terms.energy.kind === 'timeOfUse') {
    throw new StsFault('operation_unsupported', 'a tariff by bands sells money and no units', {
      param: 'amountDeciKwh',
    });
  }
  return reckonUnits(terms, purchases.history, amountDeciKwh, now);
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

function isLookUpCode(given: string, meter: MeterRecord): boolean {
  const expected = Buffer.from(lookUpCode(meter));
  const bytes = Buffer.from(given.toUpperCase());
  return bytes.length === expected.length && timingSafeEqual(bytes, expected);
}
