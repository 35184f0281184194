/** Credit as the customer meets it: keys, codes, glass, buzzer, relay and clock of a whole meter (meter-hardware.md 6). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FRIENDLY_HOURS } from '../../../meter-sim/firmware/credit/friendly.ts';
import { type CreditOptions, DEFAULT_CREDIT } from '../../../meter-sim/firmware/credit/state.ts';
import type { KeypadKey } from '../../../meter-sim/firmware/hardware-interface.ts';
import { CONLOG_CODES } from '../../../meter-sim/firmware/info-codes.ts';
import { InvariantChecker } from '../../../meter-sim/firmware/invariants.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../../../meter-sim/firmware/options.ts';
import { IDEAL_RTC } from '../../../meter-sim/hardware/rtc.ts';
import type { MeterWorldOptions } from '../../../meter-sim/world/meter-world.ts';
import { report } from '../../support/counts.ts';
import { type MeterBench, makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { ownToken, ownTokenOf } from '../../support/public-meter.ts';

const test = suite('meter-sim/firmware/credit');

const HOUR = 3_600 * SECOND;
const FIRST_TID = 6_600_000;
const UNIT = 100_000;

interface Customer {
  readonly bench: MeterBench;
  readonly world: MeterBench['world'];
  /** Digits and `enter`; answers with what stands on the glass. */
  code(digits: string): string;
  key(key: KeypadKey): void;
  enter(tokenNo: string): string;
  buy(deciKwh: number): string;
  pay(hundredThousandth: number): string;
  icons(): string;
  watts(watt: number): void;
  beeps(): number;
}

function customerOf(
  credit: Partial<CreditOptions>,
  at: string,
  options: Partial<FirmwareOptions> = {},
  image?: Uint8Array,
): Customer {
  const world: Partial<MeterWorldOptions> = {
    rtcEpochSeconds: Date.parse(`${at}Z`) / 1_000,
    rtc: IDEAL_RTC,
    ...(image === undefined ? {} : { memoryImage: image }),
  };
  const bench = makeBench(world, {
    ...DEFAULT_OPTIONS,
    ...options,
    credit: { ...DEFAULT_CREDIT, ...credit },
  });
  powerUp(bench);
  let tid = FIRST_TID;
  const press = (keys: readonly KeypadKey[]): void => {
    for (const key of keys) bench.world.pressKey(key);
    bench.world.advance(200_000);
  };
  const enter = (tokenNo: string): string => {
    let result = 'none';
    bench.firmware().enterToken(tokenNo, (outcome) => {
      result = outcome.result;
    });
    bench.world.advance(SECOND);
    return result;
  };
  return {
    bench,
    world: bench.world,
    code: (digits) => {
      press([...(digits.split('') as KeypadKey[]), 'enter']);
      return bench.world.display.text;
    },
    key: (key) => press([key]),
    enter,
    buy: (deciKwh) => enter(ownToken(tid++, deciKwh)),
    pay: (hundredThousandth) =>
      enter(
        ownTokenOf({
          kind: 'currencyCredit',
          resource: 'electricity',
          tidMinutes: tid++,
          amountHundredThousandth: BigInt(hundredThousandth),
        }),
      ),
    icons: () => bench.world.display.icons.join(' '),
    watts: (watt) => bench.world.setLoad({ appliances: [{ kind: 'resistive', watt }] }),
    beeps: () => bench.world.beeper.counts['low-credit'],
  };
}

test('when emergency credit is taken by 811 then the light comes back, the code tells what is left, and the next token pays it', () => {
  const customer = customerOf({}, '2026-11-24T12:00:00');
  const { bench, world } = customer;
  const checker = new InvariantChecker();
  const check = (): void => checker.check(bench.firmware().vitals(), world.relay.position);
  assert.is(customer.buy(1), 'Accept');
  customer.watts(9_200);
  world.advance(60 * SECOND);
  check();
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'emergencyAvailable');
  assert.match(customer.icons(), /no-credit/);
  assert.match(customer.code('811'), /^E 9\.99 kWh$/);
  world.advance(2 * SECOND);
  assert.is(world.relay.position, 'closed');
  assert.match(customer.icons(), /emergency/);
  // 4.6 kWh.
  world.advance(HOUR / 2);
  check();
  assert.match(customer.code('811'), /^E 5\.[34]\d kWh$/);
  world.advance(5 * SECOND);
  assert.match(world.display.text, /^OWE 4\.[56]\d kWh$/);
  // A death without warning forgets a checkpoint of energy and no grant.
  world.killMcu();
  powerUp(bench);
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'closed');
  assert.is(bench.firmware().readout().credit.cosem.emergency, 'inUse');
  world.advance(HOUR);
  check();
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'creditUsedUp');
  assert.is(customer.code('811'), 'Emer USEd UP');
  assert.is(customer.buy(200), 'Accept');
  world.advance(3 * SECOND);
  check();
  const { creditState } = bench.firmware().vitals();
  assert.is(creditState.energy.emergency, 0);
  assert.ok(Math.abs(creditState.energy.balance - 10_000_000) < 200_000, `${creditState.energy.balance}`);
  assert.is(world.relay.position, 'closed');
  assert.is(customer.code('811'), 'rEJEct', 'nothing is offered above the threshold');
});

test('when credit is low then icon, lamp and a beep every thirty seconds warn, and 812 or a key silences a day', () => {
  const customer = customerOf({}, '2026-11-24T12:00:00');
  const { bench, world } = customer;
  customer.buy(210);
  assert.not.match(customer.icons(), /low-credit/);
  customer.watts(4_000);
  world.advance(HOUR / 2);
  assert.match(customer.icons(), /low-credit/);
  assert.not.match(customer.icons(), /low-credit-lamp/);
  world.advance(2.5 * HOUR);
  assert.match(customer.icons(), /low-credit-lamp/);
  assert.is(customer.beeps(), 0);
  customer.watts(20_000);
  world.advance(0.25 * HOUR);
  customer.watts(0);
  const before = customer.beeps();
  assert.ok(before > 0, 'the first beep needs nobody who looks');
  world.advance(300 * SECOND);
  assert.is(customer.beeps() - before, 10);
  assert.is(customer.code('812'), 'SILEnt');
  const silent = customer.beeps();
  world.advance(23.9 * HOUR);
  assert.is(customer.beeps(), silent);
  world.advance(0.2 * HOUR);
  assert.ok(customer.beeps() > silent, 'after a day it sounds again');
  customer.key('backspace');
  const again = customer.beeps();
  // The silence outlives a power cut.
  world.cutPower();
  world.advance(2 * SECOND);
  powerUp(bench);
  world.advance(HOUR);
  assert.is(customer.beeps(), again);
  customer.buy(100);
  world.advance(48 * HOUR);
  assert.is(customer.beeps(), again, 'enough was bought');
});

test('when credit ends in friendly hours then the supply stays until they end, and not a second longer', () => {
  const customer = customerOf({ friendly: FRIENDLY_HOURS }, '2026-11-24T18:00:00');
  const { bench, world } = customer;
  customer.buy(1);
  customer.watts(1_000);
  const events = world.eventsRun;
  world.advance(14 * HOUR);
  report(`${world.eventsRun - events} events in 14 friendly hours`);
  assert.ok(world.eventsRun - events < 5_000, 'nobody watches for the end of a credit that has ended');
  assert.is(world.relay.position, 'closed');
  assert.match(customer.icons(), /friendly/);
  assert.match(customer.icons(), /negative-credit/);
  assert.match(customer.code('801'), /^-13\.[89]\d kWh$/);
  world.advance(5 * SECOND);
  assert.is(world.display.text, 'F to 10:00');
  assert.is(customer.code('811'), 'rEJEct', 'more is owed than the emergency credit could give');
  world.cutPower();
  world.advance(2 * SECOND);
  powerUp(bench);
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'closed', 'a power cut does not end the window');
  const end = (16 * 3_600 - 1) * SECOND;
  world.runUntil(end);
  assert.is(world.relay.position, 'closed');
  world.runUntil(end + 3 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'creditUsedUp');
  const owed = -bench.firmware().vitals().creditMilliWh;
  world.advance(10 * HOUR);
  assert.is(-bench.firmware().vitals().creditMilliWh, owed);
  assert.is(world.relay.position, 'open', 'the next window keeps on only what is on');
  customer.buy(200);
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'closed');
});

test('when a make wants a key press then the relay waits ready for it', () => {
  const customer = customerOf({ reconnection: 'key' }, '2026-11-24T12:00:00');
  const { bench, world } = customer;
  customer.buy(1);
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'open');
  assert.is(bench.firmware().readout().switchCause, 'ready');
  world.cutPower();
  world.advance(2 * SECOND);
  powerUp(bench);
  world.advance(3 * SECOND);
  assert.match(customer.icons(), /ready/);
  assert.is(world.relay.position, 'open');
  customer.key('enter');
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'closed');
});

test('when a token leaves something owed and the make minds then Account Low is shown and the token stays good', () => {
  const customer = customerOf({ minimumPurchase: 'whatIsOwed' }, '2026-11-24T12:00:00');
  const { bench, world } = customer;
  customer.code('811');
  customer.watts(10_000);
  world.advance(HOUR / 2);
  const token = ownToken(FIRST_TID + 500, 20);
  assert.is(customer.enter(token), 'AccountLow');
  assert.is(world.display.text, 'Account Low');
  assert.is(bench.firmware().vitals().acceptedMilliWh, 0);
  assert.is(customer.enter(ownToken(FIRST_TID + 501, 60)), 'Accept');
  assert.is(customer.enter(token), 'Accept');
});

test('when the meter keeps money then tokens, tariff, daily charge and glass are in it, and kWh are refused', () => {
  const customer = customerOf(
    {
      mode: 'currency',
      offsetMinutes: 120,
      tariffs: [{ fromSeconds: 0, energy: { kind: 'flat', price: 2 * UNIT }, dailyCharge: UNIT / 2 }],
    },
    '2026-11-24T12:00:00',
  );
  const { bench, world } = customer;
  const checker = new InvariantChecker();
  assert.is(customer.buy(10), 'FunctionError');
  assert.is(customer.pay(100 * UNIT), 'Accept');
  world.advance(10 * SECOND);
  assert.is(world.relay.position, 'closed');
  assert.is(world.display.text, '100.00 Cr');
  customer.watts(2_500);
  world.advance(4 * HOUR - 11 * SECOND);
  const { creditState, totalMilliWh } = bench.firmware().readout() && bench.firmware().vitals();
  assert.is(creditState.money.charged, Math.floor(totalMilliWh / 5));
  customer.watts(0);
  world.runUntil(10 * HOUR + SECOND);
  const midnight = bench.firmware().vitals().creditState.money.charged;
  assert.is(
    midnight - Math.floor(bench.firmware().vitals().totalMilliWh / 5),
    UNIT / 2,
    'the day has its charge',
  );
  assert.is(customer.pay(-50 * UNIT), 'Accept', 'money can carry a debt');
  checker.check(bench.firmware().vitals(), world.relay.position);
  // Two days in the dark cost two days.
  world.cutPower();
  world.advance(48 * HOUR);
  powerUp(bench);
  world.advance(3 * SECOND);
  assert.is(bench.firmware().vitals().creditState.money.charged - midnight, UNIT);
  customer.watts(20_000);
  world.advance(HOUR);
  assert.is(world.relay.position, 'open');
  const { money } = bench.firmware().vitals().creditState;
  assert.ok(money.balance <= 0 && money.balance > -100, `${money.balance}`);
  checker.check(bench.firmware().vitals(), world.relay.position);
});

test('when the calendar changes the band then money is charged at the price of the new one, also after a cut', () => {
  const table = [
    { fromSecond: 0, band: 0 },
    { fromSecond: 13 * 3_600, band: 1 },
  ];
  const active = {
    dayTables: [table],
    weeks: [Array(7).fill(0)],
    seasons: [{ month: 1, day: 1, week: 0 }],
    specialDays: [],
  };
  const tou = { offsetMinutes: 0, defaultBand: 0, active };
  const customer = customerOf(
    {
      mode: 'currency',
      tariffs: [{ fromSeconds: 0, energy: { kind: 'bands', prices: [UNIT, 3 * UNIT] }, dailyCharge: 0 }],
    },
    '2026-11-24T12:00:00',
    { metering: { ...DEFAULT_OPTIONS.metering, tou } },
  );
  const { bench, world } = customer;
  const charged = (): number => {
    bench.firmware().readout();
    return bench.firmware().vitals().creditState.money.charged;
  };
  customer.pay(100 * UNIT);
  customer.watts(1_000);
  world.runUntil(HOUR);
  const cheap = charged();
  assert.ok(Math.abs(cheap - UNIT) < UNIT / 50, `${cheap}`);
  world.advance(HOUR);
  const dear = charged() - cheap;
  assert.ok(Math.abs(dear - 3 * UNIT) < UNIT / 20, `${dear}`);
  world.cutPower();
  world.advance(2 * SECOND);
  powerUp(bench);
  const before = charged();
  world.advance(HOUR);
  assert.ok(Math.abs(charged() - before - 3 * UNIT) < UNIT / 20);
});

test('when credit is cleared by a token then nothing is left, nothing is owed, and the registers still agree', () => {
  const customer = customerOf({}, '2026-11-24T12:00:00');
  const { bench, world } = customer;
  customer.buy(100);
  world.advance(3 * SECOND);
  const clear = { kind: 'clearCredit', rnd: 1, registerCode: 0 } as const;
  assert.is(customer.enter(ownTokenOf({ ...clear, tidMinutes: FIRST_TID + 50 })), 'Accept');
  world.advance(3 * SECOND);
  assert.is(world.relay.position, 'open');
  const { energy } = bench.firmware().vitals().creditState;
  assert.equal(energy, { accepted: 10_000_000, emergency: 0, charged: 0, cleared: 10_000_000, balance: 0 });
  world.killMcu();
  powerUp(bench);
  assert.equal(bench.firmware().vitals().creditState.energy, energy, 'durable before it was answered');
});

test('when a make has other codes then they are the codes', () => {
  const conlog = customerOf({}, '2026-11-24T12:34:56', { codes: CONLOG_CODES });
  conlog.buy(1);
  assert.is(conlog.code('078'), '01');
  assert.is(conlog.code('801'), 'rEJEct');
  const hexing = customerOf({ offsetMinutes: 120 }, '2026-11-24T22:34:56');
  assert.is(hexing.code('802'), '2026-11-25');
  assert.is(hexing.code('803'), '00:34');
  assert.is(hexing.code('869'), '--------');
  assert.is(hexing.code(''), '0.00 kWh');
});

test.run();
