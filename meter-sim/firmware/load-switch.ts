/**
 * The load switch: opens the latching relay just before a current zero and closes it just before a voltage zero
 * (meter-hardware.md 3), learns its delays, watches that it obeyed, and never pulses a coil on a failing supply.
 *
 * One operation: watch the zeros of the wave, fire at zero - lead - delay, measure the contact, check the current, and try
 * again where it did not obey.
 */
import type { DelayBins } from './delay-bins.ts';
import { type DelayConditions, DelayEstimator, type DelayOptions } from './delay-estimator.ts';
import type { Cancellable, MeterHardware, Micros, SwitchDirection } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import type { LearntDelays } from './records.ts';
import { ZeroCrossPredictor } from './zero-cross-predictor.ts';

export interface LoadSwitchOptions {
  readonly opening: DelayOptions;
  readonly closing: DelayOptions;
  readonly pulseMicros: Micros;
  /** Full cycles of zeros seen before a target is predicted. */
  readonly cycles: number;
  /** Below this the opening needs no zero: 1 % of Imax. */
  readonly freeOpeningMilliAmp: number;
  /** Below this no coil is pulsed: 70 % of Un. */
  readonly lowestVoltageMilliVolt: number;
  /** How long to look for zeros before switching without them. */
  readonly searchMicros: Micros;
  /** From the pulse until the current register tells whether the switch obeyed. */
  readonly settleMicros: Micros;
  /** Current that still flows after an opening that failed. */
  readonly flowingMilliAmp: number;
  /** Load side above this is live. */
  readonly liveMilliVolt: number;
  readonly openAttempts: number;
  readonly closeAttempts: number;
  readonly malfunctionRetryMicros: Micros;
  /** A contact that has stood still for longer than this sticks: its next operation takes so much longer. */
  readonly idleAfterMicros: Micros;
  readonly idleExtraMicros: Micros;
}

export type SwitchState = 'open' | 'closed' | 'opening' | 'closing' | 'malfunction';

interface Operation {
  readonly direction: SwitchDirection;
  attempt: number;
  fired: boolean;
  moved: boolean;
  /** The delay that the present aim reckons with. */
  expectedMicros: number;
  /** Aims that were given up since the attempt began. */
  staleAims: number;
}

/** From the zero before the target on, the voltage itself would look like a contact that touched. */
const TOUCH_WATCH_MICROS = 8_500;
/** No contact of this kind touches sooner after the pulse. */
const TOUCH_BLIND_MICROS = 2_000;
/** Between two pulses, so that never both coils are driven. */
const REST_MICROS = 20_000;
const AIM_TOLERANCE = 2_000;
/** Until the current register tells whether a live load side is fed by the meter. */
const LIVE_CHECK_MICROS = 500_000;
/** A supply that will not stand still is switched on all the same after a few aims. */
const STALE_MICROS = 100;
const MOST_STALE_AIMS = 3;
const SUPPLY_RETRY_MICROS = 200_000;
/** Room between deciding and firing, for the interrupt that fires. */
const FIRE_MARGIN_MICROS = 100;

/** µs. The zero was predicted, and the contact was expected to move at `expectedAt`. */
export interface SwitchAim {
  readonly direction: SwitchDirection;
  readonly firedAt: Micros;
  /** null when it was switched without a zero. */
  readonly zeroAt: number | null;
  readonly expectedAt: number;
  /** Of the delay about its estimate, as the firmware reckons: what the lead before the zero is a multiple of. */
  readonly deviationMicros: number;
}

export class LoadSwitch {
  readonly #hardware: MeterHardware;
  readonly #options: LoadSwitchOptions;
  readonly #changed: () => void;
  readonly #estimators: Record<SwitchDirection, DelayEstimator>;
  /** The position that the last finished operation left; undefined after a reset, when nobody knows. */
  #position: 'open' | 'closed' | 'malfunction' | undefined;
  #target: 'open' | 'closed' | undefined;
  #operation: Operation | undefined;
  #predictor: ZeroCrossPredictor | undefined;
  #aimedAt: number | undefined;
  #capture: Cancellable | undefined;
  #contact: Cancellable | undefined;
  #timer: Cancellable | undefined;
  #firedAt: Micros | undefined;
  #stopped = false;
  readonly #live: Cancellable;
  #bins: DelayBins;
  #lastAim: SwitchAim | undefined;

  /** @param changed - called after every finished operation and every malfunction. */
  constructor(
    hardware: MeterHardware,
    options: LoadSwitchOptions,
    known: LearntDelays,
    bins: DelayBins,
    changed: () => void,
  ) {
    this.#hardware = hardware;
    this.#options = options;
    this.#changed = changed;
    this.#bins = bins;
    this.#estimators = {
      open: new DelayEstimator(options.opening, known.opening, bins.opening),
      close: new DelayEstimator(options.closing, known.closing, bins.closing),
    };
    // A contact that a magnet or a blow has closed is noticed by its load side, not only by the energy that it gives away.
    this.#live = hardware.loadSide.onLive((isLive) => {
      if (!isLive || this.#operation !== undefined || this.#position !== 'open') return;
      this.#timer?.cancel();
      this.#timer = this.#checkLiveAt(hardware.timer.now() + LIVE_CHECK_MICROS);
    });
  }

  get state(): SwitchState {
    if (this.#operation !== undefined) return this.#operation.direction === 'open' ? 'opening' : 'closing';
    return this.#position ?? 'open';
  }

  /** True from the coil's pulse on, when the contact may stand either way. */
  get fired(): boolean {
    return this.#operation?.fired ?? false;
  }

  /** What the last pulse aimed at; undefined before the first since power-up. */
  get aim(): SwitchAim | undefined {
    return this.#lastAim;
  }

  delays(): LearntDelays {
    return { opening: this.#estimators.open.record(), closing: this.#estimators.close.record() };
  }

  /** The same object until something was learnt. */
  bins(): DelayBins {
    const opening = this.#estimators.open.bins();
    const closing = this.#estimators.close.bins();
    if (opening !== this.#bins.opening || closing !== this.#bins.closing) this.#bins = { opening, closing };
    return this.#bins;
  }

  /** Drives the switch to a position, now or after the operation in hand. Asking twice changes nothing. */
  drive(target: 'open' | 'closed'): void {
    this.#target = target;
    const operation = this.#operation;
    if (operation !== undefined && !operation.fired && positionAfter(operation.direction) !== target) {
      this.#operation = undefined;
      this.#release();
    }
    this.#reconcile();
  }

  /** Starts to watch the current's zeros, so that an opening to come can fire within a cycle. */
  prepareOpening(): void {
    if (this.#operation !== undefined || this.#predictor !== undefined) return;
    if (this.#hardware.metering.currentMilliAmp() >= this.#options.freeOpeningMilliAmp)
      this.#watch('current');
  }

  /** Drops the watch of {@link prepareOpening}: the load fell and the moment is far away again. */
  relax(): void {
    if (this.#operation !== undefined || this.#predictor === undefined) return;
    this.#capture?.cancel();
    this.#capture = undefined;
    this.#predictor = undefined;
  }

  /**
   * Energy was counted. Behind a contact that is thought open it tells that the opening failed while there was no load to show
   * it: the command is executed again.
   */
  energyCounted(): void {
    if (this.#operation !== undefined || this.#position !== 'open') return;
    if (this.#hardware.metering.currentMilliAmp() < this.#options.flowingMilliAmp) return;
    this.#position = undefined;
    this.#reconcile();
  }

  /** The supply fails: nothing is fired from now on (a pulse already driven ends by itself). */
  stop(): void {
    this.#stopped = true;
    this.#live.cancel();
    this.#operation = undefined;
    this.#release();
  }

  /** Of a switch at rest; the constructor has listened to the load side already. */
  keep(keeper: Keeper): void {
    keeper.idle(this.#operation === undefined, 'the load switch is being operated');
    this.#estimators.open.keep(keeper);
    this.#estimators.close.keep(keeper);
    this.#bins = keeper.value(this.#bins);
    this.#position = keeper.value(this.#position);
    this.#target = keeper.value(this.#target);
    this.#firedAt = keeper.value(this.#firedAt);
    this.#lastAim = keeper.value(this.#lastAim);
    this.#stopped = keeper.value(this.#stopped);
    if (keeper.value(this.#predictor !== undefined)) {
      this.#predictor ??= new ZeroCrossPredictor(this.#options.cycles);
      this.#predictor.keep(keeper);
    }
    // Without an operation only those of an opening to come are watched.
    this.#capture = keeper.handle(this.#capture, () => this.#captureZeros('current'));
    const now = this.#hardware.timer.now();
    this.#timer = keeper.handle(this.#timer, () =>
      this.#position === 'malfunction' ? this.#retryAt(now) : this.#checkLiveAt(now),
    );
    if (keeper.isWaking && this.#stopped) this.#live.cancel();
  }

  #checkLiveAt(time: Micros): Cancellable {
    return this.#hardware.timer.at(time, () => this.energyCounted());
  }

  #reconcile(): void {
    if (this.#stopped || this.#operation !== undefined || this.#target === undefined) return;
    const direction = this.#target === 'open' ? 'open' : 'close';
    if (this.#position === this.#target || (this.#position === 'malfunction' && direction === 'open')) return;
    this.#operation = { direction, attempt: 1, fired: false, moved: false, expectedMicros: 0, staleAims: 0 };
    if (direction === 'close') this.#release();
    this.#approach();
  }

  /** Looks for the next zero to aim at; runs again when there is none yet or the supply is low. */
  #approach(): void {
    const operation = this.#operation;
    if (operation === undefined) return;
    const { timer, metering } = this.#hardware;
    this.#timer?.cancel();
    // A zero that was aimed at before and let pass on a low supply is no target any more.
    this.#aimedAt = undefined;
    if (!this.#supplyHolds()) {
      this.#timer = timer.at(timer.now() + SUPPLY_RETRY_MICROS, () => this.#approach());
      return;
    }
    const opening = operation.direction === 'open';
    if (opening && metering.currentMilliAmp() < this.#options.freeOpeningMilliAmp) {
      this.#fire(undefined);
      return;
    }
    if (this.#predictor === undefined) this.#watch(opening ? 'current' : 'voltage');
    this.#timer = timer.at(timer.now() + this.#options.searchMicros, () => this.#fire(undefined));
    this.#aim();
  }

  #watch(channel: 'current' | 'voltage'): void {
    this.#capture?.cancel();
    this.#predictor = new ZeroCrossPredictor(this.#options.cycles);
    this.#capture = this.#captureZeros(channel);
  }

  #captureZeros(channel: 'current' | 'voltage'): Cancellable {
    return this.#hardware.metering.captureZeroCrossings(channel, (zeroAt) => {
      this.#predictor?.add(zeroAt);
      this.#aim();
    });
  }

  /** Aims at the first zero within reach, and aims a little better at the same one with every zero that still comes in. */
  #aim(): void {
    const operation = this.#operation;
    if (operation === undefined || operation.fired || !this.#supplyHolds()) return;
    const estimator = this.#estimators[operation.direction];
    const expected = estimator.expectedMicros(this.#conditions());
    const ahead = expected + estimator.leadMicros() + this.#idleExtra();
    const { timer } = this.#hardware;
    const reach = timer.now() + FIRE_MARGIN_MICROS + ahead;
    const zero = this.#predictor?.next(this.#aimedAt === undefined ? reach : this.#aimedAt - AIM_TOLERANCE);
    if (zero === undefined || zero < reach) return;
    this.#aimedAt = zero;
    operation.expectedMicros = expected;
    this.#timer?.cancel();
    this.#timer = timer.at(Math.round(zero - ahead), () => this.#fire(zero));
  }

  /** @param zero - the voltage or current zero that was aimed at; undefined when switching freely. */
  #fire(zero: number | undefined): void {
    const operation = this.#operation;
    if (operation === undefined || this.#stopped) return;
    if (!this.#supplyHolds() || (zero !== undefined && this.#aimIsStale(operation))) {
      this.#approach();
      return;
    }
    const { timer, metering, relay } = this.#hardware;
    const { direction } = operation;
    const firedAt = timer.now();
    const extra = this.#idleExtra();
    const conditions = this.#conditions();
    operation.fired = true;
    this.#firedAt = firedAt;
    const estimator = this.#estimators[direction];
    this.#lastAim = {
      direction,
      firedAt,
      zeroAt: zero ?? null,
      expectedAt: firedAt + estimator.expectedMicros(conditions) + extra,
      deviationMicros: estimator.deviationMicros(),
    };
    this.#release();
    relay.pulse(direction, this.#options.pulseMicros);
    // After a reset the contact may stand there already: such an answer teaches nothing, and no more does a touch without
    // a zero, for the voltage is near nothing at every zero and looks like one.
    const teaches = this.#position !== undefined && operation.attempt === 1;
    const watch = (): void => {
      this.#contact = metering.captureContact(direction === 'open' ? 'parted' : 'touched', (between) => {
        operation.moved = true;
        // A touch is proof enough once the coil is at rest; a parting is not, for the contact may weld again.
        if (direction === 'close') this.#concludeAt(firedAt + this.#options.pulseMicros + REST_MICROS);
        if (!teaches || (direction === 'close' && zero === undefined)) return;
        const after = firedAt + extra;
        estimator.observe([between[0] - after, between[1] - after], conditions);
      });
      this.#concludeAt(firedAt + this.#options.settleMicros);
    };
    if (direction === 'open') watch();
    else {
      const from = Math.max(firedAt + TOUCH_BLIND_MICROS, Math.round((zero ?? 0) - TOUCH_WATCH_MICROS));
      this.#timer = timer.at(from, watch);
    }
  }

  /** The voltage stepped since the aim was taken: the coil would be that much slower or faster than reckoned. */
  #aimIsStale(operation: Operation): boolean {
    const expected = this.#estimators[operation.direction].expectedMicros(this.#conditions());
    if (Math.abs(expected - operation.expectedMicros) < STALE_MICROS) return false;
    operation.staleAims += 1;
    return operation.staleAims <= MOST_STALE_AIMS;
  }

  #concludeAt(time: Micros): void {
    this.#timer?.cancel();
    this.#timer = this.#hardware.timer.at(time, () => this.#conclude());
  }

  #conclude(): void {
    const operation = this.#operation;
    if (operation === undefined) return;
    this.#release();
    const { direction } = operation;
    if (!this.#obeyed(operation)) {
      const attempts = direction === 'open' ? this.#options.openAttempts : this.#options.closeAttempts;
      if (operation.attempt < attempts) {
        operation.attempt += 1;
        operation.fired = false;
        this.#approach();
        return;
      }
      if (direction === 'open') {
        this.#fail();
        return;
      }
    }
    this.#operation = undefined;
    this.#position = positionAfter(direction);
    this.#changed();
    this.#reconcile();
  }

  /**
   * A load side that lives behind an opening which nobody saw part tells of a contact that stuck without a load; behind one
   * that was seen it tells of a bypass or a generator. An open circuit without that sense looks the same as no load, so a
   * close that nothing confirms is sent twice and then believed.
   */
  #obeyed(operation: Operation): boolean {
    const flowing = this.#hardware.metering.currentMilliAmp() >= this.#options.flowingMilliAmp;
    const isLive = this.#hardware.loadSide.milliVolt() >= this.#options.liveMilliVolt;
    if (operation.direction === 'open') return !flowing && (operation.moved || !isLive);
    return operation.moved || flowing || isLive;
  }

  #fail(): void {
    this.#operation = undefined;
    this.#position = 'malfunction';
    this.#timer = this.#retryAt(this.#hardware.timer.now() + this.#options.malfunctionRetryMicros);
    this.#changed();
  }

  #retryAt(time: Micros): Cancellable {
    return this.#hardware.timer.at(time, () => {
      this.#position = undefined;
      this.#reconcile();
    });
  }

  /** After a reset nobody knows how long the contact has stood; then it is taken to have moved. */
  #idleExtra(): Micros {
    const { idleAfterMicros, idleExtraMicros } = this.#options;
    const isIdle =
      this.#firedAt !== undefined && this.#hardware.timer.now() - this.#firedAt > idleAfterMicros;
    return isIdle ? idleExtraMicros : 0;
  }

  #conditions(): DelayConditions {
    const { thermometer, metering } = this.#hardware;
    return { deciCelsius: thermometer.deciCelsius(), milliVolt: metering.voltageMilliVolt() };
  }

  #supplyHolds(): boolean {
    return (
      !this.#stopped && this.#hardware.metering.voltageMilliVolt() >= this.#options.lowestVoltageMilliVolt
    );
  }

  #release(): void {
    this.#capture?.cancel();
    this.#contact?.cancel();
    this.#timer?.cancel();
    this.#capture = undefined;
    this.#contact = undefined;
    this.#timer = undefined;
    this.#predictor = undefined;
    this.#aimedAt = undefined;
  }
}

function positionAfter(direction: SwitchDirection): 'open' | 'closed' {
  return direction === 'open' ? 'open' : 'closed';
}
