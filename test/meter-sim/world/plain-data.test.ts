import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readPlain, writePlain } from '../../../meter-sim/world/plain-data.ts';
import { chance, type Draw } from '../../support/chance.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('meter-sim/world/plain data');
const seed = seedOf('plain data');

const back = (data: unknown): unknown => readPlain(writePlain(data));

const NUMBERS = [0, -0, 1, -1, 223, 224, 255, 2 ** 31, -(2 ** 31), 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
const ODD = [0.1, -1e-300, 2 ** 60, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

/** Data by chance, in which an object may stand twice. */
function drawData(draw: Draw, met: object[], depth: number): unknown {
  const keep = <T extends object>(made: T): T => {
    met.push(made);
    return made;
  };
  const many = () => Array.from({ length: draw(5) }, () => drawData(draw, met, depth - 1));
  switch (draw(depth > 0 ? 12 : 6)) {
    case 0:
      return [undefined, null, true, false][draw(4)];
    case 1:
      return NUMBERS[draw(NUMBERS.length)];
    case 2:
      return ODD[draw(ODD.length)];
    case 3:
      return draw(2 ** 32) * draw(2 ** 20);
    case 4:
      return ['', 'kWh', 'Zähler', '\u{1F4A1}'][draw(4)];
    case 5:
      return met.length > 0 ? met[draw(met.length)] : 0;
    case 6:
      return keep(Uint8Array.from({ length: draw(80) }, () => draw(256)));
    case 7:
      return keep(many());
    case 8:
      return keep(new Map(many().map((item, index) => [index, item])));
    case 9:
      return keep(new Set(many()));
    default:
      return keep(Object.fromEntries(many().map((item, index) => ['abcde'[index], item])));
  }
}

test('when data is written then the same is read, and equal bytes for what was read', () => {
  const draw = chance(seed);
  const tries = count(100_000, 2_000);
  for (let index = 0; index < tries; index++) {
    const data = drawData(draw, [], 5);
    const bytes = writePlain(data);
    const read = readPlain(bytes);
    assert.equal(read, data, `seed ${seed}, ${index}`);
    assert.equal(writePlain(read), bytes);
  }
  report(`${tries} random pieces of data, seed ${seed}`);
  assert.ok(Object.is(back(-0), -0) && Number.isNaN(back(Number.NaN)));
});

test('when an object stands twice then it is one object again', () => {
  const shared = { milliWh: 5 };
  const read = back({ one: shared, other: [shared], alike: { milliWh: 5 } }) as Record<string, unknown>;
  assert.is((read['other'] as unknown[])[0], read['one']);
  assert.is.not(read['alike'], read['one']);
});

test('when a small integer was held as a float then it is written as the integer that it is', () => {
  const held = [0.5, 7];
  held[0] = 7;
  assert.equal(writePlain(held), writePlain([7, 7]));
});

test('when something is no plain data then it is refused by its name', () => {
  class Meter {}
  for (const [data, name] of [
    [new Meter(), 'Meter'],
    [() => 0, 'function'],
    [{ when: new Date(0) }, 'Date'],
    [Symbol('s'), 'symbol'],
    [1n, 'bigint'],
  ] as const) {
    assert.throws(() => writePlain(data), new RegExp(`expected plain data, got a ${name}`));
  }
});

test('when bytes are cut, changed or made up then they are refused or read as other data, and nothing else', () => {
  const draw = chance(seed + 1);
  let refused = 0;
  const tries = count(100_000, 4_000);
  for (let index = 0; index < tries; index++) {
    const { values, apart } = writePlain(drawData(draw, [], 5));
    const hurt = Uint8Array.from(values.subarray(0, values.length - draw(2)));
    if (hurt.length > 0) hurt[draw(hurt.length)] = draw(256);
    try {
      readPlain({ values: hurt, apart });
    } catch (error) {
      assert.instance(error, RangeError);
      refused++;
    }
  }
  report(`${refused} of ${tries} hurt pieces refused`);
  assert.ok(refused > tries / 4);
});

test.run();
