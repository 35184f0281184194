/**
 * Overload, extreme current and over-voltage (meter-hardware.md 6): when the load switch opens for the sake of the supply, and
 * when it may close again. A pure machine: what is measured and the time go in, the new state and the next moment that
 * matters come out; nothing is asked between.
 *
 * Over the limit A for B: open, and closed again after C. The trip number D locks it for longer; E without overload forgets
 * the trips. Above what the contact can break nothing opens: that is the breaker's work.
 */
import { readUnsigned, type Section, writeInteger } from './bytes.ts';
import type { Micros } from './hardware-interface.ts';

export interface OverloadOptions {
  /** A: limit of a meter that no token has given one, W. */
  readonly limitWatt: number;
  /** Power falls below the limit when it is this share of it, permille. */
  readonly releasePermille: number;
  /** B: how long the limit may be passed. */
  readonly overMicros: Micros;
  /** Judge the mean over this time in place of every moment: 30 to 3,600 s; undefined for B. */
  readonly demandMicros: Micros | undefined;
  /** C: from a trip to the next try. */
  readonly retryMicros: Micros;
  /** D: the trip that locks, and for how long. */
  readonly lockingTrip: number;
  readonly lockMicros: Micros;
  /** E: this long without overload forgets the trips. */
  readonly cleanMicros: Micros;
  /** 1.5 x Imax, and how long it is borne. */
  readonly extremeMilliAmp: number;
  readonly extremeMicros: Micros;
  /** What the contact can break. */
  readonly breakingMilliAmp: number;
  readonly highMilliVolt: number;
  readonly highMicros: Micros;
  /** The voltage is good again below this for so long. */
  readonly calmMilliVolt: number;
  readonly calmMicros: Micros;
}

const SECOND = 1_000_000;

export const DEFAULT_OVERLOAD: OverloadOptions = {
  limitWatt: 23_000,
  releasePermille: 980,
  overMicros: 30 * SECOND,
  demandMicros: undefined,
  retryMicros: 30 * SECOND,
  lockingTrip: 5,
  lockMicros: 1_800 * SECOND,
  cleanMicros: 1_800 * SECOND,
  extremeMilliAmp: 150_000,
  extremeMicros: SECOND,
  breakingMilliAmp: 100_000,
  highMilliVolt: 270_000,
  highMicros: 5 * SECOND,
  calmMilliVolt: 255_000,
  calmMicros: 60 * SECOND,
};

/** What is measured: levels as the chip's comparators tell them, and the energy register. */
export interface OverloadInputs {
  readonly isOver: boolean;
  readonly isExtreme: boolean;
  readonly isBreakable: boolean;
  readonly isHigh: boolean;
  readonly isCalm: boolean;
  readonly energyMilliJoule: number;
}

export type TripCause = 'overload' | 'extremeCurrent';

export interface OverloadState {
  /** Undefined while supplied. */
  readonly trip: TripCause | undefined;
  /** When the trip ends. */
  readonly until: Micros;
  readonly isLocked: boolean;
  /** Since the last clean time. */
  readonly trips: number;
  readonly isVoltageTripped: boolean;
  /** Since when each condition has lasted. */
  readonly overSince: Micros | undefined;
  readonly overFromMilliJoule: number;
  readonly cleanSince: Micros | undefined;
  readonly extremeSince: Micros | undefined;
  readonly highSince: Micros | undefined;
  readonly calmSince: Micros | undefined;
}

export const CALM: OverloadState = {
  trip: undefined,
  until: 0,
  isLocked: false,
  trips: 0,
  isVoltageTripped: false,
  overSince: undefined,
  overFromMilliJoule: 0,
  cleanSince: undefined,
  extremeSince: undefined,
  highSince: undefined,
  calmSince: undefined,
};

export interface OverloadStep {
  readonly state: OverloadState;
  /** When to ask again though nothing changes; undefined for never. */
  readonly nextAt: Micros | undefined;
  /** Demand only: ask again when the energy register has advanced by this. */
  readonly alarmMilliJoule: number | undefined;
}

/** @param limitWatt - A, as it stands now. */
export function stepOverload(
  before: OverloadState,
  inputs: OverloadInputs,
  now: Micros,
  limitWatt: number,
  options: OverloadOptions,
): OverloadStep {
  let state = timed(before, inputs, now);
  state = stepVoltage(state, inputs, now, options);
  if (state.trip !== undefined && now >= state.until) {
    state = {
      ...state,
      trip: undefined,
      isLocked: false,
      trips: state.isLocked ? 0 : state.trips,
      cleanSince: now,
    };
  }
  if (state.cleanSince !== undefined && state.trips > 0 && now >= state.cleanSince + options.cleanMicros) {
    state = { ...state, trips: 0 };
  }
  if (state.trip === undefined && inputs.isBreakable) {
    const cause = tripCause(state, inputs, now, limitWatt, options);
    if (cause !== undefined) state = tripped(state, cause, now, options);
  }
  state = nextWindow(state, inputs, now, options);
  return {
    state,
    nextAt: nextMoment(state, inputs, now, options),
    alarmMilliJoule: demandLeft(state, inputs, limitWatt, options),
  };
}

/** The state after a command that releases a lock, or a limit that a token has changed. */
export function releaseOverload(state: OverloadState, now: Micros): OverloadState {
  return { ...state, trip: undefined, isLocked: false, trips: 0, cleanSince: now, overSince: undefined };
}

/** Notes since when each condition has lasted. */
function timed(state: OverloadState, inputs: OverloadInputs, now: Micros): OverloadState {
  const since = (lasts: boolean, before: Micros | undefined): Micros | undefined =>
    lasts ? (before ?? now) : undefined;
  const isOver = inputs.isOver && state.trip === undefined;
  const isClean = !inputs.isOver && state.trip === undefined;
  const starts = isOver && state.overSince === undefined;
  return {
    ...state,
    overSince: since(isOver, state.overSince),
    overFromMilliJoule: starts ? inputs.energyMilliJoule : state.overFromMilliJoule,
    cleanSince: since(isClean, state.cleanSince),
    extremeSince: since(inputs.isExtreme && state.trip === undefined, state.extremeSince),
    highSince: since(inputs.isHigh, state.highSince),
    calmSince: since(inputs.isCalm, state.calmSince),
  };
}

function stepVoltage(
  state: OverloadState,
  inputs: OverloadInputs,
  now: Micros,
  options: OverloadOptions,
): OverloadState {
  if (state.isVoltageTripped) {
    const isOver = state.calmSince !== undefined && now >= state.calmSince + options.calmMicros;
    return isOver ? { ...state, isVoltageTripped: false } : state;
  }
  const isTripped = state.highSince !== undefined && now >= state.highSince + options.highMicros;
  return isTripped && inputs.isBreakable ? { ...state, isVoltageTripped: true } : state;
}

function tripCause(
  state: OverloadState,
  inputs: OverloadInputs,
  now: Micros,
  limitWatt: number,
  options: OverloadOptions,
): TripCause | undefined {
  if (state.extremeSince !== undefined && now >= state.extremeSince + options.extremeMicros) {
    return 'extremeCurrent';
  }
  if (state.overSince === undefined) return undefined;
  const left = demandLeft(state, inputs, limitWatt, options);
  const isDue = left === undefined ? now >= state.overSince + options.overMicros : left <= 1;
  return isDue ? 'overload' : undefined;
}

function tripped(
  state: OverloadState,
  trip: TripCause,
  now: Micros,
  options: OverloadOptions,
): OverloadState {
  const trips = state.trips + 1;
  const isLocked = trips >= options.lockingTrip;
  const until = now + (isLocked ? options.lockMicros : options.retryMicros);
  const none = { overSince: undefined, cleanSince: undefined, extremeSince: undefined };
  return { ...state, ...none, trip, trips, isLocked, until };
}

/** A demand window that ended below the limit makes room for the next. */
function nextWindow(
  state: OverloadState,
  { energyMilliJoule }: OverloadInputs,
  now: Micros,
  { demandMicros }: OverloadOptions,
): OverloadState {
  if (demandMicros === undefined || state.overSince === undefined) return state;
  if (now < state.overSince + demandMicros) return state;
  return { ...state, overSince: now, overFromMilliJoule: energyMilliJoule };
}

/** mJ that the running demand window still bears, at least 1. */
function demandLeft(
  state: OverloadState,
  { energyMilliJoule }: OverloadInputs,
  limitWatt: number,
  { demandMicros }: OverloadOptions,
): number | undefined {
  if (demandMicros === undefined || state.overSince === undefined) return undefined;
  const borne = Math.ceil((limitWatt * demandMicros) / 1_000);
  return Math.max(1, borne - (energyMilliJoule - state.overFromMilliJoule));
}

function nextMoment(
  state: OverloadState,
  { isBreakable }: OverloadInputs,
  now: Micros,
  options: OverloadOptions,
): Micros | undefined {
  const moments = [
    state.trip === undefined ? undefined : state.until,
    plus(state.overSince, options.demandMicros ?? options.overMicros),
    state.trips > 0 ? plus(state.cleanSince, options.cleanMicros) : undefined,
    plus(state.extremeSince, options.extremeMicros),
    state.isVoltageTripped
      ? plus(state.calmSince, options.calmMicros)
      : plus(state.highSince, options.highMicros),
  ];
  // What is due already waits for the current to come down, which its own comparator tells.
  const ahead = moments.filter((at): at is Micros => at !== undefined && (at > now || isBreakable));
  return ahead.length === 0 ? undefined : Math.min(...ahead);
}

function plus(since: Micros | undefined, micros: Micros): Micros | undefined {
  return since === undefined ? undefined : since + micros;
}

/** What stands on the glass in place of the balance. */
export function overloadText(state: OverloadState): string | undefined {
  if (state.isVoltageTripped) return 'VOL-OVER';
  if (state.trip === undefined) return undefined;
  return state.trip === 'overload' ? 'OVER PO' : 'CUR-OVER';
}

/** What outlives a power cut: the trip with the time that is left of it, for no clock runs in the dark. */
export interface KeptOverload {
  readonly trip: TripCause | undefined;
  readonly isLocked: boolean;
  readonly isVoltageTripped: boolean;
  /** 0-255. */
  readonly trips: number;
  /** Whole seconds, rounded up, at most 65,535. */
  readonly leftSeconds: number;
}

export const NOTHING_KEPT: KeptOverload = {
  trip: undefined,
  isLocked: false,
  isVoltageTripped: false,
  trips: 0,
  leftSeconds: 0,
};

export function keptOf(state: OverloadState, now: Micros): KeptOverload {
  const { trip, isLocked, isVoltageTripped, trips } = state;
  if (trip === undefined && trips === 0 && !isVoltageTripped) return NOTHING_KEPT;
  const left = trip === undefined ? 0 : Math.max(0, Math.ceil((state.until - now) / SECOND));
  return { trip, isLocked, isVoltageTripped, trips, leftSeconds: left };
}

/** After a reset: what was left of the trip begins anew, so that no power cycle shortens it. */
export function restored(kept: KeptOverload, now: Micros): OverloadState {
  const { trip, isLocked, isVoltageTripped, trips, leftSeconds } = kept;
  return { ...CALM, trip, isLocked, isVoltageTripped, trips, until: now + leftSeconds * SECOND };
}

const TRIP_CODES: readonly (TripCause | undefined)[] = [undefined, 'overload', 'extremeCurrent'];

/** Byte 0: cause, bit 4 locked, bit 5 over-voltage; byte 1 trips; bytes 2-3 seconds left. */
export const OVERLOAD_SECTION: Section<KeptOverload> = {
  bytes: 4,
  initial: NOTHING_KEPT,
  encode: (kept, into, at) => {
    into[at] =
      TRIP_CODES.indexOf(kept.trip) | (kept.isLocked ? 0x10 : 0) | (kept.isVoltageTripped ? 0x20 : 0);
    into[at + 1] = Math.min(kept.trips, 0xff);
    writeInteger(into, at + 2, 2, Math.min(kept.leftSeconds, 0xffff));
  },
  decode: (bytes, at) => {
    const flags = bytes[at] ?? 0;
    return {
      trip: TRIP_CODES[flags & 0x0f],
      isLocked: (flags & 0x10) !== 0,
      isVoltageTripped: (flags & 0x20) !== 0,
      trips: bytes[at + 1] ?? 0,
      leftSeconds: readUnsigned(bytes, at + 2, 2),
    };
  },
};
