import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DELAY_BINS_SECTION, EMPTY_BINS } from '../../../meter-sim/firmware/delay-bins.ts';
import { DEFAULT_OPENING, DelayEstimator } from '../../../meter-sim/firmware/delay-estimator.ts';
import { ZeroCrossPredictor } from '../../../meter-sim/firmware/zero-cross-predictor.ts';

const test = suite('meter-sim/firmware/switching-parts');

const SEED = 20_260_401;

/** A small generator of our own: the firmware's parts are tested without the world here. */
function makeRandom(seed: number): { uniform(): number; gaussian(): number } {
  let state = seed >>> 0;
  const uniform = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  return {
    uniform,
    gaussian: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

test('zeros of a clean wave are predicted at 45 to 65 Hz', () => {
  for (const hertz of [45, 49.8, 50, 50.2, 60, 65]) {
    const half = 5e5 / hertz;
    const predictor = new ZeroCrossPredictor();
    for (let index = 0; index <= 16; index++) {
      assert.is(predictor.next(0), undefined);
      predictor.add(1_000 + index * half);
    }
    assert.ok(predictor.ready());
    const next = predictor.next(1_000 + 18.3 * half);
    assert.ok(Math.abs((next ?? 0) - (1_000 + 19 * half)) < 1e-3, `${hertz} Hz: ${next}`);
  }
});

test('noise of single crossings is smoothed out and halves of unequal length are kept apart', () => {
  const random = makeRandom(SEED);
  const predictor = new ZeroCrossPredictor();
  // A second harmonic makes one half cycle 300 µs longer than the other.
  const truth = (index: number): number => index * 10_000 + (index % 2) * 300;
  let worst = 0;
  for (let index = 0; index < 400; index++) {
    predictor.add(truth(index) + 20 * random.gaussian());
    if (!predictor.ready()) continue;
    const next = predictor.next(truth(index) + 11_000) ?? 0;
    worst = Math.max(worst, Math.abs(next - truth(index + 2)));
  }
  console.log(`  seed ${SEED}: crossings noisy by 20 µs, predictions off by ${worst.toFixed(1)} µs at worst`);
  assert.ok(worst < 60);
});

test('of a cluster of zeros only the first is a target', () => {
  const predictor = new ZeroCrossPredictor();
  for (let half = 0; half < 20; half++) {
    for (const offset of [0, 700, 1_400]) predictor.add(half * 10_000 + offset);
  }
  for (const after of [195_000, 200_300, 201_500]) {
    const next = predictor.next(after) ?? 0;
    assert.ok(Math.abs(next - Math.ceil(after / 10_000) * 10_000) < 1e-6, `${after}: ${next}`);
  }
});

test('when the frequency ramps by 0.5 Hz/s then zeros a cycle and a half ahead are still met', () => {
  let worst = 0;
  let predictions = 0;
  for (const [from, slope] of [
    [49, 0.5],
    [51, -0.5],
    [45, 0.5],
    [65, -0.5],
  ] as const) {
    // Phase in half cycles after t seconds: 2 (f t + slope t^2 / 2).
    const zeroAt = (half: number): number => {
      const root = Math.sqrt(from * from + slope * half);
      return (1e6 * (root - from)) / slope;
    };
    const predictor = new ZeroCrossPredictor();
    for (let half = 1; half < 200; half++) {
      predictor.add(zeroAt(half));
      const next = predictor.next(zeroAt(half + 3) - 2_000);
      if (next === undefined) continue;
      predictions += 1;
      worst = Math.max(worst, Math.abs(next - zeroAt(half + 3)));
    }
  }
  console.log(`  ${predictions} predictions on ramps of 0.5 Hz/s, off by ${worst.toFixed(2)} µs at worst`);
  assert.ok(predictions > 600 && worst < 10);
});

test('a wave that stops or jumps is not extrapolated', () => {
  const predictor = new ZeroCrossPredictor();
  for (let index = 0; index < 30; index++) predictor.add(index * 10_000);
  assert.ok(predictor.ready());
  predictor.add(29 * 10_000 + 13_000);
  assert.not(predictor.ready());
});

test('a relay’s own delay and scatter are learnt from its operations', () => {
  const random = makeRandom(SEED);
  let early = 0;
  let late = 0;
  const operations = 20_000;
  const estimator = new DelayEstimator(DEFAULT_OPENING);
  assert.is(estimator.leadMicros() > 3_000, true, 'an unmeasured relay is led by its unit spread');
  for (let index = 0; index < operations; index++) {
    // Wear and temperature move the mean by 1 ms over the run.
    const delay = 9_200 + (1_000 * index) / operations + 150 * random.gaussian();
    if (index >= 16) {
      const fromZero = delay - estimator.meanMicros - estimator.leadMicros();
      if (fromZero > 0) late += 1;
      if (fromZero < -1_000) early += 1;
    }
    const sample = delay - (delay % 244.14) + 244.14 * random.uniform();
    estimator.observe(sample > delay ? [sample - 244.14, sample] : [sample, sample + 244.14]);
  }
  console.log(
    `  seed ${SEED}: ${operations} operations at 0.15 ms: lead ${estimator.leadMicros().toFixed(0)} µs, ` +
      `${late} late, ${early} more than 1 ms early`,
  );
  assert.ok((late + early) / operations < 0.01);
  const again = new DelayEstimator(DEFAULT_OPENING, estimator.record());
  assert.ok(Math.abs(again.leadMicros() - estimator.leadMicros()) < 5, 'what is learnt survives a power cut');
});

test('what was learnt at one temperature and voltage leads at any other, and bins keep what the law leaves over', () => {
  const random = makeRandom(SEED);
  const estimator = new DelayEstimator(DEFAULT_OPENING);
  // Above 40 C this unit is 60 µs slower than the law of its type.
  const delayAt = ({ deciCelsius, milliVolt }: { deciCelsius: number; milliVolt: number }): number =>
    8_700 +
    3 * (deciCelsius - 230) -
    (500 * 12 * (milliVolt / 1_000 - 230)) / 230 +
    (deciCelsius >= 400 ? 60 : 0);
  for (let index = 0; index < 40; index++) estimator.observe([8_640, 8_760]);
  const cold = { deciCelsius: -250, milliVolt: 270_000 };
  assert.ok(Math.abs(estimator.expectedMicros(cold) - delayAt(cold)) < 20);
  for (let index = 0; index < 2_000; index++) {
    const conditions = {
      deciCelsius: -250 + 950 * random.uniform(),
      milliVolt: 184_000 + 92_000 * random.uniform(),
    };
    const delay = delayAt(conditions) + 50 * random.gaussian();
    estimator.observe([delay - 60, delay + 60], conditions);
  }
  const bins = { opening: estimator.bins(), closing: EMPTY_BINS };
  const bytes = new Uint8Array(DELAY_BINS_SECTION.bytes + 2).fill(0xaa);
  DELAY_BINS_SECTION.encode(bins, bytes, 1);
  assert.equal(DELAY_BINS_SECTION.decode(bytes, 1), bins);
  assert.equal([bytes[0], bytes.at(-1)], [0xaa, 0xaa]);
  const again = new DelayEstimator(DEFAULT_OPENING, estimator.record(), bins.opening);
  for (const deciCelsius of [-200, 0, 200, 450, 650]) {
    const conditions = { deciCelsius, milliVolt: 230_000 };
    const off = again.expectedMicros(conditions) - delayAt(conditions);
    assert.ok(Math.abs(off) < 30, `${deciCelsius / 10} C: ${off} µs`);
  }
});

test('a false contact signal teaches nothing', () => {
  const estimator = new DelayEstimator(DEFAULT_OPENING);
  estimator.observe([0, 244]);
  estimator.observe([50_000, 50_244]);
  assert.is(estimator.operations, 0);
});

test.run();
