/**
 * Metering: from the chip's energy registers to whole mWh with the remainder kept, and what the meter makes of them by the
 * clock: tariff bands, demand, load profile. The rules stand in metering/; here they are driven.
 *
 * One alarm of the clock is set, for the next second at which anything changes: a band, the end of a demand period or of a
 * profile entry. Everything in between is the difference of two registers.
 *
 * The no-load cut and the starting threshold are the chip's: what it does not count is not charged.
 */
import type {
  Cancellable,
  McuTimer,
  MeterHardware,
  MeteringChip,
  RealTimeClock,
} from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import { bandRegisters, changeBand, NO_BANDS, restoreBands } from './metering/bands.ts';
import {
  assertDemandOptions,
  closeUntil,
  DEFAULT_DEMAND,
  type DemandOptions,
  type DemandState,
  demandMilliWatt,
  openDemand,
  resetDemand,
} from './metering/demand.ts';
import {
  type DatedEntry,
  DEFAULT_LOAD_PROFILE,
  LoadProfile,
  type LoadProfileOptions,
  type Registers,
} from './metering/load-profile.ts';
import {
  DEFAULT_POWER_QUALITY,
  type PowerQualityOptions,
  type PowerQualityState,
} from './metering/power-quality.ts';
import { PROFILE_STATUS } from './metering/profile-page.ts';
import type { ProfileStore } from './metering/profile-store.ts';
import {
  METERING_STATISTICS,
  METERING_VITAL,
  type MeteringStatistics,
  type MeteringVital,
} from './metering/sections.ts';
import { assertTouPlan, bandOfPlan, FLAT_PLAN, nextLook, type TouPlan } from './metering/tou-calendar.ts';
import { VoltageWatch } from './metering/voltage-watch.ts';

export const MILLI_JOULE_PER_MILLI_WH = 3_600;
const REGISTER_MODULUS = 2 ** 48;

export class EnergyCounter {
  readonly #register: () => number;
  #last: number;
  #remainderMilliJoule: number;

  /**
   * Energy that the chip counted before this moment is not charged: it was charged before a reset, or never seen.
   * @param register - which of the chip's registers; import when left out.
   */
  constructor(
    chip: MeteringChip,
    remainderMilliJoule: number,
    register: () => number = () => chip.energyMilliJoule(),
  ) {
    this.#register = register;
    this.#last = register();
    this.#remainderMilliJoule = remainderMilliJoule;
  }

  get remainderMilliJoule(): number {
    return this.#remainderMilliJoule;
  }

  /**
   * @param besides - mJ to take besides, for the mJ that the chip has counted since the last call.
   * @returns the whole mWh since the last call.
   */
  take(besides: (countedMilliJoule: number) => number = nothing): number {
    const register = this.#register();
    const counted = this.#milliJoule(register);
    const milliJoule = counted + besides(counted - this.#remainderMilliJoule);
    this.#last = register;
    this.#remainderMilliJoule = milliJoule % MILLI_JOULE_PER_MILLI_WH;
    return (milliJoule - this.#remainderMilliJoule) / MILLI_JOULE_PER_MILLI_WH;
  }

  /** Whole mWh that the next {@link take} would give; changes nothing. */
  peek(): number {
    return Math.floor(this.#milliJoule(this.#register()) / MILLI_JOULE_PER_MILLI_WH);
  }

  /** Energy in mJ from the last `take` until it would give `milliWh`; at least 1. */
  milliJouleUntil(milliWh: number): number {
    return Math.max(1, milliWh * MILLI_JOULE_PER_MILLI_WH - this.#remainderMilliJoule);
  }

  keep(keeper: Keeper): void {
    this.#last = keeper.value(this.#last);
    this.#remainderMilliJoule = keeper.value(this.#remainderMilliJoule);
  }

  /** Not yet taken, the remainder included, when the chip's register stands at `register`. */
  #milliJoule(register: number): number {
    const advanced = register - this.#last;
    return this.#remainderMilliJoule + (advanced < 0 ? advanced + REGISTER_MODULUS : advanced);
  }
}

export interface MeteringOptions {
  readonly tou: TouPlan;
  readonly demand: DemandOptions;
  readonly profile: LoadProfileOptions;
  readonly quality: PowerQualityOptions;
  /** Power below this is no load, mW: 0.4 of the starting power, which is that of 40 mA for class 1 (meter-hardware.md 2). */
  readonly noLoadMilliWatt: number;
}

export const DEFAULT_METERING: MeteringOptions = {
  tou: FLAT_PLAN,
  demand: DEFAULT_DEMAND,
  profile: DEFAULT_LOAD_PROFILE,
  quality: DEFAULT_POWER_QUALITY,
  noLoadMilliWatt: 3_700,
};

/** What the metering asks of the rest of the firmware. */
export interface MeteringHost {
  /** Energy belongs to this band from now on; everything before is charged. Also said once at every start. */
  bandIs(band: number): void;
  /** Charges what the chip has counted, and what follows from it. */
  charge(): void;
  /** The import register, mWh. */
  totalMilliWh(): number;
  /** Asks for a record, with the slower part behind it: a band has changed. */
  save(): void;
}

export interface MeteringReadout {
  /** By band; their sum is the total register. */
  readonly bandsMilliWh: readonly number[];
  readonly band: number;
  readonly exportMilliWh: number;
  readonly clockIsTrusted: boolean;
  /** The most energy of a demand window, its mean power, and when the window ended, epoch seconds; 0 while there is none. */
  readonly maximumDemandMilliWh: number;
  readonly maximumDemandMilliWatt: number;
  readonly maximumDemandAtSeconds: number;
  readonly quality: PowerQualityState;
}

/** Seconds of the clock from the first on and before the second. */
interface BandWindow {
  readonly from: number;
  readonly until: number;
  readonly band: number;
}

const STEADY_MICROS = 60_000_000;

/** A part with less room than this keeps no load profile. */
const FEWEST_SLOTS = 4;

/** A clock that shows less than the newest record's time by more than this was set back while nobody looked. */
const CLOCK_TOLERANCE_SECONDS = 60;

export class Metering {
  readonly #rtc: RealTimeClock;
  readonly #chip: MeteringChip;
  readonly #timer: McuTimer;
  readonly #options: MeteringOptions;
  readonly #host: MeteringHost;
  readonly #store: ProfileStore;
  readonly #exportRegister: () => number;
  #bands = NO_BANDS;
  #window: BandWindow = { from: 0, until: 0, band: 0 };
  #demand = openDemand(0);
  /** The total register when the open demand period began. */
  #demandFromMilliWh = 0;
  #exportMilliWh = 0;
  #exportCounter: EnergyCounter;
  #profile: LoadProfile | undefined;
  readonly #voltage: VoltageWatch;
  /** What is kept, until something in it changes. */
  #vital: MeteringVital = METERING_VITAL.initial;
  #statistics: MeteringStatistics = METERING_STATISTICS.initial;
  #clockWentBack = false;
  #isFailing = false;
  /** From when on a failure of the supply is a new one. */
  #steadyFrom = 0;
  #alarm: Cancellable | undefined;
  readonly #secondCame = (): void => {
    this.#host.charge();
    this.#follow();
  };

  /**
   * @throws StsFault `tariff_calendar_malformed`.
   * @throws RangeError for demand periods that do not fit the day or the memory.
   */
  constructor(
    hardware: Pick<MeterHardware, 'metering' | 'rtc' | 'timer'>,
    options: MeteringOptions,
    store: ProfileStore,
    host: MeteringHost,
  ) {
    assertTouPlan(options.tou);
    assertDemandOptions(options.demand);
    this.#rtc = hardware.rtc;
    this.#options = options;
    this.#store = store;
    this.#host = host;
    this.#voltage = new VoltageWatch(hardware.metering, hardware.timer, options.quality);
    this.#chip = hardware.metering;
    this.#timer = hardware.timer;
    this.#exportRegister = () => hardware.metering.exportMilliJoule();
    this.#exportCounter = new EnergyCounter(hardware.metering, 0, this.#exportRegister);
  }

  /** Goes on from what the records hold; call when the host knows its total register and before it charges again. */
  start(vital: MeteringVital, statistics: MeteringStatistics): void {
    const total = this.#host.totalMilliWh();
    const now = this.#rtc.epochSeconds();
    this.#chip.setNoLoad(this.#options.noLoadMilliWatt);
    const { aliveAtSeconds, demand, demandMilliWh, wasFailing } = statistics;
    const bands = restoreBands(statistics.closedMilliWh, vital.bands, total);
    // The same array where nothing had to be put right: a boot alone is no change worth a write.
    const isWhole = bands.closedMilliWh.every((energy, band) => energy === statistics.closedMilliWh[band]);
    this.#bands = isWhole ? { ...bands, closedMilliWh: statistics.closedMilliWh } : bands;
    this.#exportMilliWh = vital.exportMilliWh;
    this.#exportCounter = new EnergyCounter(
      this.#chip,
      vital.exportRemainderMilliJoule,
      this.#exportRegister,
    );
    this.#vital = vital;
    this.#statistics = statistics;
    this.#voltage.start(statistics.quality);
    this.#clockWentBack = now + CLOCK_TOLERANCE_SECONDS < aliveAtSeconds;
    this.#isFailing = false;
    this.#steadyFrom = this.#timer.now() + STEADY_MICROS;
    if (wasFailing && this.clockIsTrusted) this.#voltage.interrupted((now - aliveAtSeconds) * 1_000_000);
    this.#demand = { period: this.#demandPeriod(aliveAtSeconds === 0 ? now : aliveAtSeconds), ...demand };
    this.#demandFromMilliWh = total - Math.min(demandMilliWh, total);
    const open = { period: this.#profilePeriod(now), ...this.#registers(total) };
    const hasRoom = this.#store.slots >= FEWEST_SLOTS;
    this.#profile = hasRoom ? new LoadProfile(this.#options.profile, this.#store, open) : undefined;
    this.#follow();
  }

  /**
   * The last of the supply: nothing waits for the clock any more, and what is new goes to the slower record and the profile.
   * A supply that has not stood for a minute is still failing from the last time: it is one interruption, and the saves of
   * the first failure are not repeated while it chatters.
   */
  powerFailing(): void {
    this.#alarm?.cancel();
    this.#takeExport();
    this.#profile?.mark(PROFILE_STATUS.powerDown);
    if (this.#timer.now() < this.#steadyFrom) return;
    this.#isFailing = true;
  }

  /** With what is left of the supply when the records are on their way. */
  flushProfile(): void {
    if (this.#isFailing) this.#profile?.flush();
  }

  /** The supply came back before the end. */
  resume(): void {
    this.#isFailing = false;
    this.#steadyFrom = this.#timer.now() + STEADY_MICROS;
    this.#follow();
  }

  /** Whether time may decide anything: the clock never stopped, and it never showed less than a record that it dated. */
  get clockIsTrusted(): boolean {
    return this.#rtc.isValid() && !this.#clockWentBack;
  }

  /** Seconds since 1970 on the wall, or undefined while the clock is not to be trusted. */
  localSeconds(): number | undefined {
    if (!this.clockIsTrusted) return undefined;
    return this.#rtc.epochSeconds() + this.#offsetSeconds;
  }

  /** Sets the clock; the host has charged everything up to now. What was open ends short on the old time. */
  setClock(epochSeconds: number): void {
    this.#rtc.set(epochSeconds);
    this.#clockWentBack = false;
    this.#profile?.clockSet(this.#profilePeriod(epochSeconds), this.#registers(this.#host.totalMilliWh()));
    this.#follow();
  }

  /** Something disturbs the measurement: the open profile entry says so. */
  markDisturbed(): void {
    this.#profile?.mark(PROFILE_STATUS.disturbed);
  }

  /** The billing reset of the maximum demand. */
  resetDemand(): void {
    this.#demand = resetDemand(this.#demand);
    this.#host.save();
  }

  /** The load profile, oldest entry first. */
  profile(): readonly DatedEntry[] {
    return this.#profile?.entries() ?? [];
  }

  /** What every record holds of the metering: the same object until something in it changes. */
  vital(): MeteringVital {
    this.#takeExport();
    const { band, previousBand, fromMilliWh } = this.#bands;
    const { bands, exportMilliWh, exportRemainderMilliJoule } = this.#vital;
    const remainder = this.#exportCounter.remainderMilliJoule;
    const isSame =
      exportMilliWh === this.#exportMilliWh &&
      exportRemainderMilliJoule === remainder &&
      bands.band === band &&
      bands.previousBand === previousBand &&
      bands.fromMilliWh === fromMilliWh;
    if (!isSame) {
      this.#vital = {
        bands: { band, previousBand, fromMilliWh },
        exportMilliWh: this.#exportMilliWh,
        exportRemainderMilliJoule: remainder,
      };
    }
    return this.#vital;
  }

  /**
   * What the slower record holds: the same object until something in it changes that is worth a write. On the last of the
   * supply that is also the time and the demand so far.
   */
  statistics(): MeteringStatistics {
    const demand = this.#demand;
    const quality = this.#voltage.state();
    const kept = this.#statistics;
    const isSteady = this.#timer.now() >= this.#steadyFrom;
    const isSame =
      !(isSteady && (this.#isFailing || kept.wasFailing)) &&
      kept.closedMilliWh === this.#bands.closedMilliWh &&
      kept.demand.maximumAtSeconds === demand.maximumAtSeconds &&
      kept.demand.resets === demand.resets &&
      (!isSteady || isSameQuality(kept.quality, quality));
    if (!isSame) {
      this.#statistics = {
        closedMilliWh: this.#bands.closedMilliWh,
        demand: keptOf(demand),
        demandMilliWh: this.#host.totalMilliWh() - this.#demandFromMilliWh,
        quality,
        aliveAtSeconds: this.#rtc.epochSeconds(),
        wasFailing: this.#isFailing,
      };
    }
    return this.#statistics;
  }

  /** Of the account as it stands, nothing taken from the chip. */
  bandSumMilliWh(): number {
    const { closedMilliWh, fromMilliWh } = this.#bands;
    return closedMilliWh.reduce((sum, energy) => sum + energy, this.#host.totalMilliWh() - fromMilliWh);
  }

  readout(): MeteringReadout {
    this.#takeExport();
    const { maximumMilliWh, maximumAtSeconds } = this.#demand;
    return {
      bandsMilliWh: bandRegisters(this.#bands, this.#host.totalMilliWh()),
      band: this.#bands.band,
      exportMilliWh: this.#exportMilliWh,
      clockIsTrusted: this.clockIsTrusted,
      maximumDemandMilliWh: maximumMilliWh,
      maximumDemandMilliWatt: demandMilliWatt(maximumMilliWh, this.#options.demand),
      maximumDemandAtSeconds: maximumAtSeconds,
      quality: this.#voltage.state(),
    };
  }

  keep(keeper: Keeper): void {
    this.#bands = keeper.value(this.#bands);
    this.#window = keeper.value(this.#window);
    this.#demand = keeper.value(this.#demand);
    this.#demandFromMilliWh = keeper.value(this.#demandFromMilliWh);
    this.#exportMilliWh = keeper.value(this.#exportMilliWh);
    this.#exportCounter.keep(keeper);
    if (keeper.value(this.#profile !== undefined)) {
      this.#profile ??= new LoadProfile(this.#options.profile, this.#store);
      this.#profile.keep(keeper);
    }
    this.#voltage.keep(keeper);
    this.#vital = keeper.value(this.#vital);
    this.#statistics = keeper.value(this.#statistics);
    this.#clockWentBack = keeper.value(this.#clockWentBack);
    this.#isFailing = keeper.value(this.#isFailing);
    this.#steadyFrom = keeper.value(this.#steadyFrom);
    this.#alarm = keeper.handle(this.#alarm, () => this.#rtc.alarmAt(0, this.#secondCame));
  }

  /** Brings everything up to this second and sets the alarm for the next one that matters. */
  #follow(): void {
    const now = this.#rtc.epochSeconds();
    this.#takeExport();
    this.#followDemand(now);
    this.#followProfile(now);
    this.#followBand(now);
    this.#alarm?.cancel();
    this.#alarm = this.#rtc.alarmAt(this.#nextSecond(now), this.#secondCame);
  }

  #followDemand(now: number): void {
    const { demand } = this.#options;
    const period = this.#demandPeriod(now);
    if (period === this.#demand.period) return;
    const total = this.#host.totalMilliWh();
    const energy = total - this.#demandFromMilliWh;
    this.#demand = closeUntil(this.#demand, demand, period, energy, (closed) => this.#endOfDemand(closed));
    this.#demandFromMilliWh = total;
    this.#voltage.readFrequency();
  }

  #followProfile(now: number): void {
    if (!this.clockIsTrusted) this.#profile?.mark(PROFILE_STATUS.clockInvalid);
    this.#profile?.advanceTo(this.#profilePeriod(now), this.#registers(this.#host.totalMilliWh()));
    // The entry that begins is as doubtful as the one that ended.
    if (!this.clockIsTrusted) this.#profile?.mark(PROFILE_STATUS.clockInvalid);
  }

  /** By a clock that may be wrong no band is chosen but the one that the plan names for it. */
  #followBand(now: number): void {
    const { tou } = this.#options;
    const band = this.clockIsTrusted ? this.#windowAt(now).band : tou.defaultBand;
    this.#host.bandIs(band);
    if (band === this.#bands.band) return;
    this.#bands = changeBand(this.#bands, band, this.#host.totalMilliWh());
    this.#host.save();
  }

  #nextSecond(now: number): number {
    const { profile } = this.#options;
    const profileEnd = (this.#profilePeriod(now) + 1) * profile.periodMinutes * 60 - this.#offsetSeconds;
    const next = Math.min(this.#endOfDemand(this.#demandPeriod(now)), profileEnd);
    return this.clockIsTrusted ? Math.min(next, this.#windowAt(now).until) : next;
  }

  /** The stretch of seconds around this one in which the calendar names one band. */
  #windowAt(now: number): BandWindow {
    const { from, until } = this.#window;
    if (now < from || now >= until) {
      const { tou } = this.#options;
      this.#window = { from: now, until: nextLook(tou, now), band: bandOfPlan(tou, now) };
    }
    return this.#window;
  }

  #takeExport(): void {
    this.#exportMilliWh += this.#exportCounter.take();
  }

  #registers(totalMilliWh: number): Registers {
    return {
      importWh: Math.floor(totalMilliWh / 1_000),
      exportWh: Math.floor(this.#exportMilliWh / 1_000),
    };
  }

  get #offsetSeconds(): number {
    return this.#options.tou.offsetMinutes * 60;
  }

  #demandPeriod(now: number): number {
    return Math.floor((now + this.#offsetSeconds) / this.#options.demand.subPeriodSeconds);
  }

  #endOfDemand(period: number): number {
    return (period + 1) * this.#options.demand.subPeriodSeconds - this.#offsetSeconds;
  }

  #profilePeriod(now: number): number {
    return Math.floor((now + this.#offsetSeconds) / (this.#options.profile.periodMinutes * 60));
  }
}

/** What outlasts the open sub-period. */
function keptOf({ period: _period, ...kept }: DemandState): Omit<DemandState, 'period'> {
  return kept;
}

/** Readings of the frequency alone are not worth a write. */
function isSameQuality(kept: PowerQualityState, now: PowerQualityState): boolean {
  return (
    kept.dips === now.dips &&
    kept.swells === now.swells &&
    kept.shortInterruptions === now.shortInterruptions &&
    kept.longInterruptions === now.longInterruptions &&
    kept.underVoltageMillis === now.underVoltageMillis &&
    kept.overVoltageMillis === now.overVoltageMillis &&
    kept.frequencyOutOfLimits === now.frequencyOutOfLimits
  );
}

function nothing(): number {
  return 0;
}
