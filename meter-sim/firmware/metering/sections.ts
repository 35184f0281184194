/**
 * What the metering keeps through a power cut: a vital part that changes only with a band and with export, so that a meter at
 * rest writes nothing of it, and a slower part with the rest.
 *
 *     vital  0  present band (bits 6-4), previous (2-0)
 *            1  total register at the band's begin, mWh, 6
 *            7  export register, mWh, 6
 *           13  export remainder, mJ, 2
 */
import { readUnsigned, type Section, writeInteger } from '../bytes.ts';
import type { BandMark } from './bands.ts';
import { type DemandState, MAX_SUB_PERIODS } from './demand.ts';
import { NO_POWER_QUALITY, type PowerQualityState } from './power-quality.ts';
import { BANDS } from './tou-calendar.ts';

export interface MeteringVital {
  readonly bands: BandMark;
  readonly exportMilliWh: number;
  /** 0-3599. */
  readonly exportRemainderMilliJoule: number;
}

export interface MeteringStatistics {
  /** Energy of the bands up to a change, mWh. */
  readonly closedMilliWh: readonly number[];
  readonly demand: Omit<DemandState, 'period'>;
  /** Of the demand period that was open then. */
  readonly demandMilliWh: number;
  readonly quality: PowerQualityState;
  /** The clock when the record was made: how long the meter was dark is known from it, and whether the clock went back. */
  readonly aliveAtSeconds: number;
  /** The record was made on the last of the supply. */
  readonly wasFailing: boolean;
}

export const METERING_VITAL: Section<MeteringVital> = {
  bytes: 15,
  initial: {
    bands: { band: 0, previousBand: 0, fromMilliWh: 0 },
    exportMilliWh: 0,
    exportRemainderMilliJoule: 0,
  },
  encode: (value, into, at) => {
    const { band, previousBand, fromMilliWh } = value.bands;
    into[at] = (band << 4) | previousBand;
    writeInteger(into, at + 1, 6, fromMilliWh);
    writeInteger(into, at + 7, 6, value.exportMilliWh);
    writeInteger(into, at + 13, 2, value.exportRemainderMilliJoule);
  },
  decode: (bytes, at) => {
    const first = bytes[at] ?? 0;
    return {
      bands: {
        band: (first >> 4) % BANDS,
        previousBand: first % BANDS,
        fromMilliWh: readUnsigned(bytes, at + 1, 6),
      },
      exportMilliWh: readUnsigned(bytes, at + 7, 6),
      exportRemainderMilliJoule: readUnsigned(bytes, at + 13, 2),
    };
  },
};

const BAND_BYTES = 7;
const DEMAND_BYTES = 5;
const DEMAND_AT = BANDS * BAND_BYTES;
const QUALITY_AT = DEMAND_AT + (MAX_SUB_PERIODS - 1 + 3) * DEMAND_BYTES + 3;
const COUNTERS = NO_POWER_QUALITY.dips.length + NO_POWER_QUALITY.swells.length + 2;
const ALIVE_AT = QUALITY_AT + 2 * COUNTERS + 4 * 6;
const LARGEST_DEMAND = 2 ** 32 - 1;

export const METERING_STATISTICS: Section<MeteringStatistics> = {
  bytes: ALIVE_AT + 9,
  initial: {
    closedMilliWh: new Array<number>(BANDS).fill(0),
    demand: { before: [], maximumMilliWh: 0, maximumAtSeconds: 0, resets: 0, lastMaximumMilliWh: 0 },
    demandMilliWh: 0,
    quality: NO_POWER_QUALITY,
    aliveAtSeconds: 0,
    wasFailing: false,
  },
  encode: (value, into, at) => {
    value.closedMilliWh.forEach((energy, band) => {
      writeInteger(into, at + band * BAND_BYTES, BAND_BYTES, energy);
    });
    writeDemand(into, at + DEMAND_AT, value.demand);
    writeQuality(into, at + QUALITY_AT, value.quality);
    writeInteger(into, at + ALIVE_AT, 4, Math.min(value.demandMilliWh, LARGEST_DEMAND));
    writeInteger(into, at + ALIVE_AT + 4, 4, value.aliveAtSeconds);
    into[at + ALIVE_AT + 8] = value.wasFailing ? 1 : 0;
  },
  decode: (bytes, at) => ({
    closedMilliWh: Array.from({ length: BANDS }, (_, band) =>
      readUnsigned(bytes, at + band * BAND_BYTES, BAND_BYTES),
    ),
    demand: readDemand(bytes, at + DEMAND_AT),
    demandMilliWh: readUnsigned(bytes, at + ALIVE_AT, 4),
    quality: readQuality(bytes, at + QUALITY_AT),
    aliveAtSeconds: readUnsigned(bytes, at + ALIVE_AT + 4, 4),
    wasFailing: bytes[at + ALIVE_AT + 8] === 1,
  }),
};

function writeDemand(into: Uint8Array, at: number, demand: MeteringStatistics['demand']): void {
  const { maximumMilliWh, maximumAtSeconds, lastMaximumMilliWh, before } = demand;
  [maximumMilliWh, maximumAtSeconds, lastMaximumMilliWh, ...before].forEach((value, index) => {
    writeInteger(into, at + index * DEMAND_BYTES, DEMAND_BYTES, value);
  });
  const after = at + (MAX_SUB_PERIODS + 2) * DEMAND_BYTES;
  into[after] = before.length;
  writeInteger(into, after + 1, 2, demand.resets);
}

function readDemand(bytes: Uint8Array, at: number): MeteringStatistics['demand'] {
  const field = (index: number): number => readUnsigned(bytes, at + index * DEMAND_BYTES, DEMAND_BYTES);
  const after = at + (MAX_SUB_PERIODS + 2) * DEMAND_BYTES;
  return {
    before: Array.from({ length: Math.min(bytes[after] ?? 0, MAX_SUB_PERIODS - 1) }, (_, index) =>
      field(3 + index),
    ),
    maximumMilliWh: field(0),
    maximumAtSeconds: field(1),
    resets: readUnsigned(bytes, after + 1, 2),
    lastMaximumMilliWh: field(2),
  };
}

function writeQuality(into: Uint8Array, at: number, quality: PowerQualityState): void {
  const { dips, swells, shortInterruptions, longInterruptions } = quality;
  [...dips, ...swells, shortInterruptions, longInterruptions].forEach((counter, index) => {
    writeInteger(into, at + 2 * index, 2, counter);
  });
  const { underVoltageMillis, overVoltageMillis, frequencyReadings, frequencyOutOfLimits } = quality;
  [underVoltageMillis, overVoltageMillis, frequencyReadings, frequencyOutOfLimits].forEach((value, index) => {
    writeInteger(into, at + 2 * COUNTERS + 6 * index, 6, value);
  });
}

function readQuality(bytes: Uint8Array, at: number): PowerQualityState {
  const counter = (index: number): number => readUnsigned(bytes, at + 2 * index, 2);
  const long = (index: number): number => readUnsigned(bytes, at + 2 * COUNTERS + 6 * index, 6);
  const dips = NO_POWER_QUALITY.dips.length;
  const swells = NO_POWER_QUALITY.swells.length;
  return {
    dips: Array.from({ length: dips }, (_, index) => counter(index)),
    swells: Array.from({ length: swells }, (_, index) => counter(dips + index)),
    shortInterruptions: counter(dips + swells),
    longInterruptions: counter(dips + swells + 1),
    underVoltageMillis: long(0),
    overVoltageMillis: long(1),
    frequencyReadings: long(2),
    frequencyOutOfLimits: long(3),
  };
}
