/**
 * What a hand, or a fault, can do to a live meter: one schema for every command, over HTTP and over the WebSocket alike. A command
 * is judged whole before anything is done, so that one that is refused has changed nothing.
 */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import type { KeypadKey } from '../firmware/hardware-interface.ts';

export const MOST_WATTS = 40_000;
export const MOST_KEYS = 200;
export const MOST_APPLIANCES = 20;

const applianceName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/);
/** Of every appliance: its power at the nominal voltage, whose it is for whoever looks on, and the current with which it starts. */
const ofAppliance = {
  watt: z.number().min(0).max(MOST_WATTS),
  name: applianceName.optional(),
  start: z.enum(['motor', 'lamp', 'capacitor']).optional(),
};
const powerFactor = z.number().min(0.1).max(1);
const appliance = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('resistive'), ...ofAppliance }),
  z.strictObject({ kind: z.literal('lagging'), ...ofAppliance, powerFactor }),
  z.strictObject({ kind: z.literal('leading'), ...ofAppliance, powerFactor }),
  z.strictObject({ kind: z.literal('electronic'), ...ofAppliance }),
  /** The sun on the roof. */
  z.strictObject({ kind: z.literal('feed'), ...ofAppliance }),
]);
const millimetre = z.number().min(-10_000).max(10_000);
const place = z.tuple([millimetre, millimetre, millimetre]);
const hexId = z.string().regex(/^[0-9a-f]{16}$/);
const key = z.string().regex(/^[0-9*#]$/);

const command = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('keys'), keys: z.string().min(1).max(MOST_KEYS) }),
  /** A finger that stays on a key, or leaves it: bounces, and a stuck key. */
  z.strictObject({ do: z.literal('key'), key, isDown: z.boolean() }),
  z.strictObject({ do: z.literal('load'), watts: z.int().min(0).max(MOST_WATTS) }),
  z.strictObject({ do: z.literal('appliances'), appliances: z.array(appliance).max(MOST_APPLIANCES) }),
  /** One thing of the household, beside what is on; one of its name that is on already stays as it is. */
  z.strictObject({ do: z.literal('switch-on'), appliance }),
  z.strictObject({ do: z.literal('switch-off'), name: applianceName }),
  z.strictObject({ do: z.literal('mains'), on: z.boolean() }),
  z.strictObject({ do: z.literal('voltage'), volt: z.number().min(0).max(400) }),
  z.strictObject({ do: z.literal('cover'), cover: z.enum(['meter', 'terminal']), isOpen: z.boolean() }),
  z.strictObject({
    do: z.literal('magnet'),
    /** null takes it away. */
    magnet: z
      .strictObject({
        faceMilliTesla: z.number().min(0).max(2_000),
        halfLengthMillimetre: z.number().min(1).max(200),
        atMillimetre: place.refine(([x, y, z]) => Math.hypot(x, y, z) >= 1, 'is inside the sensor'),
        hertz: z.number().min(0).max(1_000),
      })
      .nullable(),
  }),
  z.strictObject({
    do: z.literal('load-side'),
    source: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({ kind: z.literal('bypass') }),
      z.strictObject({ kind: z.literal('generator'), voltRms: z.number().min(0).max(400) }),
    ]),
  }),
  /** Shares of the current around the meter and back by the earth; what is left out stays as it is. */
  z.strictObject({
    do: z.literal('wiring'),
    bypassShare: z.number().min(0).max(1).optional(),
    earthShare: z.number().min(0).max(1).optional(),
    isReversed: z.boolean().optional(),
    isNeutralCut: z.boolean().optional(),
  }),
  /** A dip to this share of the voltage, or a surge, that passes. */
  z.strictObject({
    do: z.literal('dip'),
    residualPercent: z.number().min(0).max(100),
    micros: z.int().min(1_000).max(60_000_000),
  }),
  z.strictObject({
    do: z.literal('surge'),
    volt: z.number().min(230).max(400),
    micros: z.int().min(1_000).max(300_000_000),
  }),
  /** Sets the meter's own clock, as a head-end does. */
  z.strictObject({ do: z.literal('clock'), epochSeconds: z.int().min(0).max(4_294_967_295) }),
  z.strictObject({ do: z.literal('temperature'), celsius: z.number().min(-40).max(85) }),
  z.strictObject({ do: z.literal('plug'), moduleId: hexId }),
  z.strictObject({ do: z.literal('unplug') }),
  /** A token by way of the module in the slot; `key` makes a second time harmless. */
  z.strictObject({ do: z.literal('module-token'), key: hexId, tokenNo: z.string().regex(/^[0-9]{20}$/) }),
  z.strictObject({
    do: z.literal('fault'),
    fault: z.discriminatedUnion('kind', [
      /** The MCU dies this instant and starts again. */
      z.strictObject({ kind: z.literal('reset') }),
      /** The supply dies at this byte of the next EEPROM write. */
      z.strictObject({ kind: z.literal('torn-write'), byte: z.int().min(0).max(64) }),
      z.strictObject({ kind: z.literal('battery'), isGood: z.boolean() }),
      /** The contact sticks together, or is torn free. */
      z.strictObject({ kind: z.literal('weld'), isWelded: z.boolean() }),
    ]),
  }),
  z.strictObject({
    do: z.literal('speed'),
    speed: z.union([z.literal('max'), z.number().min(0.01).max(1_000_000)]),
  }),
  z.strictObject({ do: z.literal('pause') }),
  z.strictObject({ do: z.literal('resume') }),
  /** Runs simulated time by so much while paused. */
  z.strictObject({ do: z.literal('step'), micros: z.int().min(1).max(60_000_000) }),
]);

export type PanelCommand = z.infer<typeof command>;

/** @throws StsFault `request_malformed` with the field, `key_press_unknown`. */
export function parseCommand(value: unknown): PanelCommand {
  const result = command.safeParse(value);
  if (!result.success) {
    const issue = result.error.issues[0];
    const param = issue?.path.join('.') ?? '';
    throw new StsFault('request_malformed', issue?.message, param === '' ? {} : { param });
  }
  if (result.data.do === 'keys') parseKeys(result.data.keys);
  return result.data;
}

/** Digits, `*` to go back, `#` to enter; spaces and dashes are how people group digits. */
export function parseKeys(text: string): KeypadKey[] {
  return Array.from(text.replace(/[\s-]/g, ''), (character) => {
    if (/^[0-9*#]$/.test(character)) return keyOf(character);
    throw new StsFault('key_press_unknown', undefined, { param: 'keys' });
  });
}

/** The key of the meter with this face; `*` goes back, `#` enters. */
export function keyOf(character: string): KeypadKey {
  if (character === '*') return 'backspace';
  return character === '#' ? 'enter' : (character as KeypadKey);
}
