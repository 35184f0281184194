/** The household's things as a hand asks for them, and as the load of the simulated circuit has them. */
import { isDeepStrictEqual } from 'node:util';
import { type Appliance, CAPACITOR_INRUSH, LAMP_INRUSH, MOTOR_START, type Start } from '../hardware/load.ts';
import { definedOf } from '../world/defined.ts';
import type { NamedAppliance } from './bench-view.ts';
import type { PanelCommand } from './commands.ts';

export type AskedAppliance = Extract<PanelCommand, { do: 'appliances' }>['appliances'][number];

const STARTS = {
  motor: MOTOR_START,
  lamp: LAMP_INRUSH,
  capacitor: CAPACITOR_INRUSH,
} as const satisfies Record<string, Start>;

/**
 * What is switched on from now on.
 * @param before - what was on until now: those that stay are the same objects, so that they run on and do not start anew.
 */
export function switchedOn(
  asked: readonly AskedAppliance[],
  before: readonly NamedAppliance[],
): readonly NamedAppliance[] {
  const left = [...before];
  return asked.map(({ start, ...rest }) => {
    const plain = definedOf(rest) as NamedAppliance;
    const appliance = start === undefined ? plain : { ...plain, start: STARTS[start] };
    const same = left.findIndex((other) => isDeepStrictEqual(other, appliance));
    return left.splice(same, same < 0 ? 0 : 1)[0] ?? appliance;
  });
}

/** A household of which only the power is known. */
export function plainHousehold(watts: number): readonly NamedAppliance[] {
  return watts === 0 ? [] : [{ kind: 'resistive', watt: watts }];
}

/** W that all take of the grid together at the nominal voltage, below zero while they feed. */
export function wattsOf(appliances: readonly Appliance[]): number {
  return Math.round(appliances.reduce((sum, { kind, watt }) => sum + (kind === 'feed' ? -watt : watt), 0));
}
