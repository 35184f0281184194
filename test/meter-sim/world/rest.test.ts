/** A meter that is put away as bytes and taken up again lives to the bit as its twin that never rested. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EVENT_GROUPS } from '../../../meter-sim/firmware/events.ts';
import type { KeypadKey } from '../../../meter-sim/firmware/hardware-interface.ts';
import { FIRST_FREE_PAGE, PAGE_BYTES } from '../../../meter-sim/firmware/memory-map.ts';
import { FleetMeter, type FleetPlan } from '../../../meter-sim/fleet/fleet-meter.ts';
import type { Magnet } from '../../../meter-sim/hardware/hall-sensor.ts';
import type { Appliance } from '../../../meter-sim/hardware/load.ts';
import { LINKS, type LinkName } from '../../../meter-sim/world/link-model.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { WholeMeter, type WholeMeterOptions } from '../../../meter-sim/world/whole-meter.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { ownToken, PUBLIC_FACTORY, tokenOfAnotherMeter } from '../../support/public-meter.ts';

const test = suite('meter-sim/world/rest');
const seed = seedOf('rest');

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const PROFILE_AT = FIRST_FREE_PAGE * PAGE_BYTES;
const MAGNET: Magnet = {
  faceMilliTesla: 500,
  halfLengthMillimetre: 10,
  atMillimetre: [0, 0, 30],
  hertz: 0,
};
/** What a meter at rest may take. */
const MOST_BYTES = 8 * 1024;

const optionsOf = (name: string, more: Partial<WholeMeterOptions> = {}): WholeMeterOptions => ({
  factory: PUBLIC_FACTORY,
  seed: name,
  fidelity: 'next-event',
  rtcEpochSeconds: 1_790_000_000,
  load: { appliances: [{ kind: 'resistive', watt: 420 }] },
  ...more,
});

/** A meter that rests whenever somebody asks, and what that came to. */
class Sleeper {
  meter: WholeMeter;
  rests = 0;
  bytes = 0;
  readonly busy = new Map<string, number>();
  readonly #options: WholeMeterOptions;

  constructor(options: WholeMeterOptions) {
    this.#options = options;
    this.meter = new WholeMeter(options);
  }

  rest(): void {
    const rested = this.meter.rest();
    if (!(rested instanceof Uint8Array)) {
      this.busy.set(rested.busy, (this.busy.get(rested.busy) ?? 0) + 1);
      return;
    }
    this.rests++;
    this.bytes = Math.max(this.bytes, rested.length);
    this.meter = new WholeMeter(this.#options);
    this.meter.wake(rested);
    // What was put away and not taken up would be another the next time.
    assert.equal(this.meter.rest(), rested);
  }
}

type Act = (meter: WholeMeter) => void;

/** What hands, grid, household and wear do to a meter. `chance` is from 0 to 1; each act does the same to both twins. */
const ACTS: readonly ((chance: number, step: number) => Act)[] = [
  (chance) => {
    const watt = Math.ceil(9_000 * chance);
    const loads: readonly (readonly Appliance[])[] = [
      [{ kind: 'resistive', watt }],
      [{ kind: 'electronic', watt: Math.ceil(watt / 5) }],
      [{ kind: 'lagging', watt, powerFactor: 0.7, start: { ratio: 5, decayMicros: 200_000 } }],
      [{ kind: 'feed', watt: Math.ceil(watt / 3) }],
      [],
    ];
    return ({ world }) => world.setLoad({ appliances: loads[watt % loads.length] ?? [] });
  },
  (chance, step) => (meter) => meter.enterToken(ownToken(6_600_000 + step, Math.ceil(40 * chance))),
  (chance, step) => (meter) => meter.enterToken(ownToken(6_600_000 + step, Math.ceil(400 * chance))),
  (_, step) => (meter) => meter.enterToken(tokenOfAnotherMeter(6_600_000 + step)),
  () => keyed('801#'),
  (chance) => keyed(chance < 0.5 ? '12' : '804#'),
  () => (meter) => meter.world.cutPower(),
  () => (meter) => meter.world.powerOn(),
  () => (meter) => meter.world.powerOn(),
  () => (meter) => meter.world.killMcu(),
  (chance) => (meter) =>
    meter.world.grid.dip({
      residualPercent: Math.round(90 * chance),
      micros: Math.ceil(20 * SECOND * chance),
    }),
  (chance) => (meter) => meter.world.grid.surge({ volt: 300, micros: Math.ceil(20 * SECOND * chance) }),
  (chance) => (meter) => meter.world.grid.setLevel(180 + Math.round(80 * chance)),
  (chance) => (meter) => meter.world.grid.ramp({ hertz: 49 + 2 * chance, hertzPerSecond: 0.5 }),
  (chance, step) => (meter) =>
    meter.world.covers.setOpen(chance < 0.5 ? 'meter' : 'terminal', step % 2 === 0),
  (chance) => (meter) => meter.world.covers.setBattery(chance < 0.5),
  (chance) => (meter) => meter.world.hall.setMagnet(chance < 0.5 ? undefined : MAGNET),
  (chance) => (meter) =>
    meter.world.setWiring(chance < 0.5 ? {} : { bypassShare: chance - 0.4, earthShare: 0.3 }),
  (chance) => (meter) =>
    meter.world.setLoadSideSource(
      chance < 0.5 ? { kind: 'none' } : { kind: 'generator', voltRms: 300 * chance },
    ),
  (chance) => (meter) => meter.world.setTemperature(-20 + Math.round(90 * chance)),
  (chance) => (meter) => (chance < 0.3 ? meter.world.relay.weld() : meter.world.relay.breakWeld()),
  (chance) => (meter) => meter.firmware?.commandSwitch(chance < 0.3 ? 'open' : 'none'),
  (chance) => (meter) =>
    chance < 0.5 ? meter.world.keypad.hold('7') : meter.world.keypad.release(chance < 0.9 ? '7' : '8'),
  // Of the profile: a record that rots in the dark is gone, and the watch would say so.
  (chance) => (meter) => meter.world.eeprom.stick(PROFILE_AT + Math.floor(4_000 * chance), 4, 0),
  (chance) => (meter) => (chance < 0.5 ? meter.world.rtc.removeBattery() : meter.world.rtc.fitBattery()),
];

function keyed(keys: string): Act {
  return ({ world }) => {
    for (const key of keys) world.pressKey(key === '#' ? 'enter' : (key as KeypadKey));
  };
}

/** Everything that anybody can see of a meter. */
function seen(meter: WholeMeter): unknown {
  const { world, firmware, tokens } = meter;
  return {
    at: world.now(),
    trace: world.traceHash(),
    tokens,
    checks: meter.checks,
    truth: world.energyTruth(),
    readout: firmware?.readout(),
    profile: firmware?.loadProfile(),
    events: firmware === undefined ? [] : EVENT_GROUPS.map((group) => firmware.events(group)),
    glass: world.display.text,
    switchings: world.relay.log,
    wear: world.eeprom.worstWear,
    memory: world.eeprom.counts,
  };
}

/** @returns the twin that rested. */
function liveBoth(name: string, steps: number, longest: number, more: Partial<WholeMeterOptions>): Sleeper {
  const random = new RandomStream(name, 'story');
  const awake = new WholeMeter(optionsOf(name, more));
  const sleeper = new Sleeper(optionsOf(name, more));
  const both = (act: Act): void => {
    act(awake);
    act(sleeper.meter);
  };
  both(({ world }) => world.powerOn());
  both((meter) => meter.enterToken(ownToken(6_600_000, 50)));
  for (let step = 1; step <= steps; step++) {
    const wait = Math.ceil(longest ** random.uniform());
    both(({ world }) => world.advance(wait));
    sleeper.rest();
    const act = ACTS[random.integer(0, ACTS.length - 1)] as (typeof ACTS)[number];
    both(act(random.uniform(), step));
    assert.equal(seen(sleeper.meter), seen(awake), `${name}, step ${step}`);
  }
  both(({ world }) => {
    world.powerOn();
    world.slot.plug(
      world.makeModule({ id: new Uint8Array(8).fill(1), pairingKey: new Uint8Array(16).fill(2) }),
    );
    world.advance(MINUTE);
  });
  assert.equal(seen(sleeper.meter), seen(awake), `${name}, with a module at last`);
  return sleeper;
}

test('when a meter rests between whatever happens to it then nothing that it does is another', () => {
  const lives = count(1_000, 10);
  const busy = new Map<string, number>();
  let rests = 0;
  let most = 0;
  for (let life = 0; life < lives; life++) {
    const sleeper = liveBoth(`rest ${seed}/${life}`, 60, 6 * HOUR, {});
    rests += sleeper.rests;
    most = Math.max(most, sleeper.bytes);
    for (const [what, times] of sleeper.busy) busy.set(what, (busy.get(what) ?? 0) + times);
  }
  report(
    `${lives} lives of 60 steps: ${rests} rests, ${most} bytes at the most; busy: ${JSON.stringify([...busy])}`,
  );
  assert.ok(rests > 30 * lives, 'a meter comes to rest');
  assert.ok(most <= MOST_BYTES);
});

test('when a meter is sampled then it rests as well', () => {
  const lives = count(100, 3);
  let rests = 0;
  for (let life = 0; life < lives; life++)
    rests += liveBoth(`sampled rest ${seed}/${life}`, 30, 20 * SECOND, { fidelity: 'sampled' }).rests;
  report(`${lives} sampled lives of 30 steps: ${rests} rests`);
  assert.ok(rests > 10 * lives);
});

test('when the members of a fleet rest between their turns then every one ends as if it never had', () => {
  let rests = 0;
  let bytes = 0;
  let most = 0;
  for (const link of Object.keys(LINKS) as LinkName[]) {
    for (let number = 0; number < count(100, 3); number++) {
      const plan: FleetPlan = { seed, days: 8, link, faultsPerDay: 4, startsEpochSeconds: 1_793_577_600 };
      const random = new RandomStream(`${seed}/${link}/${number}`, 'turns');
      let member = new FleetMeter(plan, number);
      for (let day = random.uniform(); day < plan.days; day += random.uniform()) {
        member.runToDay(day);
        const rested = member.rest();
        rests++;
        bytes += rested.length;
        most = Math.max(most, rested.length);
        member = new FleetMeter(plan, number, rested);
        assert.equal(member.rest(), rested);
      }
      assert.equal(member.run(), new FleetMeter(plan, number).run(), `${link}, meter ${number}`);
    }
  }
  report(
    `${rests} rests of members of fleets, ${Math.round(bytes / rests)} bytes on the average, ${most} at the most`,
  );
});

test('when a household has lived for months then it rests in 8 KiB', () => {
  const plan: FleetPlan = {
    seed,
    days: 120,
    link: 'nb-iot',
    faultsPerDay: 0.5,
    startsEpochSeconds: 1_793_577_600,
  };
  const sizes = Array.from({ length: count(50, 4) }, (_, number) => {
    const member = new FleetMeter(plan, number);
    member.runToDay(119);
    return member.rest().length;
  });
  report(`households after 119 days: ${Math.min(...sizes)} to ${Math.max(...sizes)} bytes`);
  assert.ok(Math.max(...sizes) <= MOST_BYTES);
});

test('when a meter is in the middle of something then it says of what', () => {
  const meter = new WholeMeter(optionsOf('busy'));
  meter.world.powerOn();
  meter.world.advance(SECOND);
  meter.enterToken(ownToken(6_600_000, 50));
  assert.equal(meter.rest(), { busy: 'a token is in work' });
  meter.world.advance(5 * SECOND);
  meter.world.at(meter.world.now() + HOUR, () => {});
  assert.equal(meter.rest(), { busy: 'somebody waits who is not part of the meter' });
  const lived = new WholeMeter(optionsOf('busy'));
  lived.world.advance(1);
  assert.throws(() => lived.wake(new Uint8Array(10)), /never lived/);
});

test.run();
