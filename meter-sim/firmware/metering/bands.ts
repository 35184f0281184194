/**
 * Energy by tariff band. What the bands hold is their energy up to the last change; the present band has on top what the
 * total register has gained since: so their sum is the total at every moment, by construction.
 */
import { invariant } from '../../../lib/assert.ts';
import { BANDS } from './tou-calendar.ts';

export interface BandState {
  /** Energy of each band up to the last change, mWh; their sum is `fromMilliWh`. */
  readonly closedMilliWh: readonly number[];
  readonly band: number;
  readonly previousBand: number;
  /** The total register when the present band began. */
  readonly fromMilliWh: number;
}

/** Of the vital record: enough to put the last change right where the slower record has not seen it. */
export type BandMark = Omit<BandState, 'closedMilliWh'>;

export const NO_BANDS: BandState = {
  closedMilliWh: new Array<number>(BANDS).fill(0),
  band: 0,
  previousBand: 0,
  fromMilliWh: 0,
};

/** @returns the register of each band when the total is `totalMilliWh`. */
export function bandRegisters(state: BandState, totalMilliWh: number): readonly number[] {
  invariant(totalMilliWh >= state.fromMilliWh, 'the total register never falls below a band change');
  const registers = state.closedMilliWh.slice();
  registers[state.band] = (registers[state.band] ?? 0) + totalMilliWh - state.fromMilliWh;
  return registers;
}

/** Counts into `band` from this total on. */
export function changeBand(state: BandState, band: number, totalMilliWh: number): BandState {
  return {
    closedMilliWh: bandRegisters(state, totalMilliWh),
    band,
    previousBand: state.band,
    fromMilliWh: totalMilliWh,
  };
}

/**
 * Puts the bands of the slower record and the mark of the vital one together; after whatever was cut, the sum is the total.
 * @param closedMilliWh - as they were at some band change.
 * @param mark - of the record whose total is `totalMilliWh`.
 */
export function restoreBands(
  closedMilliWh: readonly number[],
  mark: BandMark,
  totalMilliWh: number,
): BandState {
  const fromMilliWh = Math.min(mark.fromMilliWh, totalMilliWh);
  const closed = Array.from({ length: BANDS }, (_, band) => closedMilliWh[band] ?? 0);
  let missing = fromMilliWh - closed.reduce((sum, energy) => sum + energy, 0);
  // The change that the slower record missed closed the band before the present one.
  if (missing > 0) closed[mark.previousBand] = (closed[mark.previousBand] ?? 0) + missing;
  // Registers that a sudden death has set back take from the band that counted last, and then from any.
  for (const band of [mark.previousBand, ...closed.keys()]) {
    if (missing >= 0) break;
    const taken = Math.min(closed[band] ?? 0, -missing);
    closed[band] = (closed[band] ?? 0) - taken;
    missing += taken;
  }
  return { closedMilliWh: closed, band: mark.band, previousBand: mark.previousBand, fromMilliWh };
}
