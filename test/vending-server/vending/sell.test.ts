/** Sales, their retries and their refusals (sts.md 9.3). */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault, StsFault } from '../../../lib/faults.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { pathsOf } from '../../../vending-server/config.ts';
import { checkTrialBalance, vendorFloat } from '../../../vending-server/ledger/postings.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import { deposit } from '../../../vending-server/vending/deposit.ts';
import { openVendor } from '../../../vending-server/vending/open-vendor.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { recover } from '../../../vending-server/vending/recover.ts';
import { registerMeter } from '../../../vending-server/vending/register-meter.ts';
import { keyAttributesOf } from '../../../vending-server/vending/sale-orders.ts';
import type { SaleResponse } from '../../../vending-server/vending/sale-response.ts';
import { type SaleAnswer, type SaleRequest, sell } from '../../../vending-server/vending/sell.ts';
import { publicMeters } from '../../support/utility.ts';
import {
  DRN,
  factoryMeter,
  furnish,
  type House,
  KEYLESS_DRN,
  METER_PAN,
  METER_REQUEST,
  makeKeyStore,
  newDataFolder,
  OTHER_DRN,
  openHouse,
  removeFolder,
  TERMS,
  VENDOR_ID,
} from '../furnished.ts';
import { issueCredit } from '../security-module/module-fixtures.ts';

/** The first credit for energy in an answer. */
function creditIn({ tokens }: SaleResponse) {
  return tokens.find((token) => token.kind === 'creditElectricity');
}

const test = suite<{ dataFolder: string; house: House }>('selling');

test.before.each(async (context) => {
  context.dataFolder = newDataFolder();
  context.house = await openHouse(context.dataFolder);
  await recover(context.house.vending);
});
test.after.each(async ({ dataFolder, house }) => {
  await house.close();
  removeFolder(dataFolder);
});

function saleOf(requestId: string, more: Partial<SaleRequest> = {}): SaleRequest {
  return { vendorId: VENDOR_ID, requestId, meter: DRN, paidMinor: 10_000, currency: 'ZAR', ...more };
}

/** A meter for each of the sellers: one meter is sold to by one of them at a time. */
const METER_COUNT = 64;
const DRNS = publicMeters(METER_COUNT).map(({ drn }) => drn);

async function registerMeters({ vending }: House): Promise<void> {
  for (const meter of DRNS) await registerMeter(vending, { ...METER_REQUEST, meter });
}

function bodyOf({ sale }: SaleAnswer): SaleResponse {
  return JSON.parse(sale.responseBody) as SaleResponse;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => 'sold',
    (e: unknown) => e,
  );
  return isStsFault(error) ? error.code : String(error);
}

async function floatOf({ store }: House): Promise<number> {
  return (await store.findVendor(VENDOR_ID))?.floatMinor ?? Number.NaN;
}

/** What must hold after anything: books balance, the float is what they say, ledger and module count the same. */
async function assertBooks({
  store,
  securityModule,
}: House): Promise<{ released: number; unreleased: number }> {
  const balances = await store.trialBalance();
  assert.ok(checkTrialBalance(balances).balanced);
  const float = balances.find(({ account }) => account === vendorFloat(VENDOR_ID, 'ZAR'));
  const vendor = await store.findVendor(VENDOR_ID);
  assert.is((float?.creditMinor ?? 0) - (float?.debitMinor ?? 0), vendor?.floatMinor);
  assert.ok((vendor?.floatMinor ?? -1) >= -(vendor?.creditLimitMinor ?? 0));
  const { moduleId, counter, entryHash } = await securityModule.identity();
  const entries = await store.entries(moduleId, 0, 100_000);
  assert.is(entries.length, counter);
  assert.is(await store.counterWithoutGap(moduleId), counter);
  if (counter > 0) assert.is(entries.at(-1)?.entryHash, entryHash);
  const released = entries.filter(({ state }) => state === 'released').length;
  return { released, unreleased: entries.length - released };
}

test('a sold token is accepted by its meter with the energy that the answer names', async ({ house }) => {
  await furnish(house.vending, 50_000);
  const { sale, replayed } = await sell(house.vending, saleOf('r1'));
  assert.is(replayed, false);
  const body = JSON.parse(sale.responseBody) as SaleResponse;
  const token = creditIn(body);
  assert.is(token?.amountDeciKwh, 466);
  assert.is(token?.amountKwh, '46.6');
  assert.is(token?.tokenNoGrouped.replaceAll(' ', ''), token?.tokenNo);
  assert.is(body.soldAt, '2026-11-21T12:00:00.000Z');
  assert.equal(
    body.lines.map((line) => [line.kind, line.amountMinor, line.taxMinor]),
    [['energy', 8696, 1304]],
  );
  const first = enterToken(factoryMeter(), token?.tokenNo ?? '', 0);
  assert.equal(first.outcome, {
    stage: 'token',
    result: 'Accept',
    creditDeciKwh: 466,
    effect: { kind: 'credited', resource: 'electricity', units: 466 },
  });
  assert.is(first.state.creditMilliWh, 46_600_000);
  const again = enterToken(first.state, token?.tokenNo ?? '', 0);
  assert.is(again.outcome.result, 'UsedError');
  assert.is(await floatOf(house), 40_000);
  assert.equal(await assertBooks(house), { released: 1, unreleased: 0 });
});

test('the same id answers the same bytes, whatever form the meter number has', async ({ house }) => {
  await furnish(house.vending, 50_000);
  const first = await sell(house.vending, saleOf('r1'));
  house.clock.millis += 86_400_000;
  for (const meter of [DRN, METER_PAN, '111-1111 1115']) {
    const again = await sell(house.vending, saleOf('r1', { meter }));
    assert.is(again.replayed, true);
    assert.is(again.sale.responseBody, first.sale.responseBody);
  }
  for (const other of [{ paidMinor: 10_001 }, { meter: OTHER_DRN }, { currency: 'UGX' }]) {
    assert.is(await codeOf(sell(house.vending, saleOf('r1', other))), 'request_id_reused');
  }
  assert.is(await floatOf(house), 40_000);
  assert.equal(await assertBooks(house), { released: 1, unreleased: 0 });
});

test('fifty at once under one id get one token and the same bytes', async ({ house }) => {
  await furnish(house.vending, 50_000);
  const answers = await Promise.all(Array.from({ length: 50 }, () => sell(house.vending, saleOf('r1'))));
  assert.is(new Set(answers.map(({ sale }) => sale.responseBody)).size, 1);
  assert.is(answers.filter(({ replayed }) => !replayed).length, 1);
  assert.is(await floatOf(house), 40_000);
  assert.equal(await assertBooks(house), { released: 1, unreleased: 0 });
  console.log(`    ${answers.length} requests under one id: 1 token, 1 debit`);
});

test('sixty-four at once on one float never overdraw it', async ({ house }) => {
  await furnish(house.vending, 200_500);
  await registerMeters(house);
  const codes = await Promise.all(
    Array.from({ length: 64 }, async (_, index) => {
      // Half of them two to a meter.
      const meter = DRNS[index < 32 ? index : index - (index % 2)]!;
      const code = await codeOf(sell(house.vending, saleOf(`r${index}`, { meter })));
      assert.ok((await floatOf(house)) >= 0);
      return code;
    }),
  );
  const sold = codes.filter((code) => code === 'sold').length;
  assert.is(sold, 20);
  assert.is(codes.filter((code) => code === 'float_exhausted').length, 44);
  assert.is(await floatOf(house), 500);
  assert.equal(await assertBooks(house), { released: 20, unreleased: 0 });
  console.log(`    64 sales on one float: ${sold} sold, 44 float_exhausted, float 500 left`);
});

test('refusals are named and change nothing', async ({ house }) => {
  await furnish(house.vending, 50_000);
  const cases: [Partial<SaleRequest>, string][] = [
    [{ meter: '11111111113' }, 'meter_number_check_digit'],
    [{ meter: '1111111111' }, 'meter_number_malformed'],
    [{ vendorId: 'nobody' }, 'vendor_unknown'],
    [{ meter: '07123456787' }, 'meter_unknown'],
    [{ currency: 'UGX' }, 'currency_mismatch'],
    [{ paidMinor: 99 }, 'payment_too_small'],
    [{ paidMinor: 1_000_001 }, 'payment_too_large'],
    [{ paidMinor: 50_001 }, 'float_exhausted'],
    [{ meter: KEYLESS_DRN }, 'vending_key_unknown'],
  ];
  for (const [more, code] of cases) assert.is(await codeOf(sell(house.vending, saleOf('r1', more))), code);
  assert.is(await floatOf(house), 50_000);
  assert.equal(await assertBooks(house), { released: 0, unreleased: 0 });
  // The claim of the last one was given back: the whole float can still be spent under the same id.
  assert.is(await codeOf(sell(house.vending, saleOf('r1', { paidMinor: 50_000 }))), 'sold');
  assert.is(await floatOf(house), 0);
});

test('TIDs of one meter rise by the minute and stop at the limit ahead of the clock', async (context) => {
  await context.house.close();
  context.house = await openHouse(context.dataFolder, { tidAheadMinutes: 3 });
  const { house } = context;
  await recover(house.vending);
  await furnish(house.vending, 1_000_000);
  const tids: number[] = [];
  for (const id of ['r1', 'r2', 'r3', 'r4']) {
    tids.push(creditIn(bodyOf(await sell(house.vending, saleOf(id))))?.tidMinutes ?? 0);
  }
  assert.equal(
    tids.map((tid) => tid - (tids[0] ?? 0)),
    [0, 1, 2, 3],
  );
  assert.is(await codeOf(sell(house.vending, saleOf('r5'))), 'tid_ahead_of_clock');
  assert.is(await codeOf(sell(house.vending, saleOf('r5', { meter: OTHER_DRN }))), 'sold');
  house.clock.millis += 60_000;
  assert.is(await codeOf(sell(house.vending, saleOf('r6'))), 'sold');
  house.clock.millis -= 3_600_000; // a clock set back must not bring a TID back
  assert.is(await codeOf(sell(house.vending, saleOf('r7'))), 'tid_ahead_of_clock');
  await assertBooks(house);
});

test('when the disk is full then the token is named unreleased, and a retry sells one', async ({ house }) => {
  await furnish(house.vending, 900_000_000);
  house.store.limitPages(1); // becomes the present size
  let sold = 0;
  let failed = '';
  while (failed === '') {
    const code = await codeOf(sell(house.vending, saleOf(`r${sold}`)));
    if (code === 'sold') sold += 1;
    else failed = code;
  }
  assert.is(failed, 'store_unavailable');
  const counter = (await house.securityModule.identity()).counter;
  assert.is(counter, sold + 1);
  // A further request may fail too, but it may not make one more token that nobody could name.
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await codeOf(sell(house.vending, saleOf(`r${sold}`)));
  }
  const made = (await house.securityModule.identity()).counter;
  house.store.limitPages(1_000_000);
  assert.is(await codeOf(sell(house.vending, saleOf(`r${sold}`))), 'sold');
  const again = await sell(house.vending, saleOf(`r${sold}`));
  assert.is(again.replayed, true);
  assert.is(await floatOf(house), 900_000_000 - (sold + 1) * 10_000);
  const books = await assertBooks(house);
  assert.is(books.released, sold + 1);
  assert.is(books.unreleased, made - sold);
  console.log(
    `    ${sold} sold, ${books.unreleased} tokens named unreleased on a full disk, 1 sold by retry`,
  );
});

test('when many wait for a sale that cannot be recorded then only the first makes a token', async ({
  house,
}) => {
  await furnish(house.vending, 50_000);
  const down = () => Promise.reject(new StsFault('store_unavailable'));
  Object.assign(house.store, { recordVend: down, recordUnreleased: down });
  const codes = await Promise.all(
    Array.from({ length: 20 }, () => codeOf(sell(house.vending, saleOf('r1')))),
  );
  assert.equal([...new Set(codes)], ['store_unavailable']);
  assert.is((await house.securityModule.identity()).counter, 1);
  assert.is(house.vending.unreleased.size, 1);
  for (const name of ['recordVend', 'recordUnreleased']) Reflect.deleteProperty(house.store, name);
  assert.is(await codeOf(sell(house.vending, saleOf('r1'))), 'sold');
  assert.is(house.vending.unreleased.size, 0);
  assert.equal(await assertBooks(house), { released: 1, unreleased: 1 });
});

test('when vendors pay in two currencies then no account holds both, and each balances', async ({
  house,
}) => {
  await furnish(house.vending, 50_000);
  await putTariff(house.vending, {
    tariffId: 'ugx',
    terms: { ...TERMS, currency: 'UGX', energy: { kind: 'flat', pricePerKwh: '800' }, minimumMinor: 1 },
  });
  const drn = '07123456787';
  await registerMeter(house.vending, { ...METER_REQUEST, meter: drn, tariffId: 'ugx' });
  const vendor = { vendorId: 'kampala', name: 'Kampala', currency: 'UGX', creditLimitMinor: 0 };
  await openVendor(house.vending, vendor);
  const slip = { vendorId: 'kampala', requestId: 'd', amountMinor: 90_000, currency: 'UGX', reference: 's' };
  await deposit(house.vending, slip);
  await sell(house.vending, saleOf('r1'));
  await sell(house.vending, saleOf('r1', { vendorId: 'kampala', meter: drn, currency: 'UGX' }));
  assert.equal(await house.store.trialBalance(), [
    { account: 'bank:deposits:UGX', debitMinor: 90_000, creditMinor: 0 },
    { account: 'bank:deposits:ZAR', debitMinor: 50_000, creditMinor: 0 },
    { account: 'sales:energy:UGX', debitMinor: 0, creditMinor: 8696 },
    { account: 'sales:energy:ZAR', debitMinor: 0, creditMinor: 8696 },
    { account: 'tax:vat:UGX', debitMinor: 0, creditMinor: 1304 },
    { account: 'tax:vat:ZAR', debitMinor: 0, creditMinor: 1304 },
    { account: 'vendor:kampala:float:UGX', debitMinor: 10_000, creditMinor: 90_000 },
    { account: 'vendor:shop:float:ZAR', debitMinor: 10_000, creditMinor: 50_000 },
  ]);
  await assertBooks(house);
});

test('when a deposit is repeated at the top of a float then it answers as it did', async ({ house }) => {
  await furnish(house.vending, 0);
  const slip = { vendorId: VENDOR_ID, currency: 'ZAR', reference: 'slip' };
  const most = { ...slip, requestId: 'most', amountMinor: Number.MAX_SAFE_INTEGER };
  assert.equal(await deposit(house.vending, most), {
    floatMinor: Number.MAX_SAFE_INTEGER,
    replayed: false,
  });
  assert.equal(await deposit(house.vending, most), { floatMinor: Number.MAX_SAFE_INTEGER, replayed: true });
  const more = { ...slip, requestId: 'more', amountMinor: 1 };
  assert.is(await codeOf(deposit(house.vending, more)), 'payment_too_large');
  assert.is(await floatOf(house), Number.MAX_SAFE_INTEGER);
});

test('when the ledger is gone and its module is not then nothing is sold into an empty one', async (context) => {
  await furnish(context.house.vending, 50_000);
  await sell(context.house.vending, saleOf('r1'));
  await context.house.close();
  writeFileSync(join(context.dataFolder, DATABASE_FILE), '');
  context.house = await openHouse(context.dataFolder);
  assert.is(await codeOf(recover(context.house.vending)), 'ledger_mismatch');
  assert.is(await codeOf(recover(context.house.vending)), 'ledger_mismatch');
});

test('when the process dies between seal and commit then a restart names the token', async (context) => {
  const { house } = context;
  await furnish(house.vending, 50_000);
  await sell(house.vending, saleOf('r1'));
  const meter = await house.store.findMeter(METER_PAN);
  if (meter === undefined) throw new Error('no meter');
  const tidMinutes = creditIn(bodyOf(await sell(house.vending, saleOf('r2'))))?.tidMinutes ?? 0;
  // What such a crash leaves behind: tokens of the module that no commit knows.
  for (const ahead of [1, 2, 3]) {
    const request = { meter: keyAttributesOf(meter), tidMinutes: tidMinutes + ahead, amountDeciKwh: 10 };
    await (await issueCredit(house.securityModule, { ...request, saleDigest: 'ab'.repeat(32) })).sealed;
  }
  await house.close();
  context.house = await openHouse(context.dataFolder);
  const recovery = await recover(context.house.vending);
  assert.is(recovery.unreleased, 3);
  assert.is(recovery.counter, 5);
  assert.is((await recover(context.house.vending)).unreleased, 0);
  const next = bodyOf(await sell(context.house.vending, saleOf('r3')));
  assert.is(creditIn(next)?.tidMinutes, tidMinutes + 4);
  assert.equal(await assertBooks(context.house), { released: 3, unreleased: 3 });
});

test('when the module is killed under sales then they are refused by name and each retry sells once', async (context) => {
  const { house } = context;
  await furnish(house.vending, 10_000_000);
  await registerMeters(house);
  const meterOf = (id: number) => DRNS[id % METER_COUNT]!;
  const count = 200;
  const codes: string[] = [];
  let next = 0;
  const seller = async () => {
    for (let id = next++; id < count; id = next++) {
      codes[id] = await codeOf(sell(house.vending, saleOf(`r${id}`, { meter: meterOf(id) })));
      if (id === 60) process.kill(house.modulePid, 'SIGKILL');
    }
  };
  await Promise.all(Array.from({ length: 16 }, seller));
  assert.ok(codes.every((code) => code === 'sold' || code === 'security_module_unavailable'));
  assert.is(await codeOf(sell(house.vending, saleOf('later'))), 'security_module_unavailable');
  const sold = codes.filter((code) => code === 'sold').length;
  assert.is(await floatOf(house), 10_000_000 - sold * 10_000);
  await house.close();
  context.house = await openHouse(context.dataFolder);
  const { unreleased } = await recover(context.house.vending);
  for (let id = 0; id < count; id += 1) {
    await sell(context.house.vending, saleOf(`r${id}`, { meter: meterOf(id) }));
  }
  assert.is(await floatOf(context.house), 10_000_000 - count * 10_000);
  assert.equal(await assertBooks(context.house), { released: count, unreleased });
  console.log(
    `    module killed under ${count} sales: ${sold} sold, ${unreleased} named unreleased, ${count} in the end`,
  );
});

test("when the data folder meets another module's key store then nothing is sold", async (context) => {
  await furnish(context.house.vending, 50_000);
  await sell(context.house.vending, saleOf('r1'));
  const other = newDataFolder();
  const { keyStorePath } = pathsOf({ dataFolder: other });
  rmSync(keyStorePath);
  makeKeyStore(keyStorePath);
  const stranger = await openHouse(other);
  const mixed = { store: context.house.store, securityModule: stranger.securityModule };
  assert.is(await codeOf(recover(mixed)), 'ledger_mismatch');
  await stranger.close();
  removeFolder(other);
});

test('durable sales in process, 64 at a time', async ({ house }) => {
  await furnish(house.vending, 900_000_000);
  const total = 2000;
  await registerMeters(house);
  let next = 0;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (let id = next++; id < total; id = next++) {
        await sell(house.vending, saleOf(`r${id}`, { meter: DRNS[id % METER_COUNT]!, paidMinor: 1000 }));
      }
    }),
  );
  const perSecond = total / ((performance.now() - startedAt) / 1000);
  assert.equal(await assertBooks(house), { released: total, unreleased: 0 });
  console.log(`    ${total} durable sales, 64 at a time: ${perSecond.toFixed(0)} per second`);
});

test.run();
