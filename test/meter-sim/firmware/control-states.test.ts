/**
 * Every control state of the whole firmware that a customer, a thief, a utility and the mains can bring about, against a small
 * model of them (support/control-model.ts): each state is reached by playing its path on a new simulated meter.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { keyChangeSections } from '../../../lib/keys/key-change.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import type { Token } from '../../../lib/token/kinds.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import type { KeypadKey } from '../../../meter-sim/firmware/hardware-interface.ts';
import { InvariantChecker } from '../../../meter-sim/firmware/invariants.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../../../meter-sim/firmware/options.ts';
import { count, report } from '../../support/counts.ts';
import { type MeterBench, makeBench, powerUp, SECOND } from '../../support/meter-bench.ts';
import { PUBLIC_FACTORY, tokenOfAnotherMeter } from '../../support/public-meter.ts';
import {
  CONTROL_EVENTS,
  CONTROL_START,
  type ControlEvent,
  type ControlState,
  controlCause,
  controlStep,
  isRelayClosed,
} from '../support/control-model.ts';

const test = suite('meter-sim/control states');

const FIRST_TID = 6_600_000;
const LIMIT = 300_000;
const TERMS = { lowLevels: [], emergency: { threshold: 0, limit: LIMIT, initialLimit: LIMIT } };
const { meter, credit } = DEFAULT_OPTIONS;
/** Waits so long that only `waits` outlasts them, and emergency credit that is soon used. */
const OPTIONS: FirmwareOptions = {
  ...DEFAULT_OPTIONS,
  credit: { ...credit, kilowattHour: TERMS },
  checkpointMilliWh: 2_000,
  meter: {
    ...meter,
    keyChangeTimeoutSeconds: 10_000_000,
    lockout: { ...meter.lockout, freeFailures: 2, firstWaitSeconds: 36_000, longestWaitSeconds: 72_000 },
  },
};

const KEYS = [PUBLIC_FACTORY.decoderKey, '00112233445566778899aabbccddeeff'] as const;
const CIPHERS = KEYS.map((key) => createTokenCipher(11, bytesFromHex(key)));

function sectionsTo(key: 0 | 1): readonly Token[] {
  const { supplyGroupCode, tariffIndex, keyType, keyRevision } = PUBLIC_FACTORY;
  return keyChangeSections(11, {
    newDecoderKey: KEYS[key],
    supplyGroupCode,
    tariffIndex,
    keyType,
    keyRevision,
    keyExpiry: 255,
    rollOver: false,
    threeSections: false,
  });
}

/** One meter that lives through a path. */
class Player {
  readonly bench: MeterBench = makeBench({ seed: 5 }, OPTIONS);
  readonly #checker = new InvariantChecker();
  #tid = FIRST_TID;

  constructor() {
    powerUp(this.bench);
    // Commissions the meter, which releases once what later only a clear-tamper token does.
    this.#enter({ kind: 'clearTamper', rnd: 0, tidMinutes: this.#tid++ }, 0);
  }

  play(event: ControlEvent, state: ControlState): void {
    const { world } = this.bench;
    const issue = { rnd: 1, tidMinutes: this.#tid++ };
    switch (event) {
      case 'buys':
        this.#enter({ kind: 'creditElectricity', amountDeciKwh: 10, ...issue }, state.key);
        break;
      case 'buysLittle':
        this.#enter({ kind: 'creditElectricity', amountDeciKwh: 1, ...issue }, state.key);
        break;
      case 'usesUp':
        this.#useUp();
        break;
      case 'takesEmergency':
        for (const key of ['8', '1', '1', 'enter'] as KeypadKey[]) world.pressKey(key);
        break;
      case 'clearsCredit':
        this.#enter({ kind: 'clearCredit', registerCode: 0, ...issue }, state.key);
        break;
      case 'opensCover':
      case 'closesCover':
        world.covers.setOpen('meter', event === 'opensCover');
        break;
      case 'clearsTamper':
        this.#enter({ kind: 'clearTamper', ...issue }, state.key);
        break;
      case 'commandsOpen':
      case 'commandsClose':
      case 'commandsNothing':
        this.bench.firmware().commandSwitch(COMMANDS[event]);
        break;
      case 'guesses':
        this.bench.firmware().enterToken(tokenOfAnotherMeter(issue.tidMinutes), () => {});
        break;
      case 'waits':
        world.advance(73_000 * SECOND);
        break;
      case 'entersFirst':
        this.#enter(sectionsTo(state.key === 0 ? 1 : 0)[0]!, state.key);
        break;
      case 'entersOthers':
        for (const section of sectionsTo(state.key === 0 ? 1 : 0).slice(1)) this.#enter(section, state.key);
        break;
      case 'losesPower':
        world.cutPower();
        world.advance(2 * SECOND);
        this.#checker.powerLost();
        powerUp(this.bench);
        break;
      case 'diesSuddenly':
        world.killMcu();
        this.#checker.powerLost();
        powerUp(this.bench);
        break;
    }
    world.advance(4 * SECOND);
    this.#checker.check(this.bench.firmware().vitals(), world.relay.position);
  }

  get checks(): number {
    return this.#checker.checks;
  }

  /** What the meter shows of its control state, in the model's words. */
  view(): object {
    const { world } = this.bench;
    const readout = this.bench.firmware().readout();
    const { paid, emergency, balance } = balanceOf(readout.creditState.energy);
    const used = emergency > 0 ? 'spent' : 'out';
    return {
      relay: world.relay.position,
      cause: readout.switchCause,
      credit: balance <= 0 ? used : paid > 0 ? 'paid' : 'lent',
      isLatched: readout.tamper.latched.includes('meter-cover'),
      isCoverOpen: readout.tamper.present.includes('meter-cover'),
      failures: readout.lockoutFailures,
      isLocked: readout.lockedUntilSeconds > 0,
    };
  }

  #enter(token: Token, key: 0 | 1): void {
    this.bench.firmware().enterToken(encodeToken(token, CIPHERS[key]!).tokenNo, () => {});
    this.bench.world.advance(SECOND);
  }

  #useUp(): void {
    const { world } = this.bench;
    world.setLoad({ appliances: [{ kind: 'resistive', watt: 20_000 }] });
    for (let second = 0; second < 600; second++) {
      world.advance(SECOND);
      if (this.bench.firmware().readout().creditState.energy.balance <= 0) break;
    }
    world.advance(SECOND);
    world.setLoad({ appliances: [] });
  }
}

const COMMANDS = { commandsOpen: 'open', commandsClose: 'close', commandsNothing: 'none' } as const;

function balanceOf({ balance, emergency }: { balance: number; emergency: number }) {
  return { paid: balance - emergency, emergency, balance };
}

function modelView(state: ControlState): object {
  const { credit: class_, isLatched, isCoverOpen, failures, isLocked } = state;
  return {
    relay: isRelayClosed(state) ? 'closed' : 'open',
    cause: controlCause(state),
    credit: class_,
    isLatched,
    isCoverOpen,
    failures,
    isLocked,
  };
}

test('when the control states of the whole meter are explored then relay, cause, latch and lockout are those of the reference', () => {
  // The breadth-first tree of the model: every state with the shortest path to it.
  const paths = new Map<string, readonly ControlEvent[]>([[JSON.stringify(CONTROL_START), []]]);
  const edges: { from: readonly ControlEvent[]; event: ControlEvent }[] = [];
  for (const [key, path] of paths) {
    const state = JSON.parse(key) as ControlState;
    for (const event of CONTROL_EVENTS) {
      const next = controlStep(state, event);
      if (next === undefined) continue;
      edges.push({ from: path, event });
      const nextKey = JSON.stringify(next);
      if (!paths.has(nextKey)) paths.set(nextKey, [...path, event]);
    }
  }
  const played = count(edges.length, 400);
  // Everyday: the near half of them, and a comb through all the others.
  const near = edges.slice(0, Math.ceil(played / 2));
  const rest = edges.slice(near.length);
  const stride = Math.max(1, Math.ceil(rest.length / Math.max(1, played - near.length)));
  let transitions = 0;
  let checks = 0;
  for (const { from, event } of [...near, ...rest.filter((_, index) => index % stride === 0)]) {
    const player = new Player();
    let state: ControlState = CONTROL_START;
    for (const each of [...from, event]) {
      player.play(each, state);
      state = controlStep(state, each)!;
      assert.equal(player.view(), modelView(state), `after ${[...from, event].join(' ')}, at ${each}`);
    }
    transitions += 1;
    checks += player.checks;
  }
  report(
    `${paths.size} control states, ${edges.length} transitions; ${transitions} of them played on the whole meter, ` +
      `${checks} checks of every invariant`,
  );
});

test.run();
