/** The shape of an ordered meter vector: one meter, what is keyed into it, and what must follow each time. */
import { z } from 'zod';
import { REGISTERS, RESULT_NUMBERS, type ResultName } from '../reference/meter.ts';

const digits = (count: number) => z.string().regex(new RegExp(`^[0-9]{${count}}$`));
const tid = z.int().min(0).max(0xff_ffff);
const amount = z.string().regex(/^-?(0|[1-9][0-9]*)(\.[0-9]{0,4}[1-9])?$/);

const meter = z.strictObject({
  meterPan: digits(18),
  encryptionAlgorithm: z.union([z.literal(7), z.literal(11)]),
  decoderKey: z.string().regex(/^[0-9a-f]{16}([0-9a-f]{16})?$/),
  keyType: z.int().min(0).max(3),
  keyRevision: z.int().min(1).max(9),
  keyExpiry: z.int().min(0).max(255),
  supplyGroupCode: digits(6),
  tariffIndex: z.int().min(0).max(99),
  baseDate: z.enum(['93', '14', '35']),
  /** What the memory holds at the start; the other slots are empty. */
  tidMemory: z.array(tid).max(50).optional(),
});

const state = z.strictObject({
  keyType: z.int().min(0).max(3),
  keyRevision: z.int(),
  keyExpiry: z.int(),
  /** '000000' when the last key change did not carry it. */
  supplyGroupCode: digits(6),
  tariffIndex: z.int(),
  baseDate: z.enum(['93', '14', '35']),
  /** The identifiers that the memory holds, rising; empty slots are left out, and slots have no order. */
  tidMemory: z.array(tid),
  /** On the clock of `at`; 0 when entry is free. */
  lockedUntil: z.int().min(0),
  /** null until a token sets it. */
  maximumPowerWatt: z.int().nullable(),
  maximumPhaseUnbalanceWatt: z.int().nullable(),
  tariffRateRaw: z.int().nullable(),
  waterFactorRaw: z.int().nullable(),
  /** The flags that are set, rising. */
  flags: z.array(z.int()),
  /** Control values as [index, value], rising by index. */
  controls: z.array(z.tuple([z.int(), z.int()])),
  /** Stored sections of a key change that is not complete and has not run out. */
  keyChangeSections: z.int().min(0).max(3),
});

const results = Object.keys(RESULT_NUMBERS) as [ResultName, ...ResultName[]];

/** The members of a test beside those that every test has. */
export const meterFields = {
  meter,
  steps: z
    .array(
      z.strictObject({
        comment: z.string().optional(),
        /** Seconds since the meter was made; never less than in the step before. */
        at: z.int().min(0),
        tokenNo: z.string().max(40),
        /**
         * What the digits are under the meter's key of that moment, in the names of `lib/token/kinds.ts`, so that nobody need
         * decrypt to read along; `notDigits` when they are no token number at all.
         */
        token: z.looseObject({ kind: z.string() }),
        /** Where the rule stands when it is not the group's. */
        clause: z.string().optional(),
        /** Flags of the file whose assumption decides this step. */
        assumes: z.array(z.string()).optional(),
        result: z.enum(results),
        /** The number of `sts.md` 8.1. */
        code: z.int().min(1).max(255),
        /** Every register afterwards: kWh, m3, m3, minutes, units of the currency. */
        credit: z.strictObject(Object.fromEntries(REGISTERS.map((name) => [name, amount]))),
        state,
      }),
    )
    .min(1),
} as const;
