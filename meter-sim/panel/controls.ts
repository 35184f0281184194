/**
 * What a hand, or a fault, can do to a live meter: one schema for every command, over HTTP and over the WebSocket alike. A command
 * is judged whole before anything is done, so that one that is refused has changed nothing.
 */
import { z } from 'zod';
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { DEFAULT_COMMS } from '../firmware/comms-link.ts';
import type { KeypadKey } from '../firmware/hardware-interface.ts';
import type { SimulatedCommsModule } from '../hardware/comms-module.ts';
import { definedOf } from '../world/defined.ts';
import type { MeterWorld } from '../world/meter-world.ts';
import type { LiveDriver } from './driver.ts';
import type { LiveMeter } from './live-meter.ts';

export const MOST_WATTS = 40_000;
export const MOST_KEYS = 200;
const MOST_APPLIANCES = 20;

const watt = z.number().min(0).max(MOST_WATTS);
const powerFactor = z.number().min(0.1).max(1);
const millimetre = z.number().min(-10_000).max(10_000);
const place = z.tuple([millimetre, millimetre, millimetre]);
const hexId = z.string().regex(/^[0-9a-f]{16}$/);
const key = z.string().regex(/^[0-9*#]$/);

const command = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('keys'), keys: z.string().min(1).max(MOST_KEYS) }),
  /** A finger that stays on a key, or leaves it: bounces, and a stuck key. */
  z.strictObject({ do: z.literal('key'), key, isDown: z.boolean() }),
  z.strictObject({ do: z.literal('load'), watts: z.int().min(0).max(MOST_WATTS) }),
  z.strictObject({
    do: z.literal('appliances'),
    appliances: z
      .array(
        z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('resistive'), watt }),
          z.strictObject({ kind: z.literal('lagging'), watt, powerFactor }),
          z.strictObject({ kind: z.literal('leading'), watt, powerFactor }),
          z.strictObject({ kind: z.literal('electronic'), watt }),
        ]),
      )
      .max(MOST_APPLIANCES),
  }),
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
  /** Shares of the current around the meter and back by the earth; what is left out is as it should be. */
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

function keyOf(character: string): KeypadKey {
  if (character === '*') return 'backspace';
  return character === '#' ? 'enter' : (character as KeypadKey);
}

export class Controls {
  readonly #meter: LiveMeter;
  readonly #world: MeterWorld;
  readonly #driver: LiveDriver;
  /** Modules that were ever in the slot, with what their flash holds. */
  readonly #modules = new Map<string, SimulatedCommsModule>();

  constructor(meter: LiveMeter, driver: LiveDriver) {
    this.#meter = meter;
    this.#world = meter.world;
    this.#driver = driver;
  }

  get speed(): number | 'max' {
    return this.#driver.speed;
  }

  get isPaused(): boolean {
    return this.#driver.isPaused;
  }

  /** @throws StsFault `meter_not_powered`, `module_slot_taken`, `module_slot_empty`, `meter_not_paused`. */
  carryOut(what: PanelCommand): void {
    switch (what.do) {
      case 'keys':
        this.#meter.pressKeys(parseKeys(what.keys));
        return;
      case 'load':
        this.#meter.setLoad(what.watts);
        return;
      case 'mains':
        this.#meter.setMains(what.on);
        return;
      case 'plug':
        this.#plug(what.moduleId);
        return;
      case 'unplug':
        if (this.#world.slot.unplug() === undefined) throw new StsFault('module_slot_empty');
        return;
      case 'module-token':
        this.#module().command({ kind: 'token', key: what.key, tokenNo: what.tokenNo });
        return;
      case 'fault':
        this.#fail(what.fault);
        return;
      case 'speed':
        this.#driver.setSpeed(what.speed);
        return;
      case 'pause':
        this.#driver.stop();
        return;
      case 'resume':
        this.#driver.start();
        return;
      case 'step':
        if (!this.#driver.isPaused) throw new StsFault('meter_not_paused');
        this.#meter.advance(what.micros);
        return;
      case 'clock':
        this.#meter.setClock(what.epochSeconds);
        return;
      case 'wiring':
      case 'dip':
      case 'surge':
        this.#disturb(what);
        break;
      default:
        this.#touch(what);
    }
    this.#meter.advance(0);
  }

  #touch(
    what: Extract<
      PanelCommand,
      { do: 'key' | 'appliances' | 'voltage' | 'cover' | 'magnet' | 'load-side' | 'temperature' }
    >,
  ): void {
    const world = this.#world;
    switch (what.do) {
      case 'key':
        if (what.isDown) world.keypad.hold(keyOf(what.key));
        else world.keypad.release(keyOf(what.key));
        return;
      case 'appliances':
        this.#meter.setAppliances(what.appliances);
        return;
      case 'voltage':
        world.setVoltage(what.volt);
        return;
      case 'cover':
        world.covers.setOpen(what.cover, what.isOpen);
        return;
      case 'magnet':
        world.hall.setMagnet(what.magnet ?? undefined);
        return;
      case 'load-side':
        world.setLoadSideSource(what.source);
        return;
      case 'temperature':
        world.setTemperature(what.celsius);
        return;
    }
  }

  #disturb(what: Extract<PanelCommand, { do: 'wiring' | 'dip' | 'surge' }>): void {
    const world = this.#world;
    switch (what.do) {
      case 'wiring': {
        const { do: _, ...wiring } = what;
        world.setWiring(definedOf(wiring));
        return;
      }
      case 'dip':
        world.grid.dip(what);
        return;
      case 'surge':
        world.grid.surge(what);
        return;
    }
  }

  #fail(fault: Extract<PanelCommand, { do: 'fault' }>['fault']): void {
    const world = this.#world;
    switch (fault.kind) {
      case 'reset':
        world.killMcu();
        world.powerOn();
        return;
      case 'torn-write':
        world.killMcuAtWrite(world.eeprom.writesStarted, fault.byte);
        return;
      case 'battery':
        world.covers.setBattery(fault.isGood);
        return;
      case 'weld':
        if (fault.isWelded) world.relay.weld();
        else world.relay.breakWeld();
        return;
    }
  }

  #plug(moduleId: string): void {
    const { slot } = this.#world;
    if (slot.module !== undefined) throw new StsFault('module_slot_taken');
    let module = this.#modules.get(moduleId);
    if (module === undefined) {
      if (this.#modules.size >= MOST_MODULES)
        throw new StsFault('module_slot_taken', 'there are no more modules');
      const pairingKey = bytesFromHex(DEFAULT_COMMS.pairingKey);
      module = this.#world.makeModule({ id: bytesFromHex(moduleId), pairingKey });
      this.#modules.set(moduleId, module);
    }
    slot.plug(module);
  }

  #module(): SimulatedCommsModule {
    const { module } = this.#world.slot;
    if (module === undefined) throw new StsFault('module_slot_empty');
    return module;
  }
}

const MOST_MODULES = 16;
