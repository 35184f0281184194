import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  METERING_STATISTICS,
  METERING_VITAL,
  type MeteringStatistics,
  type MeteringVital,
} from '../../../../meter-sim/firmware/metering/sections.ts';
import { MAX_STATISTICS_BYTES, STATISTICS_BYTES } from '../../../../meter-sim/firmware/statistics-store.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';

const test = suite('meter-sim/firmware/metering/sections');

test('both parts come back as they were written, at random and at the edges, and touch no byte beside theirs', () => {
  const seed = seedOf('sections');
  const random = new RandomStream(seed, 'sections');
  const tries = count(20_000, 1_000);
  for (let index = 0; index < tries; index++) {
    const upTo = (most: number): number =>
      [0, most, Math.floor(random.uniform() * most)][random.integer(0, 2)] as number;
    const list = (length: number, most: number): number[] => Array.from({ length }, () => upTo(most));
    const vital: MeteringVital = {
      bands: { band: upTo(7), previousBand: upTo(7), fromMilliWh: upTo(2 ** 48 - 1) },
      exportMilliWh: upTo(2 ** 48 - 1),
      exportRemainderMilliJoule: upTo(3_599),
    };
    const statistics: MeteringStatistics = {
      closedMilliWh: list(8, Number.MAX_SAFE_INTEGER),
      demand: {
        before: list(upTo(14), 2 ** 40 - 1),
        maximumMilliWh: upTo(2 ** 40 - 1),
        maximumAtSeconds: upTo(2 ** 40 - 1),
        resets: upTo(0xffff),
        lastMaximumMilliWh: upTo(2 ** 40 - 1),
      },
      demandMilliWh: upTo(2 ** 32 - 1),
      quality: {
        dips: list(25, 0xffff),
        swells: list(6, 0xffff),
        shortInterruptions: upTo(0xffff),
        longInterruptions: upTo(0xffff),
        underVoltageMillis: upTo(2 ** 48 - 1),
        overVoltageMillis: upTo(2 ** 48 - 1),
        frequencyReadings: upTo(2 ** 48 - 1),
        frequencyOutOfLimits: upTo(2 ** 48 - 1),
      },
      aliveAtSeconds: upTo(2 ** 32 - 1),
      wasFailing: random.integer(0, 1) === 1,
    };
    for (const [section, value] of [
      [METERING_VITAL, vital],
      [METERING_STATISTICS, statistics],
    ] as const) {
      const bytes = new Uint8Array(section.bytes + 2).fill(0xa5);
      section.encode(value as never, bytes, 1);
      assert.equal(section.decode(bytes, 1), value, `try ${index}, seed ${seed}`);
      assert.equal([bytes[0], bytes.at(-1)], [0xa5, 0xa5]);
    }
  }
  report(`${tries} pairs of sections`);
});

test('what the parts keep in the slower record fits into its place', () => {
  assert.ok(STATISTICS_BYTES <= MAX_STATISTICS_BYTES, `${STATISTICS_BYTES} of ${MAX_STATISTICS_BYTES} bytes`);
});

test.run();
