import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BANK_DEPOSITS,
  checkTrialBalance,
  depositTransfers,
  ENERGY_SALES,
  saleTransfers,
  VAT,
  vendorFloat,
} from '../../../vending-server/ledger/postings.ts';
import type { AccountBalance } from '../../../vending-server/store/contract.ts';
import { NOT_AN_INTEGER } from '../../support/hostile.ts';

const test = suite('postings');

const energy = (amountMinor: number) =>
  ({ kind: 'energy', amountMinor, amountDeciKwh: 466, pricePerKwh: '1.8652' }) as const;
const tax = (amountMinor: number) => ({ kind: 'tax', rate: '0.15', amountMinor }) as const;

test('when money is paid in, then the bank is debited and the float credited', () => {
  assert.equal(depositTransfers('shop', 500), [
    { debitAccount: BANK_DEPOSITS, creditAccount: 'vendor:shop:float', amountMinor: 500 },
  ]);
});

test('when a sale is posted, then its lines leave the float for sales and tax', () => {
  assert.equal(saleTransfers('shop', [energy(870), tax(130)]), [
    { debitAccount: vendorFloat('shop'), creditAccount: ENERGY_SALES, amountMinor: 870 },
    { debitAccount: vendorFloat('shop'), creditAccount: VAT, amountMinor: 130 },
  ]);
  assert.is(saleTransfers('shop', [energy(870), tax(0)]).length, 1);
});

test('when an amount is no positive integer, then nothing is posted', () => {
  for (const amount of [...NOT_AN_INTEGER, 0]) {
    assert.throws(
      () => depositTransfers('shop', amount as number),
      (error: unknown) => error instanceof TypeError || error instanceof RangeError,
    );
  }
  for (const amount of NOT_AN_INTEGER) {
    assert.throws(
      () => saleTransfers('shop', [energy(amount as number)]),
      (error: unknown) => error instanceof TypeError || error instanceof RangeError,
    );
  }
});

test('when sides are equal, then the books balance, beyond 2^53 too; one minor unit off is seen', () => {
  const max = Number.MAX_SAFE_INTEGER;
  const balances: AccountBalance[] = [
    { account: 'a', debitMinor: max, creditMinor: 0 },
    { account: 'b', debitMinor: max, creditMinor: 1 },
    { account: 'c', debitMinor: 1, creditMinor: max },
    { account: 'd', debitMinor: 0, creditMinor: max },
  ];
  assert.equal(checkTrialBalance([]), { balanced: true, debitMinor: '0', creditMinor: '0' });
  assert.equal(checkTrialBalance(balances), {
    balanced: true,
    debitMinor: '18014398509481983',
    creditMinor: '18014398509481983',
  });
  assert.not.ok(checkTrialBalance([...balances, { account: 'e', debitMinor: 1, creditMinor: 0 }]).balanced);
});

test.run();
