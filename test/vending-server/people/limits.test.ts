import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkSale, type NamedRule, type Rule } from '../../../vending-server/people/limits.ts';
import type { DayCount } from '../../../vending-server/store/money-contract.ts';
import { admitSale, type GuardedSale } from '../../../vending-server/vending/sale-guard.ts';
import { fault, rejects } from '../../support/throws.ts';
import { furnish, type House, METER_PAN, newDataFolder, openHouse, removeFolder } from '../furnished.ts';

const test = suite<{ house: House; dataFolder: string }>('limits and alarms');

const SALE = { vendorId: 'shop', paidMinor: 1000, amountDeciKwh: 50, at: 1_000_000, minute: 600 };
const COUNT: DayCount = {
  scope: 'meter',
  subject: 'm',
  sales: 4,
  paidMinor: 4000,
  amountDeciKwh: 200,
  lastAt: 995_000,
};
const DAY: Extract<Rule, { kind: 'dayLimit' }> = {
  kind: 'dayLimit',
  effect: 'refuse',
  vendorId: null,
  scope: 'meter',
  salesMax: null,
  paidMinorMax: null,
  amountDeciKwhMax: null,
};
const met = (rule: Rule, sale: Partial<typeof SALE> = {}, count: Partial<DayCount> = {}) =>
  checkSale([{ ruleId: 'r', rule } as NamedRule], { ...SALE, ...sale }, [{ ...COUNT, ...count }]).map(
    ({ detail }) => detail,
  );

test('a sale up to the limit passes and the next unit does not', () => {
  assert.equal(met({ ...DAY, salesMax: 5 }), []);
  assert.equal(met({ ...DAY, salesMax: 4 }), ['meter: sales 5 of 4']);
  assert.equal(met({ ...DAY, paidMinorMax: 5000 }), []);
  assert.equal(met({ ...DAY, paidMinorMax: 5000 }, { paidMinor: 1001 }), ['meter: paidMinor 5001 of 5000']);
  assert.equal(met({ ...DAY, amountDeciKwhMax: 249 }), ['meter: amountDeciKwh 250 of 249']);
  assert.equal(met({ ...DAY, salesMax: 0, scope: 'operator' }), [], 'nobody known at the till');
  assert.equal(met({ ...DAY, salesMax: 0, vendorId: 'other' }), [], 'a rule for another vendor');
  assert.equal(met({ kind: 'largeSale', effect: 'alarm', vendorId: null, paidMinorMax: 1000 }), []);
  assert.equal(met({ kind: 'largeSale', effect: 'alarm', vendorId: null, paidMinorMax: 999 }), [
    '1000 of 999',
  ]);
});

test('velocity looks at the last sale, hours at the wall clock, also over midnight', () => {
  const velocity = (closerThanMillis: number, afterSales: number): Rule => ({
    ...{ kind: 'velocity', effect: 'alarm', vendorId: null, scope: 'meter' },
    closerThanMillis,
    afterSales,
  });
  assert.equal(met(velocity(5000, 1)), []);
  assert.equal(met(velocity(5001, 1)), ['meter: 5000 ms after sale 4']);
  assert.equal(met(velocity(5001, 5)), [], 'not yet so many');
  assert.equal(met(velocity(5001, 1), {}, { sales: 0, lastAt: 0 }), []);
  const open = (fromMinute: number, untilMinute: number, minute: number) =>
    met({ kind: 'openHours', effect: 'refuse', vendorId: null, fromMinute, untilMinute }, { minute });
  assert.equal([open(480, 1020, 480), open(480, 1020, 1019)], [[], []]);
  assert.equal([open(480, 1020, 479), open(480, 1020, 1020)], [['07:59'], ['17:00']]);
  assert.equal([open(1320, 120, 1439), open(1320, 120, 0), open(1320, 120, 119)], [[], [], []]);
  assert.equal(open(1320, 120, 120), ['02:00']);
});

test.before.each(async (context) => {
  context.dataFolder = newDataFolder();
  context.house = await openHouse(context.dataFolder);
  await furnish(context.house.vending, 0);
});
test.after.each(async ({ house, dataFolder }) => {
  await house.close();
  removeFolder(dataFolder);
});

const GUARDED: GuardedSale = {
  at: Date.UTC(2026, 10, 21, 12),
  vendorId: 'shop',
  operatorId: 'sipho',
  meterPan: METER_PAN,
  supplyGroupCode: '201457',
  paidMinor: 1000,
  amountDeciKwh: 50,
};

test('of a hundred at once exactly those under the limit pass, and each comes back when it came to nothing', async ({
  house,
}) => {
  const { store } = house;
  const rule = JSON.stringify({ ...DAY, scope: 'vendor', salesMax: 40 });
  await store.limits.putLimitRule({ ruleId: 'vendor-day', rule });
  const ask = (i: number) => admitSale(house.vending, { ...GUARDED, meterPan: `m${i}` });
  const results = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => ask(i)));
  const admitted = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  assert.is(admitted.length, 40);
  for (const result of results) {
    if (result.status === 'rejected') assert.ok(fault('limit_reached')(result.reason));
  }
  await rejects(ask(101), fault('limit_reached'));
  admitted[0]?.over();
  admitted[0]?.over();
  await ask(102);
  await rejects(ask(103), fault('limit_reached'));
  const alarms = await store.limits.alarms(null, 200, true);
  assert.is(alarms.length, 62, 'one for each meter that was refused');
  assert.equal([alarms[0]?.ruleId, alarms[0]?.operatorId], ['vendor-day', 'sipho']);
  await rejects(ask(103), fault('limit_reached'));
  assert.is((await store.limits.alarms(null, 200, true)).length, 62, 'the same again is one alarm');
});

test('rights by supply group are asked for, and alarms are looked at once', async ({ house }) => {
  const { store, clock } = house;
  await store.limits.setSupplyGroups('shop', ['123456']);
  await rejects(admitSale(house.vending, GUARDED), fault('supply_group_not_permitted'));
  await store.limits.setSupplyGroups('shop', ['123456', '201457']);
  assert.is((await admitSale(house.vending, GUARDED)).day, '2026-11-21');
  await store.limits.setSupplyGroups('shop', null);
  await store.people.putSetting({ name: 'timeZone', value: 'Pacific/Kiritimati', at: 0 });
  assert.is((await admitSale(house.vending, GUARDED)).day, '2026-11-22');
  const closed = { kind: 'openHours', effect: 'alarm', vendorId: null, fromMinute: 0, untilMinute: 60 };
  await store.limits.putLimitRule({ ruleId: 'night', rule: JSON.stringify(closed) });
  await admitSale(house.vending, GUARDED);
  const [alarm] = await store.limits.alarms(null, 10, true);
  assert.is(alarm?.detail, '02:00');
  const id = alarm?.alarmId ?? 0;
  const first = await store.limits.acknowledgeAlarm(id, 'user:ann', clock.millis, 'called the shop');
  const second = await store.limits.acknowledgeAlarm(id, 'user:ben', clock.millis + 1, 'me too');
  assert.equal(second, first);
  assert.equal(await store.limits.alarms(null, 10, true), []);
  assert.is(await store.limits.acknowledgeAlarm(999, 'user:ann', 0, ''), undefined);
});

test.run();
