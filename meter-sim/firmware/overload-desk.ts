/** Joins the overload machine (overload.ts) to the chip's comparators, the timer, the books and the table of switch commands. */
import type { Books } from './books.ts';
import type { Cancellable, MeterHardware } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import {
  CALM,
  type KeptOverload,
  keptOf,
  type OverloadInputs,
  type OverloadOptions,
  type OverloadState,
  overloadText,
  releaseOverload,
  restored,
  stepOverload,
} from './overload.ts';
import type { SwitchBoard } from './switch-commands.ts';

export class OverloadDesk {
  readonly #hardware: MeterHardware;
  readonly #options: OverloadOptions;
  readonly #books: Books;
  readonly #changed: () => void;
  #state: OverloadState = CALM;
  #levels = { isOver: false, isExtreme: false, isBreakable: true, isHigh: false, isCalm: true };
  #captures: (Cancellable | undefined)[] = [];
  #powerCapture: Cancellable | undefined;
  #limitWatt = 0;
  #timer: Cancellable | undefined;
  #alarm: Cancellable | undefined;
  readonly #stepNow = (): void => this.#step();

  /** @param changed - a trip began or ended: the switch's commands are to be asked again. */
  constructor(hardware: MeterHardware, options: OverloadOptions, books: Books, changed: () => void) {
    this.#hardware = hardware;
    this.#options = options;
    this.#books = books;
    this.#changed = changed;
  }

  get text(): string | undefined {
    return overloadText(this.#state);
  }

  get state(): OverloadState {
    return this.#state;
  }

  /** At power-up and after a dip that led to no reset. */
  start(): void {
    this.stop();
    this.#state = restored(this.#books.vital.overload, this.#hardware.timer.now());
    this.#levels = { isOver: false, isExtreme: false, isBreakable: true, isHigh: false, isCalm: true };
    this.#captures = this.#watches().map((watch) => watch());
    this.#limitWatt = this.#limitNow();
    this.#watchPower();
    this.#step();
  }

  stop(): void {
    for (const capture of this.#captures) capture?.cancel();
    this.#captures = [];
    this.#powerCapture?.cancel();
    this.#timer?.cancel();
    this.#alarm?.cancel();
  }

  /** A token was accepted: a limit that it changed is watched from now on, and forgives what was before. */
  tokenEntered(): void {
    const limitWatt = this.#limitNow();
    if (limitWatt === this.#limitWatt) return;
    this.#limitWatt = limitWatt;
    this.#state = releaseOverload(this.#state, this.#hardware.timer.now());
    this.#watchPower();
    this.#step();
  }

  command(board: SwitchBoard): void {
    const { trip, isVoltageTripped } = this.#state;
    board.set('overload', trip === 'overload');
    board.set('extremeCurrent', trip === 'extremeCurrent');
    board.set('overVoltage', isVoltageTripped);
  }

  /** Before a record is written. */
  bringUp(): void {
    const kept: KeptOverload = keptOf(this.#state, this.#hardware.timer.now());
    if (kept !== this.#books.vital.overload) this.#books.keep('overload', kept);
  }

  keep(keeper: Keeper): void {
    const { timer, metering } = this.#hardware;
    this.#state = keeper.value(this.#state);
    this.#levels = keeper.value(this.#levels);
    this.#limitWatt = keeper.value(this.#limitWatt);
    this.#captures = this.#watches().map((watch, place) => keeper.handle(this.#captures[place], watch));
    this.#powerCapture = keeper.handle(this.#powerCapture, () => this.#captureLimit());
    this.#timer = keeper.handle(this.#timer, () => timer.at(timer.now(), this.#stepNow));
    this.#alarm = keeper.handle(this.#alarm, () => metering.alarmAfter(1, this.#stepNow));
  }

  #watches(): (() => Cancellable)[] {
    const { extremeMilliAmp, breakingMilliAmp, highMilliVolt, calmMilliVolt } = this.#options;
    const watch =
      (
        quantity: 'current' | 'voltage',
        level: number,
        note: (isAbove: boolean) => Partial<OverloadInputs>,
      ): (() => Cancellable) =>
      () =>
        this.#hardware.metering.captureLevel(quantity, { threshold: level, release: level }, (isAbove) => {
          this.#levels = { ...this.#levels, ...note(isAbove) };
          this.#step();
        });
    return [
      watch('current', extremeMilliAmp, (isExtreme) => ({ isExtreme })),
      watch('current', breakingMilliAmp, (isAbove) => ({ isBreakable: !isAbove })),
      watch('voltage', highMilliVolt, (isHigh) => ({ isHigh })),
      watch('voltage', calmMilliVolt, (isAbove) => ({ isCalm: !isAbove })),
    ];
  }

  #limitNow(): number {
    const { limitWatt } = this.#options;
    return Math.min(this.#books.maximumPowerWatt ?? limitWatt, limitWatt);
  }

  #watchPower(): void {
    this.#powerCapture?.cancel();
    this.#levels = { ...this.#levels, isOver: false };
    this.#powerCapture = this.#captureLimit();
  }

  #captureLimit(): Cancellable {
    const threshold = this.#limitWatt * 1_000;
    const release = Math.floor((threshold * this.#options.releasePermille) / 1_000);
    return this.#hardware.metering.captureLevel('power', { threshold, release }, (isOver) => {
      this.#levels = { ...this.#levels, isOver };
      this.#step();
    });
  }

  #step(): void {
    const { timer, metering } = this.#hardware;
    const before = this.#state;
    const inputs = { ...this.#levels, energyMilliJoule: metering.energyMilliJoule() };
    const step = stepOverload(before, inputs, timer.now(), this.#limitWatt, this.#options);
    this.#state = step.state;
    this.#timer?.cancel();
    this.#alarm?.cancel();
    if (step.nextAt !== undefined) this.#timer = timer.at(step.nextAt, this.#stepNow);
    if (step.alarmMilliJoule !== undefined) {
      this.#alarm = metering.alarmAfter(step.alarmMilliJoule, this.#stepNow);
    }
    const { trip, isVoltageTripped } = step.state;
    if (trip === before.trip && isVoltageTripped === before.isVoltageTripped) return;
    this.#log(before, step.state);
    this.#changed();
  }

  #log(before: OverloadState, after: OverloadState): void {
    const { events } = this.#books;
    if (after.isVoltageTripped && !before.isVoltageTripped) events.log('overVoltageTrip');
    if (after.trip === undefined || before.trip !== undefined) return;
    events.log(after.trip === 'overload' ? 'overloadTrip' : 'extremeCurrentTrip', after.trips);
    if (after.isLocked) events.log('overloadLocked', this.#options.lockMicros / 1_000_000);
  }
}
