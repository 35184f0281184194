/** A whole simulated meter for tests: the world with the real firmware in it, and the firmware of the present power-up. */
import { createFirmware, type Firmware } from '../../meter-sim/firmware/firmware.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../../meter-sim/firmware/options.ts';
import { MeterWorld, type MeterWorldOptions } from '../../meter-sim/world/meter-world.ts';
import { PUBLIC_FACTORY } from './public-meter.ts';

export const SECOND = 1_000_000;
/** Supply up, reset, journal read. */
export const BOOTED = 200_000;

export interface MeterBench {
  readonly world: MeterWorld;
  /** Of the present power-up. */
  firmware(): Firmware;
}

export function makeBench(
  options: Partial<MeterWorldOptions> = {},
  firmwareOptions: FirmwareOptions = DEFAULT_OPTIONS,
): MeterBench {
  let firmware: Firmware | undefined;
  const world = new MeterWorld({
    seed: 1,
    fidelity: 'next-event',
    rtcEpochSeconds: 1_790_000_000,
    ...options,
    firmware: (hardware) => {
      firmware = createFirmware(hardware, PUBLIC_FACTORY, firmwareOptions);
      return firmware;
    },
  });
  return {
    world,
    firmware: () => {
      if (firmware === undefined) throw new Error('the meter was never switched on');
      return firmware;
    },
  };
}

/** Switches on and runs until the firmware answers. */
export function powerUp(bench: MeterBench): void {
  bench.world.powerOn();
  bench.world.advance(BOOTED);
}
