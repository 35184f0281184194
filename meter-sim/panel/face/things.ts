/** What stands about: the things of a household with how they draw, the modules for the bay, the steps of time. */
import type { PanelCommand } from '../commands.ts';
import type { TextKey } from './text-english.ts';

type Asked = Extract<PanelCommand, { do: 'appliances' }>['appliances'][number];

export interface Thing {
  readonly title: TextKey;
  /** Strokes in a box of 32 by 32. */
  readonly picture: string;
  readonly draws: Asked & { readonly name: string };
}

/** Powers and power factors of a usual household (assumed). */
export const THINGS: readonly Thing[] = [
  {
    title: 'kettle',
    picture:
      'M9 27H23L25 12H9zM9 14L4 12 6 19M25 13C30 14 30 22 24 23M13 12C13 8 20 8 20 12M16.5 9V7M12 3v2M21 3v2',
    draws: { name: 'kettle', kind: 'resistive', watt: 2_000 },
  },
  {
    title: 'fridge',
    picture: 'M8 3H24V28H8zM8 12H24M11 6V10M11 15V21M10 28V30M22 28V30',
    draws: { name: 'fridge', kind: 'lagging', watt: 120, powerFactor: 0.65, start: 'motor' },
  },
  {
    title: 'lamp',
    picture:
      'M12 22C12 18 8 17 8 11.5A8 8 0 0 1 24 11.5C24 17 20 18 20 22zM12.5 25.5H19.5M14 29H18M16 22V15L13.5 12.5M16 15L18.5 12.5',
    draws: { name: 'lamp', kind: 'resistive', watt: 60, start: 'lamp' },
  },
  {
    title: 'television',
    picture: 'M3 7H29V23H3zM11 28H21M16 23V28',
    draws: { name: 'television', kind: 'electronic', watt: 110 },
  },
  {
    title: 'pump',
    picture: 'M10 9H26V23H10zM10 12H4V20H10M14 9V23M18 9V23M22 9V23M26 16H30M12 23V27M24 23V27M10 27H26',
    draws: { name: 'pump', kind: 'lagging', watt: 750, powerFactor: 0.8, start: 'motor' },
  },
  {
    title: 'cooker',
    picture: 'M5 6H27V28H5zM5 13H27M9 9.5h.1M13 9.5h.1M9 17H23V25H9zM20 9.5H23',
    draws: { name: 'cooker', kind: 'resistive', watt: 6_000 },
  },
  {
    title: 'sun',
    picture:
      'M16 10A6 6 0 1 1 15.9 10zM16 2V6M16 26V30M2 16H6M26 16H30M6 6L9 9M23 23L26 26M26 6L23 9M9 23L6 26',
    draws: { name: 'sun', kind: 'feed', watt: 3_000 },
  },
];

/** Two modules that were paired with this meter. */
export const MODULES = ['00000000000000a1', '00000000000000b2'] as const;

/** Simulated seconds in a second. */
export const SPEEDS = [0.01, 0.1, 1, 10, 60, 600, 3_600, 36_000, 'max'] as const;

/** From this speed on the meter forgets digits before a hand has keyed the next one (it waits 20 s). */
export const TOO_FAST_TO_KEY = 20;
