/** Parameters of the metering chip (meter-hardware.md 2), every one a configuration. */

export type Fidelity = 'sampled' | 'next-event';

export interface ChipConfig {
  /** Half the width of the uniform spread of the unit's power gain after calibration, and of its phase. */
  readonly gainSpread: number;
  readonly phaseSpreadDegree: number;
  readonly bits: number;
  /** Peak values at which the converters end. */
  readonly fullScaleVolt: number;
  readonly fullScaleAmp: number;
  /** White noise, RMS: leaves 16 effective bits of the nominal 24. */
  readonly noiseVolt: number;
  readonly noiseAmp: number;
  /** Mean power below this, in either direction, counts as no load: 0.4 of the starting power, 40 mA at 230 V. */
  readonly noLoadWatt: number;
  readonly cyclesPerRegister: number;
  /** Peaks that a half wave must reach before its end counts as a zero crossing. */
  readonly zeroFloorVolt: number;
  readonly zeroFloorAmp: number;
  /** Voltage across the contact above which it counts as parted, and mains voltage below which nobody can tell. */
  readonly partedVolt: number;
  readonly blindVolt: number;
  /** A current above this without a voltage across the contact proves it closed. */
  readonly conductingAmp: number;
}

export const DEFAULT_CHIP: ChipConfig = {
  gainSpread: 0.0005,
  phaseSpreadDegree: 0.02,
  bits: 24,
  fullScaleVolt: 600,
  fullScaleAmp: 250,
  noiseVolt: 0.0053,
  noiseAmp: 0.0022,
  noLoadWatt: 3.7,
  cyclesPerRegister: 5,
  zeroFloorVolt: 30,
  zeroFloorAmp: 0.06,
  partedVolt: 8,
  blindVolt: 20,
  conductingAmp: 0.5,
};

/** A chip without errors of its own, for tests of the principle. */
export const IDEAL_CHIP: ChipConfig = {
  ...DEFAULT_CHIP,
  gainSpread: 0,
  phaseSpreadDegree: 0,
  bits: 40,
  noiseVolt: 0,
  noiseAmp: 0,
};
