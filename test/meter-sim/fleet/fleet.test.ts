import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FleetMeter, type FleetPlan } from '../../../meter-sim/fleet/fleet-meter.ts';
import { summarize } from '../../../meter-sim/fleet/summary.ts';
import { runFleet } from '../../../meter-sim/fleet.ts';
import { LINKS, type LinkName } from '../../../meter-sim/world/link-model.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('meter-sim/fleet');
/** A worker thread takes no TypeScript: it runs what `npm run build` has made. */
const script = new URL('../../../dist/meter-sim/fleet/fleet-worker.js', import.meta.url);
const seed = seedOf('fleet');
const plan = (link: LinkName): FleetPlan => ({
  seed,
  days: 3,
  link,
  faultsPerDay: 6,
  startsEpochSeconds: 1_793_577_600,
});

test('when tokens travel over lossy links then every one is credited once at most, and all that is told adds up', () => {
  for (const link of Object.keys(LINKS) as LinkName[]) {
    const members = Array.from({ length: count(200, 4) }, (_, number) =>
      new FleetMeter(plan(link), number).run(),
    );
    for (const member of members) {
      const what = `${link} seed ${seed} meter ${member.number}`;
      assert.is(member.creditedTwice, 0, what);
      const { acceptedMilliWh, boughtMilliWh, openMilliWh } = member;
      // What is open may have been credited with the answer still on its way; nothing else explains a difference.
      assert.ok(acceptedMilliWh <= boughtMilliWh, `${what}: ${acceptedMilliWh} of ${boughtMilliWh}`);
      assert.ok(acceptedMilliWh >= boughtMilliWh - openMilliWh, `${what}: ${acceptedMilliWh}`);
    }
    const sums = summarize(members);
    assert.ok(sums.commands.confirmed > 0 && sums.reports.confirmed > 0 && sums.tokensAccepted > 0);
    assert.ok(sums.commands.duplicates + sums.reports.duplicates > 0, link);
    report(
      `${link}: ${sums.meters} meters, ${sums.faults} faults, ${sums.commands.sent + sums.reports.sent} messages, ` +
        `${sums.commands.lost + sums.reports.lost} lost, ${sums.commands.duplicates + sums.reports.duplicates} duplicates; ` +
        `${sums.tokensAccepted} tokens accepted, ${sums.repeatsRefused} repeats refused, ${sums.creditedTwice} credited twice`,
    );
  }
});

test('when a fleet runs on one worker or on three then the result is the same', async () => {
  const options = { ...plan('plc'), days: 1, meters: count(60, 4), script };
  let seen = 0;
  const one = await runFleet({ ...options, workers: 1, onMember: () => seen++ });
  const three = await runFleet({ ...options, workers: 3 });
  assert.equal(three, one);
  assert.is(seen, options.meters);
  const here = summarize([
    ...Array.from({ length: options.meters }, (_, number) => new FleetMeter(options, number).run()),
  ]);
  assert.equal(here, one, 'and the same as without any');
});

test('when all members live a few days at a time then the result is the same, and those that wait take little', async () => {
  const options = { ...plan('lorawan'), meters: count(60, 5), workers: 2, script };
  const turns: number[] = [];
  let most = 0;
  const inTurns = await runFleet({
    ...options,
    turnDays: 1,
    onTurn: (day, bytes) => {
      turns.push(day);
      most = Math.max(most, bytes / options.meters);
    },
  });
  assert.equal(inTurns, await runFleet(options));
  assert.equal(turns, [1, 2]);
  assert.ok(most > 0 && most <= 8 * 1024, `${most} bytes`);
});

test.run();
