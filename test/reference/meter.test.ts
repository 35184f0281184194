/**
 * Two meters of one text must agree: `lib/meter` and the plain one of this folder, whatever is keyed into them (sts.md 6.6,
 * 7.3, 8.1-8.5).
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { enterToken } from '../../lib/meter/enter-token.ts';
import type { Resource, Token } from '../../lib/token/kinds.ts';
import { chance, type Draw } from '../support/chance.ts';
import { count, report, seedOf } from '../support/counts.ts';
import { meterOf, shownOf } from '../support/meter-vectors.ts';
import { accept, answer, meterTest, STA_METER, tokensUnder } from '../vectors/meter-steps.ts';
import {
  creditOf,
  enter,
  type Meter,
  type MeterSettings,
  newMeter,
  RESULT_NUMBERS,
  type ResultName,
  readToken,
  stateOf,
} from './meter.ts';
import { referenceSections } from './token.ts';

const test = suite('reference: meter');

const RESOURCES: readonly Resource[] = ['electricity', 'water', 'gas', 'time'];
const hex = (draw: Draw, length: number) => Array.from({ length }, () => draw(16).toString(16)).join('');
const pick = <T>(draw: Draw, list: readonly T[]): T => list[draw(list.length)]!;

function randomSettings(draw: Draw): MeterSettings {
  const encryptionAlgorithm = draw(2) === 0 ? 7 : 11;
  return {
    meterPan: pick(draw, ['600727000000000009', '000001000000000082', '600727111111111153']),
    encryptionAlgorithm,
    decoderKey: hex(draw, encryptionAlgorithm === 7 ? 16 : 32),
    keyType: pick(draw, [2, 2, 2, 2, 1, 0, 3]),
    keyRevision: 1,
    keyExpiry: pick(draw, [255, 255, 1, 0]),
    supplyGroupCode: '201457',
    tariffIndex: 1,
    baseDate: pick(draw, ['93', '14', '35']),
    // Full, with a slot free, or empty.
    tidMemory: Array.from({ length: pick(draw, [50, 49, 0]) }, (_, i) => 40_000 + 3 * i),
  };
}

/** Few identifiers, so that they meet again; some on either side of an expiry. */
const tidOf = (draw: Draw) =>
  pick(draw, [draw(12), 39_990 + draw(170), 0x00_fffc + draw(8), 0x01_fffc + draw(8)]);

function identified(draw: Draw): Token {
  const issue = { tidMinutes: tidOf(draw), rnd: draw(16) };
  const units = pick(draw, [draw(100), 18_201_624, draw(18_201_625)]);
  switch (draw(12)) {
    case 0:
      return { kind: 'creditWater', ...issue, amountDeciCubicMetre: units };
    case 1:
      return { kind: 'creditGas', ...issue, amountDeciCubicMetre: units };
    case 2:
      return { kind: 'creditTime', ...issue, amountDeciMinute: units };
    case 3:
    case 4: {
      const size = BigInt(draw(2 ** 40)) * 10n ** BigInt(draw(8));
      const amountHundredThousandth = draw(2) === 0 ? size : -size;
      return { kind: 'currencyCredit', ...issue, resource: pick(draw, RESOURCES), amountHundredThousandth };
    }
    case 5:
      return { kind: 'clearCredit', ...issue, registerCode: pick(draw, [draw(10), 0xffff, draw(0x1_0000)]) };
    case 6:
      return { kind: 'setMaximumPowerLimit', ...issue, limitWatt: units };
    case 7:
      return { kind: 'setMaximumPhasePowerUnbalanceLimit', ...issue, limitWatt: units };
    case 8:
      return pick<Token>(draw, [
        { kind: 'setTariffRate', ...issue, rateRaw: draw(0x1_0000) },
        { kind: 'setWaterMeterFactor', ...issue, factorRaw: draw(0x1_0000) },
        { kind: 'clearTamper', ...issue },
      ]);
    case 9:
      return pick<Token>(draw, [
        { kind: 'setFlag', ...issue, flag: draw(4), isSet: draw(2) === 1 },
        { kind: 'setControl', ...issue, index: draw(4), valueRaw: draw(1024) },
      ]);
    default:
      return { kind: 'creditElectricity', ...issue, amountDeciKwh: units };
  }
}

/** A key change that the meter may or may not like; its sections are told later, in any order, or not at all. */
function randomChange(draw: Draw, settings: MeterSettings): Token[] {
  const isShort = settings.encryptionAlgorithm === 7;
  return referenceSections({
    newDecoderKey: hex(draw, isShort ? 16 : 32),
    keyExpiry: pick(draw, [255, 255, 1, 170]),
    keyRevision: pick(draw, [1, 2, 3, 4, 5, 8, 9, 9, 0, 10]),
    keyType: pick(draw, [2, 2, 2, 2, 2, 2, 1, 0, 3]),
    tariffIndex: draw(100),
    supplyGroupCode: String(draw(1_000_000)).padStart(6, '0'),
    rollOver: draw(3) === 0,
    threeSections: draw(isShort ? 2 : 20) === 0,
  });
}

/** One story of a meter: what is keyed next, under the key of the moment unless another is meant. */
class Story {
  private readonly draw: Draw;
  private readonly settings: MeterSettings;
  private readonly keyed: string[] = [];
  /** What the customer holds in his hand: the sections of a change, or guesses. */
  private planned: string[] = [];
  private lastKey: string;

  constructor(draw: Draw, settings: MeterSettings) {
    this.draw = draw;
    this.settings = settings;
    this.lastKey = settings.decoderKey;
  }

  next(key: string): string {
    const { draw, planned } = this;
    if (planned.length === 0 && draw(4) === 0) this.planned = this.plan(key);
    const tokenNo = planned.length > 0 && draw(5) !== 0 ? this.takePlanned() : this.choose(key);
    this.keyed.push(tokenNo);
    if (draw(4) !== 0) this.lastKey = key;
    return tokenNo;
  }

  /** Mostly each once; sometimes one comes again later. */
  private takePlanned(): string {
    const index = this.draw(this.planned.length);
    const tokenNo = this.planned[index]!;
    if (this.draw(8) !== 0) this.planned.splice(index, 1);
    return tokenNo;
  }

  private plan(key: string): string[] {
    const { draw } = this;
    const tokens = tokensUnder(key);
    const sections = () => randomChange(draw, this.settings).map((section) => tokens.make(section));
    switch (draw(5)) {
      case 0:
        return Array.from({ length: 3 + draw(4) }, () => tokensUnder(hex(draw, key.length)).kwh(draw(100)));
      case 1:
        return [...sections(), ...sections()];
      default:
        return sections();
    }
  }

  private choose(key: string): string {
    const { draw } = this;
    const tokens = tokensUnder(key);
    switch (draw(12)) {
      case 0:
        return pick(draw, [
          '',
          'x'.repeat(20),
          '73786976294838206464',
          '9'.repeat(20),
          String(draw(2 ** 48)),
        ]);
      case 1:
        return tokensUnder(draw(2) === 0 ? this.lastKey : hex(draw, key.length)).make(identified(draw));
      case 2:
        return tokens.raw(draw(4), draw(16), BigInt(draw(2 ** 44)));
      case 3:
        return tokens.raw(pick(draw, [1, 2]), draw(16), BigInt(draw(0x100)) << BigInt(draw(37)));
      case 4:
        return tokens.make({
          kind: 'initiateTest',
          manufacturerDigits: pick(draw, [2, 4]),
          control: 1,
          manufacturerCode: pick(draw, [0, 11, 99, 1]),
        });
      case 5:
        return this.keyed.length > 0 ? pick(draw, this.keyed) : tokens.kwh(1);
      default:
        return tokens.make(identified(draw));
    }
  }
}

/** Mostly seconds, sometimes on either side of a time that a meter knows. */
const seconds = (draw: Draw) =>
  pick(draw, draw(5) === 0 ? [599, 600, 601, 1279, 1280, 3600] : [0, 0, 1, 2, 9, 10, 60]);
/** Compared as text: deep comparisons would take longer than the two meters. */
const textOf = (value: { credit: object; state: object }) =>
  JSON.stringify([value.credit, Object.entries(value.state).sort(([a], [b]) => (a < b ? -1 : 1))]);

test('when anything is keyed in any order then both meters answer and end alike', () => {
  const seed = seedOf('reference: meter');
  const draw = chance(seed);
  const wanted = count(200_000, 3_000);
  const seen = new Map<string, number>();
  const kinds = new Set<string>();
  let entries = 0;
  let meters = 0;
  let keyChanges = 0;
  while (entries < wanted) {
    const settings = randomSettings(draw);
    const story = new Story(draw, settings);
    const plain: Meter = newMeter(settings);
    let ours = meterOf(settings);
    let at = 0;
    meters += 1;
    for (let i = 0; i < 60; i += 1) {
      at += seconds(draw);
      const keyBefore = plain.key;
      const tokenNo = story.next(plain.key);
      const token = readToken(tokenNo, plain.key);
      const result = enter(plain, tokenNo, at);
      const entry = enterToken(ours, tokenNo, at);
      ours = entry.state;
      const expected = { credit: creditOf(plain), state: stateOf(plain, at) };
      const same = entry.outcome.result === result && ours.decoderKey === plain.key;
      if (!same || textOf(shownOf(ours, at)) !== textOf(expected)) {
        const what = `meter ${meters}, entry ${i + 1} at ${at}: ${token.kind}`;
        assert.equal([entry.outcome.result, shownOf(ours, at)], [result, expected], what);
        assert.unreachable(`${what}: the decoder keys differ`);
      }
      seen.set(result, (seen.get(result) ?? 0) + 1);
      kinds.add(token.kind);
      if (plain.key !== keyBefore) keyChanges += 1;
      entries += 1;
    }
  }
  report(
    `${entries} entries at ${meters} meters, ${kinds.size} kinds, ${keyChanges} key changes: 0 disagreements`,
  );
  report([...seen].map(([name, times]) => `${name} ${times}`).join(', '));
  const names = Object.keys(RESULT_NUMBERS) as ResultName[];
  assert.equal(
    names.filter((name) => !seen.has(name)),
    [],
    'results that never came',
  );
  assert.ok(kinds.size >= 23 && keyChanges > wanted / 200);
});

test('when the hand that wrote a vector errs then the second meter does not let it pass', () => {
  const t = tokensUnder(STA_METER.decoderKey);
  const write = (...steps: Parameters<typeof meterTest>[3]) => meterTest('story', STA_METER, [], steps);
  const right = accept(t.kwh(1_000), { credit: { electricity: '1' } });
  assert.is(write(right).steps[0]?.code, 1);
  const refusals: readonly [RegExp, () => unknown][] = [
    [
      /step 1: expected UsedError, the second meter says Accept/,
      () => write(answer('UsedError', t.kwh(1_000))),
    ],
    [/step 1: electricity expected "2"/, () => write(accept(t.kwh(1_000), { credit: { electricity: '2' } }))],
    [/step 1: electricity expected "0"/, () => write(accept(t.kwh(1_000)))],
    [
      /step 2: lockedUntil expected 9/,
      () => write(right, answer('UsedError', t.kwh(1_000), { state: { lockedUntil: 9 } })),
    ],
    [
      /step 2: time went back/,
      () => write({ ...right, at: 5 }, answer('UsedError', t.kwh(1_000), { at: 4 })),
    ],
  ];
  for (const [pattern, act] of refusals) {
    assert.throws(
      act,
      (error: unknown) => error instanceof Error && pattern.test(error.message),
      String(pattern),
    );
  }
});

test.run();
