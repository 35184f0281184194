/**
 * Every state that the credit of a small meter can reach, against the clerk's model (support/credit-model.ts): the same right
 * to supply and its reason, the same debt, alarm and COSEM names after every event from every state.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { owedCredit } from '../../../../meter-sim/firmware/credit/account.ts';
import { FRIENDLY_HOURS, friendlyAt } from '../../../../meter-sim/firmware/credit/friendly.ts';
import * as machine from '../../../../meter-sim/firmware/credit/machine.ts';
import {
  cosemStatus,
  lowCreditAlarm,
  rightToSupply,
} from '../../../../meter-sim/firmware/credit/right-to-supply.ts';
import { CREDIT_SECTION } from '../../../../meter-sim/firmware/credit/section.ts';
import {
  type CreditOptions,
  type CreditState,
  DEFAULT_CREDIT,
  newCreditState,
} from '../../../../meter-sim/firmware/credit/state.ts';
import { FULL_COUNTS, report } from '../../../support/counts.ts';
import {
  type ModelEvent,
  type ModelRules,
  type ModelState,
  type ModelView,
  modelStart,
  modelStep,
  modelView,
} from '../../support/credit-model.ts';

const test = suite('meter-sim/credit/exploration');

/** Units beyond which a purse or a slate is not followed. */
const BOUND = 6;
/** Noon on a Monday, UTC. */
const MONDAY_NOON = Date.parse('2026-11-23T12:00:00Z') / 1_000;
const MUTE_SECONDS = 60;

/** What is compared: the machine, its clock, and the model beside it. */
interface Pair {
  readonly state: CreditState;
  readonly now: number;
  readonly model: ModelState;
}

type Event = ModelEvent | { readonly kind: 'isDark'; readonly hours: number } | { readonly kind: 'dies' };

function optionsOf(rules: ModelRules, mode: CreditOptions['mode']): CreditOptions {
  const terms = {
    lowLevels: rules.warnsAt,
    emergency: { threshold: rules.offeredAt, limit: rules.lends, initialLimit: rules.lendsFirst },
  };
  // The window holds the midnight or lies inside one day.
  const overMidnight = rules.day.join() === 'opens,midnight,closes';
  return {
    ...DEFAULT_CREDIT,
    mode,
    kilowattHour: terms,
    currency: terms,
    friendly: {
      ...FRIENDLY_HOURS,
      beginsMinute: overMidnight ? 16 * 60 : 6 * 60,
      endsMinute: overMidnight ? 10 * 60 : 10 * 60,
      weekdays: [],
      reconnects: rules.friendlyReconnects,
    },
    muteSeconds: MUTE_SECONDS,
    minimumPurchase: rules.wantsDebtPaid ? 'whatIsOwed' : 'any',
    reconnection: rules.wantsKey ? 'key' : 'automatic',
    // A kWh costs as many units as it has mWh, so that one mWh is one unit of money.
    tariffs: [{ fromSeconds: 0, energy: { kind: 'flat', price: 1_000_000 }, dailyCharge: rules.dailyCharge }],
    dailyCharge: { whileOff: rules.chargesWhileOff, whileFriendly: rules.chargesWhileFriendly },
  };
}

/** The RTC second of the next thing that time does. */
function nextMoment(now: number, options: CreditOptions): number {
  const midnight = (Math.floor(now / 86_400) + 1) * 86_400;
  return Math.min(midnight, friendlyAt(options.friendly, now, 0).untilSeconds);
}

/** @returns undefined where the event is refused by both. */
function step(pair: Pair, event: Event, options: CreditOptions, rules: ModelRules): Pair | undefined {
  const { state, now } = pair;
  const friendly = friendlyAt(options.friendly, now, 0);
  const inUse = state.mode === 'kilowattHour' ? 'milliWh' : 'money';
  const pass = (later: number, after: CreditState): CreditState => machine.passTime(after, later, options);
  const model = (modelEvent: ModelEvent): ModelState | undefined => modelStep(pair.model, modelEvent, rules);
  const both = (next: CreditState, after: ModelState | undefined, at = now): Pair => {
    assert.ok(after !== undefined, `only the model refuses to let it be that ${event.kind}`);
    return { state: next, now: at, model: after! };
  };
  switch (event.kind) {
    case 'buys': {
      const credit = { milliWh: 0, money: 0, [inUse]: event.units };
      const after = model(event);
      if (machine.isTooSmall(state, credit, options)) {
        assert.is(after, undefined, 'only the machine refuses a token');
        return undefined;
      }
      return both(machine.acceptCredit(state, credit, friendly, options), after);
    }
    case 'uses':
      return both(machine.chargeEnergy(state, event.units, { band: 0, friendly }, options), model(event));
    case 'takesEmergency': {
      const next = machine.takeEmergency(state, friendly, options);
      const after = model(event);
      if (next !== state) return both(next, after);
      assert.is(after, undefined, 'only the machine refuses emergency credit');
      return undefined;
    }
    case 'isCleared': {
      const clears = { energy: inUse === 'milliWh', money: inUse === 'money' };
      return both(machine.clearCredit(state, clears, friendly, options), model(event));
    }
    case 'pressesKey':
      return both(machine.confirmReconnection(state), model(event));
    case 'mutes':
      return both(machine.muteAlarm(state, now, options), model(event));
    case 'muteEnds':
      return both(pass(now + MUTE_SECONDS + 1, state), model(event), now + MUTE_SECONDS + 1);
    case 'timePasses': {
      const at = nextMoment(now, options);
      const muted = pair.model.isMuted ? modelStep(pair.model, { kind: 'muteEnds' }, rules)! : pair.model;
      return both(pass(at, state), modelStep(muted, event, rules), at);
    }
    case 'isDark':
      return dark(pair, event.hours, options, rules);
    case 'dies': {
      // Everything is in the record, and a boot at once finds nothing due.
      return { ...pair, state: pass(now, roundTrip(state)) };
    }
  }
}

/** No power for so long: the machine sees it in one step at boot, the model lives through it. */
function dark(pair: Pair, hours: number, options: CreditOptions, rules: ModelRules): Pair {
  const end = pair.now + hours * 3_600;
  let { model } = pair;
  for (let now = nextMoment(pair.now, options); now <= end; now = nextMoment(now, options)) {
    model = modelStep(model, { kind: 'timePasses' }, rules)!;
  }
  model = modelStep(model, { kind: 'muteEnds' }, rules)!;
  return { state: machine.passTime(roundTrip(pair.state), end, options), now: end, model };
}

function roundTrip(state: CreditState): CreditState {
  const bytes = new Uint8Array(CREDIT_SECTION.bytes + 9).fill(0xa5);
  CREDIT_SECTION.encode(state, bytes, 5);
  assert.is(bytes[4], 0xa5);
  assert.is(bytes[5 + CREDIT_SECTION.bytes], 0xa5);
  const read = CREDIT_SECTION.decode(bytes, 5);
  assert.equal(read, state);
  return read;
}

function viewOf(state: CreditState, now: number, options: CreditOptions): ModelView {
  const account = machine.accountInUse(state);
  const alarm = lowCreditAlarm(state, now, options);
  const { account: words, token, emergency } = cosemStatus(state, options);
  return {
    supply: rightToSupply(state, false, options).reason,
    owed: owedCredit(account),
    left: account.balance,
    icon: alarm.hasIcon,
    lamp: alarm.hasLamp,
    beeps: alarm.beeps,
    account: words.join(' '),
    token,
    emergency: emergency ?? '',
  };
}

const EVENTS: readonly Event[] = [
  { kind: 'buys', units: 1 },
  { kind: 'buys', units: 2 },
  { kind: 'buys', units: 5 },
  { kind: 'uses', units: 1 },
  { kind: 'uses', units: 3 },
  { kind: 'takesEmergency' },
  { kind: 'isCleared' },
  { kind: 'pressesKey' },
  { kind: 'mutes' },
  { kind: 'muteEnds' },
  { kind: 'timePasses' },
  { kind: 'isDark', hours: 9 },
  { kind: 'isDark', hours: 33 },
  { kind: 'dies' },
];

/** What of a pair decides all that can follow. */
function keyOf({ state, now, model }: Pair, options: CreditOptions): string {
  const { accepted, emergency, cleared, balance } = machine.accountInUse(state);
  const machineKey = [
    balance,
    emergency,
    accepted === 0 && cleared === 0,
    accepted > 0,
    state.friendlyUntilSeconds > 0,
    state.awaitsKey,
    state.mutedUntilSeconds > now,
    nextMoment(now, options) % 86_400,
  ];
  return `${machineKey.join()} ${JSON.stringify(model)}`;
}

interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly supplies: ReadonlySet<string>;
}

function explore(rules: ModelRules, mode: CreditOptions['mode']): Explored {
  const options = optionsOf(rules, mode);
  const first = machine.passTime(newCreditState(options), MONDAY_NOON, options);
  const opensFirst = rules.day.indexOf(options.friendly!.beginsMinute > 12 * 60 ? 'opens' : 'midnight');
  const start: Pair = { state: first, now: MONDAY_NOON, model: { ...modelStart(rules), next: opensFirst } };
  const seen = new Set([keyOf(start, options)]);
  const queue: { pair: Pair; path: string }[] = [{ pair: start, path: '' }];
  const supplies = new Set<string>();
  let transitions = 0;
  for (let at = 0; at < queue.length; at++) {
    const { pair, path } = queue[at]!;
    for (const event of EVENTS) {
      const words = `${path} ${Object.values(event).join(':')}`;
      let next: Pair | undefined;
      try {
        next = step(pair, event, options, rules);
      } catch (error) {
        throw new Error(`${mode} ${JSON.stringify(rules)} after${words}: ${String(error)}`);
      }
      transitions += 1;
      if (next === undefined) continue;
      const view = viewOf(next.state, next.now, options);
      supplies.add(view.supply);
      assert.equal(view, modelView(next.model, rules), `${mode} ${JSON.stringify(rules)} after${words}`);
      const key = keyOf(next, options);
      if (next.model.purse > BOUND || next.model.slate > BOUND || seen.has(key)) continue;
      seen.add(key);
      queue.push({ pair: next, path: words });
    }
  }
  return { states: seen.size, transitions, supplies };
}

const RULES: ModelRules = {
  offeredAt: 1,
  lends: 3,
  lendsFirst: 2,
  warnsAt: [4, 3, 2],
  day: ['opens', 'midnight', 'closes'],
  dailyCharge: 0,
  chargesWhileOff: true,
  chargesWhileFriendly: true,
  friendlyReconnects: false,
  wantsKey: false,
  wantsDebtPaid: false,
};

function variants(): ModelRules[] {
  const flags = [false, true];
  const all: ModelRules[] = [];
  for (const day of [RULES.day, ['midnight', 'opens', 'closes'] as const]) {
    for (const wantsKey of flags) {
      for (const friendlyReconnects of flags) {
        for (const wantsDebtPaid of flags)
          all.push({ ...RULES, day, wantsKey, friendlyReconnects, wantsDebtPaid });
      }
    }
  }
  return all;
}

test('when every state of the credit in kWh is explored then the clerk of the reference agrees with each', () => {
  const all = variants();
  const run = all;
  const explored = run.map((rules) => explore(rules, 'kilowattHour'));
  const supplies = new Set(explored.flatMap((each) => [...each.supplies]));
  const sum = (of: (each: Explored) => number): number =>
    explored.reduce((total, each) => total + of(each), 0);
  report(
    `kWh: ${run.length} sets of rules, ${sum((each) => each.states)} states, ${sum((each) => each.transitions)} transitions`,
  );
  assert.equal(
    [...supplies].sort(),
    ['credit', 'emergency', 'emergencyOffered', 'emergencyUsedUp', 'friendly', 'outOfCredit', 'ready'],
    'every reason is reached',
  );
});

test('when every state of the credit in money is explored, daily charges included, then the clerk agrees with each', () => {
  const flags = [false, true];
  const all = variants().flatMap((rules) =>
    flags.flatMap((chargesWhileOff) =>
      flags.map((chargesWhileFriendly) => ({
        ...rules,
        dailyCharge: 1,
        chargesWhileOff,
        chargesWhileFriendly,
      })),
    ),
  );
  const run = FULL_COUNTS ? all : all.filter((_, index) => index % 5 === 0);
  const explored = run.map((rules) => explore(rules, 'currency'));
  const sum = (of: (each: Explored) => number): number =>
    explored.reduce((total, each) => total + of(each), 0);
  report(
    `money: ${run.length} sets of rules, ${sum((each) => each.states)} states, ${sum((each) => each.transitions)} transitions`,
  );
});

test.run();
