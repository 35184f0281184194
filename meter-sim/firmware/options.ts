/** Every assumed number of the firmware with the default of its reference, so that a make of meter is a set of values. */
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from '../../lib/meter/configuration.ts';
import { type CommsOptions, DEFAULT_COMMS } from './comms-link.ts';
import { type CreditOptions, DEFAULT_CREDIT } from './credit/state.ts';
import { DEFAULT_CLOSING, DEFAULT_OPENING } from './delay-estimator.ts';
import type { Micros } from './hardware-interface.ts';
import { type CodeProfile, HEXING_CODES } from './info-codes.ts';
import { DEFAULT_SHAPE, type JournalShape } from './journal.ts';
import type { LoadSwitchOptions } from './load-switch.ts';
import { DEFAULT_METERING, type MeteringOptions } from './metering.ts';
import { DEFAULT_OVERLOAD, type OverloadOptions } from './overload.ts';
import { DEFAULT_TAMPER, type TamperOptions } from './tamper-watch.ts';

export interface FirmwareOptions {
  readonly meter: MeterConfiguration;
  readonly journal: JournalShape;
  readonly loadSwitch: LoadSwitchOptions;
  readonly metering: MeteringOptions;
  readonly credit: CreditOptions;
  /** From one beep of low credit to the next (meter-hardware.md 6). */
  readonly lowCreditBeepMicros: Micros;
  /** What the codes of the keypad show and do. */
  readonly codes: CodeProfile;
  /** An account record after this much energy and after this much time, whichever comes first. */
  readonly checkpointMilliWh: number;
  readonly checkpointMicros: Micros;
  /** Zeros are watched from this long before the credit is expected to end. */
  readonly prepareMicros: Micros;
  /** The expectation reckons with at least this power, mW, so that a small load that grows is not met unprepared. */
  readonly preparePowerMilliWatt: number;
  readonly keypadTimeOutMicros: Micros;
  /** A power-fail signal that led to no reset is over when the voltage is back after this long. */
  readonly recoveryMicros: Micros;
  readonly tamper: TamperOptions;
  readonly overload: OverloadOptions;
  readonly comms: CommsOptions;
}

const SECOND = 1_000_000;

/** For a 230 V, 5(100) A meter. */
export const DEFAULT_OPTIONS: FirmwareOptions = {
  meter: DEFAULT_METER_CONFIGURATION,
  journal: DEFAULT_SHAPE,
  loadSwitch: {
    opening: DEFAULT_OPENING,
    closing: DEFAULT_CLOSING,
    pulseMicros: 100_000,
    cycles: 8,
    freeOpeningMilliAmp: 1_000,
    lowestVoltageMilliVolt: 161_000,
    searchMicros: 500_000,
    settleMicros: 1_200_000,
    flowingMilliAmp: 100,
    liveMilliVolt: 50_000,
    openAttempts: 5,
    closeAttempts: 2,
    malfunctionRetryMicros: 3_600 * SECOND,
    idleAfterMicros: 30 * 86_400 * SECOND,
    idleExtraMicros: 500,
  },
  metering: DEFAULT_METERING,
  credit: DEFAULT_CREDIT,
  lowCreditBeepMicros: 30 * SECOND,
  codes: HEXING_CODES,
  checkpointMilliWh: 1_000_000,
  checkpointMicros: 3_600 * SECOND,
  prepareMicros: SECOND / 2,
  preparePowerMilliWatt: 200_000,
  keypadTimeOutMicros: DEFAULT_METER_CONFIGURATION.keypadTimeoutSeconds * SECOND,
  recoveryMicros: SECOND,
  tamper: DEFAULT_TAMPER,
  overload: DEFAULT_OVERLOAD,
  comms: DEFAULT_COMMS,
};
