/** What the front panel needs of a meter that runs: the doors of its body, never its keys. */
import type { DisplayIcon, KeypadKey } from '../firmware/hardware-interface.ts';
import type { SwitchState } from '../firmware/load-switch.ts';
import type { EntryOutcome } from '../firmware/outcome.ts';
import type { FirmwareStatus } from '../firmware/readout.ts';

/** `'max'`: as fast as the machine can. */
export type Speed = number | 'max';

export interface MeterStatus {
  readonly meterPan: string;
  /** False from the moment the MCU stops until it boots again. */
  readonly powered: boolean;
  readonly mainsOn: boolean;
  /** Appliances behind the meter, W at nominal voltage. */
  readonly loadWatts: number;
  /** The meter's own clock, seconds since 1970. */
  readonly simulatedEpochSeconds: number;
  readonly speed: Speed;
  /** Undefined while not powered. */
  readonly readings: MeterReadings | undefined;
}

export interface MeterReadings {
  readonly status: FirmwareStatus;
  readonly creditMilliWh: number;
  readonly totalMilliWh: number;
  readonly relay: SwitchState;
  readonly voltageMilliVolt: number;
  readonly currentMilliAmp: number;
  readonly powerMilliWatt: number;
  readonly display: { readonly text: string; readonly icons: readonly DisplayIcon[] };
  readonly lastResult: EntryOutcome | undefined;
  /** RTC seconds; 0 when token entry is free. */
  readonly lockedUntilSeconds: number;
}

/** One operation of the relay as the world saw it. */
export interface Switching {
  readonly direction: 'open' | 'close';
  /** µs of simulated time since the meter's process started. */
  readonly contactAtMicros: number;
  /**
   * Signed distance of the contact's movement to the nearest zero, µs, negative before it: of the current when it parted, of
   * the voltage when it touched; null without a wave.
   */
  readonly fromZeroMicros: number | null;
  readonly arcMilliJoule: number;
}

export interface Entered {
  readonly outcome: EntryOutcome;
  /** At the moment of the outcome. */
  readonly balanceMilliWh: number;
}

export interface MeterHost {
  status(): MeterStatus;
  /** @throws StsFault `meter_not_powered`. */
  pressKeys(keys: readonly KeypadKey[]): void;
  /**
   * Enters a token as a wire would and waits until its outcome is durable.
   * @throws StsFault `meter_not_powered` when nothing was entered, `meter_power_lost` when the outcome is unknown.
   */
  enterToken(tokenNo: string): Promise<Entered>;
  setLoad(watts: number): void;
  setMains(on: boolean): void;
  /** The last operations, newest last. */
  switchings(most: number): readonly Switching[];
}
