import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FULL_COUNTS } from '../support/counts.ts';
import { bulkBench } from './bulk.bench.ts';
import { meterBench } from './meter.bench.ts';
import { pagesBench } from './pages.bench.ts';
import { postgresBench } from './postgres.bench.ts';
import { relayBench } from './relay.bench.ts';
import { salesBench } from './sales.bench.ts';
import { tokenBench } from './token.bench.ts';
import { yearsBench } from './years.bench.ts';

const test = suite('bench');

test('when the benches run tiny then each does its work and gives figures', async () => {
  const tokens = tokenBench(1, 5);
  assert.ok(tokens.every(({ perSecond }) => perSecond > 0));
  const bulk = await bulkBench(50, 1);
  assert.ok(bulk.every(({ ratio, linesPerSecond }) => ratio > 0 && linesPerSecond > 0));
  const [adaptive, fixed, blind] = relayBench(1, 32).map(({ used }) => used.at(-1) ?? Number.NaN);
  assert.ok(adaptive !== undefined && fixed !== undefined && blind !== undefined);
  assert.ok(adaptive > 0 && adaptive < fixed && adaptive < blind, `${adaptive} ${fixed} ${blind}`);
});

/** Servers and browsers that start again and again: a minute that `npm test` has no room for. */
if (FULL_COUNTS) {
  test('when the benches of servers, years, pages and meters run tiny then each gives figures', async () => {
    const sales = await salesBench({ rounds: 1, millis: 200, meterCount: 5_000, months: 1 });
    assert.ok(Object.values(sales).every((figure) => figure > 0));
    await meterBench(1, { sampled: 2, nextEvent: 3_600 }, { meters: 2, days: 1, idle: 2, idleHours: 2 });
    await pagesBench(1);
    const years = await yearsBench({ meterCount: 600, salesEach: 2, starts: 1, salesWatched: 120, looks: 3 });
    assert.ok(years.readyMillis > 0 && years.readyAfterKillMillis > 0 && years.growth > 0);
    assert.is(years.salesWatched, 120);
    const figures = await postgresBench(1, 300, 200);
    const { onePerSecond, twoPerSecond, twoHeldPerSecond, quietBesideBusy } = figures;
    assert.ok(onePerSecond > 0 && twoPerSecond > 0 && twoHeldPerSecond > 0 && quietBesideBusy > 0);
  });
}

test.run();
