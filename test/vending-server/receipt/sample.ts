/** Receipts that show every field at once, for the tests that print them and for the examples of the README. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import type { ReceiptFacts } from '../../../vending-server/receipt/facts.ts';
import type { PrintOptions } from '../../../vending-server/receipt/print.ts';
import {
  type ReceiptKey,
  type ReceiptPublicKey,
  receiptKeyOf,
} from '../../../vending-server/receipt/seal.ts';

/** A key of the tests alone: public, and the same in every run, so that printed examples stand still. */
export const SAMPLE_KEY: ReceiptKey & ReceiptPublicKey = receiptKeyOf(
  `-----BEGIN PRIVATE KEY-----\n${Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    createHash('sha256').update('a public key of the tests').digest(),
  ]).toString('base64')}\n-----END PRIVATE KEY-----\n`,
);

export function freshKey(): ReceiptKey & ReceiptPublicKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  return receiptKeyOf(String(privateKey.export({ format: 'pem', type: 'pkcs8' })));
}

export const PRINT: PrintOptions = {
  language: 'en',
  isCopy: false,
  key: SAMPLE_KEY,
  checkAddress: null,
};

/** A purchase across two blocks, with arrears, a fixed charge, a key change and cash. */
export const FACTS: ReceiptFacts = {
  receiptNumber: '3f2a9c01-1204',
  vatInvoiceNumber: 'INV-2026-000817',
  saleId: 'sale_019a2b3c4d5e00112233445566778899aabb',
  soldAt: '2026-11-21T12:00:00.000Z',
  timeZone: 'Africa/Johannesburg',
  utility: {
    name: 'Thaba Municipality',
    addressLines: ['1 Main Road', 'Thaba 0700'],
    taxNumber: '4010123456',
    supportNumber: '0800 123 456',
  },
  vendor: { vendorId: 'shop', name: 'Corner shop', addressLines: ['12 Market Street'] },
  operator: 'nomsa',
  terminal: 'till 2',
  customer: {
    name: 'T. Mokoena',
    addressLines: ['Stand 1417'],
    account: '700-1417',
    locationReference: 'ERF 1417',
  },
  meter: {
    drn: '11111111115',
    meterPan: '600727111111111153',
    supplyGroupCode: '201457',
    keyRevision: 1,
    tariffIndex: 1,
    encryptionAlgorithm: 11,
    tokenTechnology: '02',
    daysSinceLastPurchase: 12,
  },
  tokens: [
    { kind: 'keyChange', tokenNo: '12345678901234567890', section: 1, of: 2 },
    { kind: 'keyChange', tokenNo: '09876543210987654321', section: 2, of: 2 },
    {
      kind: 'credit',
      reason: 'free',
      tokenNo: '11112222333344445555',
      amount: { unit: 'kWh', amountDeciKwh: 500 },
    },
    {
      kind: 'credit',
      reason: 'paid',
      tokenNo: '66667777888899990000',
      amount: { unit: 'kWh', amountDeciKwh: 584 },
    },
  ],
  currency: 'ZAR',
  paidMinor: 25_000,
  lines: [
    { kind: 'paymentFee', amountMinor: 200, taxMinor: 30 },
    {
      kind: 'arrears',
      debtId: 'd1',
      label: 'Old account',
      amountMinor: 2_000,
      taxMinor: 0,
      balanceMinor: 8_000,
    },
    {
      kind: 'fixedCharge',
      chargeId: 'c1',
      label: 'Network charge',
      amountMinor: 1_000,
      taxMinor: 150,
      paidThrough: '2026-11',
    },
    {
      kind: 'energy',
      amountMinor: 18_800,
      taxMinor: 2_820,
      amountDeciKwh: 584,
      steps: [
        { fromDeciKwh: 700, amountDeciKwh: 300, pricePerKwh: '2.9783' },
        { fromDeciKwh: 1000, amountDeciKwh: 284, pricePerKwh: '3.5165' },
      ],
    },
  ],
  tariffName: 'home',
  pricesIncludeVat: false,
  debtsLeft: [{ label: 'Connection fee', balanceMinor: 45_000 }],
  cash: { roundingMinor: 0, tenderedMinor: 30_000, changeMinor: 5_000 },
  month: {
    unitsDeciKwh: 1_284,
    before: { block: 1, pricePerKwh: '2.9783', leftDeciKwh: 300 },
    after: { block: 2, pricePerKwh: '3.5165', leftDeciKwh: 2_716 },
    resetsOn: '2026-12-01',
  },
  carriedMinor: '12.5',
  message: 'Save power from 17:00 to 19:00.',
};
