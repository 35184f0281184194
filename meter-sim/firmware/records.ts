/**
 * What a record of the journal holds: the token application, the registers, and the sections of the other parts. How it
 * becomes bytes stands in state-image.ts, how it gets into the memory in journal.ts.
 */
import type { LockoutState, MeterState } from '../../lib/meter/state.ts';
import { readUnsigned, type Section, writeInteger } from './bytes.ts';
import { COMMS_SECTION } from './comms-link.ts';
import { CREDIT_SECTION } from './credit/section.ts';
import { DELAY_BINS_SECTION } from './delay-bins.ts';
import { METERING_STATISTICS, METERING_VITAL } from './metering/sections.ts';
import { OVERLOAD_SECTION } from './overload.ts';
import { SWITCH_SECTION } from './switch-commands.ts';
import { TAMPER_SECTION } from './tamper.ts';
import { TOKEN_HISTORY } from './token-history.ts';
import { WORN_PAGES } from './worn-pages.ts';

/** A relay delay as learnt so far: mean and standard deviation in µs; 0 operations means never measured. */
export interface DelayRecord {
  readonly meanMicros: number;
  readonly deviationMicros: number;
  readonly operations: number;
}

/** The registers that stand whole in every record; what they are worth stands in the section of the credit. */
export interface AccountFields {
  readonly totalMilliWh: number;
  /** Energy measured but not yet a whole mWh, 0-3599 mJ. */
  readonly remainderMilliJoule: number;
  readonly relayCommand: 'open' | 'closed';
  readonly lockout: LockoutState;
}

/** The token application without what account and credit hold. Never changed in place: the same object is not encoded twice. */
export type TokenApplication = Omit<MeterState, 'creditMilliWh' | 'lockout'>;

/** What the load switch has learnt of its relay. */
export interface LearntDelays {
  readonly opening: DelayRecord;
  readonly closing: DelayRecord;
}

const NEVER_MEASURED: DelayRecord = { meanMicros: 0, deviationMicros: 0, operations: 0 };

export const DELAYS: Section<LearntDelays> = {
  bytes: 10,
  initial: { opening: NEVER_MEASURED, closing: NEVER_MEASURED },
  encode: ({ opening, closing }, into, at) => {
    writeDelay(into, at, opening);
    writeDelay(into, at + 5, closing);
  },
  decode: (bytes, at) => ({ opening: readDelay(bytes, at), closing: readDelay(bytes, at + 5) }),
};

/**
 * What the parts of the firmware keep in the vital record, in this order: written with every token, at every checkpoint and
 * on power fail. A part adds its section here and writes its state by `Books.keep`. The values are never changed in place:
 * a section whose value is the same object is not encoded again.
 */
export const VITAL_SECTIONS = {
  delays: DELAYS,
  credit: CREDIT_SECTION,
  tamper: TAMPER_SECTION,
  switchCommands: SWITCH_SECTION,
  tokenHistory: TOKEN_HISTORY,
  wornPages: WORN_PAGES,
  comms: COMMS_SECTION,
  overload: OVERLOAD_SECTION,
  metering: METERING_VITAL,
};

/** As {@link VITAL_SECTIONS}, in the slower record: hourly, and on power fail behind the vital one. */
export const STATISTICS_SECTIONS = { delayBins: DELAY_BINS_SECTION, metering: METERING_STATISTICS };

type Kept<Sections> = {
  readonly [Name in keyof Sections]: Sections[Name] extends Section<infer Value> ? Value : never;
};

export type VitalState = Kept<typeof VITAL_SECTIONS>;
export type StatisticsState = Kept<typeof STATISTICS_SECTIONS>;

export const INITIAL_VITAL = initialOf(VITAL_SECTIONS) as VitalState;
export const INITIAL_STATISTICS = initialOf(STATISTICS_SECTIONS) as StatisticsState;

function initialOf(sections: Readonly<Record<string, Section<unknown>>>): unknown {
  return Object.fromEntries(Object.entries(sections).map(([name, { initial }]) => [name, initial]));
}

/** Everything that is durable. */
export interface JournalState {
  readonly application: TokenApplication;
  readonly account: AccountFields;
  readonly vital: VitalState;
}

function writeDelay(bytes: Uint8Array, at: number, delay: DelayRecord): void {
  writeInteger(bytes, at, 2, Math.min(Math.round(delay.meanMicros), 0xffff));
  writeInteger(bytes, at + 2, 2, Math.min(Math.round(delay.deviationMicros), 0xffff));
  bytes[at + 4] = Math.min(delay.operations, 0xff);
}

function readDelay(bytes: Uint8Array, at: number): DelayRecord {
  return {
    meanMicros: readUnsigned(bytes, at, 2),
    deviationMicros: readUnsigned(bytes, at + 2, 2),
    operations: bytes[at + 4] ?? 0,
  };
}
