/** A unit on a metering test bench: its register against the energy that truly flowed. */
import type { Appliance } from '../../../meter-sim/hardware/load.ts';
import type { MeterWorldOptions } from '../../../meter-sim/world/meter-world.ts';
import { type BareWorld, bareWorld } from './bare-world.ts';

export const UN = 230;
/** Basic and maximum current of the reference meter, A. */
export const IB = 10;
export const IMAX = 100;

export function unit(options: Partial<MeterWorldOptions> = {}): BareWorld {
  return bareWorld({ relay: { position: 'closed' }, ...options });
}

/** A current of so many A and this power factor at the nominal voltage. */
export function current(amp: number, powerFactor: number, kind: 'lagging' | 'leading'): Appliance {
  if (powerFactor === 1) return { kind: 'resistive', watt: UN * amp };
  return { kind, watt: UN * amp * powerFactor, powerFactor };
}

/**
 * Relative error of the import register over so many seconds under the load, after a second to settle. Both ends lie where
 * the register has just grown: within a cycle it stands at the most that has flowed.
 */
export function errorUnder(
  { world, hardware }: BareWorld,
  appliances: readonly Appliance[],
  seconds: number,
): number {
  world.setLoad({ appliances });
  world.advance(1_000_000);
  const { metering } = hardware();
  const look = (): { register: number; joule: number } => {
    let seen: { register: number; joule: number } | undefined;
    metering.alarmAfter(1, () => {
      seen = { register: metering.energyMilliJoule(), joule: world.energyTruth().importJoule };
    });
    world.advance(200_000);
    if (seen === undefined) throw new Error('the register does not grow');
    return seen;
  };
  const before = look();
  world.advance(Math.round(seconds * 1e6));
  const after = look();
  return (after.register - before.register) / 1000 / (after.joule - before.joule) - 1;
}
