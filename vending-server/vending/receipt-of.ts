/**
 * The receipt of a sale, made of its recorded answer: a reprint years later says the same, because nothing in it is looked up
 * that could have changed since but the settings of the utility and whose meter it is.
 */
import { invariant } from '../../lib/assert.ts';
import type { Customer, ReceiptFacts, ReceiptToken } from '../receipt/facts.ts';
import type { ReceiptSettings } from '../receipt/settings.ts';
import type { RecordedSale } from '../store/contract.ts';
import type { CustomerRecord } from '../store/customer-contract.ts';
import { addMonths, localMoment } from '../tariff/local-time.ts';
import type { Vending } from './context.ts';
import { findTerms } from './find-tariff.ts';
import { HOUSE_ID } from './house.ts';
import {
  isReversed,
  type ReversedResponse,
  receiptNumberOf,
  type SaleResponse,
  type SoldToken,
} from './sale-response.ts';

/** 20 digits keyed in by hand (IEC 62055-41, token technology 02). */
const KEYPAD = '02';

export async function receiptOf(
  { store }: Pick<Vending, 'store'>,
  sale: Pick<RecordedSale, 'responseBody'>,
  { utility, message, vatInvoicePrefix }: ReceiptSettings,
): Promise<ReceiptFacts> {
  const sold = JSON.parse(sale.responseBody) as SaleResponse | ReversedResponse;
  const soldAt = Date.parse(sold.soldAt);
  const [meter, vendor, customer] = await Promise.all([
    store.findMeter(sold.meter.meterPan),
    store.findVendor(sold.vendorId),
    store.customers.find(sold.meter.meterPan),
  ]);
  invariant(meter !== undefined && vendor !== undefined, 'a sale names a meter and a vendor that exist');
  const { terms } = await findTerms(store, meter.tariffId, soldAt);
  const { drn, meterPan, supplyGroupCode, keyRevision, tariffIndex } = sold.meter;
  return {
    receiptNumber: receiptNumberOf(sold),
    vatInvoiceNumber: vatInvoiceNumberOf(sold, vatInvoicePrefix),
    saleId: sold.saleId,
    soldAt: sold.soldAt,
    timeZone: terms.timeZone,
    utility,
    // What the utility gives itself comes from the utility, whatever the books call that vendor.
    vendor: {
      vendorId: sold.vendorId,
      name: sold.vendorId === HOUSE_ID ? utility.name : vendor.name,
      addressLines: [],
    },
    operator: sold.operator ?? null,
    terminal: sold.terminal ?? null,
    customer: customer === undefined ? null : customerOf(customer),
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
    tokens: isReversed(sold) ? [] : sold.tokens.map(tokenOf),
    ...(isReversed(sold) ? { reversedAt: sold.reversed.at } : {}),
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
    ...givenOf(sold),
  };
}

/** The receipt's own number, which nobody can give twice, where there is tax to invoice. */
function vatInvoiceNumberOf(
  sold: Pick<SaleResponse, 'ledger' | 'lines'>,
  prefix: string | null,
): string | null {
  const bearsTax = sold.lines.some(({ taxMinor }) => taxMinor !== 0);
  return prefix === null || !bearsTax ? null : `${prefix}${receiptNumberOf(sold)}`;
}

/** Sales of the first format say no kind: all of them were paid. */
function givenOf(sold: SaleResponse | ReversedResponse): Pick<ReceiptFacts, 'given'> {
  const { kind = 'credit', replaces, changeOut } = sold;
  if (kind === 'credit' || kind === 'debtPayment') return {};
  return {
    given: {
      kind,
      reasonCode: sold.reasonCode ?? null,
      reason: sold.reason,
      approvedBy: sold.approvedBy,
      originalReceipt: replaces?.receiptNumber ?? null,
      oldMeter: changeOut?.oldMeter.drn ?? null,
      isAboveSold: changeOut?.isAboveSold ?? false,
    },
  };
}

function customerOf({ name, addressLines, account, locationReference }: CustomerRecord): Customer {
  return { name, addressLines, account, locationReference };
}

function tokenOf(token: SoldToken): ReceiptToken {
  const { tokenNo } = token;
  switch (token.kind) {
    case 'keyChange':
      return { kind: 'keyChange', tokenNo, section: token.section, of: token.of };
    case 'creditElectricity': {
      // Sales of the first format say no reason: all of them were paid.
      const { reason = 'paid', amountDeciKwh } = token;
      return { kind: 'credit', reason, tokenNo, amount: { unit: 'kWh', amountDeciKwh } };
    }
    case 'currencyCredit': {
      const { reason, amountHundredThousandth } = token;
      return { kind: 'credit', reason, tokenNo, amount: { unit: 'money', amountHundredThousandth } };
    }
    case 'management': {
      const { kind: purpose, ...values } = token.token;
      return { kind: 'management', tokenNo, purpose, values };
    }
  }
}

function monthOf({ unitsDeciKwh, blockBefore, blockAfter }: NonNullable<SaleResponse['month']>) {
  return { unitsDeciKwh, before: blockBefore, after: blockAfter };
}

/** The 1st of the next month where the utility is. */
function resetDay(soldAt: number, timeZone: string): string {
  return `${addMonths(localMoment(soldAt, timeZone).month, 1)}-01`;
}
