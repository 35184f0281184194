/**
 * The body of a meter as one life of its MCU sees it (hardware-interface.ts): when that life has ended, none of its handlers runs
 * and no call does anything.
 */
import type {
  Beep,
  McuTimer,
  MeterHardware,
  MeteringChip,
  ResetReason,
} from '../firmware/hardware-interface.ts';
import type { SimulatedCommsSlot } from '../hardware/comms-module.ts';
import type { SimulatedCovers } from '../hardware/covers.ts';
import type { SimulatedEeprom } from '../hardware/eeprom.ts';
import type { SimulatedGlass } from '../hardware/front-panel.ts';
import type { SimulatedHallSensor } from '../hardware/hall-sensor.ts';
import type { SimulatedKeypad } from '../hardware/keypad-matrix.ts';
import type { LoadSide } from '../hardware/load-side.ts';
import type { SimulatedMeteringChip } from '../hardware/metering-chip.ts';
import type { SimulatedRelay } from '../hardware/relay.ts';
import type { SimulatedRtc } from '../hardware/rtc.ts';
import type { Consumer } from '../hardware/supply.ts';
import type { EventClock } from './event-clock.ts';

/** Whether the MCU of this wiring still runs, and how its code is run. */
export interface McuLife {
  readonly isAlive: boolean;
  run(code: () => void): void;
}

/** What is soldered to the MCU. */
export interface MeterBody {
  readonly relay: SimulatedRelay;
  readonly eeprom: SimulatedEeprom;
  readonly display: SimulatedGlass;
  readonly covers: SimulatedCovers;
  readonly hall: SimulatedHallSensor;
  readonly keypad: SimulatedKeypad;
  readonly slot: SimulatedCommsSlot;
  readonly chip: SimulatedMeteringChip;
  readonly rtc: SimulatedRtc;
  readonly loadSide: LoadSide;
  draw(consumer: Consumer, isOn: boolean): void;
  beep(kind: Beep): void;
}

/** Wraps what must not run in a life of the MCU that has ended. */
type Guard = <T extends unknown[]>(run: (...values: T) => void) => (...values: T) => void;

export function wireTo(
  body: MeterBody,
  clock: EventClock,
  life: McuLife,
  resetReason: ResetReason,
): MeterHardware {
  // Guards: a call into the body, a handler of the firmware that the body runs, and one that takes nothing.
  const guarded: Guard =
    (run) =>
    (...values) => {
      if (life.isAlive) run(...values);
    };
  const heard: Guard =
    (run) =>
    (...values) => {
      if (life.isAlive) life.run(() => run(...values));
    };
  const due = (run: () => void) => (): void => {
    if (life.isAlive) life.run(run);
  };
  const timer: McuTimer = {
    now: () => clock.now(),
    at: (time, run) => clock.at(Math.max(clock.now(), Math.ceil(time)), due(run), life),
  };
  return {
    resetReason,
    timer,
    rtc: {
      epochSeconds: () => body.rtc.epochSeconds(),
      isValid: () => body.rtc.isValid(),
      set: guarded((epochSeconds) => body.rtc.set(epochSeconds)),
      alarmAt: (epochSeconds, run) => body.rtc.alarmAt(epochSeconds, due(run)),
    },
    metering: metering(body.chip, guarded, heard, due),
    relay: { pulse: guarded((direction, width) => body.relay.pulse(direction, width)) },
    memory: {
      size: body.eeprom.size,
      pageSize: body.eeprom.pageSize,
      read: (address, length) => body.eeprom.readOnBus(address, length),
      write: guarded((address, bytes, done) => body.eeprom.write(address, bytes, due(done))),
      protect: guarded((isOn) => body.eeprom.protect(isOn)),
    },
    display: {
      show: guarded((text, icons) => {
        body.draw('display', true);
        body.display.show(text, icons);
      }),
      draw: guarded((picture) => {
        body.draw('display', true);
        body.display.draw(picture);
      }),
    },
    covers: {
      isOpen: (cover) => body.covers.isOpen(cover),
      wasOpened: (cover) => body.covers.wasOpened(cover),
      forgetOpened: guarded((cover) => body.covers.forgetOpened(cover)),
      onChange: (run) => body.covers.onChange(heard(run)),
    },
    hall: {
      microTesla: () => body.hall.microTesla(),
      peakMicroTesla: () => body.hall.peakMicroTesla(),
      onField: (operate, release, run) => body.hall.onField(operate, release, heard(run)),
    },
    keypad: {
      stuckKeys: () => body.keypad.stuckKeys(),
      onStuck: (run) => body.keypad.onStuck(heard(run)),
    },
    comms: {
      isPlugged: () => body.slot.isPlugged(),
      onPlug: (run) => body.slot.onPlug(heard(run)),
      send: guarded((bytes) => body.slot.send(bytes)),
      onReceive: (run) => body.slot.onReceive(heard(run)),
    },
    loadSide: {
      milliVolt: () => body.loadSide.milliVolt(),
      onLive: (run) => body.loadSide.onLive(heard(run)),
    },
    thermometer: { deciCelsius: () => Math.round(10 * body.relay.celsius) },
    beep: (kind) => {
      if (life.isAlive) body.beep(kind);
    },
  };
}

function metering(
  chip: SimulatedMeteringChip,
  guarded: Guard,
  heard: Guard,
  due: (run: () => void) => () => void,
): MeteringChip {
  return {
    energyMilliJoule: () => chip.energyMilliJoule(),
    exportMilliJoule: () => chip.exportMilliJoule(),
    alarmAfter: (energy, run) => chip.alarmAfter(energy, due(run)),
    exportAlarmAfter: (energy, run) => chip.exportAlarmAfter(energy, due(run)),
    setNoLoad: guarded((milliWatt) => chip.setNoLoad(milliWatt)),
    selectCurrent: guarded((path) => chip.selectCurrent(path)),
    voltageMilliVolt: () => chip.voltageMilliVolt(),
    currentMilliAmp: () => chip.currentMilliAmp(),
    neutralMilliAmp: () => chip.neutralMilliAmp(),
    powerMilliWatt: () => chip.powerMilliWatt(),
    reactiveMilliVar: () => chip.reactiveMilliVar(),
    apparentMilliVoltAmp: () => chip.apparentMilliVoltAmp(),
    powerFactorPermille: () => chip.powerFactorPermille(),
    frequencyMilliHertz: () => chip.frequencyMilliHertz(),
    halfCycleMilliVolt: () => chip.halfCycleMilliVolt(),
    captureVoltageEvents: (thresholds, handler) => chip.captureVoltageEvents(thresholds, heard(handler)),
    captureLevel: (quantity, levels, handler) => chip.captureLevel(quantity, levels, heard(handler)),
    captureZeroCrossings: (channel, handler) => chip.captureZeroCrossings(channel, heard(handler)),
    captureContact: (event, handler) => chip.captureContact(event, heard(handler)),
  };
}
