/** Carries out the commands of `commands.ts` on a live meter. */
import { StsFault } from '../../lib/faults.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { DEFAULT_COMMS } from '../firmware/comms-link.ts';
import type { SimulatedCommsModule } from '../hardware/comms-module.ts';
import { definedOf } from '../world/defined.ts';
import type { MeterWorld } from '../world/meter-world.ts';
import { keyOf, type PanelCommand, parseKeys } from './commands.ts';
import type { LiveDriver } from './driver.ts';
import type { LiveMeter } from './live-meter.ts';

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
      {
        do:
          | 'key'
          | 'appliances'
          | 'switch-on'
          | 'switch-off'
          | 'voltage'
          | 'cover'
          | 'magnet'
          | 'load-side'
          | 'temperature';
      }
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
      case 'switch-on':
        this.#meter.switchOn(what.appliance);
        return;
      case 'switch-off':
        this.#meter.switchOff(what.name);
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
        world.setWiring({ ...world.wiring, ...definedOf(wiring) });
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
