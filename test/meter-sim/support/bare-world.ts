/** A meter's body with a firmware that does nothing, whose hardware the test drives itself. */
import type { FirmwarePorts, MeterHardware } from '../../../meter-sim/firmware/hardware-interface.ts';
import { MeterWorld, type MeterWorldOptions } from '../../../meter-sim/world/meter-world.ts';

export interface BareWorld {
  readonly world: MeterWorld;
  /** The hardware of the MCU's present life. */
  hardware(): MeterHardware;
  /** What the hardware called, in order, with the time of the call. */
  readonly calls: { what: string; at: number }[];
}

/** Powered up and one second old. */
export function bareWorld(options: Partial<MeterWorldOptions> = {}): BareWorld {
  let present: MeterHardware | undefined;
  const calls: BareWorld['calls'] = [];
  const world = new MeterWorld({
    seed: 1,
    fidelity: 'next-event',
    rtcEpochSeconds: 1_767_225_600,
    ...options,
    firmware: (hardware): FirmwarePorts => {
      present = hardware;
      const note = (what: string): void => {
        calls.push({ what, at: hardware.timer.now() });
      };
      return {
        boot: () => note('boot'),
        keyPressed: (key) => note(`key ${key}`),
        powerFailing: () => note('powerFailing'),
      };
    },
  });
  world.powerOn();
  world.advance(1_000_000);
  return {
    world,
    calls,
    hardware: () => {
      if (present === undefined) throw new Error('the MCU has not started');
      return present;
    },
  };
}
