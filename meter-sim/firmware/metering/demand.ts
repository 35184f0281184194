/**
 * Maximum demand: the most energy of any window of whole sub-periods, in integers. A block demand has one sub-period to its
 * window, a sliding one several (meter-hardware.md 6 averages over 30 to 3,600 s; 30 minutes by default).
 *
 * Pure: sub-periods are numbered from 1970 on local time, and one is closed with the energy that it saw. Energy that nobody
 * saw, because the meter was dark, counts as none.
 */
import { assertInteger } from '../../../lib/assert.ts';

export interface DemandOptions {
  readonly subPeriodSeconds: number;
  /** 1 for a block demand, up to 15 for a sliding window. */
  readonly subPeriods: number;
}

export const DEFAULT_DEMAND: DemandOptions = { subPeriodSeconds: 1_800, subPeriods: 1 };
export const MAX_SUB_PERIODS = 15;

export interface DemandState {
  /** The sub-period that is open. */
  readonly period: number;
  /** Energy of the sub-periods before it, the newest first, mWh: one less than a window has. */
  readonly before: readonly number[];
  /** The most of any window since the last reset, mWh, and when that window ended, epoch seconds; 0 while there is none. */
  readonly maximumMilliWh: number;
  readonly maximumAtSeconds: number;
  /** How often the maximum was reset; what it was before the last time. */
  readonly resets: number;
  readonly lastMaximumMilliWh: number;
}

export function openDemand(period: number): DemandState {
  return {
    period,
    before: [],
    maximumMilliWh: 0,
    maximumAtSeconds: 0,
    resets: 0,
    lastMaximumMilliWh: 0,
  };
}

/** @throws RangeError when the periods do not divide a day, or a window is longer than the meter can keep. */
export function assertDemandOptions({ subPeriodSeconds, subPeriods }: DemandOptions): void {
  assertInteger(subPeriodSeconds, 30, 3_600, 'subPeriodSeconds');
  assertInteger(subPeriods, 1, MAX_SUB_PERIODS, 'subPeriods');
  if (86_400 % subPeriodSeconds !== 0) throw new RangeError('"subPeriodSeconds" expected a part of a day');
}

/**
 * Closes the open sub-period with its energy, and every one after it up to `period` with none.
 * @param milliWh - seen in the open sub-period.
 * @param endOf - epoch seconds at which a sub-period ends.
 * @returns the same state while `period` is the open one.
 */
export function closeUntil(
  state: DemandState,
  { subPeriods }: DemandOptions,
  period: number,
  milliWh: number,
  endOf: (period: number) => number,
): DemandState {
  if (period === state.period) return state;
  // A clock that was set: what was open ended short, and what follows has no past on this new time.
  const closed = close(state, subPeriods, milliWh, endOf);
  if (period < state.period) return { ...closed, period, before: [] };
  const dark = Math.min(period - closed.period, subPeriods - 1);
  // A window that ends in the dark holds less than the one before it: only the past is shifted.
  if (dark === 0 && period === closed.period) return closed;
  const before = [...new Array<number>(dark).fill(0), ...closed.before].slice(0, subPeriods - 1);
  return { ...closed, period, before };
}

function close(
  state: DemandState,
  subPeriods: number,
  milliWh: number,
  endOf: (period: number) => number,
): DemandState {
  const windowMilliWh = state.before.reduce((sum, energy) => sum + energy, milliWh);
  const isMore = windowMilliWh > state.maximumMilliWh;
  return {
    period: state.period + 1,
    before: [milliWh, ...state.before].slice(0, subPeriods - 1),
    maximumMilliWh: isMore ? windowMilliWh : state.maximumMilliWh,
    maximumAtSeconds: isMore ? endOf(state.period) : state.maximumAtSeconds,
    resets: state.resets,
    lastMaximumMilliWh: state.lastMaximumMilliWh,
  };
}

/** The billing reset: the maximum begins anew, the window goes on. */
export function resetDemand(state: DemandState): DemandState {
  return {
    period: state.period,
    before: state.before,
    maximumMilliWh: 0,
    maximumAtSeconds: 0,
    resets: (state.resets + 1) % 0x10000,
    lastMaximumMilliWh: state.maximumMilliWh,
  };
}

/** @returns the average power of a window, whole mW, cut off. */
export function demandMilliWatt(milliWh: number, { subPeriodSeconds, subPeriods }: DemandOptions): number {
  return Math.floor((milliWh * 3_600) / (subPeriodSeconds * subPeriods));
}
