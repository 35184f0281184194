import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type BandState,
  bandRegisters,
  changeBand,
  NO_BANDS,
  restoreBands,
} from '../../../../meter-sim/firmware/metering/bands.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';

const test = suite('meter-sim/firmware/metering/bands');

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

test('energy goes to the band that holds when it is counted, and the sum is the total', () => {
  let bands: BandState = changeBand(NO_BANDS, 3, 100);
  bands = changeBand(bands, 1, 250);
  assert.equal(bandRegisters(bands, 1_000), [100, 750, 0, 150, 0, 0, 0, 0]);
  assert.throws(
    () => bandRegisters(bands, 249),
    (error: unknown) => error instanceof Error,
  );
});

test('records of two ages give every band to the mWh as long as one change at most lies between them', () => {
  const seed = seedOf('bands over cuts');
  const random = new RandomStream(seed, 'bands');
  const lives = count(100_000, 5_000);
  let missed = 0;
  for (let life = 0; life < lives; life++) {
    let total = 0;
    let bands: BandState = NO_BANDS;
    let closed = bands.closedMilliWh;
    const changes = random.integer(1, 20);
    for (let change = 0; change < changes; change++) {
      closed = bands.closedMilliWh;
      total += random.integer(0, 5_000_000);
      bands = changeBand(bands, random.integer(0, 7), total);
    }
    // The last change is in the slower record, or was cut.
    if (random.integer(0, 1) === 0) closed = bands.closedMilliWh;
    else missed += 1;
    total += random.integer(0, 5_000_000);
    const { band, previousBand, fromMilliWh } = bands;
    const restored = restoreBands(closed, { band, previousBand, fromMilliWh }, total);
    assert.equal(bandRegisters(restored, total), bandRegisters(bands, total), `life ${life}, seed ${seed}`);
  }
  report(`${lives} restarts, ${missed} of them without the last slow record, every band exact`);
});

test('whatever two records say, the sum of the bands is the total and none is below zero', () => {
  const seed = seedOf('bands of strangers');
  const random = new RandomStream(seed, 'strangers');
  const tries = count(200_000, 10_000);
  for (let index = 0; index < tries; index++) {
    const closed = Array.from({ length: random.integer(0, 8) }, () => random.integer(0, 1_000));
    const mark = {
      band: random.integer(0, 7),
      previousBand: random.integer(0, 7),
      fromMilliWh: random.integer(0, 6_000),
    };
    const total = random.integer(0, 6_000);
    const registers = bandRegisters(restoreBands(closed, mark, total), total);
    assert.is(sum(registers), total);
    assert.ok(registers.every((energy) => energy >= 0));
  }
  report(`${tries} pairs of records that do not fit, every sum the total`);
});

test.run();
