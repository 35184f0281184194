/**
 * The metering chip (meter-hardware.md 2): 4,096 samples a second of voltage and current, energy in integer millijoule with
 * the remainder kept, RMS and power over whole cycles, zero crossings between two samples, the contact comparator.
 *
 * Two fidelities with the same registers. `sampled` computes every sample. `next-event` reckons energy between events in
 * closed form and takes samples only while a capture is armed or the relay moves.
 */
import type { Cancellable, MeteringChip, WaveChannel } from '../firmware/hardware-interface.ts';
import type { EventClock, Follower, ScheduledEvent } from '../world/event-clock.ts';
import { RandomStream } from '../world/random.ts';
import { ContactWatch, ZeroWatch } from './captures.ts';
import type { Circuit, CircuitListener } from './circuit.ts';
import { CycleRegisters } from './cycle-registers.ts';
import { TABLE_POINTS } from './mains.ts';
import { MeasuredWave } from './measured-wave.ts';

export type Fidelity = 'sampled' | 'next-event';

export interface ChipConfig {
  /** Half the width of the uniform spread of the unit's power gain after calibration, and of its phase. */
  readonly gainSpread: number;
  readonly phaseSpreadDegree: number;
  readonly bits: number;
  /** Peak values at which the converters end. */
  readonly fullScaleVolt: number;
  readonly fullScaleAmp: number;
  /** White noise, RMS: leaves 16 effective bits of the nominal 24. */
  readonly noiseVolt: number;
  readonly noiseAmp: number;
  /** Mean power below this counts as no load: 0.4 of the starting power, 40 mA at 230 V. */
  readonly noLoadWatt: number;
  readonly cyclesPerRegister: number;
  /** Peaks that a half wave must reach before its end counts as a zero crossing. */
  readonly zeroFloorVolt: number;
  readonly zeroFloorAmp: number;
  /** Voltage across the contact above which it counts as parted, and mains voltage below which nobody can tell. */
  readonly partedVolt: number;
  readonly blindVolt: number;
  /** A current above this without a voltage across the contact proves it closed. */
  readonly conductingAmp: number;
}

export const DEFAULT_CHIP: ChipConfig = {
  gainSpread: 0.0005,
  phaseSpreadDegree: 0.02,
  bits: 24,
  fullScaleVolt: 600,
  fullScaleAmp: 250,
  noiseVolt: 0.0053,
  noiseAmp: 0.0022,
  noLoadWatt: 3.7,
  cyclesPerRegister: 5,
  zeroFloorVolt: 30,
  zeroFloorAmp: 0.06,
  partedVolt: 8,
  blindVolt: 20,
  conductingAmp: 0.5,
};

/** A chip without errors of its own, for tests of the principle. */
export const IDEAL_CHIP: ChipConfig = {
  ...DEFAULT_CHIP,
  gainSpread: 0,
  phaseSpreadDegree: 0,
  bits: 40,
  noiseVolt: 0,
  noiseAmp: 0,
};

/** What the chip's comparator and window logic see of the relay. */
export interface Contact {
  readonly isMoving: boolean;
  /** How often the contact has touched, bounces included. */
  readonly touches: number;
  /** Voltage across the contact for the given mains voltage and load current, V. */
  dropVolt(volt: number, amp: number): number;
}

interface Alarm {
  readonly target: number;
  /** Null once cancelled, also between its interrupt and its handler. */
  run: (() => void) | null;
}

/** µs between two samples, exact in binary: 1,000,000 / 4,096. */
const SAMPLE_MICROS = 244.140625;
/** Longer than any register period of 5 cycles: W times ms is mJ. */
const HELD_BACK_PERIOD_MILLIS = 200;
const REGISTER_SIZE = 2 ** 48;
const NOISE_LENGTH = 65536;

export class SimulatedMeteringChip implements MeteringChip, Follower, CircuitListener {
  /** The unit's own power gain, for tests that compare energy with the truth. */
  readonly powerGain: number;
  readonly #config: ChipConfig;
  readonly #fidelity: Fidelity;
  readonly #clock: EventClock;
  readonly #circuit: Circuit;
  readonly #contact: Contact;
  readonly #random: RandomStream;
  readonly #voltGain: number;
  readonly #wave: MeasuredWave;
  readonly #registers: CycleRegisters;
  #noiseAt = 0;

  #isPowered = false;
  #isSampling = false;
  /** Energy register without its wrap, mJ, and what is left over below 1 mJ (below zero while energy flows back). */
  #register = 0;
  #remainder = 0;
  /** Energy is accounted for up to here, µs. */
  #accountedTo = 0;
  #nextSample = 0;
  #hasLoad = false;
  /** mJ that a run of cycles without load has held back until its power is known. */
  #pending = 0;

  #alarms: Alarm[] = [];
  #alarmTarget = Number.POSITIVE_INFINITY;
  #alarmEvent: ScheduledEvent | null = null;
  readonly #zeroWatches = new Set<ZeroWatch>();
  readonly #contactWatches = new Set<ContactWatch>();

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
    this.#voltGain = 1 + (config.gainSpread / 2) * (2 * random.uniform() - 1);
    const ampGain = 1 + (config.gainSpread / 2) * (2 * random.uniform() - 1);
    const shift = (config.phaseSpreadDegree / 360) * TABLE_POINTS * (2 * random.uniform() - 1);
    const { noiseVolt, noiseAmp } = config;
    this.#wave = new MeasuredWave(circuit, { voltGain: this.#voltGain, ampGain, shift, noiseVolt, noiseAmp });
    this.#registers = new CycleRegisters(config.cyclesPerRegister);
    this.powerGain = this.#voltGain * ampGain;
    circuit.listen(this);
    clock.follow(this);
  }

  /** Reset at power-up: the energy register starts from zero, nothing is armed. */
  powerOn(): void {
    this.powerOff();
    this.#isPowered = true;
    this.#register = 0;
    this.#remainder = 0;
    this.#registers.reset();
    this.#accountedTo = this.#clock.now();
    this.#reconsider();
  }

  powerOff(): void {
    this.#isPowered = false;
    this.#isSampling = false;
    this.#alarms = [];
    this.#zeroWatches.clear();
    this.#contactWatches.clear();
    this.#planAlarm();
  }

  // What the firmware reads.

  energyMilliJoule(): number {
    this.settle();
    return this.#register % REGISTER_SIZE;
  }

  alarmAfter(energyMilliJoule: number, run: () => void): Cancellable {
    if (!(Number.isInteger(energyMilliJoule) && energyMilliJoule >= 1)) {
      throw new RangeError(`"energyMilliJoule" expected an integer of at least 1, got ${energyMilliJoule}`);
    }
    this.settle();
    const alarm: Alarm = { target: this.#register + energyMilliJoule, run };
    this.#alarms.push(alarm);
    this.#alarms.sort((a, b) => a.target - b.target);
    this.#planAlarm();
    return {
      cancel: (): void => {
        alarm.run = null;
        this.#alarms = this.#alarms.filter((other) => other !== alarm);
        this.#planAlarm();
      },
    };
  }

  voltageMilliVolt(): number {
    const { voltRms } = this.#registers;
    return Math.round(1000 * (this.#fidelity === 'sampled' ? voltRms : this.#wave.voltRms()));
  }

  currentMilliAmp(): number {
    if (this.#fidelity === 'sampled') return Math.round(1000 * this.#registers.ampRms);
    return Math.round(1000 * (this.#circuit.conducts ? this.#wave.ampRms() : this.#config.noiseAmp));
  }

  powerMilliWatt(): number {
    if (this.#fidelity === 'sampled') return Math.round(1000 * this.#registers.powerWatt);
    return this.#circuit.conducts ? Math.round(1000 * this.#wave.meanWatt()) : 0;
  }

  captureZeroCrossings(channel: WaveChannel, handler: (zeroAt: number) => void): Cancellable {
    const { zeroFloorVolt, zeroFloorAmp } = this.#config;
    const floor = channel === 'voltage' ? zeroFloorVolt : zeroFloorAmp;
    const watch = new ZeroWatch(channel, floor, handler);
    return this.#arm(this.#zeroWatches, watch);
  }

  captureContact(
    event: 'parted' | 'touched',
    handler: (between: readonly [number, number]) => void,
  ): Cancellable {
    const watch = new ContactWatch(event, this.#clock.now(), this.#contact.touches, this.#config, handler);
    return this.#arm(this.#contactWatches, watch);
  }

  #arm<T>(watches: Set<T>, watch: T): Cancellable {
    watches.add(watch);
    this.#reconsider();
    return {
      cancel: (): void => {
        watches.delete(watch);
        this.#reconsider();
      },
    };
  }

  // What the world calls.

  /** Brings the closed form up to now; samples are brought up by the clock. */
  settle(): void {
    if (!this.#isPowered || this.#isSampling) return;
    const now = this.#clock.now();
    if (now > this.#accountedTo && this.#circuit.conducts && this.#closedHasLoad()) {
      const { wave, watt } = this.#circuit;
      const perWatt = this.#circuit.integrate(wave.power, this.#accountedTo, now);
      this.#count(perWatt * watt * this.#wave.ratio() * 1000);
    }
    this.#accountedTo = now;
  }

  changed(): void {
    this.#wave.forget();
    this.#reconsider();
    this.#planAlarm();
  }

  /** The relay began or ended to move. */
  contactMoved(): void {
    this.#reconsider();
  }

  catchUp(limit: number): number {
    if (!this.#isSampling) return limit;
    return this.#takeSamples(limit);
  }

  /** Enters or leaves the window of samples. */
  #reconsider(): void {
    const wanted =
      this.#isPowered &&
      (this.#fidelity === 'sampled' ||
        this.#zeroWatches.size > 0 ||
        this.#contactWatches.size > 0 ||
        this.#contact.isMoving);
    if (wanted === this.#isSampling) return;
    if (wanted) {
      this.settle();
      this.#nextSample = Math.floor(this.#clock.now() / SAMPLE_MICROS) + 1;
      this.#hasLoad = this.#circuit.conducts && this.#closedHasLoad();
      this.#noiseAt = this.#random.integer(0, NOISE_LENGTH - 1);
      this.#registers.restart();
      this.#pending = 0;
    } else {
      if (this.#closedHasLoad()) this.#count(this.#pending);
      this.#wave.dropTable();
    }
    this.#isSampling = wanted;
    this.#planAlarm();
  }

  /**
   * The hot loop: one pass per sample, nothing allocated. Returns early at a sample that raised an interrupt.
   */
  #takeSamples(limit: number): number {
    const { mains, conducts } = this.#circuit;
    const voltageWave = this.#circuit.wave.voltage;
    const amps = this.#wave.amps();
    const { noiseVolt, noiseAmp, fullScaleVolt, fullScaleAmp, bits } = this.#config;
    const voltStep = fullScaleVolt / 2 ** (bits - 1);
    const ampStep = fullScaleAmp / 2 ** (bits - 1);
    const hasWatches = this.#zeroWatches.size > 0 || this.#contactWatches.size > 0;
    const voltScale = this.#voltGain / voltStep;
    const ampScale = conducts ? 1 / ampStep : 0;
    const noise = whiteNoise();
    let stepEnd = -1;
    let origin = 0;
    let cyclesPerMicro = 0;
    let start = 0;
    for (;;) {
      const time = this.#nextSample * SAMPLE_MICROS;
      if (time > limit) return limit;
      if (time >= stepEnd) {
        const step = mains.stepAt(time);
        start = mains.stepStart(step);
        stepEnd = mains.stepStart(step + 1);
        origin = mains.stepPhase(step);
        cyclesPerMicro = mains.stepHertz(step) * 1e-6;
      }
      const phase = origin + cyclesPerMicro * (time - start);
      const position = (phase - Math.floor(phase)) * TABLE_POINTS;
      const index = position | 0;
      const part = position - index;
      const voltLow = voltageWave[index] as number;
      const trueVolt = voltLow + ((voltageWave[index + 1] as number) - voltLow) * part;
      const ampLow = amps[index] as number;
      const loadAmp = ampLow + ((amps[index + 1] as number) - ampLow) * part;
      const drawn = this.#noiseAt;
      this.#noiseAt = (drawn + 1) & (NOISE_LENGTH - 1);
      const voltNoise = noiseVolt * (noise[drawn] as number);
      const ampNoise = noiseAmp * (noise[(drawn + 31_337) & (NOISE_LENGTH - 1)] as number);
      const volt = Math.round(trueVolt * voltScale + voltNoise / voltStep) * voltStep;
      const amp = Math.round(loadAmp * ampScale + ampNoise / ampStep) * ampStep;
      this.#nextSample++;
      this.#sum(volt, amp, time);
      const raised = hasWatches && this.#compare(volt, amp, trueVolt, loadAmp, time);
      if (raised || this.#register >= this.#alarmTarget) {
        const reached = Math.ceil(time);
        this.#raiseAlarms(reached);
        return reached;
      }
    }
  }

  /** Energy and register sums of one sample. */
  #sum(volt: number, amp: number, time: number): void {
    const milliJoule = volt * amp * (time - this.#accountedTo) * 1e-3;
    this.#accountedTo = time;
    if (this.#hasLoad) this.#count(milliJoule);
    else this.#holdBack(milliJoule);
    if (!this.#registers.add(volt, amp)) return;
    // The no-load cut: energy is held back until the power of its own cycles is known, so none is lost at a start.
    this.#hasLoad = Math.abs(this.#registers.powerWatt) >= this.#config.noLoadWatt;
    if (this.#hasLoad) this.#count(this.#pending);
    this.#pending = 0;
  }

  /** Energy that no load below the cut could have drawn in one register period ends the waiting at once. */
  #holdBack(milliJoule: number): void {
    this.#pending += milliJoule;
    if (this.#pending < HELD_BACK_PERIOD_MILLIS * this.#config.noLoadWatt) return;
    this.#hasLoad = true;
    this.#count(this.#pending);
    this.#pending = 0;
  }

  /** Adds energy; the register takes whole millijoules and never falls. */
  #count(milliJoule: number): void {
    this.#remainder += milliJoule;
    if (this.#remainder >= 1) {
      const whole = Math.floor(this.#remainder);
      this.#register += whole;
      this.#remainder -= whole;
    }
  }

  /** Lets the armed captures see one sample; true when one of them raised an interrupt. */
  #compare(volt: number, amp: number, trueVolt: number, loadAmp: number, time: number): boolean {
    let raised = false;
    const at = Math.ceil(time);
    for (const watch of this.#zeroWatches) {
      const zeroAt = watch.see(watch.channel === 'voltage' ? volt : amp, time);
      if (Number.isNaN(zeroAt)) continue;
      this.#clock.at(at, () => {
        if (this.#zeroWatches.has(watch)) watch.handler(zeroAt);
      });
      raised = true;
    }
    if (this.#contactWatches.size === 0) return raised;
    const drop = Math.abs(this.#contact.dropVolt(trueVolt, loadAmp));
    for (const watch of this.#contactWatches) {
      const from = watch.see(drop, volt, amp, this.#contact.touches, time);
      if (Number.isNaN(from)) continue;
      this.#clock.at(at, () => {
        if (!this.#contactWatches.delete(watch)) return;
        this.#reconsider();
        watch.handler([Math.floor(from), at]);
      });
      raised = true;
    }
    return raised;
  }

  // Alarms.

  #planAlarm(): void {
    this.#alarmEvent?.cancel();
    this.#alarmEvent = null;
    const first = this.#alarms[0];
    this.#alarmTarget = first === undefined ? Number.POSITIVE_INFINITY : first.target;
    if (first === undefined || this.#isSampling || !this.#isPowered) return;
    this.settle();
    if (this.#register >= first.target) {
      this.#raiseAlarms(this.#clock.now());
      return;
    }
    if (!this.#circuit.conducts || !this.#closedHasLoad()) return;
    const due = this.#alarmDue(first.target);
    this.#alarmEvent = this.#clock.at(due.time, () => {
      this.settle();
      // Rounding may leave the register a millijoule short of what the closed form promised.
      if (due.isExact && this.#register < first.target)
        this.#count(first.target - this.#register - this.#remainder);
      this.#planAlarm();
    });
  }

  /** When the register reaches `target`: exact within the present frequency step, else a moment safely before it. */
  #alarmDue(target: number): { time: number; isExact: boolean } {
    const { mains, wave, watt } = this.#circuit;
    const now = this.#clock.now();
    const step = mains.stepAt(now);
    const stepEnd = mains.stepStart(step + 1);
    // The frequency of later steps shifts the answer by no more than the ripple of a few cycles.
    const joule = (target - this.#register - this.#remainder) / 1000 / (watt * this.#wave.ratio());
    const hertz = mains.stepHertz(step);
    const { perCycle, ripple } = wave.power;
    const safe = now + Math.floor(((joule - (4 * ripple) / hertz) / perCycle) * 1e6);
    if (safe >= stepEnd) return { time: safe, isExact: false };
    const phase = wave.power.phaseAfter(mains.phaseAt(now), joule * hertz);
    const time = mains.stepStart(step) + ((phase - mains.stepPhase(step)) / hertz) * 1e6;
    return time <= stepEnd
      ? { time: Math.max(now, Math.ceil(time)), isExact: true }
      : { time: stepEnd, isExact: false };
  }

  /** Queues the interrupts of every alarm that the register has reached. */
  #raiseAlarms(time: number): void {
    let isRaised = false;
    while (this.#alarms[0] !== undefined && this.#register >= this.#alarms[0].target) {
      const alarm = this.#alarms[0];
      this.#alarms.shift();
      this.#clock.at(time, () => this.#deliver(alarm));
      isRaised = true;
    }
    if (isRaised) this.#planAlarm();
  }

  #deliver(alarm: Alarm): void {
    if (this.#isPowered) alarm.run?.();
  }

  #closedHasLoad(): boolean {
    return this.#wave.meanWatt() >= this.#config.noLoadWatt;
  }
}

let noiseOfAll: Float64Array | null = null;

/** White noise of deviation 1, one table for every chip: each begins anywhere in it, by its own chance. */
function whiteNoise(): Float64Array {
  if (noiseOfAll === null) {
    const random = new RandomStream('white noise', 'converters');
    noiseOfAll = Float64Array.from({ length: NOISE_LENGTH }, () => random.gaussian());
  }
  return noiseOfAll;
}
