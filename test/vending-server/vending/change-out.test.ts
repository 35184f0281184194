/** A meter that takes another one's place, with all that the customer has, owes and has bought. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { TariffTerms } from '../../../vending-server/tariff/terms.ts';
import { type ChangeOutRequest, changeOutMeter } from '../../../vending-server/vending/change-out.ts';
import { issueFree } from '../../../vending-server/vending/free-issue.ts';
import { lookUp } from '../../../vending-server/vending/look-up.ts';
import { openDebt } from '../../../vending-server/vending/open-debt.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { replaceToken } from '../../../vending-server/vending/replacement.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import type { TestMeter } from '../../support/utility.ts';
import { DRN, type House, TERMS, VENDOR_ID } from '../furnished.ts';
import {
  ANN,
  approve,
  askPersons,
  assertProved,
  BANDS,
  balanceOf,
  bodyOf,
  codeOf,
  type FurnishedHouse,
  factoryState,
  givenBody,
  issuedBy,
  keyIn,
  meterAt,
  openFurnished,
  person,
  registerAll,
} from './utility.ts';

const test = suite<FurnishedHouse>('change-outs');

const BLOCKS: TariffTerms = {
  ...TERMS,
  freeUnitsDeciKwh: 100,
  freeUnitsFillBlocks: true,
  energy: {
    kind: 'blocks',
    blocks: [
      { untilDeciKwh: 600, pricePerKwh: '1.8652' },
      { untilDeciKwh: null, pricePerKwh: '2.9104' },
    ],
  },
};
const UGX: TariffTerms = { ...TERMS, currency: 'UGX', minimumMinor: 1 };

test.before(async (context) => {
  Object.assign(context, await openFurnished(1_000_000));
  const { vending } = context.house;
  await putTariff(vending, { tariffId: 'blocks', terms: BLOCKS });
  await putTariff(vending, { tariffId: 'bands', terms: BANDS });
  await putTariff(vending, { tariffId: 'ugx', terms: UGX });
  await registerAll(vending, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(meterAt), 'blocks');
  await registerAll(vending, [20, 21, 22].map(meterAt), 'bands');
  await registerAll(vending, [meterAt(30)], 'ugx');
});
test.before.each(async ({ house }) => {
  await askPersons(house.vending, '1');
});
test.after(({ close }) => close());

const changeOf = (
  requestId: string,
  [oldMeter, newMeter]: readonly [TestMeter, TestMeter],
  more: Partial<ChangeOutRequest> = {},
): ChangeOutRequest => ({
  requestId,
  oldMeter: oldMeter.drn,
  newMeter: newMeter.drn,
  remaining: { amountDeciKwh: 120 },
  allowAboveSold: false,
  reasonCode: 'faulty',
  reason: 'Display is dark',
  ...more,
});
async function bought({ vending }: House, requestId: string, { drn: meter }: TestMeter, paidMinor = 10_000) {
  return bodyOf(await sell(vending, { vendorId: VENDOR_ID, requestId, meter, paidMinor, currency: 'ZAR' }));
}
const owe = ({ vending }: House, debtId: string, { drn: meter }: TestMeter, amountMinor: number) =>
  openDebt(vending, {
    debtId,
    meter,
    label: 'Old account',
    amountMinor,
    currency: 'ZAR',
    recovery: { kind: 'fixed', amountMinor: 1000 },
  });

test('credit, month, free units and debts move with the customer, and the old meter is sold nothing more', async ({
  house,
}) => {
  const { vending, store } = house;
  const [old, fresh] = [meterAt(0), meterAt(1)];
  await owe(house, 'account-1', old, 5000);
  const sale = await bought(house, 'before', old);
  const before = await lookUp(vending, VENDOR_ID, old.drn);
  assert.equal([before.arrears[0]?.balanceMinor, before.freeUnitsDueDeciKwh], [4000, 0]);
  await askPersons(vending, '2');
  const request = changeOf('c1', [old, fresh]);
  const entries = await issuedBy(house);
  const asked = await changeOutMeter(vending, ANN, request);
  if (asked.kind !== 'asked') throw new Error('nobody else was asked');
  const payload = JSON.parse(asked.approval.payload) as Record<string, unknown>;
  assert.equal([payload['amountDeciKwh'], payload['allowAboveSold']], [120, false]);
  const approvalId = await approve(vending, asked, person('ed', 'engineer'));
  const given = await changeOutMeter(vending, ANN, { ...request, approvalId });
  const body = givenBody(given);
  assert.equal([body.kind, body.meter.drn, body.paidMinor], ['transfer', fresh.drn, 0]);
  assert.equal(
    [body.changeOut?.oldMeter.drn, body.changeOut?.remaining, body.changeOut?.isAboveSold],
    [old.drn, { amountDeciKwh: 120 }, false],
  );
  const [moved] = body.changeOut?.debts ?? [];
  assert.equal([moved?.from, moved?.balanceMinor], ['account-1', 4000]);
  assert.equal(keyIn(factoryState(fresh), body).creditDeciKwh, 120);
  const after = await lookUp(vending, VENDOR_ID, fresh.drn);
  assert.equal(
    [after.monthUnitsDeciKwh, after.block, after.freeUnitsDueDeciKwh, after.meter.replaces, after.canVend],
    [before.monthUnitsDeciKwh, before.block, 0, before.meter.meterPan, true],
  );
  assert.equal(after.arrears, [{ debtId: moved?.debtId, label: 'Old account', balanceMinor: 4000 }]);
  assert.is(await balanceOf(store, 'debt:account-1:ZAR'), 0);
  assert.is(await balanceOf(store, `debt:${moved?.debtId}:ZAR`), -4000);
  // Nothing for the old one, by any way.
  const left = await lookUp(vending, VENDOR_ID, old.drn);
  assert.equal([left.canVend, left.arrears, left.meter.replacedBy], [false, [], after.meter.meterPan]);
  const issue = { requestId: 'i1', meter: old.drn, amount: { amountDeciKwh: 1 } };
  const lost = { requestId: 'r1', saleId: sale.saleId, token: 1 };
  const refused: readonly Promise<unknown>[] = [
    bought(house, 'after', old),
    owe(house, 'account-2', old, 100),
    issueFree(vending, ANN, { ...issue, reasonCode: 'relief', reason: '' }),
    replaceToken(vending, ANN, { ...lost, reasonCode: 'lost', reason: '' }),
    changeOutMeter(vending, ANN, changeOf('c2', [old, meterAt(2)])),
    changeOutMeter(vending, ANN, changeOf('c3', [meterAt(2), old])),
  ];
  assert.equal(
    await Promise.all(refused.map(codeOf)),
    refused.map(() => 'meter_changed_out'),
  );
  // What was answered stays answered.
  assert.equal(await bought(house, 'before', old), sale);
  const again = await changeOutMeter(vending, ANN, { ...request, approvalId });
  assert.equal([again.kind === 'given' && again.replayed, givenBody(again)], [true, body]);
  const other = { ...request, remaining: { amountDeciKwh: 121 }, approvalId };
  assert.is(await codeOf(changeOutMeter(vending, ANN, other)), 'request_id_reused');
  // The moved debt is recovered from the next purchase, in the block in which the old meter stood.
  const next = await bought(house, 'next', fresh);
  const arrears = next.lines.find(({ kind }) => kind === 'arrears');
  assert.equal([arrears?.amountMinor, next.freeDeciKwh], [1000, 0]);
  assert.equal(next.month?.blockBefore, before.block);
  assert.is(await issuedBy(house), entries + 2);
});

test('an empty meter leaves no token, and its place is taken all the same', async ({ house }) => {
  const { vending } = house;
  const [old, fresh] = [meterAt(3), meterAt(4)];
  const request = changeOf('empty', [old, fresh], { remaining: { amountDeciKwh: 0 }, reasonCode: 'damaged' });
  const body = givenBody(await changeOutMeter(vending, ANN, request));
  assert.equal([body.tokens, body.kind, body.ledger.counter > 0], [[], 'transfer', true]);
  assert.is(await codeOf(bought(house, 'no', old)), 'meter_changed_out');
  // A chain of meters: the next one takes the place of the next.
  const third = givenBody(
    await changeOutMeter(
      vending,
      ANN,
      changeOf('again', [fresh, meterAt(5)], { remaining: { amountDeciKwh: 0 } }),
    ),
  );
  assert.is(third.changeOut?.oldMeter.drn, fresh.drn);
});

test('more than was ever sold moves only where that is allowed, and a second person sees it', async ({
  house,
}) => {
  const { vending } = house;
  const [old, fresh] = [meterAt(6), meterAt(7)];
  await bought(house, 'sold', old);
  const { meter } = await lookUp(vending, VENDOR_ID, old.drn);
  const sold = await vending.store.soldTo(meter.meterPan);
  const remaining = { amountDeciKwh: sold.amountDeciKwh + 1 };
  const request = changeOf('above', [old, fresh], { remaining });
  assert.is(await codeOf(changeOutMeter(vending, ANN, request)), 'credit_above_sold');
  await askPersons(vending, '2');
  assert.is(await codeOf(changeOutMeter(vending, ANN, request)), 'credit_above_sold');
  const allowed = { ...request, allowAboveSold: true };
  const asked = await changeOutMeter(vending, ANN, allowed);
  if (asked.kind !== 'asked') throw new Error('nobody else was asked');
  assert.is((JSON.parse(asked.approval.payload) as Record<string, unknown>)['allowAboveSold'], true);
  const approvalId = await approve(vending, asked);
  const body = givenBody(await changeOutMeter(vending, ANN, { ...allowed, approvalId }));
  assert.equal([body.changeOut?.isAboveSold, body.approvedBy], [true, 'user:ben']);
});

test('money moves to a meter that bills by band itself', async ({ house }) => {
  const { vending } = house;
  const [old, fresh] = [meterAt(20), meterAt(21)];
  await bought(house, 'bands', old);
  const remaining = { amountMinor: 2500 };
  const body = givenBody(await changeOutMeter(vending, ANN, changeOf('money', [old, fresh], { remaining })));
  const { state, results } = keyIn(factoryState(fresh), body);
  const held = state.extension.currencyHundredThousandth.electricity;
  assert.equal(results, ['Accept']);
  assert.ok(held >= 2_500_000 && held < 2_501_000, `as the coding rounds it up: ${held}`);
});

test('what cannot be is refused by name, before anybody is asked, and changes nothing', async ({ house }) => {
  const { vending } = house;
  const [old, fresh, bands] = [meterAt(8), meterAt(9), meterAt(22)];
  const unknown = meterAt(60);
  const entries = await issuedBy(house);
  const none = { remaining: { amountDeciKwh: 0 } };
  const cases: readonly [ChangeOutRequest, string][] = [
    [changeOf('no', [old, old]), 'change_out_refused'],
    [changeOf('no', [old, unknown]), 'meter_unknown'],
    [changeOf('no', [unknown, fresh]), 'meter_unknown'],
    [changeOf('no', [old, { ...fresh, drn: '11111111113' }]), 'meter_number_check_digit'],
    // It has taken another one's place already.
    [changeOf('no', [old, meterAt(1)]), 'change_out_refused'],
    [changeOf('no', [old, meterAt(30)]), 'currency_mismatch'],
    [changeOf('no', [old, bands], none), 'change_out_refused'],
    [changeOf('no', [old, fresh]), 'credit_above_sold'],
    [
      changeOf('no', [old, fresh], { remaining: { amountMinor: 1 }, allowAboveSold: true }),
      'operation_unsupported',
    ],
  ];
  for (const persons of ['1', '2'] as const) {
    await askPersons(vending, persons);
    for (const [request, code] of cases) assert.is(await codeOf(changeOutMeter(vending, ANN, request)), code);
  }
  assert.is((await lookUp(vending, VENDOR_ID, old.drn)).canVend, true);
  assert.is(await issuedBy(house), entries);
});

test('twenty at once for one meter end in one that takes its place, and sales beside them go to either', async ({
  house,
}) => {
  const { vending } = house;
  const old = { ...meterAt(8), drn: DRN };
  const nexts = [40, 41, 42, 43, 44, 45, 46, 47, 48, 49].map(meterAt);
  await registerAll(vending, nexts, 'home');
  const none = { remaining: { amountDeciKwh: 0 } };
  const changes = nexts.flatMap((next, index) =>
    ['a', 'b'].map((name) =>
      codeOf(changeOutMeter(vending, ANN, changeOf(`${name}${index}`, [old, next], none))),
    ),
  );
  const sales = Array.from({ length: 10 }, (_, index) => codeOf(bought(house, `beside${index}`, old)));
  const codes = await Promise.all(changes);
  assert.is(codes.filter((code) => code === 'done').length, 1);
  const others = codes.filter((code) => code !== 'done');
  assert.ok(
    others.every((code) => code === 'meter_changed_out'),
    others.join(),
  );
  assert.ok((await Promise.all(sales)).every((code) => code === 'done' || code === 'meter_changed_out'));
});

test('all that was moved stands in one ledger that proves itself', async ({ house, dataFolder }) => {
  assert.is(await assertProved(dataFolder, house), await issuedBy(house));
});

test.run();
