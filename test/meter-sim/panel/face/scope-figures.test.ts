/** What the oscilloscope's page reckons from the traces, and where it puts things. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  exactColumns,
  lifeDays,
  supplyFigures,
  switchingFigures,
  wearLevel,
} from '../../../../meter-sim/panel/face/scope/figures.ts';
import {
  place,
  roundCrest,
  spread,
  stepsOf,
  ticksOf,
} from '../../../../meter-sim/panel/face/scope/geometry.ts';
import type { SupplyTrace, SwitchingTrace } from '../../../../meter-sim/panel/scope.ts';

const test = suite('meter-sim/panel/face/scope-figures');

const OPENING: SwitchingTrace = {
  number: 1,
  direction: 'open',
  firedAtMicros: 1_000,
  predictedZeroAtMicros: 10_010,
  expectedAtMicros: 9_500,
  deviationMicros: 170,
  movedAtMicros: 9_600,
  zeroBeforeMicros: 0,
  zeroAfterMicros: 10_000,
  fromZeroMicros: -400,
  arcMilliJoule: 12,
  atMicros: [9_000, 9_500, 10_100],
  volt: [100, 50, -10],
  amp: [10, 5, 0],
  coil: [true, true, true],
  contact: [true, true, false],
  arc: [false, false, false],
};

test('when a contact parts before the zero then lead, aim, prediction and arc are told from there', () => {
  const figures = switchingFigures(OPENING);
  assert.equal(figures, {
    zeroAtMicros: 10_000,
    delayMicros: 8_600,
    leadMicros: 510,
    leadDeviations: 3,
    aimErrorMicros: 100,
    predictionErrorMicros: 10,
    arcs: [[9_600, 10_000]],
    arcMicros: 400,
  });
});

test('when a contact parts late then the zero is the one it missed, and the arc burns to the next', () => {
  const late = { ...OPENING, movedAtMicros: 10_200, zeroBeforeMicros: 10_000, zeroAfterMicros: 20_000 };
  const { zeroAtMicros, arcMicros } = switchingFigures(late);
  assert.equal([zeroAtMicros, arcMicros], [10_000, 9_800]);
});

test('when a contact bounces then each arc is one stretch, and a contact that stood still has none', () => {
  const arc = [false, true, true, false, true, false];
  const bouncing = { ...OPENING, direction: 'close' as const, atMicros: [0, 61, 122, 183, 244, 305], arc };
  assert.equal(switchingFigures(bouncing).arcs, [
    [61, 183],
    [244, 305],
  ]);
  const still = {
    ...OPENING,
    movedAtMicros: null,
    zeroBeforeMicros: null,
    zeroAfterMicros: null,
    fromZeroMicros: null,
    arcMilliJoule: null,
  };
  const { zeroAtMicros, arcs, aimErrorMicros } = switchingFigures(still);
  assert.equal([zeroAtMicros, arcs, aimErrorMicros], [null, [], null]);
});

test('when samples are drawn then the parting and the end of its arc stand among them to the µs', () => {
  const { atMicros, contact, amp, volt } = exactColumns(OPENING);
  assert.equal(atMicros, [9_000, 9_500, 9_600, 10_000, 10_100]);
  assert.equal(contact, [true, true, false, false, false]);
  assert.is(amp[3], 0, 'no current after the zero');
  assert.equal(volt.map(Math.round), [100, 50, 40, 0, -10]);
});

test('when the rail sinks then save, reset and what was left between are told, torn pages apart', () => {
  const write = { page: 96, beganAtMicros: 110, endedAtMicros: 160, isTorn: false };
  const trace: SupplyTrace = {
    number: 2,
    atMicros: [100, 110, 160, 300],
    railVolt: [12, 11, 9, 3.4],
    state: ['sinking', 'failing', 'failing', 'off'],
    writes: [0, 1, 1, 2],
    isWriting: [false, true, false, true],
    saves: [write, { page: 97, beganAtMicros: 280, endedAtMicros: 300, isTorn: true }],
    railLevels: { brownOutVolt: 3.4, memoryVolt: 3.2, ramVolt: 2.2 },
  };
  const { saves, ...rest } = supplyFigures(trace);
  assert.is(saves.length, 2);
  assert.equal(rest, {
    lostAtMicros: 100,
    warnedAtMicros: 110,
    resetAtMicros: 300,
    savedAtMicros: 160,
    leftMicros: 140,
    savedAtVolt: 9,
    tornWrites: 1,
    journalPages: 1,
  });
  const back = supplyFigures({ ...trace, state: ['sinking', 'sinking', 'on', 'on'], saves: [] });
  assert.equal(
    [back.warnedAtMicros, back.resetAtMicros, back.savedAtMicros, back.leftMicros],
    [null, null, null, null],
  );
});

test('when wear is told then never is its own shade, the most worn the darkest, and a life follows from the rate', () => {
  assert.equal(
    [0, 1, 20, 21, 99, 100].map((writes) => wearLevel(writes, 100)),
    [0, 1, 1, 2, 5, 5],
  );
  assert.is(lifeDays(0, 86_400e6, 1_000_000), null);
  assert.is(lifeDays(10_000, 86_400e6, 1_000_000), 100, '10,000 writes a day are 100 days');
});

test('when names hang on marks then each has a row, and no line crosses a name', () => {
  const names = [
    { x: 50, width: 80 },
    { x: 20, width: 60 },
    { x: 52, width: 70 },
  ];
  for (const end of [300, 100, 60]) {
    const places = spread(names, end);
    assert.equal(places.map(({ row }) => row).sort(), [0, 1, 2]);
    for (const [index, { row, anchor }] of places.entries()) {
      const { x, width } = names[index]!;
      const [left, right] = anchor === 'start' ? [x, x + width] : [x - width, x];
      const crossed = places.some(
        (other, at) =>
          other.anchor === anchor && other.row < row && names[at]!.x > left && names[at]!.x < right,
      );
      assert.not(crossed, `${index} of a picture ${end} wide`);
    }
  }
  assert.equal(
    spread(names, 300).map(({ anchor }) => anchor),
    ['start', 'start', 'start'],
  );
  assert.equal(
    spread(
      [
        { x: 10, width: 90 },
        { x: 270, width: 90 },
      ],
      300,
    ),
    [
      { row: 1, anchor: 'start' },
      { row: 0, anchor: 'end' },
    ],
  );
});

test('when a scale is drawn then ticks are round, within it and without a minus zero', () => {
  assert.equal(ticksOf(-10, 10, 5), [-10, -5, 0, 5, 10]);
  assert.equal(ticksOf(-0.95, 1.05, 4), [-0.5, 0, 0.5, 1]);
  assert.ok(ticksOf(-1, 1, 5).every((tick) => !Object.is(tick, -0)));
  assert.equal(
    [0.2, 7, 325, 56].map((crest) => roundCrest([-crest, 0], 1)),
    [1, 8, 400, 60],
  );
  assert.is(place({ from: 0, to: 10, start: 100, end: 0 }, 5), 50);
  const x = { from: 0, to: 3, start: 0, end: 30 };
  assert.is(stepsOf(x, [0, 1, 2, 3], [false, true, true, false], 24), 'M0 21H10V3H30V21H30');
});

test.run();
