/**
 * What the panel answers, as types alone: the server fills them in (views.ts) and the meter's face reads them, so that neither can
 * change without the other. Energy is integer mWh and exact decimal kWh, power mW, field µT.
 */
import type { LinkMessage } from '../../lib/link/messages.ts';
import type { CommsReadout } from '../firmware/comms-link.ts';
import type { SupplyRight } from '../firmware/credit/right-to-supply.ts';
import type { LoggedEvent } from '../firmware/event-log.ts';
import type { EventGroup } from '../firmware/events.ts';
import type { Beep, DisplayIcon, KeypadKey } from '../firmware/hardware-interface.ts';
import type { SwitchState } from '../firmware/load-switch.ts';
import type { MemoryPart } from '../firmware/memory-map.ts';
import type { EntryResult } from '../firmware/outcome.ts';
import type { FirmwareStatus } from '../firmware/readout.ts';
import type { SwitchDecision } from '../firmware/switch-commands.ts';
import type { TamperReadout } from '../firmware/tamper-desk.ts';
import type { Wiring } from '../hardware/circuit.ts';
import type { Magnet } from '../hardware/hall-sensor.ts';
import type { Appliance } from '../hardware/load.ts';
import type { LoadSideSource } from '../hardware/load-side.ts';
import type { SupplyState } from '../hardware/supply.ts';
import type { Speed } from './host.ts';
import type { SupplyTrace, SwitchingTrace } from './scope.ts';

/** What became of a token. */
export interface OutcomeView {
  readonly stage: string;
  readonly result: EntryResult;
  /** The result register of sts.md 8.1. */
  readonly code: number;
  readonly creditedMilliWh?: number;
  readonly creditedKwh?: string;
  /** ISO time, of a token that was entered while the door is barred. */
  readonly lockedUntil?: string;
}

/** `GET /v1/meter`; null is what a meter without power does not know. */
export interface MeterView {
  readonly drn: string;
  readonly meterPan: string;
  readonly powered: boolean;
  readonly mainsOn: boolean;
  readonly loadWatts: number;
  readonly simulatedTime: string;
  readonly speed: Speed;
  readonly status: FirmwareStatus | 'off';
  readonly display: { readonly text: string; readonly icons: readonly DisplayIcon[] };
  readonly balanceMilliWh: number | null;
  readonly balanceKwh: string | null;
  readonly totalMilliWh: number | null;
  readonly totalKwh: string | null;
  readonly relay: SwitchState | null;
  readonly voltageMilliVolt: number | null;
  readonly currentMilliAmp: number | null;
  readonly powerMilliWatt: number | null;
  readonly lastResult: OutcomeView | null;
  readonly lockedUntil: string | null;
}

/** An appliance under the name by which whoever switched it on knows it. */
export type NamedAppliance = Appliance & { readonly name?: string };

/** What the calibrated light does: lit for 40 ms from each moment at which `phase` becomes a whole number. */
export interface LedView {
  readonly state: 'dark' | 'steady' | 'pulsing';
  readonly impulsesPerKwh: number;
  /** Pulses since the chip was powered, and the share of the next one. */
  readonly phase: number;
  readonly milliWatt: number;
}

export interface ModuleView {
  readonly id: string;
  readonly isLinked: boolean;
  readonly waitingCommands: number;
  /** The newest messages to the head-end, oldest first. */
  readonly outbox: readonly LinkMessage[];
  readonly dropped: number;
}

/** `GET /v1/meter/bench` and the state of the WebSocket. */
export interface BenchView extends MeterView {
  readonly isPaused: boolean;
  readonly simulatedMicros: number;
  readonly glass: {
    readonly text: string;
    /** Of every cell the letters of its lit segments (segment-font.ts). */
    readonly segments: readonly string[];
    readonly icons: readonly DisplayIcon[];
  };
  /** `counts`: how often each pattern was asked for, so that none is missed between two states. */
  readonly buzzer: {
    readonly isSounding: boolean;
    readonly last: Beep | null;
    readonly counts: Readonly<Record<Beep, number>>;
  };
  readonly led: LedView;
  readonly covers: { readonly meter: boolean; readonly terminal: boolean };
  readonly magnet: Magnet | null;
  readonly hallPeakMicroTesla: number;
  /** Where the meter calls the field a magnet, and where it lets go. */
  readonly hallLimits: { readonly operateMicroTesla: number; readonly releaseMicroTesla: number };
  readonly stuckKeys: readonly KeypadKey[];
  readonly supply: {
    readonly state: SupplyState;
    readonly railVolt: number;
    readonly isSaving: boolean;
    readonly resets: number;
  };
  readonly instant: { readonly volt: number; readonly amp: number; readonly isContactClosed: boolean };
  readonly appliances: readonly NamedAppliance[];
  /** RMS at the terminals: as it was set, and as dips, surges and an outage leave it. */
  readonly grid: { readonly setVolt: number; readonly volt: number };
  readonly wiring: Wiring;
  readonly loadSide: LoadSideSource;
  readonly contact: { readonly isWelded: boolean; readonly operations: number; readonly celsius: number };
  readonly isBatteryGood: boolean;
  readonly exportKwh: string | null;
  readonly credit: { readonly reason: SupplyRight['reason']; readonly emergencyOffer: number } | null;
  readonly tamper: TamperReadout | null;
  readonly switchCause: SwitchDecision['cause'] | null;
  /** The number of the newest event in each group: whoever shows the log asks for it again when one has changed. */
  readonly newestEvents: Readonly<Record<EventGroup, number>> | null;
  readonly comms: CommsReadout | null;
  readonly module: ModuleView | null;
}

/** `GET /v1/meter/events`. */
export type EventsView = Readonly<Record<EventGroup, readonly LoggedEvent[]>>;

/** `GET /v1/meter/scope`, oldest first. */
export interface ScopeView {
  readonly switchings: readonly SwitchingTrace[];
  readonly supplies: readonly SupplyTrace[];
}

/** `GET /v1/meter/wear`; a part has no memory of its wear, so all is counted since the meter's process started. */
export interface WearView {
  readonly pageBytes: number;
  /** Writes of the most worn group of four bytes in each page. */
  readonly pages: readonly number[];
  /** What stands where: every page is of one part. */
  readonly parts: readonly {
    readonly name: MemoryPart;
    readonly firstPage: number;
    readonly pages: number;
  }[];
  /** Writes that every group takes without harm. */
  readonly endurance: number;
  /** Simulated time over which all this was counted. */
  readonly countedMicros: number;
  readonly writes: number;
  readonly lostWrites: number;
  readonly tornWrites: number;
}
