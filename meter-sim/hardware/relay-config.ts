/** The numbers of a latching relay (meter-hardware.md 3) and the record of what it truly did. */
import type { SwitchDirection } from '../firmware/hardware-interface.ts';

export interface RelayConfig {
  readonly openingMillis: number;
  readonly closingMillis: number;
  /** Spread from unit to unit, and where it is clipped. */
  readonly unitSigmaMillis: number;
  readonly openingClipMillis: readonly [number, number];
  readonly closingClipMillis: readonly [number, number];
  readonly jitterSigmaMillis: number;
  readonly driftMillisPerCelsius: number;
  readonly referenceCelsius: number;
  readonly coilVolt: number;
  readonly lowestCoilVolt: number;
  readonly driftMillisPerVolt: number;
  readonly wearMillisPerOperation: number;
  readonly idleMillis: number;
  readonly idleAfterMicros: number;
  readonly shortestPulseMicros: number;
  readonly bounces: readonly [number, number];
  readonly bounceMillis: readonly [number, number];
  readonly contactOhm: number;
  readonly wornContactOhm: number;
  readonly wornArcJoule: number;
  readonly arcVolt: number;
  readonly arcAmp: number;
  /** A close into more than this welds with `weldChance`: 30 x Imax, peak. */
  readonly weldAmp: number;
  readonly weldChance: number;
  /** Below it the chance is the energy of the bounce arcs times this (assumed: 1 % or so over a life at rated current). */
  readonly weldChancePerJoule: number;
  /** Chance that an opening pulse tears a welded contact free (assumed). */
  readonly tearChance: number;
  /** A field at the relay above this holds or flips the armature, T. */
  readonly magnetTesla: number;
  /** Share of the nominal mains voltage below which no coil may be driven; such pulses are counted. */
  readonly lowestMainsShare: number;
  /** A latching relay stays as it was left: what a meter restarts with. */
  readonly position: 'open' | 'closed';
  readonly operations: number;
  readonly arcJoule: number;
  readonly isWelded: boolean;
}

export const DEFAULT_RELAY: RelayConfig = {
  openingMillis: 8,
  closingMillis: 9,
  unitSigmaMillis: 1,
  openingClipMillis: [5, 15],
  closingClipMillis: [5, 20],
  jitterSigmaMillis: 0.15,
  driftMillisPerCelsius: 0.03,
  referenceCelsius: 23,
  coilVolt: 12,
  lowestCoilVolt: 9.6,
  driftMillisPerVolt: -0.5,
  wearMillisPerOperation: 1 / 10_000,
  idleMillis: 0.5,
  idleAfterMicros: 30 * 86_400e6,
  shortestPulseMicros: 50_000,
  bounces: [1, 4],
  bounceMillis: [1, 3],
  contactOhm: 0.0005,
  wornContactOhm: 0.002,
  wornArcJoule: 67_000,
  arcVolt: 15,
  arcAmp: 0.4,
  weldAmp: 3_000,
  weldChance: 0.5,
  weldChancePerJoule: 1e-6,
  tearChance: 0.1,
  magnetTesla: 0.3,
  lowestMainsShare: 0.7,
  position: 'open',
  operations: 0,
  arcJoule: 0,
  isWelded: false,
};

/** Makes of relay by the scatter of their delay, ms. */
export const JITTER_PROFILES_MILLIS = [0.05, 0.1, 0.15, 0.3] as const;

/** The truth about one switching. */
export interface Switching {
  readonly direction: SwitchDirection;
  /** Start of the coil pulse, µs; of the field for an armature that a magnet threw. */
  readonly pulsedAt: number;
  /** When the contacts parted, or first touched, µs. */
  readonly movedAt: number;
  /** True zeros around `movedAt`, µs: of the current for an opening, of the voltage for a closing; null without a wave. */
  readonly zeroBefore: number | null;
  readonly zeroAfter: number | null;
  /** Signed distance to the nearer zero, µs: below zero when the contacts moved before it. */
  readonly distanceMicros: number | null;
  /** Current at the moment of parting; 0 for a closing. */
  readonly amp: number;
  /** Energy of the arc, of all bounces for a closing, J. */
  readonly arcJoule: number;
  /** A closing that welded the contact. */
  readonly welded: boolean;
}

/** Pulses that should not have been, by reason. */
export interface RelayFaults {
  otherCoilDriven: number;
  sameCoilDriven: number;
  tooShort: number;
  /** The coil had less than its lowest voltage: nothing moved. */
  coilTooLow: number;
  /** The rule that no coil is driven below 70 % of Un or from the hold-up was broken. */
  supplyTooLow: number;
}

/** Rightful pulses that moved nothing, by what held the contact. */
export interface StuckCounts {
  byWeld: number;
  byMagnet: number;
}

/** What a field above the threshold does to this armature: keep it where it is, or throw it over once and then keep it. */
export type MagnetEffect = 'hold' | 'flip';
