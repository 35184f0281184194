/**
 * Counters of the supply's quality by the classes of EN 50160 (meter-hardware.md 1): dips by residual voltage and length,
 * swells, short and long interruptions, time below and above the limits of the slow voltage, readings of the frequency.
 *
 * Pure: an event that the chip has reported in, new counters out. Counters stand still at their largest value.
 */

export interface PowerQualityOptions {
  readonly nominalMilliVolt: number;
  readonly nominalMilliHertz: number;
  /** A dip starts below the first, a swell above the second; both end beyond it by the hysteresis. Permille of nominal. */
  readonly dipPermille: number;
  readonly swellPermille: number;
  readonly hysteresisPermille: number;
  /** Beyond this distance from nominal a reading of the frequency is out of limits. */
  readonly frequencyLimitMilliHertz: number;
}

export const DEFAULT_POWER_QUALITY: PowerQualityOptions = {
  nominalMilliVolt: 230_000,
  nominalMilliHertz: 50_000,
  dipPermille: 900,
  swellPermille: 1_100,
  hysteresisPermille: 20,
  frequencyLimitMilliHertz: 500,
};

/** A dip counts in the first class whose residual, permille of nominal, it does not fall below; the last has none. */
export const DIP_RESIDUALS_PERMILLE = [800, 700, 400, 50, 0] as const;
/** And in the first whose length it does not exceed, µs; what lasts longer is no dip but a low voltage. */
export const DIP_LENGTHS_MICROS = [200_000, 500_000, 1_000_000, 5_000_000, 60_000_000] as const;
/** Swells from 120 % of nominal count in the first row, lower ones in the second. */
export const HIGH_SWELL_PERMILLE = 1_200;
export const SWELL_LENGTHS_MICROS = [500_000, 5_000_000, 60_000_000] as const;
/** Below 5 % of nominal the supply is interrupted: short up to three minutes, long beyond. */
const INTERRUPTION_PERMILLE = 50;
const SHORT_INTERRUPTION_MICROS = 180_000_000;

const MOST = 0xffff;

export interface PowerQualityState {
  /** Five residuals by five lengths, row by row. */
  readonly dips: readonly number[];
  /** Two heights by three lengths. */
  readonly swells: readonly number[];
  readonly shortInterruptions: number;
  readonly longInterruptions: number;
  readonly underVoltageMillis: number;
  readonly overVoltageMillis: number;
  readonly frequencyReadings: number;
  readonly frequencyOutOfLimits: number;
}

export const NO_POWER_QUALITY: PowerQualityState = {
  dips: new Array<number>(DIP_RESIDUALS_PERMILLE.length * DIP_LENGTHS_MICROS.length).fill(0),
  swells: new Array<number>(2 * SWELL_LENGTHS_MICROS.length).fill(0),
  shortInterruptions: 0,
  longInterruptions: 0,
  underVoltageMillis: 0,
  overVoltageMillis: 0,
  frequencyReadings: 0,
  frequencyOutOfLimits: 0,
};

export interface EndedVoltageEvent {
  readonly kind: 'dip' | 'swell';
  readonly micros: number;
  /** Lowest or highest RMS within it. */
  readonly extremeMilliVolt: number;
}

export function countVoltageEvent(
  state: PowerQualityState,
  options: PowerQualityOptions,
  event: EndedVoltageEvent,
): PowerQualityState {
  const permille = Math.floor((event.extremeMilliVolt * 1_000) / options.nominalMilliVolt);
  if (event.kind === 'swell') {
    const row = permille >= HIGH_SWELL_PERMILLE ? 0 : 1;
    return { ...state, swells: countedIn(state.swells, row, SWELL_LENGTHS_MICROS, event.micros) };
  }
  const row = DIP_RESIDUALS_PERMILLE.findIndex((residual) => permille >= residual);
  const counted = { ...state, dips: countedIn(state.dips, row, DIP_LENGTHS_MICROS, event.micros) };
  return permille < INTERRUPTION_PERMILLE ? countInterruption(counted, event.micros) : counted;
}

/** Also of one that outlasted the supply and was found at the next boot. */
export function countInterruption(state: PowerQualityState, micros: number): PowerQualityState {
  return micros <= SHORT_INTERRUPTION_MICROS
    ? { ...state, shortInterruptions: oneMore(state.shortInterruptions) }
    : { ...state, longInterruptions: oneMore(state.longInterruptions) };
}

/** Time that the voltage has spent beyond a limit. */
export function countVoltageTime(
  state: PowerQualityState,
  side: 'under' | 'over',
  millis: number,
): PowerQualityState {
  return side === 'under'
    ? { ...state, underVoltageMillis: state.underVoltageMillis + millis }
    : { ...state, overVoltageMillis: state.overVoltageMillis + millis };
}

/** A reading of 0 means that there was no voltage to read: it counts as none. */
export function countFrequency(
  state: PowerQualityState,
  { nominalMilliHertz, frequencyLimitMilliHertz }: PowerQualityOptions,
  milliHertz: number,
): PowerQualityState {
  if (milliHertz === 0) return state;
  const isOut = Math.abs(milliHertz - nominalMilliHertz) > frequencyLimitMilliHertz;
  return {
    dips: state.dips,
    swells: state.swells,
    shortInterruptions: state.shortInterruptions,
    longInterruptions: state.longInterruptions,
    underVoltageMillis: state.underVoltageMillis,
    overVoltageMillis: state.overVoltageMillis,
    frequencyReadings: state.frequencyReadings + 1,
    frequencyOutOfLimits: state.frequencyOutOfLimits + (isOut ? 1 : 0),
  };
}

function countedIn(
  counters: readonly number[],
  row: number,
  lengths: readonly number[],
  micros: number,
): readonly number[] {
  const column = lengths.findIndex((longest) => micros <= longest);
  if (column < 0) return counters;
  const index = row * lengths.length + column;
  return counters.map((counter, at) => (at === index ? oneMore(counter) : counter));
}

function oneMore(counter: number): number {
  return Math.min(counter + 1, MOST);
}
