/**
 * A household through the day and the sun on its roof, as loads that change at moments: one event per change, however long
 * the world runs. Equal seeds live equal days; days and hours are those of the world's clock, from its beginning at midnight.
 */
import { assertInteger } from '../../lib/assert.ts';
import type { Cancellable } from '../firmware/hardware-interface.ts';
import type { Appliance, Start } from '../hardware/load.ts';
import { RandomStream } from './random.ts';

export interface HouseholdConfig {
  /** Mean of a day's energy, and the deviation of single days as a share of it. */
  readonly kwhPerDay: number;
  readonly dayDeviation: number;
  /** Weights of the 24 hours. */
  readonly hourWeights: readonly number[];
  /** Changes of the load in an hour, besides the one at its start. */
  readonly changesPerHour: number;
  /** Share of motors (refrigerator, pump) and of electronics in the energy; the rest is heat and light. */
  readonly motorShare: number;
  readonly electronicShare: number;
  readonly motorPowerFactor: number;
  /** How the motors start at every change; without it they run on, and a change is one event. */
  readonly motorStart?: Start;
}

/** Morning and evening peaks (assumed); no change within an hour beyond one. */
export const DEFAULT_HOUSEHOLD: HouseholdConfig = {
  kwhPerDay: 10,
  dayDeviation: 0.2,
  hourWeights: [2, 2, 2, 2, 2, 3, 5, 6, 5, 4, 3, 3, 4, 4, 3, 3, 4, 6, 8, 9, 9, 7, 5, 3],
  changesPerHour: 1,
  motorShare: 0.25,
  electronicShare: 0.2,
  motorPowerFactor: 0.8,
};

export interface SunConfig {
  /** Power fed back at noon under a clear sky, W; the household's own use is a load of its own. */
  readonly peakWatt: number;
  readonly riseHour: number;
  readonly setHour: number;
  /** Time between changes, s. */
  readonly stepSeconds: number;
  /** Clouds take between nothing and this share away. */
  readonly cloudShare: number;
}

export const DEFAULT_SUN: SunConfig = {
  peakWatt: 3000,
  riseHour: 6,
  setHour: 18,
  stepSeconds: 900,
  cloudShare: 0.6,
};

/** A world that a profile plays on. */
export interface LoadStage {
  now(): number;
  at(time: number, run: () => void): Cancellable;
  setLoad(load: { readonly appliances: readonly Appliance[] }): void;
}

const HOUR_MICROS = 3_600_000_000;
const DAY_MICROS = 24 * HOUR_MICROS;

/** From `from` on (µs), the household draws these appliances, until the next change. */
export interface LoadChange {
  readonly from: number;
  readonly appliances: readonly Appliance[];
}

/** One hour of a household. Every hour is drawn by itself, so that any can be asked for alone. */
export function householdHour(
  seed: number | string,
  hour: number,
  config: HouseholdConfig = DEFAULT_HOUSEHOLD,
): LoadChange[] {
  assertInteger(hour, 0, Number.MAX_SAFE_INTEGER / HOUR_MICROS, 'hour');
  const { kwhPerDay, hourWeights } = config;
  if (hourWeights.length !== 24 || !hourWeights.every((weight) => weight >= 0)) {
    throw new RangeError(`"hourWeights" expected 24 numbers of 0 or more, got ${hourWeights.join(' ')}`);
  }
  if (!(kwhPerDay >= 0 && kwhPerDay <= 2000)) {
    throw new RangeError(`"kwhPerDay" expected a number from 0 to 2000, got ${kwhPerDay}`);
  }
  const weights = hourWeights.reduce((sum, weight) => sum + weight, 0);
  const meanWatt =
    weights === 0
      ? 0
      : 1000 * dayKwh(seed, Math.floor(hour / 24), config) * ((hourWeights[hour % 24] ?? 0) / weights);
  const random = new RandomStream(seed, `hour ${hour}`);
  const starts = [0, ...Array.from({ length: config.changesPerHour }, () => random.uniform())].sort(
    (a, b) => a - b,
  );
  // Stretches take uneven powers whose energies add up to the hour's.
  const levels = starts.map(() => 0.3 + 1.4 * random.uniform());
  const spans = starts.map((start, index) => (starts[index + 1] ?? 1) - start);
  const drawn = levels.reduce((sum, level, index) => sum + level * (spans[index] as number), 0);
  return starts.map((start, index) => ({
    from: hour * HOUR_MICROS + Math.floor(start * HOUR_MICROS),
    appliances: mix((meanWatt * (levels[index] as number)) / drawn, config),
  }));
}

/** The energy of one day of a household, kWh: what its hours add up to. */
export function dayKwh(
  seed: number | string,
  day: number,
  config: HouseholdConfig = DEFAULT_HOUSEHOLD,
): number {
  const random = new RandomStream(seed, `day ${day}`);
  return config.kwhPerDay * Math.max(0, 1 + config.dayDeviation * random.gaussian());
}

/** What the roof feeds back at the step that begins with `from` (µs), W. */
export function sunWatt(seed: number | string, from: number, config: SunConfig = DEFAULT_SUN): number {
  const hour = ((from + config.stepSeconds * 5e5) % DAY_MICROS) / HOUR_MICROS;
  const { riseHour, setHour, peakWatt, cloudShare } = config;
  if (hour <= riseHour || hour >= setHour) return 0;
  const height = Math.sin((Math.PI * (hour - riseHour)) / (setHour - riseHour));
  const cloud = new RandomStream(seed, `cloud ${from}`).uniform();
  return Math.round(peakWatt * height * (1 - cloudShare * cloud));
}

function mix(watt: number, config: HouseholdConfig): Appliance[] {
  const motor = Math.round(watt * config.motorShare);
  const electronic = Math.round(watt * config.electronicShare);
  const { motorPowerFactor: powerFactor, motorStart: start } = config;
  const appliances: Appliance[] = [
    { kind: 'resistive', watt: watt - motor - electronic },
    { kind: 'lagging', watt: motor, powerFactor, ...(start === undefined ? {} : { start }) },
    { kind: 'electronic', watt: electronic },
  ];
  return appliances.filter(({ watt: drawn }) => drawn > 0);
}

/**
 * Lets a household live in a world from now on: one event per change of its load, and one per step of the sun.
 * @param sun - without it nothing is fed back.
 */
export function liveIn(
  world: LoadStage,
  seed: number | string,
  household: HouseholdConfig = DEFAULT_HOUSEHOLD,
  sun?: SunConfig,
): Cancellable {
  let used: readonly Appliance[] = [];
  let feed: readonly Appliance[] = [];
  const events: { use?: Cancellable; sun?: Cancellable } = {};
  const show = (): void => world.setLoad({ appliances: [...used, ...feed] });
  const playFrom = (changes: readonly LoadChange[], index: number): void => {
    const change = changes[index];
    if (change === undefined) return;
    events.use = world.at(Math.max(world.now(), change.from), () => {
      used = change.appliances;
      const hour = Math.floor(change.from / HOUR_MICROS) + 1;
      if (index + 1 < changes.length) playFrom(changes, index + 1);
      else playFrom(householdHour(seed, hour, household), 0);
      show();
    });
  };
  const shine = (config: SunConfig, step: number): void => {
    const from = step * config.stepSeconds * 1e6;
    events.sun = world.at(Math.max(world.now(), from), () => {
      const watt = sunWatt(seed, from, config);
      const before = feed[0]?.watt ?? 0;
      shine(config, step + 1);
      if (watt === before) return; // The night costs the events and changes nothing.
      feed = watt === 0 ? [] : [{ kind: 'feed', watt }];
      show();
    });
  };
  playFrom(householdHour(seed, Math.floor(world.now() / HOUR_MICROS), household), 0);
  if (sun !== undefined) shine(sun, Math.floor(world.now() / (sun.stepSeconds * 1e6)));
  return {
    cancel: (): void => {
      events.use?.cancel();
      events.sun?.cancel();
    },
  };
}
