/** The prepayment account over days, months and tariffs, and that it never invents a debt. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { owedCredit } from '../../../../meter-sim/firmware/credit/account.ts';
import { FRIENDLY_HOURS } from '../../../../meter-sim/firmware/credit/friendly.ts';
import {
  assertCreditOptions,
  type CreditOptions,
  DEFAULT_CREDIT,
  newCreditState,
} from '../../../../meter-sim/firmware/credit/state.ts';
import { CreditAccount, NO_CHANGE } from '../../../../meter-sim/firmware/credit.ts';
import { RandomStream } from '../../../../meter-sim/world/random.ts';
import { count, report, seedOf } from '../../../support/counts.ts';

const test = suite('meter-sim/credit');

const KWH = 1_000_000;
/** 1.00 of the currency. */
const UNIT = 100_000;
const at = (text: string): number => Date.parse(`${text}Z`) / 1_000;

function accountOf(options: Partial<CreditOptions>, now?: number): CreditAccount {
  const all = { ...DEFAULT_CREDIT, ...options };
  const account = new CreditAccount(newCreditState(all), 0, all);
  if (now !== undefined) account.passTime(now);
  return account;
}

const inMoney = (options: Partial<CreditOptions>, now: number): CreditAccount =>
  accountOf({ mode: 'currency', ...options }, now);

test('when emergency credit is taken then it is used up, owed, and paid first by the next token', () => {
  const account = accountOf({});
  account.change({ ...NO_CHANGE, milliWh: 6 * KWH }, 0);
  assert.is(account.takeEmergency(), false, '6 kWh are above the threshold');
  account.charge(2 * KWH);
  assert.ok(account.takeEmergency());
  assert.is(account.takeEmergency(), false, 'one grant at a time');
  assert.equal(account.right, { mayClose: true, reason: 'credit' });
  account.charge(7 * KWH);
  assert.equal(account.right, { mayClose: true, reason: 'emergency' });
  assert.is(owedCredit(account.inUse), 3 * KWH);
  assert.is(account.inUse.balance, 7 * KWH);
  account.charge(7 * KWH + 12);
  assert.equal(account.right, { mayClose: false, reason: 'emergencyUsedUp' });
  account.change({ ...NO_CHANGE, milliWh: 4 * KWH }, 0);
  assert.is(owedCredit(account.inUse), 6 * KWH + 12);
  assert.equal(account.right, { mayClose: true, reason: 'emergency' }, 'what is paid back may be used again');
  account.change({ ...NO_CHANGE, milliWh: 20 * KWH }, 0);
  assert.is(account.paidMilliWh, 14 * KWH - 12);
  assert.is(account.inUse.emergency, 0, 'the grant has ended');
  assert.is(account.inUse.balance, 14 * KWH - 12);
});

test('when a meter is new then its first limit is the one after installation, and never again', () => {
  const emergency = { threshold: 5 * KWH, limit: 10 * KWH, initialLimit: 2 * KWH };
  const account = accountOf({ kilowattHour: { lowLevels: [], emergency } });
  assert.is(account.emergencyOffer, 2 * KWH);
  account.change({ ...NO_CHANGE, milliWh: 1 }, 0);
  assert.is(account.emergencyOffer, 10 * KWH);
  account.change({ ...NO_CHANGE, clears: { energy: true, money: true } }, 0);
  assert.is(account.emergencyOffer, 10 * KWH);
});

test('when a day ends then its charge is taken once, also in the dark and by the tariff that held then', () => {
  const flat = { kind: 'flat', price: UNIT } as const;
  const account = inMoney(
    {
      offsetMinutes: 120,
      tariffs: [
        { fromSeconds: 0, energy: flat, dailyCharge: UNIT },
        { fromSeconds: at('2026-11-26T22:00:00'), energy: flat, dailyCharge: 3 * UNIT },
      ],
    },
    at('2026-11-24T12:00:00'),
  );
  account.change({ ...NO_CHANGE, money: 100 * UNIT }, 0);
  assert.is(account.nextChange(at('2026-11-24T12:00:00')), at('2026-11-24T22:00:00'), 'midnight there');
  account.passTime(at('2026-11-24T22:00:00'));
  account.passTime(at('2026-11-24T22:00:01'));
  assert.is(account.inUse.balance, 99 * UNIT);
  // The 26th by the first tariff, the 27th and 28th by the second.
  account.passTime(at('2026-11-28T08:00:00'));
  assert.is(account.inUse.balance, (99 - 1 - 3 - 3) * UNIT);
  assert.is(account.state.tariff, 1);
});

test('when a clock is wrong, set or lost then nobody is billed for days that were not', () => {
  const flat = { kind: 'flat', price: UNIT } as const;
  const noon = at('2026-11-24T12:00:00');
  const options = { tariffs: [{ fromSeconds: 0, energy: flat, dailyCharge: UNIT }] };
  const charged = (account: CreditAccount): number => account.inUse.charged / UNIT;
  const set = inMoney(options, noon);
  set.clockSet(noon + 300 * 86_400);
  assert.is(charged(set), 0);
  set.clockSet(noon);
  set.passTime(noon + 86_400);
  assert.is(charged(set), 0, 'days up to the wrong date are taken as paid');
  set.passTime(noon + 301 * 86_400);
  assert.is(charged(set), 1);
  const jumped = inMoney(options, noon);
  jumped.passTime(noon + 3_000 * 86_400);
  assert.is(charged(jumped), 31);
  const lost = inMoney(options, noon);
  lost.passTime(undefined);
  assert.is(charged(lost), 0);
});

test('when a month begins then its blocks begin, and the passive tariff holds from its second', () => {
  const blocks = [
    { untilMilliWh: 10 * KWH, price: UNIT },
    { untilMilliWh: null, price: 2 * UNIT },
  ];
  const account = inMoney(
    {
      tariffs: [
        { fromSeconds: 0, energy: { kind: 'blocks', blocks }, dailyCharge: 0 },
        {
          fromSeconds: at('2026-12-10T06:00:00'),
          energy: { kind: 'bands', prices: [UNIT, 5 * UNIT] },
          dailyCharge: 0,
        },
      ],
    },
    at('2026-11-24T12:00:00'),
  );
  account.change({ ...NO_CHANGE, money: 100 * UNIT }, 0);
  assert.is(account.nextChange(at('2026-11-24T12:00:00')), at('2026-12-01T00:00:00'));
  assert.is(account.milliWhLeft, 55 * KWH);
  account.charge(12 * KWH);
  assert.is(account.inUse.balance, 86 * UNIT);
  account.passTime(at('2026-12-01T00:00:00'));
  account.charge(12 * KWH);
  assert.is(account.inUse.balance, 72 * UNIT);
  assert.is(account.nextChange(at('2026-12-01T00:00:00')), at('2026-12-10T06:00:00'));
  account.passTime(at('2026-12-10T06:00:00'));
  account.setBand(1);
  account.charge(2 * KWH);
  assert.is(account.inUse.balance, 62 * UNIT);
  account.setBand(0);
  account.charge(2 * KWH);
  assert.is(account.inUse.balance, 60 * UNIT);
  account.passTime(at('2026-12-09T00:00:00'));
  assert.is(account.state.tariff, 1, 'a clock that was set back brings no old tariff back');
});

test('when credit goes in friendly hours then it is owed until they end, and the end is known', () => {
  const evening = at('2026-11-24T18:00:00');
  const account = accountOf({ friendly: FRIENDLY_HOURS }, evening);
  account.change({ ...NO_CHANGE, milliWh: KWH }, 0);
  account.charge(3 * KWH);
  assert.equal(account.right, { mayClose: true, reason: 'friendly' });
  assert.is(account.state.friendlyUntilSeconds, at('2026-11-25T10:00:00'));
  assert.is(owedCredit(account.inUse), 2 * KWH);
  // In the dark through the morning, back in the next evening: the window that held it is over.
  account.passTime(at('2026-11-25T17:00:00'));
  assert.equal(account.right, { mayClose: false, reason: 'emergencyOffered' });
  const lost = accountOf({ friendly: FRIENDLY_HOURS }, evening);
  lost.change({ ...NO_CHANGE, milliWh: KWH }, 0);
  lost.charge(KWH);
  lost.passTime(undefined);
  assert.is(lost.maySupply, false, 'without a clock no hour is friendly');
});

test('when options cannot be then they are refused by name', () => {
  const bad: readonly [Partial<Record<keyof CreditOptions, unknown>>, RegExp][] = [
    [{ mode: 'water' }, /"mode"/],
    [{ offsetMinutes: 1.5 }, /"offsetMinutes"/],
    [{ kilowattHour: { lowLevels: [1, 2], emergency: undefined } }, /"lowLevels"/],
    [{ currency: { lowLevels: [], emergency: { threshold: 0, limit: -1, initialLimit: 0 } } }, /"limit"/],
    [{ minimumPurchase: 'much' }, /"minimumPurchase"/],
    [{ muteSeconds: -1 }, /"muteSeconds"/],
    [{ reconnection: 'never' }, /"reconnection"/],
    [{ tariffs: [] }, /"tariffs.length"/],
    [{ catchUpDays: -1 }, /"catchUpDays"/],
    [{ friendly: { ...FRIENDLY_HOURS, weekdays: [8] } }, /"weekdays"/],
  ];
  for (const [change, text] of bad) {
    assert.throws(
      () => assertCreditOptions({ ...DEFAULT_CREDIT, ...change } as CreditOptions),
      (error: unknown) =>
        (error instanceof RangeError || error instanceof TypeError) && text.test(error.message),
    );
  }
});

test('when anything at all happens to an account then what is owed rises by what was charged and by nothing else', () => {
  const random = new RandomStream(seedOf('debts'), 'debts');
  const accounts = count(2_000, 60);
  let events = 0;
  let owing = 0;
  for (let round = 0; round < accounts; round++) {
    const mode = random.integer(0, 1) === 0 ? 'kilowattHour' : 'currency';
    const price = random.integer(0, 5 * UNIT);
    const daily = random.integer(0, 2) * 7;
    const options: CreditOptions = {
      ...DEFAULT_CREDIT,
      mode,
      friendly:
        random.integer(0, 1) === 0
          ? undefined
          : { ...FRIENDLY_HOURS, reconnects: random.integer(0, 1) === 0 },
      reconnection: random.integer(0, 1) === 0 ? 'automatic' : 'key',
      tariffs: [{ fromSeconds: 0, energy: { kind: 'flat', price }, dailyCharge: daily }],
    };
    let now = at('2026-11-24T12:00:00');
    const account = new CreditAccount(newCreditState(options), 0, options);
    account.passTime(now);
    let paid = 0n;
    let remainder = 0n;
    let total = 0;
    for (let step = 0; step < 400; step++) {
      const before = account.inUse;
      const wasLeft = BigInt(before.balance - before.emergency);
      let falls = 0n;
      switch (random.integer(0, 9)) {
        case 0:
        case 1: {
          const amount = random.integer(1, 7 * KWH);
          account.change(
            mode === 'currency' ? { ...NO_CHANGE, money: amount } : { ...NO_CHANGE, milliWh: amount },
            now,
          );
          falls = -BigInt(amount);
          break;
        }
        case 2:
          account.takeEmergency();
          break;
        case 3:
          account.confirmReconnection();
          account.mute(now);
          break;
        case 4:
          if (random.integer(0, 9) > 0) break;
          account.change({ ...NO_CHANGE, clears: { energy: true, money: true } }, now);
          falls = wasLeft;
          remainder = 0n;
          break;
        case 5: {
          const day = Math.floor(now / 86_400);
          now += random.integer(1, 2 * 86_400);
          account.passTime(now);
          if (mode === 'currency') falls = BigInt(daily * (Math.floor(now / 86_400) - day));
          break;
        }
        case 6:
          account.passTime(now);
          break;
        default: {
          const energy = random.integer(0, 5 * KWH);
          account.charge(energy);
          total += energy;
          if (mode === 'kilowattHour') falls = BigInt(energy);
          else {
            const exact = BigInt(energy) * BigInt(price) + remainder;
            falls = exact / 1_000_000n;
            remainder = exact % 1_000_000n;
          }
        }
      }
      const after = account.inUse;
      paid = wasLeft - falls;
      assert.is(BigInt(after.balance - after.emergency), paid, `account ${round}, step ${step}`);
      assert.is(account.totalMilliWh, total);
      assert.ok(!account.maySupply || after.balance > 0 || account.state.friendlyUntilSeconds > now);
      events += 1;
      if (paid < 0n) owing += 1;
    }
  }
  report(
    `${events} events on ${accounts} accounts, ${owing} of them with something owed, none with a debt of its own`,
  );
  assert.ok(owing > events / 20);
});

test.run();
