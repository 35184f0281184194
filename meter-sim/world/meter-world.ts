/**
 * One meter with its mains, its load and its firmware on one event clock. Nothing here is real time: a door calls
 * {@link MeterWorld.runUntil} as a wall clock tells it, a test as fast as it can. Equal options and equal calls give equal traces.
 */
import { hexFromBytes } from '../../lib/hex.ts';
import type {
  Beep,
  Cancellable,
  FirmwarePorts,
  KeypadKey,
  MeterHardware,
  Micros,
  ResetReason,
} from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import { type ChipConfig, DEFAULT_CHIP, type Fidelity } from '../hardware/chip-config.ts';
import { Circuit, type EnergyTruth, PLAIN_WIRING, type Wiring } from '../hardware/circuit.ts';
import {
  DEFAULT_MODULE,
  DEFAULT_SLOT,
  type ModuleConfig,
  SimulatedCommsModule,
  SimulatedCommsSlot,
  type SlotConfig,
} from '../hardware/comms-module.ts';
import { type CoversConfig, DEFAULT_COVERS, SimulatedCovers } from '../hardware/covers.ts';
import { DEFAULT_EEPROM, type EepromConfig, SimulatedEeprom } from '../hardware/eeprom.ts';
import { BEEP_MICROS, SimulatedBeeper, SimulatedGlass } from '../hardware/front-panel.ts';
import { Grid } from '../hardware/grid.ts';
import { DEFAULT_HALL, type HallConfig, SimulatedHallSensor } from '../hardware/hall-sensor.ts';
import { DEFAULT_KEYPAD, type KeypadConfig, SimulatedKeypad } from '../hardware/keypad-matrix.ts';
import { type Appliance, DEFAULT_LOAD, type LoadConfig } from '../hardware/load.ts';
import { DEFAULT_LOAD_SIDE, LoadSide, type LoadSideSource } from '../hardware/load-side.ts';
import { DEFAULT_MAINS, Mains, type MainsConfig } from '../hardware/mains.ts';
import { SimulatedMeteringChip } from '../hardware/metering-chip.ts';
import { DEFAULT_PULSE_LED, PulseLed, type PulseLedConfig } from '../hardware/pulse-led.ts';
import { SimulatedRelay } from '../hardware/relay.ts';
import { DEFAULT_RELAY, type MagnetEffect, type RelayConfig } from '../hardware/relay-config.ts';
import { DEFAULT_RTC, type RtcConfig, SimulatedRtc } from '../hardware/rtc.ts';
import {
  DEFAULT_SUPPLY,
  type RailLevels,
  Supply,
  type SupplyConfig,
  type SupplyState,
} from '../hardware/supply.ts';
import { atPhase } from '../hardware/waves.ts';
import { EventClock } from './event-clock.ts';
import { RandomStream } from './random.ts';
import { type McuLife, type MeterBody, wireTo } from './wiring.ts';

export interface MeterWorldOptions {
  readonly seed: number | string;
  readonly fidelity: Fidelity;
  readonly mains?: Partial<MainsConfig>;
  readonly load?: Partial<LoadConfig>;
  readonly relay?: Partial<RelayConfig>;
  readonly eeprom?: Partial<EepromConfig>;
  readonly supply?: Partial<SupplyConfig>;
  readonly chip?: Partial<ChipConfig>;
  readonly led?: Partial<PulseLedConfig>;
  readonly rtc?: Partial<RtcConfig>;
  readonly covers?: Partial<CoversConfig>;
  readonly hall?: Partial<HallConfig>;
  readonly keypad?: Partial<KeypadConfig>;
  readonly slot?: Partial<SlotConfig>;
  /** What the battery-backed clock says when the world begins, seconds since 1970 UTC. */
  readonly rtcEpochSeconds: number;
  /** What the EEPROM holds; a new part without it. */
  readonly memoryImage?: Uint8Array;
  /**
   * Told when the firmware throws, which is a bug of it; the watchdog then resets the MCU after `watchdogMicros`. Without it
   * the error leaves the call that runs the world.
   */
  readonly firmwareThrew?: (error: unknown) => void;
  /** From the last kick of a program that hangs to the reset (assumed: 1 s). */
  readonly watchdogMicros?: Micros;
  /** Makes the program that runs from one reset to the next brown-out. */
  readonly firmware: (hardware: MeterHardware) => FirmwarePorts;
}

const WATCHDOG_MICROS = 1_000_000;

/** One run of the MCU: its callbacks are dead when it is. */
interface Life extends McuLife {
  isAlive: boolean;
  readonly resetReason: ResetReason;
  ports: FirmwarePorts | null;
}

export class MeterWorld {
  readonly relay: SimulatedRelay;
  readonly eeprom: SimulatedEeprom;
  readonly display = new SimulatedGlass();
  readonly beeper: SimulatedBeeper;
  readonly covers: SimulatedCovers;
  readonly hall: SimulatedHallSensor;
  readonly keypad: SimulatedKeypad;
  readonly slot: SimulatedCommsSlot;
  readonly mains: Mains;
  readonly chip: SimulatedMeteringChip;
  readonly led: PulseLed;
  readonly rtc: SimulatedRtc;
  readonly loadSide: LoadSide;
  readonly #clock = new EventClock();
  /** Voltage, frequency and what disturbs them. */
  readonly grid: Grid;
  readonly #circuit: Circuit;
  readonly #supply: Supply;
  readonly #options: MeterWorldOptions;
  #life: Life = this.#lifeOf(false, 'power-on');
  readonly #resets: Record<ResetReason, number> = { 'power-on': 0, 'brown-out': 0, watchdog: 0 };
  readonly #streams: RandomStream[] = [];
  #buzzer: Cancellable | undefined;
  readonly #buzzerEnds = (): void => this.#supply.draw('buzzer', false);

  constructor(options: MeterWorldOptions) {
    const { seed, fidelity, memoryImage } = options;
    const chance = (stream: string): RandomStream => {
      const made = new RandomStream(seed, stream);
      this.#streams.push(made);
      return made;
    };
    const clock = this.#clock;
    this.#options = options;
    this.rtc = new SimulatedRtc(
      clock,
      chance('rtc'),
      { ...DEFAULT_RTC, ...options.rtc },
      options.rtcEpochSeconds,
    );
    this.mains = new Mains({ ...DEFAULT_MAINS, ...options.mains }, chance('mains'));
    this.mains.setOut(true); // Dark until powerOn.
    this.#circuit = new Circuit(clock, this.mains, { ...DEFAULT_LOAD, ...options.load });
    this.#supply = new Supply(
      clock,
      { ...DEFAULT_SUPPLY, ...options.supply },
      {
        start: (reason) => this.#boot(reason),
        powerFailing: () => this.#run(this.#life, () => this.#life.ports?.powerFailing()),
        brownOut: () => this.#brownOut(),
        memoryLost: () => this.eeprom.powerLost(),
      },
    );
    this.#circuit.listen({
      settle: () => {},
      changed: () => this.#supply.mainsIs(this.#circuit.meterVolt),
    });
    this.grid = new Grid(clock, this.#circuit);
    const relay = { ...DEFAULT_RELAY, ...options.relay };
    this.relay = new SimulatedRelay(
      clock,
      this.#circuit,
      chance('relay'),
      relay,
      () => this.#supply.isOnHoldUp,
    );
    const chip = { ...DEFAULT_CHIP, ...options.chip };
    this.loadSide = new LoadSide(this.#circuit, this.relay, DEFAULT_LOAD_SIDE, (run) => {
      clock.at(clock.now(), run);
    });
    this.chip = new SimulatedMeteringChip(
      clock,
      this.#circuit,
      this.loadSide,
      chance('chip'),
      fidelity,
      chip,
    );
    this.led = new PulseLed(this.chip, { ...DEFAULT_PULSE_LED, ...options.led });
    this.relay.onMoved(() => {
      this.chip.contactMoved();
      this.#supply.draw('coil', this.relay.isMoving);
    });
    const eeprom = { ...DEFAULT_EEPROM, ...options.eeprom };
    this.eeprom = new SimulatedEeprom(clock, chance('eeprom'), eeprom, memoryImage);
    this.eeprom.volt = () => this.#supply.mcuVolt();
    this.eeprom.onBusy = (isBusy) => this.#supply.draw('memory', isBusy);
    const hands = chance('hands');
    this.beeper = new SimulatedBeeper(clock);
    this.covers = new SimulatedCovers(
      clock,
      hands,
      { ...DEFAULT_COVERS, ...options.covers },
      () => this.powered,
    );
    this.hall = new SimulatedHallSensor(clock, { ...DEFAULT_HALL, ...options.hall });
    this.hall.onMagnet = () => this.relay.setMagnet(this.hall.relayTesla(), 'hold');
    this.slot = new SimulatedCommsSlot(clock, hands, { ...DEFAULT_SLOT, ...options.slot });
    this.keypad = new SimulatedKeypad(clock, hands, { ...DEFAULT_KEYPAD, ...options.keypad }, (key) =>
      this.#run(this.#life, () => this.#life.ports?.keyPressed(key)),
    );
  }

  // Time.

  /** µs since the world began. */
  now(): Micros {
    return this.#clock.now();
  }

  /** Runs everything up to and including `time`, µs. */
  runUntil(time: Micros): void {
    this.#clock.runUntil(time);
  }

  /** Runs `delta` µs further. */
  advance(delta: Micros): void {
    this.#clock.advance(delta);
  }

  /** Runs `run` at `time`, as an outside event of a test or a fault plan. */
  at(time: Micros, run: () => void): Cancellable {
    return this.#clock.at(time, run);
  }

  /** `look` runs after every event of this world, for what must hold at each of them. */
  watch(look: (() => void) | null): void {
    this.#clock.watch(look);
  }

  /** What the battery-backed clock says. */
  rtcEpochSeconds(): number {
    return this.rtc.epochSeconds();
  }

  // Power.

  /** The mains comes, or comes back; also starts an MCU again that {@link killMcu} stopped. */
  powerOn(): void {
    this.#supply.revive();
    this.grid.setOutage(false);
    this.#supply.mainsIs(this.#circuit.meterVolt);
  }

  /** The mains is gone: the supply runs through detection, hold-up and brown-out. */
  cutPower(): void {
    this.grid.setOutage(true);
  }

  /** Brown-out this instant, while the mains stays: for cut tests. The MCU stays dead until {@link powerOn}. */
  killMcu(): void {
    this.#supply.kill();
  }

  /** Plans {@link killMcu} in the EEPROM write with this number, at this byte of it (see {@link SimulatedEeprom.cutAtByte}). */
  killMcuAtWrite(write: number, byte: number): void {
    this.eeprom.cutAtByte(write, byte, () => this.killMcu());
  }

  get supplyState(): SupplyState {
    return this.#supply.state;
  }

  /** µs until the supply resets the MCU, if mains and load stay as they are; endless while nothing drains it. */
  supplyMicrosLeft(): number {
    return this.#supply.microsLeft();
  }

  /** Whether {@link killMcu} has stopped the MCU. */
  get isKilled(): boolean {
    return this.#supply.isKilled;
  }

  /** Voltage of the rectified rail at this moment, V. */
  railVolt(): number {
    return this.#supply.railVolt();
  }

  /** Where the falling rail ends what. */
  get railLevels(): RailLevels {
    return this.#supply.railLevels;
  }

  /** Voltage of the MCU and the EEPROM at this moment, V. */
  mcuVolt(): number {
    return this.#supply.mcuVolt();
  }

  /** Whether an MCU runs. */
  get powered(): boolean {
    return this.#life.isAlive;
  }

  /** Whether the grid feeds the meter's terminals. */
  get mainsOn(): boolean {
    return !this.mains.isOut;
  }

  /** How often an MCU started. */
  get resets(): number {
    return this.#resets['power-on'] + this.#resets['brown-out'] + this.#resets.watchdog;
  }

  /** The same by reason. */
  get resetsByReason(): Readonly<Record<ResetReason, number>> {
    return this.#resets;
  }

  // The outside.

  /** Queues a clean tap on a key for this instant; a dead meter does not hear it. */
  pressKey(key: KeypadKey): void {
    this.#clock.at(this.#clock.now(), () => this.keypad.tap(key));
  }

  /** What the household has switched on from now on. */
  setLoad(load: { readonly appliances: readonly Appliance[] }): void {
    this.#circuit.setLoad(load.appliances);
  }

  /** RMS at the terminals, V. */
  setVoltage(voltRms: number): void {
    this.grid.setLevel(voltRms);
  }

  /** How somebody has wired the meter from now on; what is left out is as it should be. */
  setWiring(wiring: Partial<Wiring>): void {
    this.#circuit.setWiring({ ...PLAIN_WIRING, ...wiring });
  }

  /** How the meter is wired now. */
  get wiring(): Wiring {
    return this.#circuit.wiring;
  }

  /** Temperature inside the case, of the relay and of the clock's crystal. */
  setTemperature(celsius: number): void {
    this.relay.setCelsius(celsius);
    this.rtc.setCelsius(celsius);
  }

  /** What feeds the customer's side besides the meter from now on. */
  setLoadSideSource(source: LoadSideSource): void {
    this.loadSide.setSource(source);
  }

  /** The field at the relay, T; the field at the Hall sensor is another matter. */
  setRelayMagnet(tesla: number, effect: MagnetEffect = 'hold'): void {
    this.relay.setMagnet(tesla, effect);
  }

  /** A module for the slot, on this world's clock; `slot.plug` puts it in. */
  makeModule(config: Pick<ModuleConfig, 'id' | 'pairingKey'> & Partial<ModuleConfig>): SimulatedCommsModule {
    const stream = `module ${hexFromBytes(config.id)}`;
    const chance = new RandomStream(this.#options.seed, stream);
    return new SimulatedCommsModule(this.#clock, chance, { ...DEFAULT_MODULE, ...config });
  }

  // The truth.

  /** Energy that the household truly drew since the world began, less what it fed back, J, in closed form. */
  energyTruthJoule(): number {
    return this.#circuit.energyTruthJoule();
  }

  /** The same apart by direction, as it passed the load contact. */
  energyTruth(): EnergyTruth {
    return this.#circuit.energyTruth();
  }

  /** What the household has switched on. */
  get appliances(): readonly Appliance[] {
    return this.#circuit.appliances;
  }

  /** The voltage at the terminals at this instant, V. */
  voltageVolt(): number {
    return this.#circuit.meterVolt * atPhase(this.mains.unitWave, this.mains.phaseAt(this.#clock.now()));
  }

  /** Whether the load contact conducts at this instant. */
  get conducts(): boolean {
    return this.#circuit.conducts;
  }

  /** The current through the meter at this instant, A. */
  currentAmp(): number {
    return this.#circuit.currentAt(this.#clock.now());
  }

  get eventsRun(): number {
    return this.#clock.eventsRun;
  }

  /** A digest of every event that has run and of the energy that flowed. */
  traceHash(): string {
    return `${this.#clock.traceHash}-${this.energyTruthJoule()}`;
  }

  // At rest.

  /** Of a world that was just made with the same options, when it is taken up. Outside events of a caller are the caller's. */
  keep(keeper: Keeper): void {
    this.#keepMcu(keeper);
    for (const stream of this.#streams) stream.keep(keeper);
    const { mains, relay, loadSide, chip, led, rtc, eeprom, display, beeper } = this;
    const { covers, hall, slot, keypad, grid } = this;
    // The mains first: what hangs on it is reckoned from it.
    const parts = [mains, this.#circuit, grid, relay, loadSide, chip, led, rtc, this.#supply, eeprom];
    for (const part of [...parts, display, beeper, covers, hall, slot, keypad]) part.keep(keeper);
    this.#buzzer = keeper.handle(this.#buzzer, () => this.#clock.at(this.#clock.now(), this.#buzzerEnds));
    this.#clock.keep(keeper);
  }

  #keepMcu(keeper: Keeper): void {
    Object.assign(this.#resets, keeper.value(this.#resets));
    const isAlive = keeper.value(this.#life.isAlive);
    if (!isAlive) return;
    const reason = keeper.value(this.#life.resetReason);
    if (keeper.isWaking) {
      this.#life = this.#lifeOf(true, reason);
      this.#program(this.#life);
    }
    const { ports } = this.#life;
    keeper.idle(ports?.keep !== undefined, 'a firmware that cannot be put away');
    ports?.keep?.(keeper);
  }

  // The MCU.

  #boot(reason: ResetReason): void {
    const life = this.#lifeOf(true, reason);
    this.#life = life;
    this.#resets[reason]++;
    this.chip.powerOn();
    this.led.powerOn();
    this.rtc.railUp();
    this.#run(life, () => this.#program(life).boot());
    this.slot.powerOn();
  }

  /** The program of this life, made anew. */
  #program(life: Life): FirmwarePorts {
    life.ports = this.#options.firmware(wireTo(this.#body(), this.#clock, life, life.resetReason));
    return life.ports;
  }

  #lifeOf(isAlive: boolean, resetReason: ResetReason): Life {
    const life: Life = { isAlive, resetReason, ports: null, run: (code) => this.#run(life, code) };
    return life;
  }

  #body(): MeterBody {
    const { relay, eeprom, display, covers, hall, keypad, slot, chip, rtc, loadSide } = this;
    const draw: MeterBody['draw'] = (consumer, isOn) => this.#supply.draw(consumer, isOn);
    const beep: MeterBody['beep'] = (kind) => this.#beep(kind);
    return { relay, eeprom, display, covers, hall, keypad, slot, chip, rtc, loadSide, draw, beep };
  }

  /** Runs code of the firmware; a throw hangs it until the watchdog bites. */
  #run(life: Life, code: () => void): void {
    const { firmwareThrew, watchdogMicros } = this.#options;
    if (firmwareThrew === undefined) {
      code();
      return;
    }
    try {
      code();
    } catch (error) {
      life.isAlive = false;
      life.ports = null;
      firmwareThrew(error);
      this.#clock.at(this.#clock.now() + (watchdogMicros ?? WATCHDOG_MICROS), () => this.#bite(life));
    }
  }

  #bite(life: Life): void {
    if (this.#life !== life) return; // The supply was lost meanwhile.
    this.#stopMcu();
    this.#boot('watchdog');
    if (this.#supply.state === 'failing') this.#run(this.#life, () => this.#life.ports?.powerFailing());
  }

  #brownOut(): void {
    this.#stopMcu();
    this.chip.powerOff();
    this.rtc.railDown();
    this.loadSide.powerOff();
  }

  #stopMcu(): void {
    this.#life.isAlive = false;
    this.#clock.forget(this.#life);
    this.rtc.powerLost();
    this.#life = this.#lifeOf(false, this.#life.resetReason);
    this.relay.release();
    this.display.blank();
    this.beeper.silence();
    this.covers.powerLost();
    this.hall.powerLost();
    this.keypad.powerLost();
    this.#supply.draw('display', false);
    this.#supply.draw('buzzer', false);
    this.slot.powerLost();
  }

  /** The buzzer draws from the rail for as long as it sounds. */
  #beep(kind: Beep): void {
    this.beeper.beep(kind);
    this.#supply.draw('buzzer', true);
    this.#buzzer?.cancel();
    this.#buzzer = this.#clock.at(this.#clock.now() + BEEP_MICROS[kind], this.#buzzerEnds);
  }
}
