/**
 * One meter that lives: its world, the firmware of its present power-up, and the answers still owed to callers. Time moves
 * only by {@link LiveMeter.advance}; the wall clock and the files stay with the door.
 */
import { StsFault } from '../../lib/faults.ts';
import type { LoggedEvent } from '../firmware/event-log.ts';
import type { EventGroup } from '../firmware/events.ts';
import { createFirmware, type FactorySettings, type Firmware } from '../firmware/firmware.ts';
import type { KeypadKey, RelayDriver } from '../firmware/hardware-interface.ts';
import { Journal } from '../firmware/journal.ts';
import { MemoryBus } from '../firmware/memory-bus.ts';
import type { FirmwareReadout } from '../firmware/readout.ts';
import { WornPageList } from '../firmware/worn-pages.ts';
import { MeterWorld } from '../world/meter-world.ts';
import { type AskedAppliance, plainHousehold, switchedOn, wattsOf } from './appliances.ts';
import type { NamedAppliance } from './bench-view.ts';
import { MOST_APPLIANCES } from './commands.ts';
import type { Entered, MeterHost, MeterReadings, MeterStatus, Speed, Switching } from './host.ts';
import { Scope } from './scope.ts';

export interface LiveMeterOptions {
  readonly factory: FactorySettings;
  readonly seed: number;
  readonly speed: Speed;
  readonly loadWatts: number;
  readonly rtcEpochSeconds: number;
  readonly memoryImage: Uint8Array;
  /** Called for every page that the EEPROM has committed, before the firmware hears of it. */
  readonly committed: (address: number, bytes: Uint8Array) => void;
}

interface Waiting {
  readonly resolve: (entered: Entered) => void;
  readonly reject: (error: StsFault) => void;
}

/** Ten cycles are over long before; the rest is the hold-up of the largest capacitor. */
const SHUTDOWN_MICROS = 2_000_000;
/** Supply up, reset, journal read: the meter answers from its first moment on the port. */
const BOOT_MICROS = 500_000;
const CALIBRATION_CYCLES = 16;
const CALIBRATION_MICROS = 120_000_000;

/**
 * The factory bench: formats a new part and runs the production test, so that the meter leaves with its relay's delays.
 * @param seed - of the meter: it decides the delays of its relay.
 * @returns the EEPROM image.
 */
export function manufacture(factory: FactorySettings, seed: number, rtcEpochSeconds: number): Uint8Array {
  let firmware: Firmware | undefined;
  const world = new MeterWorld({
    seed,
    fidelity: 'next-event',
    rtcEpochSeconds,
    firmware: (hardware) => {
      firmware = createFirmware(hardware, factory);
      return firmware;
    },
  });
  world.powerOn();
  world.advance(3_000_000);
  let learnt = false;
  firmware?.calibrate(CALIBRATION_CYCLES, (done) => {
    learnt = done;
  });
  world.advance(CALIBRATION_MICROS);
  if (!learnt) throw new Error('the production test of the relay failed');
  world.cutPower();
  world.advance(SHUTDOWN_MICROS);
  return world.eeprom.image();
}

/** What an image says before anything runs: whose it is and how the relay was left; undefined when nothing whole is in it. */
export function inspectImage(image: Uint8Array): { meterPan: string; relay: 'open' | 'closed' } | undefined {
  const bus = new MemoryBus({
    size: image.length,
    pageSize: 64,
    read: (address, length) => image.slice(address, address + length),
    write: () => {},
  });
  const contents = new Journal(bus, new WornPageList()).load();
  if (contents.kind !== 'state') return undefined;
  const { application, account } = contents.state;
  return { meterPan: application.meterPan, relay: account.relayCommand };
}

export class LiveMeter implements MeterHost {
  readonly #world: MeterWorld;
  readonly #options: LiveMeterOptions;
  readonly scope: Scope;
  #firmware: Firmware | undefined;
  #waiting: Waiting[] = [];
  #appliances: readonly NamedAppliance[];
  #hasFailed = false;

  constructor(options: LiveMeterOptions) {
    this.#options = options;
    this.#appliances = plainHousehold(options.loadWatts);
    this.#world = new MeterWorld({
      seed: options.seed,
      fidelity: 'next-event',
      rtcEpochSeconds: options.rtcEpochSeconds,
      memoryImage: options.memoryImage,
      load: { appliances: this.#appliances },
      // A latching relay stands as it was left.
      relay: { position: inspectImage(options.memoryImage)?.relay ?? 'open' },
      firmware: (hardware) => {
        this.#abandon();
        const relay: RelayDriver = {
          pulse: (direction, width) => {
            hardware.relay.pulse(direction, width);
            this.scope.pulsed(direction, width);
          },
        };
        this.#firmware = createFirmware({ ...hardware, relay }, options.factory);
        return this.#firmware;
      },
    });
    this.scope = new Scope(this.#world, () =>
      this.#world.powered ? this.#firmware?.readout().switchAim : undefined,
    );
    this.#world.eeprom.onCommitted = (address, bytes) => {
      options.committed(address, bytes);
      this.scope.committed(address);
    };
    this.#world.powerOn();
    this.advance(BOOT_MICROS);
  }

  /**
   * Runs the world forward, µs; not at all after a failure, for memory and file may differ then.
   * @throws what the door's `committed` threw, as on a full disk, after {@link fail}.
   */
  advance(micros: number): void {
    if (this.#hasFailed) return;
    try {
      this.#world.advance(micros);
    } catch (error) {
      this.fail();
      throw error;
    }
    if (!this.#world.powered) this.#abandon();
  }

  /** The body and its surroundings, for the hands of a panel; its clock is moved by {@link advance} alone. */
  get world(): MeterWorld {
    return this.#world;
  }

  /** Everything the firmware tells; undefined while the meter is dark. */
  readout(): FirmwareReadout | undefined {
    return this.#world.powered && !this.#hasFailed ? this.#firmware?.readout() : undefined;
  }

  /** The last events of a group, the newest first. @throws StsFault `meter_not_powered`. */
  events(group: EventGroup): readonly LoggedEvent[] {
    return this.#powered().events(group);
  }

  /** The number of the newest event in each group; undefined while the meter is dark. */
  newestEvents(): Readonly<Record<EventGroup, number>> | undefined {
    return this.#world.powered && !this.#hasFailed ? this.#firmware?.newestEvents() : undefined;
  }

  status(): MeterStatus {
    const readings = this.#readings();
    return {
      meterPan: this.#options.factory.meterPan,
      powered: readings !== undefined,
      mainsOn: this.#world.mainsOn,
      loadWatts: wattsOf(this.#appliances),
      simulatedEpochSeconds: this.#world.rtcEpochSeconds(),
      speed: this.#options.speed,
      readings,
    };
  }

  pressKeys(keys: readonly KeypadKey[]): void {
    this.#powered();
    for (const key of keys) this.#world.pressKey(key);
    // The presses of this instant happen in this instant, so that the answer shows them.
    this.advance(0);
  }

  enterToken(tokenNo: string): Promise<Entered> {
    const firmware = this.#powered();
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { resolve, reject };
      this.#waiting.push(waiting);
      firmware.enterToken(tokenNo, (outcome) => {
        this.#waiting = this.#waiting.filter((other) => other !== waiting);
        resolve({ outcome, balanceMilliWh: firmware.readout().creditMilliWh });
      });
    });
  }

  setLoad(watts: number): void {
    this.#setHousehold(plainHousehold(watts));
  }

  /** What is switched on from now on. What was on before runs on; what is new starts. */
  setAppliances(appliances: readonly AskedAppliance[]): void {
    this.#setHousehold(switchedOn(appliances, this.#appliances));
  }

  /** @throws StsFault `request_malformed` where there is no socket left. */
  switchOn(appliance: AskedAppliance): void {
    const others = this.#appliances;
    if (appliance.name !== undefined && others.some(({ name }) => name === appliance.name)) return;
    if (others.length >= MOST_APPLIANCES) {
      throw new StsFault('request_malformed', `${MOST_APPLIANCES} appliances are on already`, {
        param: 'appliance',
      });
    }
    this.#setHousehold([...others, ...switchedOn([appliance], [])]);
  }

  switchOff(name: string): void {
    this.#setHousehold(this.#appliances.filter((each) => each.name !== name));
  }

  get appliances(): readonly NamedAppliance[] {
    return this.#appliances;
  }

  #setHousehold(appliances: readonly NamedAppliance[]): void {
    this.#appliances = appliances;
    this.#world.setLoad({ appliances });
  }

  /** @throws StsFault `meter_not_powered`. */
  setClock(epochSeconds: number): void {
    this.#powered().setClock(epochSeconds);
  }

  setMains(on: boolean): void {
    if (on === this.#world.mainsOn) return;
    if (on) this.#world.powerOn();
    else {
      this.#world.cutPower();
      this.scope.sinking();
    }
  }

  switchings(most: number): readonly Switching[] {
    return this.#world.relay.log.slice(-most).map(({ direction, movedAt, distanceMicros, arcJoule }) => ({
      direction,
      contactAtMicros: movedAt,
      fromZeroMicros: distanceMicros === null ? null : Math.round(distanceMicros),
      arcMilliJoule: Math.round(arcJoule * 1_000),
    }));
  }

  /** Cuts the mains and runs until the hold-up is gone, in which time the firmware saves its registers. */
  shutDown(): void {
    this.setMains(false);
    this.advance(SHUTDOWN_MICROS);
    this.#abandon();
  }

  /** The simulation broke down: from now on the meter answers like one without power, and nobody waits in vain. */
  fail(): void {
    this.#hasFailed = true;
    this.#abandon();
  }

  #readings(): MeterReadings | undefined {
    return this.#world.powered && !this.#hasFailed ? this.#firmware?.readout() : undefined;
  }

  #powered(): Firmware {
    if (this.#firmware === undefined || !this.#world.powered || this.#hasFailed)
      throw new StsFault('meter_not_powered');
    return this.#firmware;
  }

  /** The supply is gone: nobody will hear from the firmware of before again. */
  #abandon(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(new StsFault('meter_power_lost'));
  }
}
