/**
 * The state of a meter's token application and the configuration of its unknowns: plain data that firmware journals, a
 * conformance run drives and a model check explores. Nothing here reads a clock or keeps anything between calls.
 */
import type { BaseDate, EncryptionAlgorithm, KeyType } from '../identity/attributes.ts';

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
  readonly supplyGroupCode: string;
  /** TI, 0-99. */
  readonly tariffIndex: number;
  readonly baseDate: BaseDate;
  /** A fixed number of TIDs, zero-filled, in the order of their slots (sts.md 8.3). */
  readonly tidMemory: readonly number[];
  /** The electricity credit register, integer milliwatt-hours; below zero when the load outran the relay. */
  readonly creditMilliWh: number;
  readonly lockout: LockoutState;
}

/** How many authentications failed since the last accepted meter-specific token, and until when entry is barred. */
export interface LockoutState {
  readonly failures: number;
  /** Seconds on the clock that the caller passes to `enterToken`; 0 when entry is free. */
  readonly untilSeconds: number;
}

/** Every unknown of the acceptance pipeline as one named value with its default. */
export interface MeterConfiguration {
  /** Slots of the TID memory (open question A1). */
  readonly tidMemorySize: number;
  /** Highest value of the credit register, mWh; a token beyond it is refused as OverflowError. */
  readonly creditLimitMilliWh: number;
  /** Key types under which credit is refused as DDTKError (open question A4). */
  readonly creditRefusedUnder: readonly KeyType[];
  readonly lockout: LockoutPolicy;
}

/** Waiting time after wrong tokens (open question A10). */
export interface LockoutPolicy {
  /** Failures that cost nothing. */
  readonly freeFailures: number;
  /** Wait after the first failure beyond the free ones, seconds; doubles with each further one. */
  readonly firstWaitSeconds: number;
  readonly longestWaitSeconds: number;
}

export const DEFAULT_METER_CONFIGURATION: MeterConfiguration = {
  tidMemorySize: 50,
  creditLimitMilliWh: 9_999_999_990_000,
  creditRefusedUnder: [0, 1],
  lockout: { freeFailures: 2, firstWaitSeconds: 10, longestWaitSeconds: 1280 },
};

/** What the factory or the commissioning key change puts into a meter. */
export type MeterFactorySettings = Omit<MeterState, 'tidMemory' | 'creditMilliWh' | 'lockout'>;

/** A meter that has accepted nothing yet. */
export function newMeterState(
  factory: MeterFactorySettings,
  configuration: MeterConfiguration = DEFAULT_METER_CONFIGURATION,
): MeterState {
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
    tidMemory: new Array<number>(configuration.tidMemorySize).fill(0),
    creditMilliWh: 0,
    lockout: { failures: 0, untilSeconds: 0 },
  };
}
