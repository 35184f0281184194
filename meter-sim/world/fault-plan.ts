/**
 * What goes wrong, and when, as plain data: a list that can be printed, kept in a file, played again (fault-player.ts) and
 * shrunk (shrink.ts). {@link makeFaultPlan} draws one from rates and a seed.
 *
 * Times are µs since the world began. A token is named by its number in the plan, never by its digits: whoever plays the plan
 * holds the key.
 */
import type { Cover, KeypadKey } from '../firmware/hardware-interface.ts';
import { RandomStream } from './random.ts';

/** A fault that lasts `micros` and is then undone. */
interface Span {
  readonly micros: number;
}

export type FaultKind =
  /** The mains is gone. */
  | ({ readonly kind: 'power-cut' } & Span)
  /** The mains is gone for about as long as the hold-up: it may be back in the middle of the save, or just too late. */
  | ({ readonly kind: 'short-cut' } & Span)
  /** The mains falls to a share of its nominal voltage, or rises above it. */
  | ({ readonly kind: 'dip' | 'surge'; readonly share: number } & Span)
  /** The MCU dies at once, as by a blow, within the next write of the EEPROM: before that byte of it. */
  | ({ readonly kind: 'torn-write'; readonly byte: number } & Span)
  /** The MCU dies at once. */
  | ({ readonly kind: 'sudden-death' } & Span)
  | ({ readonly kind: 'relay-stuck' | 'relay-weld' } & Span)
  /** Bits of one cell stick for good. */
  | { readonly kind: 'stuck-cell'; readonly address: number; readonly mask: number; readonly value: number }
  /** Noise on the bus has written random bytes at a random place. */
  | { readonly kind: 'spurious-write' }
  | { readonly kind: 'key-garbage'; readonly keys: readonly KeypadKey[] }
  | ({ readonly kind: 'key-held'; readonly key: KeypadKey } & Span)
  | ({ readonly kind: 'cover-opened'; readonly cover: Cover } & Span)
  /** A magnet at this distance from the Hall sensor, mm. */
  | ({ readonly kind: 'magnet'; readonly millimetre: number } & Span)
  /** Somebody sets the clock, or its crystal has a bad day. */
  | { readonly kind: 'clock-jump'; readonly seconds: number }
  | ({ readonly kind: 'battery-dead' } & Span)
  /** The household draws this from now on. */
  | { readonly kind: 'load-step'; readonly watt: number }
  | ({ readonly kind: 'overload'; readonly watt: number } & Span)
  /** Purchase number `purchase` is keyed: for the first time, or again. */
  | { readonly kind: 'purchase' | 'token-repeated'; readonly purchase: number }
  /** A token of another meter, or 20 digits of nothing. */
  | { readonly kind: 'token-wrong'; readonly number: number }
  /** The sections of the next key are keyed, one after another. */
  | { readonly kind: 'key-change' }
  /** The communications module is pulled out. */
  | ({ readonly kind: 'comms-unplugged' } & Span);

export type Fault = { readonly at: number } & FaultKind;
export type FaultName = Fault['kind'];
export type FaultPlan = readonly Fault[];

/** How often each fault comes, per year of the meter's life; the rest is 0. */
export type FaultRates = Readonly<Partial<Record<FaultName, number>>>;

/**
 * A bad grid, a bad household and a tired meter, so that a year sees nearly every kind (assumed). A memory that rots and a module
 * that is pulled are left to plans of their own: the one undoes what must otherwise hold, the other talks all the year.
 */
export const STRESS_RATES: FaultRates = {
  'power-cut': 12,
  'short-cut': 12,
  dip: 12,
  surge: 4,
  'torn-write': 6,
  'sudden-death': 4,
  'relay-stuck': 1,
  'relay-weld': 1,
  'key-garbage': 6,
  'key-held': 2,
  'cover-opened': 1,
  magnet: 1,
  'clock-jump': 2,
  'battery-dead': 1,
  'load-step': 60,
  overload: 3,
  purchase: 24,
  'token-repeated': 12,
  'token-wrong': 12,
  'key-change': 2,
};

const MILLI = 1000;
const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const YEAR_MICROS = 365 * 24 * HOUR;

export interface PlanOptions {
  readonly seed: number | string;
  readonly micros: number;
  readonly rates: FaultRates;
  /** Size of the EEPROM's used part, bytes: where cells stick. */
  readonly memoryBytes: number;
}

/** Equal options give equal plans. @returns faults in the order of their times. */
export function makeFaultPlan(options: PlanOptions): FaultPlan {
  const random = new RandomStream(options.seed, 'fault-plan');
  const faults: Fault[] = [];
  for (const [name, perYear] of Object.entries(options.rates) as [FaultName, number][]) {
    const mean = (perYear * options.micros) / YEAR_MICROS;
    for (let left = poisson(mean, random); left > 0; left--) {
      const at = random.integer(5 * SECOND, options.micros);
      faults.push({ at, ...drawKind(name, random, options) });
    }
  }
  faults.sort((a, b) => a.at - b.at);
  return numbered(faults, random);
}

/** For people and for a file: one line a fault. */
export function describeFault({ at, kind, ...rest }: Fault): string {
  const details = Object.entries(rest).map(([name, value]) => `${name} ${String(value)}`);
  return `${(at / SECOND).toFixed(6)} s ${kind}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}

/** Purchases are numbered in the order of time; a repetition names one that went before. */
function numbered(faults: readonly Fault[], random: RandomStream): FaultPlan {
  let purchases = 0;
  let wrong = 0;
  const plan: Fault[] = [];
  for (const fault of faults) {
    if (fault.kind === 'purchase') plan.push({ at: fault.at, kind: 'purchase', purchase: purchases++ });
    else if (fault.kind === 'token-wrong') plan.push({ at: fault.at, kind: 'token-wrong', number: wrong++ });
    else if (fault.kind !== 'token-repeated') plan.push(fault);
    else if (purchases > 0) {
      plan.push({ at: fault.at, kind: 'token-repeated', purchase: random.integer(0, purchases - 1) });
    }
  }
  return plan;
}

type Draw = (random: RandomStream, options: PlanOptions) => FaultKind;

const KEYS: readonly KeypadKey[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'backspace', 'enter'];

const DRAWS: Readonly<Record<FaultName, Draw>> = {
  'power-cut': (random) => ({ kind: 'power-cut', micros: spread(random, 100 * MILLI, 8 * HOUR) }),
  'short-cut': (random) => ({ kind: 'short-cut', micros: random.integer(5 * MILLI, 70 * MILLI) }),
  dip: (random) => ({
    kind: 'dip',
    share: 0.9 * random.uniform(),
    micros: spread(random, 10 * MILLI, MINUTE),
  }),
  surge: (random) => ({
    kind: 'surge',
    share: 1.1 + 0.6 * random.uniform(),
    micros: spread(random, SECOND, 5 * MINUTE),
  }),
  'torn-write': (random) => ({
    kind: 'torn-write',
    byte: random.integer(0, 64),
    micros: spread(random, SECOND, HOUR),
  }),
  'sudden-death': (random) => ({ kind: 'sudden-death', micros: spread(random, SECOND, HOUR) }),
  'relay-stuck': (random) => ({ kind: 'relay-stuck', micros: spread(random, MINUTE, 24 * HOUR) }),
  'relay-weld': (random) => ({ kind: 'relay-weld', micros: spread(random, MINUTE, 24 * HOUR) }),
  'stuck-cell': (random, { memoryBytes }) => ({
    kind: 'stuck-cell',
    address: random.integer(0, memoryBytes - 1),
    mask: 1 << random.integer(0, 7),
    value: random.integer(0, 1) * 0xff,
  }),
  'spurious-write': () => ({ kind: 'spurious-write' }),
  'key-garbage': (random) => ({
    kind: 'key-garbage',
    keys: Array.from({ length: random.integer(1, 40) }, () => pick(random, KEYS)),
  }),
  'key-held': (random) => ({
    kind: 'key-held',
    key: pick(random, KEYS),
    micros: spread(random, MILLI, 10 * MINUTE),
  }),
  'cover-opened': (random) => ({
    kind: 'cover-opened',
    cover: pick<Cover>(random, ['meter', 'terminal']),
    micros: spread(random, 10 * MILLI, HOUR),
  }),
  magnet: (random) => ({
    kind: 'magnet',
    millimetre: random.integer(10, 200),
    micros: spread(random, 100 * MILLI, HOUR),
  }),
  'clock-jump': (random) => ({
    kind: 'clock-jump',
    seconds: (random.integer(0, 1) * 2 - 1) * spread(random, 1, 86_400),
  }),
  'battery-dead': (random) => ({ kind: 'battery-dead', micros: spread(random, HOUR, 240 * HOUR) }),
  'load-step': (random) => ({ kind: 'load-step', watt: random.integer(0, 3) * spread(random, 10, 2500) }),
  overload: (random) => ({
    kind: 'overload',
    watt: random.integer(18_000, 30_000),
    micros: spread(random, SECOND, 5 * MINUTE),
  }),
  purchase: () => ({ kind: 'purchase', purchase: 0 }),
  'token-repeated': () => ({ kind: 'token-repeated', purchase: 0 }),
  'token-wrong': () => ({ kind: 'token-wrong', number: 0 }),
  'key-change': () => ({ kind: 'key-change' }),
  'comms-unplugged': (random) => ({ kind: 'comms-unplugged', micros: spread(random, SECOND, 24 * HOUR) }),
};

export const FAULT_NAMES = Object.keys(DRAWS) as readonly FaultName[];

function drawKind(name: FaultName, random: RandomStream, options: PlanOptions): FaultKind {
  return DRAWS[name](random, options);
}

/** Evenly over the orders of magnitude. */
function spread(random: RandomStream, low: number, high: number): number {
  return Math.round(low * (high / low) ** random.uniform());
}

function pick<T>(random: RandomStream, from: readonly T[]): T {
  return from[random.integer(0, from.length - 1)] as T;
}

/** Knuth's product of uniforms, in pieces that cannot underflow. */
function poisson(mean: number, random: RandomStream): number {
  let events = 0;
  for (let left = mean; left > 0; left -= 100) {
    const limit = Math.exp(-Math.min(left, 100));
    for (let product = random.uniform(); product > limit; product *= random.uniform()) events++;
  }
  return events;
}
