/** Every kind of token at the whole meter: what it does, shows and leaves behind (sts.md 2.5, 7, 8.4). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { keyChangeSections } from '../../../lib/keys/key-change.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import type { Token } from '../../../lib/token/kinds.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import type { KeypadKey } from '../../../meter-sim/firmware/hardware-interface.ts';
import { InvariantChecker } from '../../../meter-sim/firmware/invariants.ts';
import { DEFAULT_OPTIONS } from '../../../meter-sim/firmware/options.ts';
import { testsOf } from '../../../meter-sim/firmware/token-pages.ts';
import { type MeterBench, makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken, PUBLIC_FACTORY, tokenOfAnotherMeter } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware/token-kinds');

const TID = 6_600_000;

function digits(token: Token, key = PUBLIC_FACTORY.decoderKey): string {
  return encodeToken(token, createTokenCipher(11, bytesFromHex(key))).tokenNo;
}

function enter(bench: MeterBench, tokenNo: string): string | undefined {
  let result: string | undefined;
  bench.firmware().enterToken(tokenNo, (outcome) => {
    result = outcome.result;
  });
  bench.world.advance(100_000);
  return result;
}

/** The texts that stand on the glass for the next seconds, each once. */
function shown(bench: MeterBench, seconds: number): string[] {
  const texts: string[] = [];
  for (let half = 0; half < 2 * seconds; half++) {
    const { text } = bench.world.display;
    if (texts.at(-1) !== text) texts.push(text);
    bench.world.advance(SECOND / 2);
  }
  return texts;
}

function initiateTest(...tests: readonly number[]): string {
  const control = tests.reduce((bits, each) => bits + 2 ** (each - 1), 0);
  return digits({ kind: 'initiateTest', manufacturerDigits: 2, control, manufacturerCode: 0 });
}

test('each kind says on the glass what it did, once', () => {
  const issue = { tidMinutes: TID, rnd: 1 };
  const cases: [Token, string][] = [
    [{ kind: 'creditWater', amountDeciCubicMetre: 25, ...issue }, '+2.5 m3'],
    [{ kind: 'creditGas', amountDeciCubicMetre: 10, ...issue }, '+1.0 m3'],
    [{ kind: 'creditTime', amountDeciMinute: 15, ...issue }, '+1.5 min'],
    [{ kind: 'setMaximumPowerLimit', limitWatt: 5_000, ...issue }, 'SEt'],
    [{ kind: 'setTariffRate', rateRaw: 7, ...issue }, 'SEt'],
    [{ kind: 'setMaximumPhasePowerUnbalanceLimit', limitWatt: 100, ...issue }, 'SEt'],
    [{ kind: 'setWaterMeterFactor', factorRaw: 3, ...issue }, 'SEt'],
    [{ kind: 'setFlag', flag: 9, isSet: true, ...issue }, 'SEt'],
    [{ kind: 'setControl', index: 4, valueRaw: 77, ...issue }, 'SEt'],
    [{ kind: 'clearTamper', ...issue }, 'tAmPEr CLEAr'],
    [{ kind: 'clearCredit', registerCode: 0, ...issue }, 'CrEdit 0'],
  ];
  for (const [token, text] of cases) {
    const bench = makeBench();
    powerUp(bench);
    assert.is(enter(bench, digits(token)), 'Accept', token.kind);
    assert.equal(shown(bench, 6).slice(0, 2), ['Accept', text], token.kind);
    assert.is(enter(bench, digits(token)), 'UsedError', token.kind);
    bench.world.cutPower();
    bench.world.advance(SECOND);
    powerUp(bench);
    assert.is(enter(bench, digits(token)), 'UsedError', `${token.kind} after a power cut`);
  }
});

test('clear credit takes the balance by a term of its own, and the books agree', () => {
  const bench = makeBench();
  powerUp(bench);
  const checker = new InvariantChecker();
  enter(bench, ownToken(TID, 50));
  assert.is(
    enter(bench, digits({ kind: 'clearCredit', registerCode: 0xffff, tidMinutes: TID + 1, rnd: 0 })),
    'Accept',
  );
  bench.world.advance(3 * SECOND);
  const readout = bench.firmware().readout();
  assert.is(readout.creditMilliWh, 0);
  assert.is(readout.acceptedMilliWh, 5_000_000);
  assert.is(readout.creditState.energy.cleared, 5_000_000);
  assert.is(readout.relay, 'open');
  checker.check(readout, bench.world.relay.position);
});

test('a key change of four sections is durable section by section, in any order and over power cuts', () => {
  const newDecoderKey = '00112233445566778899aabbccddeeff';
  const sections = keyChangeSections(11, {
    newDecoderKey,
    keyExpiry: 255,
    keyRevision: 3,
    keyType: 2,
    tariffIndex: 12,
    supplyGroupCode: '654321',
    rollOver: true,
    threeSections: false,
  });
  const bench = makeBench();
  powerUp(bench);
  assert.is(enter(bench, ownToken(TID, 10)), 'Accept');
  const order = [2, 0, 3, 1].map((index) => digits(sections[index]!));
  const results = order.map((tokenNo) => {
    const result = enter(bench, tokenNo);
    bench.world.killMcu();
    powerUp(bench);
    return result;
  });
  assert.equal(results, ['3rdKCT', '1stKCT', '4thKCT', 'Accept']);
  assert.is(enter(bench, ownToken(TID + 1, 10)), 'CRCError', 'the old key is gone');
  const credit: Token = { kind: 'creditElectricity', amountDeciKwh: 20, tidMinutes: TID, rnd: 0 };
  assert.is(enter(bench, digits(credit, newDecoderKey)), 'Accept', 'a roll-over forgets the identifiers');
  assert.is(bench.firmware().readout().creditMilliWh, 3_000_000);
  assert.equal(
    bench
      .firmware()
      .events('standard')
      .filter(({ name }) => name === 'keyChanged')
      .map(({ detail }) => detail),
    [3],
  );
});

test('test tokens show what they name, one page after another, and change nothing', () => {
  const bench = makeBench();
  powerUp(bench);
  enter(bench, ownToken(TID, 10));
  bench.world.advance(10 * SECOND);
  const before = bench.world.eeprom.writesStarted;
  assert.is(enter(bench, initiateTest(3, 4, 5, 7, 8, 10, 14, 15, 16, 17, 18)), 'Accept');
  const { keyRevision, keyType, supplyGroupCode, keyExpiry } = PUBLIC_FACTORY;
  assert.equal(shown(bench, 46).slice(0, 12), [
    'Accept',
    '0.00 kWh',
    `KRN ${keyRevision} Kt ${keyType}`,
    'tI 01',
    '--------',
    'tAmPEr no',
    'SOFt 0.2',
    'EA 11',
    'KCt 4',
    `SGC ${supplyGroupCode}`,
    `KEN ${keyExpiry}`,
    '11111111115',
  ]);
  assert.is(bench.world.eeprom.writesStarted, before, 'anybody may key them, and they wear nothing');
  enter(bench, initiateTest(2));
  bench.world.advance(3 * SECOND);
  assert.is(bench.world.display.text, '8888888888888888');
  assert.ok(bench.world.display.icons.includes('tamper') && bench.world.display.icons.includes('locked'));
  assert.equal(
    testsOf({ kind: 'initiateTest', manufacturerDigits: 2, control: 2 ** 36 - 1, manufacturerCode: 0 }),
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18],
  );
  bench.world.advance(20 * SECOND);
  assert.is(enter(bench, initiateTest(30)), 'Accept');
  assert.equal(shown(bench, 6), ['Accept', '1.00 kWh'], 'a number without a name shows nothing');
});

test('a limit, a factor and an unbalance that were set are what the tests and codes show', () => {
  const bench = makeBench();
  powerUp(bench);
  enter(bench, digits({ kind: 'setMaximumPowerLimit', limitWatt: 5_000, tidMinutes: TID, rnd: 0 }));
  enter(
    bench,
    digits({ kind: 'setMaximumPhasePowerUnbalanceLimit', limitWatt: 250, tidMinutes: TID + 1, rnd: 0 }),
  );
  bench.world.killMcu();
  powerUp(bench);
  enter(bench, initiateTest(7, 11));
  assert.equal(shown(bench, 12).slice(1, 3), ['5000 W', '250 W']);
});

test('the load-switch test opens a closed switch for a moment, and never closes an open one', () => {
  const bench = makeBench({ load: { appliances: [{ kind: 'resistive', watt: 1_000 }] } });
  powerUp(bench);
  bench.world.advance(3 * SECOND);
  enter(bench, initiateTest(1));
  bench.world.advance(8 * SECOND);
  assert.is(bench.world.relay.log.filter(({ direction }) => direction === 'close').length, 0);
  enter(bench, ownToken(TID, 100));
  bench.world.advance(5 * SECOND);
  assert.is(bench.world.relay.position, 'closed');
  enter(bench, initiateTest(1));
  bench.world.advance(1_500_000);
  assert.is(bench.world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'openTest');
  bench.world.advance(5 * SECOND);
  assert.is(bench.world.relay.position, 'closed');
  // A supply that fails within the test ends it.
  enter(bench, initiateTest(1));
  bench.world.cutPower();
  bench.world.advance(2 * SECOND);
  powerUp(bench);
  bench.world.advance(5 * SECOND);
  assert.is(bench.world.relay.position, 'closed');
});

test('the last tokens are kept with result and amount, over a power cut, and shown by their code', () => {
  const bench = makeBench();
  powerUp(bench);
  const first = ownToken(TID, 123);
  const wrong = tokenOfAnotherMeter(9);
  enter(bench, first);
  enter(bench, first);
  enter(bench, wrong);
  bench.world.killMcu();
  powerUp(bench);
  const history = bench.firmware().readout().tokenHistory;
  assert.equal(
    history.map(({ lastDigits, code, deed, amount }) => [lastDigits, code, deed, amount]),
    [
      [wrong.slice(-4), 13, 'nothing', 0],
      [first.slice(-4), 10, 'nothing', 0],
      [first.slice(-4), 1, 'electricity', 123],
    ],
  );
  assert.ok(history.every(({ epochSeconds }) => epochSeconds >= 1_790_000_000));
  for (const key of '813') bench.world.pressKey(key as KeypadKey);
  bench.world.pressKey('enter');
  bench.world.advance(1_000);
  assert.equal(shown(bench, 14).slice(0, 3), [
    `${wrong.slice(-4)} 13`,
    `${first.slice(-4)} 10`,
    `${first.slice(-4)} 01 12.3`,
  ]);
  for (let more = 1; more <= 12; more++) enter(bench, ownToken(TID + more, more));
  assert.equal(
    bench
      .firmware()
      .readout()
      .tokenHistory.map(({ amount }) => amount),
    [12, 11, 10, 9, 8, 7, 6, 5, 4, 3],
  );
});

test('where the make wants it, a power cycle ends the lockout', () => {
  for (const survivesPowerLoss of [true, false]) {
    const { meter } = DEFAULT_OPTIONS;
    const options = {
      ...DEFAULT_OPTIONS,
      meter: { ...meter, lockout: { ...meter.lockout, survivesPowerLoss } },
    };
    const bench = makeBench({}, options);
    powerUp(bench);
    for (const tid of [1, 2, 3]) enter(bench, tokenOfAnotherMeter(tid));
    assert.is(enter(bench, ownToken(TID, 1)), 'Lockout');
    bench.world.killMcu();
    powerUp(bench);
    assert.is(enter(bench, ownToken(TID, 1)), survivesPowerLoss ? 'Lockout' : 'Accept');
  }
});

test.run();
