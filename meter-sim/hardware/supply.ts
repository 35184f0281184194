/**
 * The meter's own power supply (meter-hardware.md 4): a rectified rail on a capacitor, a comparator that warns the MCU of the
 * mains' failure, a regulator, and the brown-out circuit that resets the MCU and lets it start again.
 *
 * Everything is reckoned in closed form (rail.ts): between two changes of mains or load nothing runs but the one event at which
 * a threshold will be crossed, and a meter on steady mains has none at all.
 */
import type { ResetReason } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import { Rail, type RailConfig, wattToFall } from './rail.ts';

export interface SupplyConfig extends RailConfig {
  /** From the loss of the mains to the power-fail interrupt: half a cycle (10 ms), 32 ms for older parts. */
  readonly detectMicros: number;
  /**
   * From that interrupt to brown-out with a new capacitor and the display lit: 20, 40 and 400 ms are the usual profiles. What
   * the meter draws at rest follows from it.
   */
  readonly holdUpMicros: number;
  /** From the return of the mains to the MCU's first instruction, when the rail stands by then. */
  readonly startMicros: number;
  /** The least that the MCU is held in reset once its voltage is good. */
  readonly resetMicros: number;
  /** Mains voltage, V, below which the comparator sees a failure, and how far above that it sees the mains again. */
  readonly failVolt: number;
  readonly failHysteresisVolt: number;
  /**
   * `switch-mode`: holds the rail down to `lowestMainsVolt` and then nothing (a wide-range supply, at half the nominal:
   * assumed). `transformer`: the rail follows the mains.
   */
  readonly source: 'switch-mode' | 'transformer';
  readonly lowestMainsVolt: number;
  readonly nominalMainsVolt: number;
  readonly regulatedVolt: number;
  /** What the regulator needs above its output (assumed). */
  readonly dropoutVolt: number;
  readonly brownOutVolt: number;
  readonly brownOutHysteresisVolt: number;
  /** Below this the MCU's RAM is gone and the next reset is a power-on (assumed). */
  readonly ramVolt: number;
  /** Vmin of the EEPROM: where a write in progress is torn and bus noise may begin one. */
  readonly memoryVolt: number;
  /** What each consumer adds while it works, W at the rail's nominal voltage; all but the coil's are assumed. */
  readonly consumerWatt: Readonly<Record<Consumer, number>>;
}

/** What draws from the rail beside the MCU and the metering chip. */
const CONSUMERS = ['display', 'buzzer', 'memory', 'coil'] as const;
export type Consumer = (typeof CONSUMERS)[number];

export const DEFAULT_SUPPLY: SupplyConfig = {
  railVolt: 12,
  sourceAmp: 0.5,
  capacitorFarad: 470e-6,
  ageing: 0,
  discharge: 'constant-current',
  efficiency: 0.85,
  detectMicros: 10_000,
  holdUpMicros: 40_000,
  startMicros: 100_000,
  resetMicros: 10_000,
  failVolt: 115,
  failHysteresisVolt: 5,
  source: 'switch-mode',
  lowestMainsVolt: 115,
  nominalMainsVolt: 230,
  regulatedVolt: 3.3,
  dropoutVolt: 0.7,
  brownOutVolt: 2.7,
  brownOutHysteresisVolt: 0.2,
  ramVolt: 1.5,
  memoryVolt: 2.5,
  consumerWatt: { display: 0.02, buzzer: 0.06, memory: 0.036, coil: 2.4 },
};

/** Voltages of the rail at which something behind the regulator ends, V. */
export interface RailLevels {
  /** The MCU is reset. */
  readonly brownOutVolt: number;
  /** The EEPROM writes no more. */
  readonly memoryVolt: number;
  /** The MCU's RAM is gone. */
  readonly ramVolt: number;
}

/** The share of its capacitance that a capacitor has lost at the end of its life. */
export const WORST_AGEING = 0.4;

/**
 * `off`: the MCU has no voltage. `starting`: held in reset. `on`: running. `sinking`: mains lost, not yet noticed. `failing`:
 * the comparator has warned.
 */
export type SupplyState = 'off' | 'starting' | 'on' | 'sinking' | 'failing';

export interface SupplyHandlers {
  start(reason: ResetReason): void;
  powerFailing(): void;
  brownOut(): void;
  /** The EEPROM's voltage fell below its least. */
  memoryLost(): void;
}

/** What happens at the threshold that the rail crosses next. */
type Crossing = 'release' | 'brown-out' | 'memory-lost' | 'memory-back';

export class Supply {
  readonly #clock: EventClock;
  readonly #config: SupplyConfig;
  readonly #handlers: SupplyHandlers;
  readonly #rail: Rail;
  readonly #drainWatt: number;
  readonly #isDrawing: Record<Consumer, boolean> = {
    display: false,
    buzzer: false,
    memory: false,
    coil: false,
  };
  #state: SupplyState = 'off';
  #mainsVolt = 0;
  #mainsBackAt = 0;
  #isLow = true;
  #memoryStands = false;
  #lowestVolt = 0;
  #isKilled = false;
  #detection: ScheduledEvent | null = null;
  #starting: ScheduledEvent | null = null;
  #crossing: ScheduledEvent | null = null;
  /** Of {@link #crossing}. */
  #next: Crossing = 'release';

  /** @throws RangeError when the rated hold-up is longer than the consumers leave, or the ageing is no share of 0 to 0.9. */
  constructor(clock: EventClock, config: SupplyConfig, handlers: SupplyHandlers) {
    this.#clock = clock;
    this.#config = config;
    this.#handlers = handlers;
    if (!(config.ageing >= 0 && config.ageing <= 0.9)) {
      throw new RangeError(`"ageing" expected a number from 0 to 0.9, got ${config.ageing}`);
    }
    const rated = wattToFall(
      config,
      config.brownOutVolt + config.dropoutVolt,
      config.detectMicros + config.holdUpMicros,
    );
    this.#drainWatt = rated - config.consumerWatt.display;
    if (!(this.#drainWatt > 0)) {
      throw new RangeError(
        `"holdUpMicros" expected less than the display leaves, got ${config.holdUpMicros}`,
      );
    }
    this.#rail = new Rail(config);
    this.#rail.setLoad(this.#drainWatt, clock.now());
  }

  keep(keeper: Keeper): void {
    const clock = this.#clock;
    this.#rail.keep(keeper);
    Object.assign(this.#isDrawing, keeper.value(this.#isDrawing));
    this.#state = keeper.value(this.#state);
    this.#mainsVolt = keeper.value(this.#mainsVolt);
    this.#mainsBackAt = keeper.value(this.#mainsBackAt);
    this.#isLow = keeper.value(this.#isLow);
    this.#memoryStands = keeper.value(this.#memoryStands);
    this.#lowestVolt = keeper.value(this.#lowestVolt);
    this.#isKilled = keeper.value(this.#isKilled);
    this.#next = keeper.value(this.#next);
    this.#detection = clock.keepEvent(keeper, this.#detection, () => this.#detect());
    this.#starting = clock.keepEvent(keeper, this.#starting, () => this.#start());
    this.#crossing = clock.keepEvent(keeper, this.#crossing, () => this.#cross());
  }

  get state(): SupplyState {
    return this.#state;
  }

  /** Whether only the capacitor feeds the meter, as the comparator has it. */
  get isOnHoldUp(): boolean {
    return this.#state === 'sinking' || this.#state === 'failing';
  }

  /** µs until the MCU is reset, if mains and load stay as they are; endless while the rail is held. */
  microsLeft(): number {
    const { brownOutVolt, dropoutVolt } = this.#config;
    const at = this.#rail.timeOf(brownOutVolt + dropoutVolt);
    return at === undefined ? Number.POSITIVE_INFINITY : at - this.#clock.now();
  }

  /** Whether {@link kill} has ended it. */
  get isKilled(): boolean {
    return this.#isKilled;
  }

  /** Voltage of the rectified rail at this moment, V. */
  railVolt(): number {
    return this.#rail.voltAt(this.#clock.now());
  }

  get railLevels(): RailLevels {
    const { brownOutVolt, memoryVolt, ramVolt, dropoutVolt } = this.#config;
    return {
      brownOutVolt: brownOutVolt + dropoutVolt,
      memoryVolt: memoryVolt + dropoutVolt,
      ramVolt: ramVolt + dropoutVolt,
    };
  }

  /** Voltage behind the regulator, of MCU and EEPROM, V. */
  mcuVolt(): number {
    const { regulatedVolt, dropoutVolt } = this.#config;
    return Math.min(regulatedVolt, Math.max(0, this.railVolt() - dropoutVolt));
  }

  /** Looks at the mains again after it may have changed. */
  mainsIs(voltRms: number): void {
    if (voltRms === this.#mainsVolt || this.#isKilled) return;
    const { failVolt, failHysteresisVolt } = this.#config;
    this.#mainsVolt = voltRms;
    this.#noteLowest();
    const sourceVolt = this.#sourceVolt();
    const now = this.#clock.now();
    if (sourceVolt > this.#rail.voltAt(now)) this.#mainsBackAt = now;
    this.#rail.setSource(sourceVolt, now);
    const isLow = voltRms < (this.#isLow ? failVolt + failHysteresisVolt : failVolt);
    if (isLow !== this.#isLow) {
      this.#isLow = isLow;
      this.#compare();
    }
    this.#predict();
  }

  /** A consumer begins or ends to draw from the rail. */
  draw(consumer: Consumer, isOn: boolean): void {
    if (this.#isDrawing[consumer] === isOn) return;
    this.#isDrawing[consumer] = isOn;
    const { consumerWatt } = this.#config;
    let watt = this.#drainWatt;
    for (const each of CONSUMERS) if (this.#isDrawing[each]) watt += consumerWatt[each];
    this.#rail.setLoad(watt, this.#clock.now());
    if (this.#crossing !== null || !this.#rail.isHeld) this.#predict();
  }

  /** Brown-out at once, and dead until {@link revive}, whatever the mains does. */
  kill(): void {
    this.#isKilled = true;
    this.#isLow = true;
    this.#mainsVolt = 0;
    this.#rail.setSource(0, this.#clock.now());
    this.#rail.empty(this.#clock.now());
    this.#lowestVolt = 0;
    this.#crossing?.cancel();
    this.#crossing = null;
    this.#enterOff();
    this.#loseMemory();
  }

  /** Ends what {@link kill} began; the mains must be looked at next. */
  revive(): void {
    this.#isKilled = false;
  }

  #sourceVolt(): number {
    const { source, lowestMainsVolt, nominalMainsVolt, railVolt } = this.#config;
    if (source === 'switch-mode') return this.#mainsVolt >= lowestMainsVolt ? railVolt : 0;
    return (railVolt * this.#mainsVolt) / nominalMainsVolt;
  }

  /** The comparator has changed its mind. */
  #compare(): void {
    this.#detection?.cancel();
    this.#detection = null;
    if (this.#isLow) {
      if (this.#state !== 'on') return;
      this.#state = 'sinking';
      const { detectMicros } = this.#config;
      this.#detection = this.#clock.at(this.#clock.now() + detectMicros, () => this.#detect());
    } else if (this.isOnHoldUp) {
      // The capacitor fills again and nothing resets the MCU, which may be in the middle of its save.
      this.#state = 'on';
    }
  }

  #detect(): void {
    this.#state = 'failing';
    this.#handlers.powerFailing();
  }

  /** Finds the one threshold that the rail will cross next by itself. */
  #predict(): void {
    this.#crossing?.cancel();
    this.#crossing = null;
    const { brownOutVolt, brownOutHysteresisVolt, dropoutVolt, memoryVolt } = this.#config;
    let time = Number.POSITIVE_INFINITY;
    let next: Crossing | undefined;
    const consider = (volt: number, crossing: Crossing): void => {
      const at = this.#rail.timeOf(volt + dropoutVolt);
      if (at === undefined || at >= time) return;
      time = at;
      next = crossing;
    };
    const isRising = this.#sourceVolt() > this.railVolt();
    if (this.#state === 'off') {
      if (isRising) consider(brownOutVolt + brownOutHysteresisVolt, 'release');
    } else if (!isRising) consider(brownOutVolt, 'brown-out');
    if (this.#memoryStands) {
      if (!isRising) consider(memoryVolt, 'memory-lost');
    } else if (isRising) {
      consider(memoryVolt, 'memory-back');
    }
    if (next === undefined) return;
    this.#next = next;
    this.#crossing = this.#clock.at(Math.max(time, this.#clock.now()), () => this.#cross());
  }

  #cross(): void {
    this.#crossing = null;
    switch (this.#next) {
      case 'release':
        this.#release();
        break;
      case 'brown-out':
        this.#enterOff();
        break;
      case 'memory-lost':
        this.#loseMemory();
        break;
      case 'memory-back':
        this.#memoryStands = true;
        break;
    }
    this.#predict();
  }

  #release(): void {
    const { startMicros, resetMicros } = this.#config;
    const now = this.#clock.now();
    this.#state = 'starting';
    this.#memoryStands = true;
    const time = Math.max(this.#mainsBackAt + startMicros, now + resetMicros);
    this.#starting = this.#clock.at(time, () => this.#start());
  }

  #start(): void {
    this.#starting = null;
    const reason = this.#lowestVolt < this.#config.ramVolt ? 'power-on' : 'brown-out';
    this.#lowestVolt = Number.POSITIVE_INFINITY;
    this.#state = this.#isLow ? 'failing' : 'on';
    this.#handlers.start(reason);
    if (this.#isLow) this.#handlers.powerFailing();
  }

  #enterOff(): void {
    const wasOff = this.#state === 'off';
    this.#state = 'off';
    this.#starting?.cancel();
    this.#detection?.cancel();
    this.#starting = null;
    this.#detection = null;
    this.#noteLowest();
    if (!wasOff) this.#handlers.brownOut();
  }

  #loseMemory(): void {
    if (!this.#memoryStands) return;
    this.#memoryStands = false;
    this.#handlers.memoryLost();
  }

  /** Between two changes the rail only falls or only rises: its least is at one of them. */
  #noteLowest(): void {
    this.#lowestVolt = Math.min(this.#lowestVolt, this.mcuVolt());
  }
}
