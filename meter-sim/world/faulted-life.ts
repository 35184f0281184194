/**
 * One meter's life through a fault plan, with a customer who keys what he has bought until the meter has taken it, watched at every
 * event (meter-watch.ts). Equal options give equal lives; a breach tells the number of its event and the plan can be shrunk.
 */
import { StsFault } from '../../lib/faults.ts';
import type { Firmware } from '../firmware/firmware.ts';
import type { FirmwarePorts, MeterHardware } from '../firmware/hardware-interface.ts';
import { Customer, type Vendor } from './customer.ts';
import type { FaultName, FaultPlan } from './fault-plan.ts';
import { FaultPlayer, type TokenFault } from './fault-player.ts';
import { MeterWatch, type WatchCounts } from './meter-watch.ts';
import { MeterWorld, type MeterWorldOptions } from './meter-world.ts';
import { shrink } from './shrink.ts';

export interface LifeOptions {
  readonly seed: number | string;
  readonly micros: number;
  readonly plan: FaultPlan;
  readonly firmware: (hardware: MeterHardware) => Firmware;
  readonly vendor: Vendor;
  /** A token that the meter must refuse. */
  readonly wrongToken: (number: number) => string;
  readonly world?: Partial<Omit<MeterWorldOptions, 'seed' | 'firmware'>>;
  /** More that must hold after every event. */
  readonly watch?: (world: MeterWorld, firmware: Firmware) => void;
}

/** Where and how something that must hold did not. */
export interface Breach {
  readonly message: string;
  /** Number of the event and its time, µs. */
  readonly event: number;
  readonly at: number;
}

export interface Life {
  readonly breach: Breach | undefined;
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
  readonly watch: Readonly<WatchCounts>;
  readonly events: number;
  readonly resets: number;
  readonly accepted: number;
  readonly keyChanges: number;
  readonly switchings: number;
  /** Cuts that ended while a page was being written, the MCU alive. */
  readonly backMidSave: number;
  readonly tornWrites: number;
  readonly spuriousWrites: number;
  readonly traceHash: string;
  /** What the firmware said of its memory when the life ended. */
  readonly memory: 'sound' | 'acceptance-lost' | 'fault';
}

const SECOND = 1_000_000;
/** Stands in the slot until a plan pulls it. */
const MODULE = { id: new Uint8Array(8).fill(1), pairingKey: new Uint8Array(16).fill(2) };
/** After the plan's end the customer has a day for what he has left. */
const SETTLE_MICROS = 86_400 * SECOND;

export function liveThrough(options: LifeOptions): Life {
  return new FaultedLife(options).run();
}

/** @returns a smallest part of the plan on which the same thing does not hold; the whole plan if its life holds. */
export function shrinkLife(options: LifeOptions): FaultPlan {
  const { breach } = liveThrough(options);
  if (breach === undefined) return options.plan;
  // What comes after the breach cannot have caused it.
  const micros = Math.min(options.micros, breach.at + 1);
  const kind = kindOf(breach);
  return shrink(
    options.plan.filter(({ at }) => at <= breach.at),
    (plan) => {
      const { breach: again } = liveThrough({ ...options, plan, micros });
      return again !== undefined && kindOf(again) === kind;
    },
  );
}

/** The message without its figures. */
function kindOf({ message }: Breach): string {
  return message.replace(/-?\d+/g, 'n');
}

class FaultedLife {
  readonly #options: LifeOptions;
  readonly #world: MeterWorld;
  readonly #watch: MeterWatch;
  readonly #player: FaultPlayer;
  readonly #customer: Customer;
  #firmware: Firmware | undefined;
  #backMidSave = 0;

  constructor(options: LifeOptions) {
    this.#options = options;
    this.#world = new MeterWorld({
      fidelity: 'next-event',
      rtcEpochSeconds: 1_790_000_000,
      ...options.world,
      seed: options.seed,
      firmware: (hardware): FirmwarePorts => {
        this.#firmware = options.firmware(hardware);
        return this.#firmware;
      },
    });
    this.#watch = new MeterWatch(this.#world, () => this.#present());
    this.#customer = new Customer(this.#world, () => this.#present(), this.#watch, options.vendor);
    this.#player = new FaultPlayer(this.#world, {
      token: (fault) => this.#token(fault),
      mainsChanged: () => this.#mainsChanged(),
    });
  }

  run(): Life {
    const { plan, micros, watch } = this.#options;
    const world = this.#world;
    let breach: Breach | undefined;
    try {
      this.#player.play(plan);
      world.watch(() => {
        this.#watch.look();
        if (watch !== undefined && world.powered) watch(world, this.#present());
      });
      if (plan.some(({ kind }) => kind === 'comms-unplugged')) world.slot.plug(world.makeModule(MODULE));
      world.powerOn();
      world.runUntil(micros);
      world.runUntil(micros + SETTLE_MICROS);
      if (!this.#customer.isContent) throw new Error('a slip that the meter never took');
      this.#watch.finish();
    } catch (error) {
      if (!(error instanceof Error) || error instanceof StsFault) throw error;
      breach = { message: error.message, event: world.eventsRun, at: world.now() };
    }
    return {
      breach,
      faults: this.#player.counts,
      watch: this.#watch.counts,
      events: world.eventsRun,
      resets: world.resets,
      accepted: this.#customer.accepted,
      keyChanges: this.#customer.keyChanges,
      switchings: world.relay.log.length,
      backMidSave: this.#backMidSave,
      tornWrites: world.eeprom.tornWrites,
      spuriousWrites: world.eeprom.counts.spuriousWrites,
      traceHash: world.traceHash(),
      memory: this.#memory(),
    };
  }

  #memory(): Life['memory'] {
    if (this.#firmware?.vitals().status === 'memory-fault') return 'fault';
    return this.#firmware?.readout().acceptanceLost === true ? 'acceptance-lost' : 'sound';
  }

  #present(): Firmware {
    if (this.#firmware === undefined) throw new Error('the meter was never switched on');
    return this.#firmware;
  }

  #mainsChanged(): void {
    this.#watch.mainsChanged();
    const world = this.#world;
    if (world.mainsOn && world.powered && world.eeprom.isBusy) this.#backMidSave++;
  }

  #token(fault: TokenFault): void {
    switch (fault.kind) {
      case 'key-change':
        this.#customer.keyChange();
        return;
      case 'purchase':
      case 'token-repeated':
        this.#customer.purchase(fault.purchase);
        return;
      case 'token-wrong':
        if (!this.#world.powered) return;
        this.#present().enterToken(this.#options.wrongToken(fault.number), (outcome) => {
          if (outcome.result === 'Accept') throw new Error('a wrong token was accepted');
          if (outcome.result === 'CRCError') this.#watch.refused();
        });
    }
  }
}
