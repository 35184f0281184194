import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  checkTrialBalance,
  depositTransfers,
  saleTransfers,
} from '../../../vending-server/ledger/postings.ts';
import type { AccountBalance } from '../../../vending-server/store/contract.ts';
import { NOT_AN_INTEGER } from '../../support/hostile.ts';

const test = suite('postings');

const energy = (amountMinor: number, taxMinor = 0) =>
  ({ kind: 'energy', amountMinor, taxMinor, amountDeciKwh: 466, steps: [] }) as const;

test('when money is paid in, then the bank is debited and the float credited', () => {
  assert.equal(depositTransfers('shop', 'ZAR', 500), [
    { debitAccount: 'bank:deposits:ZAR', creditAccount: 'vendor:shop:float:ZAR', amountMinor: 500 },
  ]);
});

test('when a sale is posted, then its lines leave the float for sales and tax', () => {
  assert.equal(saleTransfers('shop', 'UGX', [energy(870, 130)]), [
    { debitAccount: 'vendor:shop:float:UGX', creditAccount: 'sales:energy:UGX', amountMinor: 870 },
    { debitAccount: 'vendor:shop:float:UGX', creditAccount: 'tax:vat:UGX', amountMinor: 130 },
  ]);
  const charge = { kind: 'fixedCharge', chargeId: 'basic', label: '', paidThrough: '2026-11' } as const;
  const arrears = { kind: 'arrears', debtId: 'd7', label: '', balanceMinor: 0, taxMinor: 0 } as const;
  const fee = { kind: 'paymentFee', amountMinor: 10, taxMinor: 1 } as const;
  const lines = [
    fee,
    { ...arrears, amountMinor: 50 },
    { ...charge, amountMinor: 20, taxMinor: 3 },
    energy(100, 15),
  ];
  assert.equal(
    saleTransfers('shop', 'ZAR', lines).map(({ creditAccount, amountMinor }) => [creditAccount, amountMinor]),
    [
      ['sales:fee:ZAR', 10],
      ['debt:d7:ZAR', 50],
      ['sales:charge:basic:ZAR', 20],
      ['sales:energy:ZAR', 100],
      ['tax:vat:ZAR', 19],
    ],
  );
  assert.is(saleTransfers('shop', 'UGX', [energy(870)]).length, 1);
});

test('when an amount is no positive integer, then nothing is posted', () => {
  for (const amount of [...NOT_AN_INTEGER, 0]) {
    assert.throws(
      () => depositTransfers('shop', 'ZAR', amount as number),
      (error: unknown) => error instanceof TypeError || error instanceof RangeError,
    );
  }
  for (const amount of NOT_AN_INTEGER) {
    assert.throws(
      () => saleTransfers('shop', 'ZAR', [energy(amount as number)]),
      (error: unknown) => error instanceof TypeError || error instanceof RangeError,
    );
  }
});

test('when sides are equal, then the books balance, beyond 2^53 too; one minor unit off is seen', () => {
  const max = Number.MAX_SAFE_INTEGER;
  const balances: AccountBalance[] = [
    { account: 'a:ZAR', debitMinor: max, creditMinor: 0 },
    { account: 'b:ZAR', debitMinor: max, creditMinor: 1 },
    { account: 'c:ZAR', debitMinor: 1, creditMinor: max },
    { account: 'd:ZAR', debitMinor: 0, creditMinor: max },
  ];
  assert.equal(checkTrialBalance([]), { balanced: true, sums: {} });
  assert.equal(checkTrialBalance(balances), {
    balanced: true,
    sums: { ZAR: { debitMinor: '18014398509481983', creditMinor: '18014398509481983' } },
  });
  const off = checkTrialBalance([...balances, { account: 'e:ZAR', debitMinor: 1, creditMinor: 0 }]);
  assert.not.ok(off.balanced);
});

test('when one currency is short of what another has too much, then the books do not balance', () => {
  assert.equal(
    checkTrialBalance([
      { account: 'a:UGX', debitMinor: 5, creditMinor: 4 },
      { account: 'a:ZAR', debitMinor: 4, creditMinor: 5 },
    ]),
    {
      balanced: false,
      sums: {
        UGX: { debitMinor: '5', creditMinor: '4' },
        ZAR: { debitMinor: '4', creditMinor: '5' },
      },
    },
  );
});

test.run();
