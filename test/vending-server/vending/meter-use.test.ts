import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { useOf } from '../../../vending-server/vending/meter-use.ts';

const test = suite('use of a meter, told by its purchases');

const on = (day: string, amountDeciKwh: number) => ({ day, amountDeciKwh });

test('what was bought before the last day was used until it, and the last lasts in proportion', () => {
  const use = useOf([
    on('2026-09-01', 300),
    on('2026-09-11', 250),
    on('2026-09-11', 50),
    on('2026-09-21', 100),
  ]);
  // 60 kWh in 20 days; 10 kWh last a third of 10 days.
  const days = { fromDay: '2026-09-01', days: 20 };
  assert.equal(use, { ...days, perDayKwh: '3.00', lastsDays: 3, lastsUntil: '2026-09-24' });
});

test('one day tells nothing, purchases without energy neither, and whole days are rounded down', () => {
  assert.is(useOf([]), undefined);
  assert.is(useOf([on('2026-09-01', 300), on('2026-09-01', 100)]), undefined);
  assert.is(useOf([on('2026-09-01', 300), on('2026-09-05', 0)]), undefined);
  const use = useOf([on('2026-02-27', 1), on('2026-03-02', 1)]);
  assert.equal(use, {
    fromDay: '2026-02-27',
    days: 3,
    perDayKwh: '0.03',
    lastsDays: 3,
    lastsUntil: '2026-03-05',
  });
  assert.is(useOf([on('2026-09-01', 3), on('2026-09-02', 2)])?.lastsDays, 0);
});

test('the order of the list does not count, and what is older than a year does not either', () => {
  const young = [on('2026-09-01', 100), on('2026-09-11', 100)];
  assert.equal(useOf([...young].reverse()), useOf(young));
  assert.equal(useOf([on('2025-09-10', 9000), ...young]), useOf(young));
  assert.is(useOf([on('2025-09-11', 9000), ...young])?.days, 365);
  assert.is(useOf([on('2025-09-10', 9000), on('2026-09-11', 1)]), undefined);
});

test.run();
