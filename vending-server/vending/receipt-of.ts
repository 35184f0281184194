/**
 * The receipt of a sale, made of its recorded answer: a reprint years later says the same, because nothing in it is looked up
 * that could have changed since but the settings of the utility.
 */
import { invariant } from '../../lib/assert.ts';
import type { Cash, Customer, DebtLeft, ReceiptFacts, ReceiptToken } from '../receipt/facts.ts';
import type { ReceiptSettings } from '../receipt/settings.ts';
import type { RecordedSale } from '../store/contract.ts';
import { addMonths, localMoment } from '../tariff/local-time.ts';
import type { Vending } from './context.ts';
import { findTerms } from './find-tariff.ts';
import type { SaleResponse, SoldToken } from './sale-response.ts';

/** What a recorded answer may hold beyond today's, and a receipt then shows. */
export interface ReceiptExtras {
  readonly vatInvoiceNumber?: string;
  readonly operator?: string;
  readonly terminal?: string;
  readonly vendorAddressLines?: readonly string[];
  readonly customer?: Customer;
  readonly daysSinceLastPurchase?: number;
  /** Debts of the meter that this payment did not touch. */
  readonly debtsLeft?: readonly DebtLeft[];
  readonly cash?: Cash;
}

/** 20 digits keyed in by hand (IEC 62055-41, token technology 02). */
const KEYPAD = '02';

export async function receiptOf(
  { store }: Pick<Vending, 'store'>,
  sale: Pick<RecordedSale, 'responseBody'>,
  { utility, message }: ReceiptSettings,
): Promise<ReceiptFacts> {
  const sold = JSON.parse(sale.responseBody) as SaleResponse & ReceiptExtras;
  const soldAt = Date.parse(sold.soldAt);
  const [meter, vendor] = await Promise.all([
    store.findMeter(sold.meter.meterPan),
    store.findVendor(sold.vendorId),
  ]);
  invariant(meter !== undefined && vendor !== undefined, 'a sale names a meter and a vendor that exist');
  const { terms } = await findTerms(store, meter.tariffId, soldAt);
  const { drn, meterPan, supplyGroupCode, keyRevision, tariffIndex } = sold.meter;
  return {
    receiptNumber: receiptNumberOf(sold),
    vatInvoiceNumber: sold.vatInvoiceNumber ?? null,
    saleId: sold.saleId,
    soldAt: sold.soldAt,
    timeZone: terms.timeZone,
    utility,
    vendor: { vendorId: sold.vendorId, name: vendor.name, addressLines: sold.vendorAddressLines ?? [] },
    operator: sold.operator ?? null,
    terminal: sold.terminal ?? null,
    customer: sold.customer ?? null,
    meter: {
      drn,
      meterPan,
      supplyGroupCode,
      keyRevision,
      tariffIndex,
      encryptionAlgorithm: meter.encryptionAlgorithm,
      tokenTechnology: KEYPAD,
      daysSinceLastPurchase: sold.daysSinceLastPurchase ?? null,
    },
    tokens: sold.tokens.map(tokenOf),
    currency: sold.currency,
    paidMinor: sold.paidMinor,
    lines: sold.lines,
    tariffName: meter.tariffId,
    pricesIncludeVat: terms.pricesIncludeVat,
    debtsLeft: sold.debtsLeft ?? [],
    cash: sold.cash ?? null,
    month:
      sold.month === null ? null : { ...monthOf(sold.month), resetsOn: resetDay(soldAt, terms.timeZone) },
    carriedMinor: sold.carriedMinor,
    message,
  };
}

/** The module's own count of tokens, which nobody can give twice: `3f2a9c01-1204`. */
function receiptNumberOf({ ledger }: SaleResponse): string {
  return `${ledger.moduleId.slice(0, 8)}-${ledger.counter}`;
}

function tokenOf(token: SoldToken): ReceiptToken {
  switch (token.kind) {
    case 'creditElectricity':
      return {
        kind: 'credit',
        reason: 'paid',
        tokenNo: token.tokenNo,
        amount: { unit: 'kWh', amountDeciKwh: token.amountDeciKwh },
      };
  }
}

function monthOf({ unitsDeciKwh, blockBefore, blockAfter }: NonNullable<SaleResponse['month']>) {
  return { unitsDeciKwh, before: blockBefore, after: blockAfter };
}

/** The 1st of the next month where the utility is. */
function resetDay(soldAt: number, timeZone: string): string {
  return `${addMonths(localMoment(soldAt, timeZone).month, 1)}-01`;
}
