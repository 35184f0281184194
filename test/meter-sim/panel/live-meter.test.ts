import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { inspectImage, LiveMeter, manufacture } from '../../../meter-sim/panel/live-meter.ts';
import { ownToken, PUBLIC_FACTORY } from '../../support/public-meter.ts';
import { fault, rejects } from '../../support/throws.ts';

const test = suite('meter-sim/panel/live-meter');

const RTC = 1_790_000_000;
let isFull = false;

function makeMeter(memoryImage: Uint8Array, pages: number[] = []): LiveMeter {
  return new LiveMeter({
    factory: PUBLIC_FACTORY,
    seed: 3,
    speed: 1,
    loadWatts: 0,
    rtcEpochSeconds: RTC,
    memoryImage,
    committed: (address) => pages.push(address),
  });
}

test('a new meter leaves the factory bench formatted, without credit and with its relay’s delays', () => {
  const image = manufacture(PUBLIC_FACTORY, 3, RTC);
  assert.equal(inspectImage(image), { meterPan: PUBLIC_FACTORY.meterPan, relay: 'open' });
  assert.equal(image, manufacture(PUBLIC_FACTORY, 3, RTC), 'the same seed makes the same meter');
  assert.is(inspectImage(new Uint8Array(32_768).fill(0xff)), undefined);
  const readings = makeMeter(image).status().readings;
  assert.is(readings?.status, 'running');
  assert.is(readings?.creditMilliWh, 0);
});

test('a token in work when the mains goes is finished within the hold-up; the next one finds no power', async () => {
  const pages: number[] = [];
  const meter = makeMeter(manufacture(PUBLIC_FACTORY, 3, RTC), pages);
  const entered = meter.enterToken(ownToken(6_600_000, 5));
  meter.setMains(false);
  meter.advance(1_000_000);
  assert.equal(await entered, {
    outcome: {
      stage: 'token',
      result: 'Accept',
      creditDeciKwh: 5,
      effect: { kind: 'credited', resource: 'electricity', units: 5 },
    },
    balanceMilliWh: 500_000,
  });
  assert.ok(pages.length >= 3, 'the token record and the record of the power failure went to the door');
  assert.throws(() => meter.enterToken(ownToken(6_600_001, 5)), fault('meter_not_powered'));
  assert.throws(() => meter.pressKeys(['1']), fault('meter_not_powered'));
  assert.is(meter.status().powered, false);
  assert.is(meter.status().readings, undefined);
  meter.setMains(true);
  meter.advance(1_000_000);
  assert.is(meter.status().readings?.creditMilliWh, 500_000);
});

test('a token whose answer never comes is answered with what is known', async () => {
  const meter = makeMeter(manufacture(PUBLIC_FACTORY, 3, RTC));
  const entered = meter.enterToken(ownToken(6_600_000, 5));
  meter.fail();
  await rejects(entered, fault('meter_power_lost'));
  assert.is(meter.status().powered, false);
});

test('a page that the door cannot keep ends the meter: who waits is told, and a stop still ends', async () => {
  const meter = new LiveMeter({
    factory: PUBLIC_FACTORY,
    seed: 3,
    speed: 1,
    loadWatts: 0,
    rtcEpochSeconds: RTC,
    memoryImage: manufacture(PUBLIC_FACTORY, 3, RTC),
    committed: () => {
      if (isFull) throw new Error('no space left');
    },
  });
  meter.advance(5_000_000);
  isFull = true;
  const entered = meter.enterToken(ownToken(6_600_000, 5));
  assert.throws(
    () => meter.advance(1_000_000),
    (error: unknown) => (error as Error).message === 'no space left',
  );
  await rejects(entered, fault('meter_power_lost'));
  assert.is(meter.status().powered, false);
  meter.shutDown();
});

test.run();
