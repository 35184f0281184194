/**
 * The metering chip (meter-hardware.md 2): 4,096 samples a second of the voltage and of the currents in line and neutral,
 * energy both ways in integer millijoule with the remainder kept, RMS and power over whole cycles, zero crossings between two
 * samples, the contact comparator, dips and swells, levels.
 *
 * Two fidelities with the same registers. `sampled` computes every sample. `next-event` reckons energy between events in
 * closed form and takes samples only while a capture is armed or the relay moves.
 */
import { assertInteger } from '../../lib/assert.ts';
import type {
  Cancellable,
  CurrentPath,
  LevelQuantity,
  MeteringChip,
  VoltageEvent,
  VoltageThresholds,
  WaveChannel,
} from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, Follower, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';
import { Captures, type Contact } from './captures.ts';
import type { ChipConfig, Fidelity } from './chip-config.ts';
import type { Circuit, CircuitListener } from './circuit.ts';
import { CycleRegisters } from './cycle-registers.ts';
import { EnergyRegister } from './energy-register.ts';
import { HalfCycleRms } from './half-cycle-rms.ts';
import { imbalancePermille, LevelComparators } from './level-watch.ts';
import type { Mark } from './mains.ts';
import { MeasuredWave } from './measured-wave.ts';
import { NOISE_LENGTH, noiseTable } from './noise.ts';
import { atPhase, type CombinedIntegral, TABLE_POINTS } from './waves.ts';

/** µs between two samples, exact in binary: 1,000,000 / 4,096. */
const SAMPLE_MICROS = 244.140625;
/** Longer than any register period of 5 cycles: W times ms is mJ. */
const HELD_BACK_PERIOD_MILLIS = 200;
/** After a change of the circuit the registers close on it within this. */
const REGISTER_MICROS = 100_000;
const NOISE_MASK = NOISE_LENGTH - 1;
const POINT_MASK = TABLE_POINTS - 1;
const QUARTER = TABLE_POINTS / 4;

type Direction = 1 | 0 | -1;

export class SimulatedMeteringChip implements MeteringChip, Follower, CircuitListener {
  /** The unit's own power gain by the line, for tests that compare energy with the truth. */
  readonly powerGain: number;
  readonly #config: ChipConfig;
  readonly #fidelity: Fidelity;
  readonly #clock: EventClock;
  readonly #circuit: Circuit;
  readonly #contact: Contact;
  readonly #random: RandomStream;
  readonly #voltGain: number;
  readonly #waves: Readonly<Record<CurrentPath, MeasuredWave>>;
  readonly #registers: CycleRegisters;
  readonly #halfCycles: HalfCycleRms;
  #noiseAt = 0;

  /** As the data sheet has it until the firmware sets it. */
  #noLoadWatt: number;
  #isPowered = false;
  /** When the registers close for the first time after a reset, µs: until then they read 0, sampled or not. */
  #registersFrom = 0;
  #isSampling = false;
  #path: CurrentPath = 'line';
  readonly #import = new EnergyRegister(() => this.#planAlarm());
  readonly #export = new EnergyRegister(() => this.#planAlarm());
  /** Which register counts; 0 below the no-load cut. */
  #direction: Direction = 0;
  /** What the last register said. */
  #presumed: Direction = 0;
  /** Energy is accounted for up to here: between samples, and in closed form. */
  #sampledTo = 0;
  #accountedTo: Mark;
  /** Power at that moment, W: one end of the trapezoid to the next sample. */
  #wattBefore = 0;
  #nextSample = 0;
  /** mJ that a run of cycles without load has held back until its power is known. */
  #pending = 0;

  #alarmEvent: ScheduledEvent | null = null;
  /** Whether the register stands at its target when that event comes. */
  #isAlarmExact = false;
  readonly #captures: Captures;
  readonly #levels: LevelComparators;

  constructor(
    clock: EventClock,
    circuit: Circuit,
    contact: Contact,
    random: RandomStream,
    fidelity: Fidelity,
    config: ChipConfig,
  ) {
    this.#clock = clock;
    this.#circuit = circuit;
    this.#contact = contact;
    this.#random = random;
    this.#fidelity = fidelity;
    this.#config = config;
    this.#noLoadWatt = config.noLoadWatt;
    const gain = (): number => 1 + (config.gainSpread / 2) * (2 * random.uniform() - 1);
    const shift = (): number => (config.phaseSpreadDegree / 360) * TABLE_POINTS * (2 * random.uniform() - 1);
    const voltGain = gain();
    const { noiseAmp } = config;
    const line = { voltGain, ampGain: gain(), shift: shift(), noiseAmp };
    const neutral = { voltGain, ampGain: gain(), shift: shift(), noiseAmp };
    this.#voltGain = voltGain;
    this.#waves = {
      line: new MeasuredWave(circuit, 'line', line),
      neutral: new MeasuredWave(circuit, 'neutral', neutral),
    };
    this.powerGain = voltGain * line.ampGain;
    this.#registers = new CycleRegisters(config.cyclesPerRegister);
    this.#captures = new Captures(clock, contact, config, () => this.#reconsider());
    this.#levels = new LevelComparators(clock, (quantity) => this.#level(quantity));
    this.#halfCycles = new HalfCycleRms(clock, circuit.mains, circuit.meterVolt, voltGain);
    this.#accountedTo = circuit.mains.markAt(clock.now());
    circuit.listen(this);
    clock.follow(this);
  }

  get isPowered(): boolean {
    return this.#isPowered;
  }

  /** Whether there is more than the no-load cut, either way. */
  get isCounting(): boolean {
    this.#bringUp();
    const direction = this.#isSampling ? this.#direction : this.#closedDirection();
    return direction !== 0;
  }

  /** Reset at power-up: the energy registers start from zero, nothing is armed. */
  powerOn(): void {
    this.#noLoadWatt = this.#config.noLoadWatt;
    this.powerOff();
    this.#isPowered = true;
    this.#path = 'line';
    this.#import.reset();
    this.#export.reset();
    this.#direction = 0;
    this.#registers.reset();
    const { mains } = this.#circuit;
    const now = this.#clock.now();
    this.#accountedTo = mains.markAt(now);
    const firstClose = Math.ceil(mains.phaseAt(now)) + this.#config.cyclesPerRegister - 1;
    this.#registersFrom = mains.timeAtPhase(firstClose, now);
    this.#reconsider();
  }

  powerOff(): void {
    this.#isPowered = false;
    this.#isSampling = false;
    this.#import.disarm();
    this.#export.disarm();
    this.#captures.clear();
    this.#levels.clear();
    this.#halfCycles.releaseAll();
    this.#planAlarm();
  }

  keep(keeper: Keeper): void {
    this.#captures.keep(keeper);
    this.#noiseAt = keeper.value(this.#noiseAt);
    this.#noLoadWatt = keeper.value(this.#noLoadWatt);
    this.#isPowered = keeper.value(this.#isPowered);
    this.#registersFrom = keeper.value(this.#registersFrom);
    this.#isSampling = keeper.value(this.#isSampling);
    this.#path = keeper.value(this.#path);
    this.#direction = keeper.value(this.#direction);
    this.#presumed = keeper.value(this.#presumed);
    this.#sampledTo = keeper.value(this.#sampledTo);
    this.#accountedTo = keeper.value(this.#accountedTo);
    this.#wattBefore = keeper.value(this.#wattBefore);
    this.#nextSample = keeper.value(this.#nextSample);
    this.#pending = keeper.value(this.#pending);
    this.#isAlarmExact = keeper.value(this.#isAlarmExact);
    for (const part of [this.#import, this.#export, this.#registers, this.#halfCycles, this.#levels])
      part.keep(keeper);
    if (keeper.isWaking) for (const wave of [this.#waves.line, this.#waves.neutral]) wave.forget();
    this.#alarmEvent = this.#clock.keepEvent(keeper, this.#alarmEvent, () => this.#alarmIsDue());
  }

  // What the firmware reads.

  energyMilliJoule(): number {
    this.#bringUp();
    return this.#import.shown;
  }

  exportMilliJoule(): number {
    this.#bringUp();
    return this.#export.shown;
  }

  alarmAfter(energyMilliJoule: number, run: () => void): Cancellable {
    this.#bringUp();
    return this.#import.arm(energyMilliJoule, run);
  }

  exportAlarmAfter(energyMilliJoule: number, run: () => void): Cancellable {
    this.#bringUp();
    return this.#export.arm(energyMilliJoule, run);
  }

  selectCurrent(path: CurrentPath): void {
    if (path === this.#path) return;
    this.settle();
    this.#path = path;
    this.changed();
  }

  voltageMilliVolt(): number {
    if (this.#fidelity === 'sampled') return Math.round(1000 * this.#registers.voltRms);
    if (this.#clock.now() < this.#registersFrom) return 0;
    const { noiseVolt } = this.#config;
    return Math.round(1000 * this.#voltGain * Math.hypot(this.#circuit.meterVolt, noiseVolt));
  }

  currentMilliAmp(): number {
    if (this.#fidelity === 'sampled') return Math.round(1000 * this.#registers.lineRms);
    return this.#clock.now() < this.#registersFrom ? 0 : Math.round(1000 * this.#waves.line.rmsAmp());
  }

  neutralMilliAmp(): number {
    if (this.#fidelity === 'sampled') return Math.round(1000 * this.#registers.neutralRms);
    return this.#clock.now() < this.#registersFrom ? 0 : Math.round(1000 * this.#waves.neutral.rmsAmp());
  }

  powerMilliWatt(): number {
    const isSampled = this.#fidelity === 'sampled';
    if (isSampled) return Math.round(1000 * this.#registers.powerWatt);
    return this.#clock.now() < this.#registersFrom ? 0 : Math.round(1000 * this.#power().perCycle);
  }

  reactiveMilliVar(): number {
    const isSampled = this.#fidelity === 'sampled';
    const reactive = isSampled ? this.#registers.reactiveVar : this.#waves[this.#path].reactiveVar();
    return Math.round(1000 * reactive);
  }

  apparentMilliVoltAmp(): number {
    const milliAmp = this.#path === 'line' ? this.currentMilliAmp() : this.neutralMilliAmp();
    return Math.round((this.voltageMilliVolt() * milliAmp) / 1000);
  }

  powerFactorPermille(): number {
    const apparent = this.apparentMilliVoltAmp();
    const active = Math.abs(this.powerMilliWatt());
    if (active < 1000 * this.#noLoadWatt) return 1000;
    const factor = Math.min(1000, Math.round((1000 * active) / apparent));
    return this.reactiveMilliVar() < 0 ? -factor : factor;
  }

  frequencyMilliHertz(): number {
    if (this.#circuit.meterVolt < this.#config.zeroFloorVolt) return 0;
    return Math.round(1000 * this.#circuit.mains.hertzAt(this.#clock.now()));
  }

  halfCycleMilliVolt(): number {
    return this.#halfCycles.milliVolt();
  }

  captureVoltageEvents(thresholds: VoltageThresholds, handler: (event: VoltageEvent) => void): Cancellable {
    return this.#halfCycles.watch(thresholds, handler);
  }

  setNoLoad(milliWatt: number): void {
    assertInteger(milliWatt, 0, 1_000_000, 'milliWatt');
    this.settle();
    this.#noLoadWatt = milliWatt / 1000;
    this.#planAlarm();
  }

  captureLevel(
    quantity: LevelQuantity,
    levels: { readonly threshold: number; readonly release: number },
    handler: (isAbove: boolean) => void,
  ): Cancellable {
    const watch = this.#levels.watch(quantity, levels, handler);
    this.#planLevels();
    return watch;
  }

  captureZeroCrossings(channel: WaveChannel, handler: (zeroAt: number) => void): Cancellable {
    return this.#captures.armZero(channel, handler);
  }

  captureContact(
    event: 'parted' | 'touched',
    handler: (between: readonly [number, number]) => void,
  ): Cancellable {
    return this.#captures.armContact(event, handler);
  }

  // What the world calls.

  /** Closes the books of the circuit as it is, up to now. */
  settle(): void {
    if (!this.#isPowered) return;
    const now = this.#clock.now();
    if (this.#isSampling) {
      // The converters integrate: what flowed since the last sample belongs to the circuit that was.
      if (now > this.#sampledTo) this.#sumEnergy(this.#wattAt(now), now);
      return;
    }
    if (now === this.#accountedTo.time) return;
    const mark = this.#circuit.mains.markAt(now);
    const power = this.#power();
    if (power.perCycle !== 0) {
      this.#turn(this.#closedDirection());
      this.#count(1000 * this.#circuit.integrate(power, this.#accountedTo, mark));
    }
    this.#accountedTo = mark;
  }

  changed(): void {
    this.#halfCycles.voltageIs(this.#circuit.meterVolt);
    if (!this.#isPowered) return;
    if (this.#isSampling) this.#wattBefore = this.#wattAt(this.#clock.now());
    this.#reconsider();
    this.#planAlarm();
    this.#planLevels();
  }

  /** The relay began or ended to move. */
  contactMoved(): void {
    this.#reconsider();
  }

  catchUp(limit: number): number {
    if (!this.#isSampling) return limit;
    return this.#takeSamples(limit);
  }

  /** Registers stand at the last sample in sampled mode, as the converters leave them; otherwise at now. */
  #bringUp(): void {
    if (!this.#isSampling) this.settle();
  }

  /** Enters or leaves the window of samples. */
  #reconsider(): void {
    const wanted =
      this.#isPowered && (this.#fidelity === 'sampled' || this.#captures.isArmed || this.#contact.isMoving);
    if (wanted === this.#isSampling) return;
    this.settle();
    const now = this.#clock.now();
    if (wanted) {
      this.#nextSample = Math.floor(now / SAMPLE_MICROS) + 1;
      this.#turn(this.#closedDirection());
      this.#sampledTo = now;
      this.#wattBefore = this.#wattAt(now);
      this.#noiseAt = this.#random.integer(0, NOISE_MASK);
      this.#registers.restart();
      this.#pending = 0;
    } else {
      this.#accountedTo = this.#circuit.mains.markAt(now);
      this.#turn(this.#closedDirection());
      this.#count(this.#pending);
      this.#waves.line.release();
      this.#waves.neutral.release();
      this.#circuit.release();
    }
    this.#isSampling = wanted;
    this.#planAlarm();
  }

  /**
   * The hot loop: one pass per sample, nothing allocated. Returns early at a sample that raised an interrupt.
   */
  #takeSamples(limit: number): number {
    const { mains, meterVolt } = this.#circuit;
    const { unitWave } = mains;
    const { line, neutral } = this.#waves;
    const lineWave = line.amps();
    const neutralWave = neutral.amps();
    const { noiseVolt, noiseAmp, fullScaleVolt, fullScaleAmp, bits } = this.#config;
    const voltStep = fullScaleVolt / 2 ** (bits - 1);
    const ampStep = fullScaleAmp / 2 ** (bits - 1);
    const captures = this.#captures;
    const { isArmed } = captures;
    const isByLine = this.#path === 'line';
    const voltScale = (this.#voltGain * meterVolt) / voltStep;
    const lineScale = line.share() / ampStep;
    const neutralScale = neutral.share() / ampStep;
    const voltNoise = noiseVolt / voltStep;
    const ampNoise = noiseAmp / ampStep;
    const noise = noiseTable();
    const registers = this.#registers;
    let stretchEnd = -1;
    let origin = 0;
    let cyclesPerMicro = 0;
    let start = 0;
    for (;;) {
      const time = this.#nextSample * SAMPLE_MICROS;
      if (time > limit) return limit;
      if (time >= stretchEnd) {
        const stretch = mains.stretchAt(time);
        start = stretch.start;
        stretchEnd = stretch.end;
        origin = stretch.phase;
        cyclesPerMicro = stretch.hertz * 1e-6;
      }
      const phase = origin + cyclesPerMicro * (time - start);
      const position = (phase - Math.floor(phase)) * TABLE_POINTS;
      const index = position | 0;
      const part = position - index;
      const unitLow = unitWave[index] as number;
      const unitVolt = unitLow + ((unitWave[index + 1] as number) - unitLow) * part;
      const lineLow = lineWave[index] as number;
      const lineAmp = lineLow + ((lineWave[index + 1] as number) - lineLow) * part;
      const neutralLow = neutralWave[index] as number;
      const neutralAmp = neutralLow + ((neutralWave[index + 1] as number) - neutralLow) * part;
      const quarterVolt =
        (unitWave[(((position + 0.5) | 0) - QUARTER) & POINT_MASK] as number) * voltScale * voltStep;
      const drawn = this.#noiseAt;
      this.#noiseAt = (drawn + 1) & NOISE_MASK;
      const voltDrawn = voltNoise * (noise[drawn] as number);
      const lineDrawn = ampNoise * (noise[(drawn + 31_337) & NOISE_MASK] as number);
      const neutralDrawn = ampNoise * (noise[(drawn + 17_389) & NOISE_MASK] as number);
      const volt = Math.round(unitVolt * voltScale + voltDrawn) * voltStep;
      const lineSeen = Math.round(lineAmp * lineScale + lineDrawn) * ampStep;
      const neutralSeen = Math.round(neutralAmp * neutralScale + neutralDrawn) * ampStep;
      const billed = isByLine ? lineSeen : neutralSeen;
      this.#nextSample++;
      this.#sumEnergy(volt * billed, time);
      let raised = false;
      if (registers.add(volt, lineSeen, neutralSeen, billed, quarterVolt))
        raised = this.#registersClosed(time);
      if (isArmed && captures.compare(volt, lineSeen, unitVolt * meterVolt, lineAmp, time)) raised = true;
      if (raised || this.#import.isDue || this.#export.isDue) {
        const reached = Math.ceil(time);
        this.#raiseAlarms(reached);
        return reached;
      }
    }
  }

  /** The power at a moment without noise, W: the ends of the stretches that a change of the circuit cuts. */
  #wattAt(time: number): number {
    const wave = this.#waves[this.#path];
    const { mains, meterVolt } = this.#circuit;
    const share = wave.share();
    if (share === 0 || meterVolt === 0) return 0;
    const phase = mains.phaseAt(time);
    return this.#voltGain * meterVolt * atPhase(mains.unitWave, phase) * share * atPhase(wave.amps(), phase);
  }

  /** The trapezoid from the last moment accounted for to this one. */
  #sumEnergy(watt: number, time: number): void {
    const milliJoule = (this.#wattBefore + watt) * (time - this.#sampledTo) * 5e-4;
    this.#wattBefore = watt;
    this.#sampledTo = time;
    if (this.#direction !== 0) this.#count(milliJoule);
    else this.#holdBack(milliJoule);
  }

  /**
   * The no-load cut: energy is held back until the power of its own cycles is known, so none is lost at a start. A switching
   * in mid-cycle may leave one register below zero: only a second one proves that energy flows the other way.
   */
  #registersClosed(time: number): boolean {
    const direction = this.#directionOf(this.#registers.powerWatt);
    const isProven = direction >= this.#direction && this.#direction >= 0;
    if (isProven || direction === this.#direction || direction === 0 || direction === this.#presumed) {
      this.#turn(direction);
      this.#count(this.#pending);
      this.#pending = 0;
    }
    this.#presumed = direction;
    return this.#levels.see(Math.ceil(time));
  }

  /**
   * Energy that no load below the cut could have drawn in one register period ends the waiting at once. Energy that comes back
   * may be a reactive load's first half cycle: it waits for the register.
   */
  #holdBack(milliJoule: number): void {
    this.#pending += milliJoule;
    if (this.#pending < HELD_BACK_PERIOD_MILLIS * this.#noLoadWatt) return;
    this.#turn(1);
    this.#count(this.#pending);
    this.#pending = 0;
  }

  /** Adds energy, import above zero, to the register of the present direction. */
  #count(milliJoule: number): void {
    if (this.#direction > 0) this.#import.add(milliJoule);
    else if (this.#direction < 0) this.#export.add(-milliJoule);
  }

  /** What ran backwards in the register that rests now belongs to the other. */
  #turn(direction: Direction): void {
    if (direction === this.#direction) return;
    this.#direction = direction;
    if (direction > 0) this.#import.add(this.#export.takeDebt());
    else if (direction < 0) this.#export.add(this.#import.takeDebt());
  }

  #directionOf(watt: number): Direction {
    if (watt >= this.#noLoadWatt) return 1;
    return watt <= -this.#noLoadWatt ? -1 : 0;
  }

  #closedDirection(): Direction {
    return this.#directionOf(this.#power().perCycle);
  }

  #power(): CombinedIntegral {
    return this.#waves[this.#path].power();
  }

  // Levels.

  /** Between events the registers change only with the circuit: they are looked at once they have closed on it. */
  #planLevels(): void {
    if (this.#fidelity === 'next-event') this.#levels.seeAt(this.#clock.now() + REGISTER_MICROS);
  }

  #level(quantity: LevelQuantity): number {
    switch (quantity) {
      case 'voltage':
        return this.voltageMilliVolt();
      case 'current':
        return this.currentMilliAmp();
      case 'neutral-current':
        return this.neutralMilliAmp();
      case 'power':
        return this.powerMilliWatt();
      case 'imbalance':
        return imbalancePermille(this.currentMilliAmp(), this.neutralMilliAmp());
    }
  }

  // Alarms.

  #planAlarm(): void {
    this.#alarmEvent?.cancel();
    this.#alarmEvent = null;
    const isArmed =
      this.#import.target < Number.POSITIVE_INFINITY || this.#export.target < Number.POSITIVE_INFINITY;
    if (!isArmed || this.#isSampling || !this.#isPowered) return;
    this.settle();
    if (this.#import.isDue || this.#export.isDue) {
      this.#raiseAlarms(this.#clock.now());
      return;
    }
    const direction = this.#closedDirection();
    if (direction === 0) return;
    this.#turn(direction);
    const register = direction > 0 ? this.#import : this.#export;
    if (register.target === Number.POSITIVE_INFINITY) return;
    const due = this.#alarmDue(register.untilTarget, direction);
    this.#isAlarmExact = due.isExact;
    this.#alarmEvent = this.#clock.at(due.time, () => this.#alarmIsDue());
  }

  #alarmIsDue(): void {
    this.settle();
    const register = this.#direction > 0 ? this.#import : this.#export;
    // Rounding may leave the register a millijoule short of what the closed form promised.
    if (this.#isAlarmExact && !register.isDue) register.add(register.untilTarget);
    this.#planAlarm();
  }

  /** When so many mJ have flowed: exact within the present stretch of frequency, else a moment safely before it. */
  #alarmDue(milliJoule: number, direction: Direction): { time: number; isExact: boolean } {
    const { mains } = this.#circuit;
    const now = this.#clock.now();
    const power = this.#power();
    const joule = (direction * milliJoule) / 1000;
    const { start, end, phase: origin, hertz } = mains.stretchAt(now);
    // The frequency of later stretches shifts the answer by no more than the ripple of a few cycles.
    const safe =
      now + Math.floor(((Math.abs(joule) - (4 * power.ripple) / hertz) / Math.abs(power.perCycle)) * 1e6);
    if (safe > end) return { time: safe, isExact: false };
    const phase = power.phaseAfter(mains.phaseAt(now), joule * hertz);
    const time = start + ((phase - origin) / hertz) * 1e6;
    if (time <= end) return { time: Math.max(now, Math.ceil(time)), isExact: true };
    return { time: Math.max(Math.ceil(end), safe), isExact: false };
  }

  /** Queues the interrupts of every alarm that a register has reached. */
  #raiseAlarms(time: number): void {
    const due = [...this.#import.takeDue(), ...this.#export.takeDue()];
    for (const run of due) {
      this.#clock.at(time, () => {
        if (this.#isPowered) run();
      });
    }
    if (due.length > 0) this.#planAlarm();
  }
}
