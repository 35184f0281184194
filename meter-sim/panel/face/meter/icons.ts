/** The icons of the glass as strokes in a box of 20 by 18, in the order in which they stand there. */
import type { DisplayIcon } from '../../../firmware/hardware-interface.ts';

/** The lamp for low credit is no icon: it stands beside the glass. */
export type GlassIcon = Exclude<DisplayIcon, 'low-credit-lamp'>;

const COIN = 'M10 3.2a5.8 5.8 0 1 1-.01 0z';
const FACE = 'M10 2a7 7 0 1 1-.01 0zM7.4 7v.8M12.6 7v.8';

const PALM = 'M6 17L3.6 11.4C3.2 10 4.6 9.6 5.2 10.8L6.4 12.6V4.4C6.4 3 8.2 3 8.2 4.4';

export const ICON_STROKES: Readonly<Record<GlassIcon, string>> = {
  connected: 'M1 11H6M14 11H19M6 11H14M6 8.6V13.4M14 8.6V13.4',
  disconnected: 'M1 11H6M14 11H19M6 11L13 4M6 8.6V13.4M14 8.6V13.4',
  'low-credit': `${COIN}M10 6V11M7.6 9.2L10 11.6 12.4 9.2`,
  'no-credit': `${COIN}M5.9 13.1L14.1 4.9`,
  'negative-credit': `${COIN}M7 9H13`,
  emergency: 'M4 2H16V16H4zM12.6 5H7.6V13H12.6M7.6 9H11.6',
  friendly: 'M4 2H16V16H4zM12.6 5H7.8V13.4M7.8 9H11.6',
  ready: 'M5 3L15 9 5 15zM17.5 3V15',
  busy: 'M5 2H15M5 16H15M6 2C6 7 9.4 7.6 9.4 9S6 11 6 16M14 2C14 7 10.6 7.6 10.6 9S14 11 14 16',
  accepted: `${FACE}M6.6 10.4C8 13 12 13 13.4 10.4`,
  rejected: `${FACE}M6.6 12.6C8 10 12 10 13.4 12.6`,
  locked: 'M4.6 8H15.4V16H4.6zM6.8 8V5.4C6.8 1.4 13.2 1.4 13.2 5.4V8M10 11V13.4',
  tamper: `${PALM}V8.6 3C8.2 1.4 10.2 1.4 10.2 3V8.4 3.4C10.2 2 12.2 2 12.2 3.4V9 5C12.2 3.8 14 3.8 14 5V12L13 17z`,
};

export const GLASS_ICONS = Object.keys(ICON_STROKES) as GlassIcon[];
