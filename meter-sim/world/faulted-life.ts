/**
 * One meter's life through a fault plan, with a customer who keys what he has bought until the meter has taken it, watched at every
 * event (meter-watch.ts). Equal options give equal lives; a breach tells the number of its event and the plan can be shrunk.
 */
import { StsFault } from '../../lib/faults.ts';
import type { Firmware } from '../firmware/firmware.ts';
import type { FirmwarePorts, MeterHardware } from '../firmware/hardware-interface.ts';
import type { EntryOutcome } from '../firmware/outcome.ts';
import type { Fault, FaultName, FaultPlan } from './fault-plan.ts';
import { FaultPlayer } from './fault-player.ts';
import { MeterWatch, type WatchCounts } from './meter-watch.ts';
import { MeterWorld, type MeterWorldOptions } from './meter-world.ts';
import { shrink } from './shrink.ts';

export interface LifeOptions {
  readonly seed: number | string;
  readonly micros: number;
  readonly plan: FaultPlan;
  readonly firmware: (hardware: MeterHardware) => Firmware;
  /** The slip of a purchase, by its number; each is another token. */
  readonly purchase: (number: number) => Slip;
  /** A token that the meter must refuse. */
  readonly wrongToken: (number: number) => string;
  readonly world?: Partial<Omit<MeterWorldOptions, 'seed' | 'firmware'>>;
  /** More that must hold after every event. */
  readonly watch?: (world: MeterWorld, firmware: Firmware) => void;
}

export interface Slip {
  readonly tokenNo: string;
  readonly milliWh: number;
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
  readonly switchings: number;
  /** Cuts that ended while a page was being written, the MCU alive. */
  readonly backMidSave: number;
  readonly tornWrites: number;
  readonly spuriousWrites: number;
  readonly traceHash: string;
}

const SECOND = 1_000_000;
/** The customer tries again after so long; after the plan's end he has a day for what he has left. */
const RETRY_MICROS = 60 * SECOND;
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
  /** By number: whether it was ever keyed, and whether the meter has it. */
  readonly #tried = new Set<number>();
  readonly #done = new Set<number>();
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
      world.powerOn();
      world.runUntil(micros);
      world.runUntil(micros + SETTLE_MICROS);
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
      accepted: this.#done.size,
      switchings: world.relay.log.length,
      backMidSave: this.#backMidSave,
      tornWrites: world.eeprom.tornWrites,
      spuriousWrites: world.eeprom.counts.spuriousWrites,
      traceHash: world.traceHash(),
    };
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

  #token(fault: Extract<Fault, { kind: 'purchase' | 'token-repeated' | 'token-wrong' }>): void {
    if (fault.kind !== 'token-wrong') {
      this.#key(fault.purchase);
      return;
    }
    if (!this.#world.powered) return;
    this.#present().enterToken(this.#options.wrongToken(fault.number), (outcome) => {
      if (outcome.result === 'Accept') throw new Error('a wrong token was accepted');
      if (outcome.result === 'CRCError') this.#watch.refused();
    });
  }

  /** Keys a purchase, and again until the meter says that it has it. */
  #key(number: number): void {
    const slip = this.#options.purchase(number);
    let isAnswered = false;
    if (this.#world.powered) {
      if (!this.#tried.has(number)) this.#watch.tried(slip.milliWh);
      this.#tried.add(number);
      this.#watch.mayUnlock();
      this.#present().enterToken(slip.tokenNo, (outcome) => {
        isAnswered = this.#answered(number, slip, outcome);
      });
    }
    this.#world.at(this.#world.now() + RETRY_MICROS, () => {
      if (!isAnswered) this.#key(number);
    });
  }

  /** @returns whether the customer is content. */
  #answered(number: number, { milliWh }: Slip, { result }: EntryOutcome): boolean {
    const isKnown = this.#done.has(number);
    switch (result) {
      case 'Accept':
        if (isKnown) throw new Error(`purchase ${number} was accepted twice`);
        break;
      case 'UsedError':
        break;
      case 'NotReady':
      case 'Lockout':
      case 'MemoryFault':
        return false;
      default:
        throw new Error(`purchase ${number} answered ${result}`);
    }
    if (!isKnown) this.#watch.confirmed(milliWh);
    this.#done.add(number);
    return true;
  }
}
