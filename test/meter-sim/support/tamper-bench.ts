/** A tamper watch on the real covers and Hall sensor, with a chip and a load side that the test moves itself. */
import { TAMPER_SECTION, type TamperKind, type TamperState } from '../../../meter-sim/firmware/tamper.ts';
import { DEFAULT_TAMPER, type TamperOptions, TamperWatch } from '../../../meter-sim/firmware/tamper-watch.ts';
import { DEFAULT_COVERS, SimulatedCovers } from '../../../meter-sim/hardware/covers.ts';
import { DEFAULT_HALL, SimulatedHallSensor } from '../../../meter-sim/hardware/hall-sensor.ts';
import { EventClock } from '../../../meter-sim/world/event-clock.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';

interface Level {
  readonly quantity: string;
  readonly run: (isAbove: boolean) => void;
}

/** What the chip's registers show; a test sets them and raises the interrupts. */
export class ManualChip {
  export = 0;
  line = 0;
  neutral = 0;
  halfCycle = 230_000;
  path: 'line' | 'neutral' = 'line';
  levels: Level[] = [];
  alarms: { at: number; run: () => void }[] = [];

  exportMilliJoule(): number {
    return this.export;
  }

  exportAlarmAfter(energy: number, run: () => void): { cancel(): void } {
    const alarm = { at: this.export + energy, run };
    this.alarms.push(alarm);
    return { cancel: () => this.alarms.splice(this.alarms.indexOf(alarm), 1) };
  }

  selectCurrent(path: 'line' | 'neutral'): void {
    this.path = path;
  }

  currentMilliAmp(): number {
    return this.line;
  }

  neutralMilliAmp(): number {
    return this.neutral;
  }

  halfCycleMilliVolt(): number {
    return this.halfCycle;
  }

  captureLevel(quantity: string, _levels: object, run: (isAbove: boolean) => void): { cancel(): void } {
    const level = { quantity, run };
    this.levels.push(level);
    return { cancel: () => this.levels.splice(this.levels.indexOf(level), 1) };
  }

  raise(quantity: string, isAbove: boolean): void {
    for (const level of [...this.levels]) if (level.quantity === quantity) level.run(isAbove);
  }

  feedBack(milliJoule: number): void {
    this.export += milliJoule;
    for (const alarm of this.alarms.filter(({ at }) => at <= this.export)) {
      this.alarms.splice(this.alarms.indexOf(alarm), 1);
      alarm.run();
    }
  }
}

export class TamperBench {
  readonly clock = new EventClock();
  readonly chip = new ManualChip();
  readonly covers = new SimulatedCovers(
    this.clock,
    new RandomStream(5, 'hands'),
    DEFAULT_COVERS,
    () => this.isPowered,
  );
  readonly hall = new SimulatedHallSensor(this.clock, DEFAULT_HALL);
  readonly events: string[] = [];
  isPowered = false;
  isRelayOpen = false;
  loadSideMilliVolt = 0;
  live: ((isLive: boolean) => void)[] = [];
  /** What a record holds. */
  saved: Uint8Array = new Uint8Array(TAMPER_SECTION.bytes);
  saves = 0;
  #state: TamperState = TAMPER_SECTION.initial;
  #watch: TamperWatch | undefined;
  #life = 0;
  readonly #options: TamperOptions;

  constructor(options: Partial<TamperOptions> = {}) {
    this.#options = { ...DEFAULT_TAMPER, ...options };
    TAMPER_SECTION.encode(TAMPER_SECTION.initial, this.saved, 0);
    this.powerUp();
  }

  get watch(): TamperWatch {
    if (this.#watch === undefined) throw new Error('not powered');
    return this.#watch;
  }

  get state(): TamperState {
    return this.#state;
  }

  /** Keeps what the watch says, as the firmware does with every record. */
  record(state: TamperState): void {
    this.#state = state;
    this.saves++;
    TAMPER_SECTION.encode(state, this.saved, 0);
  }

  powerUp(): void {
    const life = ++this.#life;
    this.isPowered = true;
    this.chip.levels = [];
    this.chip.alarms = [];
    this.chip.export = 0;
    this.live = [];
    this.#state = TAMPER_SECTION.decode(this.saved, 0);
    const senses = {
      timer: {
        now: () => this.clock.now(),
        at: (time: number, run: () => void) =>
          this.clock.at(time, () => {
            if (life === this.#life) run();
          }),
      },
      covers: this.covers,
      hall: this.hall,
      metering: this.chip,
      loadSide: {
        milliVolt: () => this.loadSideMilliVolt,
        onLive: (run: (isLive: boolean) => void) => {
          this.live.push(run);
          return { cancel: () => {} };
        },
      },
    };
    this.#watch = new TamperWatch(senses, this.#options, {
      state: () => this.#state,
      keep: (state, saved) => {
        this.record(state);
        saved?.();
      },
      happened: (kind: TamperKind, isStart: boolean) => this.events.push(`${isStart ? '+' : '-'}${kind}`),
      changed: () => {},
      isRelayOpen: () => this.isRelayOpen,
      charge: () => {},
    });
    this.#watch.start();
    this.seconds(0);
  }

  cutPower(): void {
    this.#life++;
    this.isPowered = false;
    this.#watch = undefined;
    this.covers.powerLost();
    this.hall.powerLost();
  }

  seconds(seconds: number): void {
    this.clock.advance(Math.round(seconds * 1e6));
  }

  /** The load side becomes live or dead. */
  setLoadSide(milliVolt: number): void {
    const wasLive = this.loadSideMilliVolt >= 50_000;
    this.loadSideMilliVolt = milliVolt;
    const isLive = milliVolt >= 50_000;
    if (isLive !== wasLive) for (const run of this.live) run(isLive);
  }
}
