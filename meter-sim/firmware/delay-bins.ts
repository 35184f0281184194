/**
 * What a relay's delay differs from the law of its type at each temperature: one small number per bin and direction, kept in
 * the slower record. A meter that has lost them leads by the law alone.
 */
import type { Section } from './bytes.ts';

/** Bins of 10 degrees from -30 C up; what is colder or hotter counts as the outermost. */
export const BIN_COUNT = 11;
const LOWEST_DECI_CELSIUS = -300;
const BIN_DECI_CELSIUS = 100;

export interface DelayBin {
  /** Beyond what temperature, coil voltage and the mean explain, whole µs from -127 to 127. */
  readonly offsetMicros: number;
  /** Up to 255. */
  readonly operations: number;
}

export interface DelayBins {
  readonly opening: readonly DelayBin[];
  readonly closing: readonly DelayBin[];
}

export const EMPTY_BINS: readonly DelayBin[] = Array.from({ length: BIN_COUNT }, () => ({
  offsetMicros: 0,
  operations: 0,
}));

export function binOf(deciCelsius: number): number {
  const bin = Math.floor((deciCelsius - LOWEST_DECI_CELSIUS) / BIN_DECI_CELSIUS);
  return Math.min(BIN_COUNT - 1, Math.max(0, bin));
}

/** For each direction and bin: the offset as a signed byte, the operations as a byte. */
export const DELAY_BINS_SECTION: Section<DelayBins> = {
  bytes: 4 * BIN_COUNT,
  initial: { opening: EMPTY_BINS, closing: EMPTY_BINS },
  encode: ({ opening, closing }, into, at) => {
    writeBins(opening, into, at);
    writeBins(closing, into, at + 2 * BIN_COUNT);
  },
  decode: (bytes, at) => ({ opening: readBins(bytes, at), closing: readBins(bytes, at + 2 * BIN_COUNT) }),
};

function writeBins(bins: readonly DelayBin[], into: Uint8Array, at: number): void {
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    const { offsetMicros, operations } = bins[bin] ?? { offsetMicros: 0, operations: 0 };
    into[at + 2 * bin] = Math.min(127, Math.max(-127, Math.round(offsetMicros))) & 0xff;
    into[at + 2 * bin + 1] = Math.min(operations, 0xff);
  }
}

function readBins(bytes: Uint8Array, at: number): readonly DelayBin[] {
  return EMPTY_BINS.map((_, bin) => ({
    offsetMicros: ((bytes[at + 2 * bin] ?? 0) << 24) >> 24,
    operations: bytes[at + 2 * bin + 1] ?? 0,
  }));
}
