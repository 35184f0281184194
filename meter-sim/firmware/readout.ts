/** What the firmware tells a host that asks: everything a panel may show, and no key. */

import type { CommsReadout } from './comms-link.ts';
import { type CosemStatus, cosemStatus, lowCreditLevel, type SupplyRight } from './credit/right-to-supply.ts';
import type { CreditOptions, CreditState } from './credit/state.ts';
import type { CreditAccount } from './credit.ts';
import type { DisplayIcon } from './hardware-interface.ts';
import type { SwitchAim, SwitchState } from './load-switch.ts';
import type { MeteringReadout } from './metering.ts';
import type { EntryOutcome } from './outcome.ts';
import type { OverloadState } from './overload.ts';
import type { DelayRecord } from './records.ts';
import type { SwitchDecision } from './switch-commands.ts';
import type { TamperReadout } from './tamper-desk.ts';
import type { PastToken } from './token-history.ts';

/** What must hold at every event is judged by these alone; asking for them changes nothing in the meter. */
export interface FirmwareVitals {
  readonly acceptedMilliWh: number;
  /** Energy that was paid for and is left; below zero when it is owed. Emergency credit is not in it. */
  readonly creditMilliWh: number;
  readonly totalMilliWh: number;
  /** The total register as the newest verified record holds it: what a sudden death leaves. */
  readonly savedTotalMilliWh: number;
  readonly relay: SwitchState;
  /** True from a coil's pulse until the switch is known to have obeyed. */
  readonly relayFired: boolean;
  readonly creditState: CreditState;
  /** Whether the relay may be closed for all that credit has to say. */
  readonly maySupply: boolean;
  /** The registers of the tariff bands together: the total register, whatever happens. */
  readonly bandSumMilliWh: number;
  /** What decided where the load switch shall stand; undefined while starting. */
  readonly switchCause: SwitchDecision['cause'] | undefined;
  readonly status: FirmwareStatus;
  /** Wrong tokens in a row, as the lockout counts them. */
  readonly lockoutFailures: number;
}

export interface FirmwareReadout extends FirmwareVitals {
  readonly meterPan: string;
  readonly voltageMilliVolt: number;
  readonly currentMilliAmp: number;
  readonly powerMilliWatt: number;
  readonly display: { readonly text: string; readonly icons: readonly DisplayIcon[] };
  /** What became of the last token since power-up. */
  readonly lastResult: EntryOutcome | undefined;
  /** RTC seconds; 0 when token entry is free. */
  readonly lockedUntilSeconds: number;
  readonly credit: CreditReadout;
  readonly tidMemory: readonly number[];
  /** The last tokens, the newest first. */
  readonly tokenHistory: readonly PastToken[];
  readonly delays: { readonly opening: DelayRecord; readonly closing: DelayRecord };
  /** The last decisions since power-up, oldest first. */
  readonly switchLog: readonly SwitchDecision[];
  /** True when a token record rotted and its acceptance was undone (journal.ts). */
  readonly acceptanceLost: boolean;
  /** What the last pulse of the load switch aimed at; undefined before the first since power-up. */
  readonly switchAim: SwitchAim | undefined;
  readonly tamper: TamperReadout;
  readonly overload: OverloadState;
  readonly comms: CommsReadout;
  readonly metering: MeteringReadout;
}

/** `memory-fault`: the journal is unreadable; the relay stays open and no token is taken. */
export type FirmwareStatus = 'starting' | 'running' | 'power-failing' | 'memory-fault';

export interface CreditReadout {
  /** Whether the relay may be closed for all that credit has to say, and why. */
  readonly right: SupplyRight;
  /** 0 while there is plenty, then one more for each low-credit level passed. */
  readonly lowCreditLevel: number;
  /** What could be taken now, in the unit of the account in use. */
  readonly emergencyOffer: number;
  readonly cosem: CosemStatus;
}

export function creditReadout(
  { state, right, emergencyOffer }: CreditAccount,
  options: CreditOptions,
): CreditReadout {
  return {
    right,
    lowCreditLevel: lowCreditLevel(state, options),
    emergencyOffer,
    cosem: cosemStatus(state, options),
  };
}
