/** The panel's answers as JSON: energy as integer mWh and as exact decimal kWh, never a float. */
import { BigNumber } from 'bignumber.js';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { MEMORY_PARTS } from '../firmware/memory-map.ts';
import { ENTRY_CODES, type EntryOutcome } from '../firmware/outcome.ts';
import { DEFAULT_TAMPER } from '../firmware/tamper-watch.ts';
import type { SimulatedEeprom } from '../hardware/eeprom.ts';
import { segmentLetters } from '../hardware/segment-font.ts';
import type { BenchView, MeterView, ModuleView, OutcomeView, WearView } from './bench-view.ts';
import type { Controls } from './controls.ts';
import type { MeterStatus } from './host.ts';
import type { LiveMeter } from './live-meter.ts';

const MILLI_WH_PER_DECI_KWH = 100_000;

/** @returns exact decimal kWh: 1 mWh is 0.000001 kWh. */
export function kilowattHours(milliWh: number): string {
  return new BigNumber(milliWh).shiftedBy(-6).toFixed();
}

export function outcomeView(outcome: EntryOutcome): OutcomeView {
  const { stage, result } = outcome;
  const view = { stage, result, code: ENTRY_CODES[result] };
  if (outcome.result === 'Accept') {
    const creditedMilliWh = outcome.creditDeciKwh * MILLI_WH_PER_DECI_KWH;
    return { ...view, creditedMilliWh, creditedKwh: kilowattHours(creditedMilliWh) };
  }
  return outcome.result === 'Lockout' ? { ...view, lockedUntil: isoTime(outcome.untilSeconds) } : view;
}

export function meterView(status: MeterStatus): MeterView {
  const { readings } = status;
  return {
    drn: parseMeterNumber(status.meterPan).drn,
    meterPan: status.meterPan,
    powered: status.powered,
    mainsOn: status.mainsOn,
    loadWatts: status.loadWatts,
    simulatedTime: isoTime(status.simulatedEpochSeconds),
    speed: status.speed,
    status: readings?.status ?? 'off',
    display: readings?.display ?? { text: '', icons: [] },
    balanceMilliWh: readings?.creditMilliWh ?? null,
    balanceKwh: readings === undefined ? null : kilowattHours(readings.creditMilliWh),
    totalMilliWh: readings?.totalMilliWh ?? null,
    totalKwh: readings === undefined ? null : kilowattHours(readings.totalMilliWh),
    relay: readings?.relay ?? null,
    voltageMilliVolt: readings?.voltageMilliVolt ?? null,
    currentMilliAmp: readings?.currentMilliAmp ?? null,
    powerMilliWatt: readings?.powerMilliWatt ?? null,
    lastResult: readings?.lastResult === undefined ? null : outcomeView(readings.lastResult),
    lockedUntil:
      readings === undefined || readings.lockedUntilSeconds === 0
        ? null
        : isoTime(readings.lockedUntilSeconds),
  };
}

/** All that a bench shows of a live meter; cells of the glass as the letters of their lit segments. */
export function workbenchView(meter: LiveMeter, controls: Controls): BenchView {
  const { world } = meter;
  const readout = meter.readout();
  return {
    ...meterView(meter.status()),
    speed: controls.speed,
    isPaused: controls.isPaused,
    simulatedMicros: world.now(),
    glass: {
      text: world.display.text,
      segments: world.display.segments.map(segmentLetters),
      icons: world.display.icons,
    },
    buzzer: {
      isSounding: world.beeper.isSounding,
      last: world.beeper.last ?? null,
      counts: world.beeper.counts,
    },
    led: {
      state: world.led.state(),
      impulsesPerKwh: world.led.impulsesPerKwh,
      phase: world.led.phase(),
      milliWatt: world.chip.powerMilliWatt(),
    },
    covers: { meter: world.covers.isOpen('meter'), terminal: world.covers.isOpen('terminal') },
    magnet: world.hall.magnet ?? null,
    hallPeakMicroTesla: world.hall.peakMicroTesla(),
    hallLimits: HALL_LIMITS,
    stuckKeys: world.keypad.stuckKeys(),
    supply: {
      state: world.supplyState,
      railVolt: world.railVolt(),
      isSaving: world.eeprom.isBusy,
      resets: world.resets,
    },
    instant: { volt: world.voltageVolt(), amp: world.currentAmp(), isContactClosed: world.conducts },
    appliances: meter.appliances,
    grid: { setVolt: world.grid.levelVolt, volt: world.mains.voltRms },
    wiring: world.wiring,
    loadSide: world.loadSide.source,
    contact: {
      isWelded: world.relay.isWelded,
      operations: world.relay.operations,
      celsius: world.relay.celsius,
    },
    isBatteryGood: world.covers.isBatteryGood,
    exportKwh: readout === undefined ? null : kilowattHours(readout.metering.exportMilliWh),
    credit:
      readout === undefined
        ? null
        : { reason: readout.credit.right.reason, emergencyOffer: readout.credit.emergencyOffer },
    tamper: readout?.tamper ?? null,
    switchCause: readout?.switchCause ?? null,
    newestEvents: meter.newestEvents() ?? null,
    comms: readout?.comms ?? null,
    module: moduleView(meter),
  };
}

/** The limits of the default make, which every live meter is. */
const HALL_LIMITS: BenchView['hallLimits'] = {
  operateMicroTesla: DEFAULT_TAMPER.magnetOperateMicroTesla,
  releaseMicroTesla: DEFAULT_TAMPER.magnetReleaseMicroTesla,
};

const OUTBOX_SHOWN = 20;

function moduleView({ world }: LiveMeter): ModuleView | null {
  const { module } = world.slot;
  if (module === undefined) return null;
  return {
    id: module.id,
    isLinked: module.isLinked,
    waitingCommands: module.waiting,
    outbox: module.latest(OUTBOX_SHOWN),
    dropped: module.dropped,
  };
}

export function wearView(world: WornMemory): WearView {
  const { eeprom } = world;
  const { size, pageSize } = eeprom;
  const pages = Array.from({ length: size / pageSize }, (_, page) => {
    let worst = 0;
    for (let at = 0; at < pageSize; at += 4) worst = Math.max(worst, eeprom.wearAt(page * pageSize + at));
    return worst;
  });
  return {
    pageBytes: pageSize,
    pages,
    parts: MEMORY_PARTS.map(({ name, firstPage }, index) => ({
      name,
      firstPage,
      pages: (MEMORY_PARTS[index + 1]?.firstPage ?? pages.length) - firstPage,
    })),
    endurance: eeprom.endurance,
    countedMicros: world.now(),
    writes: eeprom.writesStarted,
    lostWrites: eeprom.lostWrites,
    tornWrites: eeprom.tornWrites,
  };
}

/** A world, as far as its memory wears. */
interface WornMemory {
  readonly eeprom: SimulatedEeprom;
  now(): number;
}

function isoTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
