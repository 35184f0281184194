/**
 * The state of a meter's token application: plain data that firmware journals, a conformance run drives and a model check
 * explores. Nothing here reads a clock or keeps anything between calls.
 */
import { assertInteger } from '../assert.ts';
import type { BaseDate, EncryptionAlgorithm, KeyType } from '../identity/attributes.ts';
import type { KeyChangeSection } from '../keys/key-change.ts';
import { assertFactorySettings, assertMeterConfiguration } from './check.ts';
import { DEFAULT_METER_CONFIGURATION, type MeterConfiguration } from './configuration.ts';

/** One state, replaced whole by `enterToken`; the caller makes it durable before showing the outcome. */
export interface MeterState {
  /** 18 digits. */
  readonly meterPan: string;
  readonly encryptionAlgorithm: EncryptionAlgorithm;
  /** Lower-case hex, 16 digits for EA07, 32 for EA11. */
  readonly decoderKey: string;
  readonly keyType: KeyType;
  readonly keyRevision: number;
  /** KEN, 0-255: a TID whose top byte is greater is expired. */
  readonly keyExpiry: number;
  /** 6 digits; '000000' after a key change that did not carry it. */
  readonly supplyGroupCode: string;
  /** TI, 0-99. */
  readonly tariffIndex: number;
  readonly baseDate: BaseDate;
  /** A fixed number of TIDs, zero-filled, in the order of their slots (sts.md 8.3). */
  readonly tidMemory: readonly number[];
  /** The electricity credit register, integer milliwatt-hours; below zero when the load outran the relay. */
  readonly creditMilliWh: number;
  readonly lockout: LockoutState;
  /** What tokens other than electricity credit have set. */
  readonly extension: MeterExtension;
}

/** How many authentications failed since the last accepted meter-specific token, and until when entry is barred. */
export interface LockoutState {
  readonly failures: number;
  /** Seconds on the clock that the caller passes to `enterToken`; 0 when entry is free. */
  readonly untilSeconds: number;
}

/** The registers and settings besides electricity credit; a meter that has only that keeps them as they were made. */
export interface MeterExtension {
  /** TIDs of class 2 tokens where they have a memory of their own; otherwise empty. */
  readonly managementTidMemory: readonly number[];
  readonly waterLitre: number;
  readonly gasLitre: number;
  readonly timeSecond: number;
  /** Money by resource, units of 0.00001. */
  readonly currencyHundredThousandth: CurrencyRegisters;
  /** undefined until a token sets it. */
  readonly maximumPowerWatt: number | undefined;
  readonly maximumPhaseUnbalanceWatt: number | undefined;
  readonly tariffRateRaw: number | undefined;
  readonly waterFactorRaw: number | undefined;
  /** The flags that are set, rising. */
  readonly flags: readonly number[];
  /** Control values by index, as [index, value], rising. */
  readonly controls: readonly (readonly [index: number, valueRaw: number])[];
  /** Latched by the meter's own traps; a clear-tamper token releases it. */
  readonly isTampered: boolean;
  readonly keyChange: PendingKeyChange | undefined;
}

/** Credit in money by resource, units of 0.00001 of the currency; below zero for a debt. */
export interface CurrencyRegisters {
  readonly electricity: number;
  readonly water: number;
  readonly gas: number;
  readonly time: number;
}

/** Sections of a key change that is not complete. */
export interface PendingKeyChange {
  readonly sections: readonly KeyChangeSection[];
  /** When the last of them came, on the clock of `enterToken`. */
  readonly lastSeconds: number;
}

/** What the factory or the commissioning key change puts into a meter. */
export type MeterFactorySettings = Omit<MeterState, 'tidMemory' | 'creditMilliWh' | 'lockout' | 'extension'>;

/**
 * A meter that has accepted nothing yet.
 * @throws as `assertFactorySettings` and `assertMeterConfiguration` of `check.ts` do.
 */
export function newMeterState(
  factory: MeterFactorySettings,
  configuration: MeterConfiguration = DEFAULT_METER_CONFIGURATION,
): MeterState {
  assertFactorySettings(factory);
  assertMeterConfiguration(configuration);
  return {
    meterPan: factory.meterPan,
    encryptionAlgorithm: factory.encryptionAlgorithm,
    decoderKey: factory.decoderKey,
    keyType: factory.keyType,
    keyRevision: factory.keyRevision,
    keyExpiry: factory.keyExpiry,
    supplyGroupCode: factory.supplyGroupCode,
    tariffIndex: factory.tariffIndex,
    baseDate: factory.baseDate,
    tidMemory: emptyMemory(configuration.tidMemorySize),
    creditMilliWh: 0,
    lockout: { failures: 0, untilSeconds: 0 },
    extension: newExtension(configuration),
  };
}

/** What a meter has that no token but electricity credit has ever reached, where all tokens share one TID memory. */
export const NEW_EXTENSION: MeterExtension = {
  managementTidMemory: [],
  waterLitre: 0,
  gasLitre: 0,
  timeSecond: 0,
  currencyHundredThousandth: { electricity: 0, water: 0, gas: 0, time: 0 },
  maximumPowerWatt: undefined,
  maximumPhaseUnbalanceWatt: undefined,
  tariffRateRaw: undefined,
  waterFactorRaw: undefined,
  flags: [],
  controls: [],
  isTampered: false,
  keyChange: undefined,
};

function newExtension(configuration: MeterConfiguration): MeterExtension {
  return configuration.managementSharesTidMemory
    ? NEW_EXTENSION
    : { ...NEW_EXTENSION, managementTidMemory: emptyMemory(configuration.tidMemorySize) };
}

/**
 * A TID memory of zeros (sts.md 8.3).
 * @param size - slots, 0 to 65,535; 0 where management tokens have no memory of their own.
 * @throws TypeError, RangeError when it is none of these.
 */
export function emptyMemory(size: number): readonly number[] {
  assertInteger(size, 0, 0xffff, 'size');
  return new Array<number>(size).fill(0);
}
