/**
 * What a scenario file may say: a meter, its grid and its load, what happens to it and when, and what must come of it. Lengths
 * of time are `90s`, `1.5h` or seconds; energies are kWh; a range is one figure or `[least, most]`.
 */
import { z } from 'zod';
import type { Appliance } from '../hardware/load.ts';
import { definedOf } from './defined.ts';
import { DURATION, microsOf } from './duration.ts';

/** Ten years: far beyond any test, and far below what microseconds hold. */
const LONGEST_SECONDS = 10 * 366 * 86_400;
const MOST_KWH = 1_000_000;

const duration = z
  .union([z.number().min(0).max(LONGEST_SECONDS), z.string().regex(DURATION)])
  .transform(microsOf)
  .refine((micros) => micros <= LONGEST_SECONDS * 1e6, 'longer than ten years');

/** Of a disturbance of the grid. */
const short = duration.refine(
  (micros) => micros >= 1 && micros <= 3_600_000_000,
  'a disturbance lasts up to an hour',
);

const range = z
  .union([z.number(), z.tuple([z.number(), z.number()])])
  .transform((value): readonly [number, number] => (typeof value === 'number' ? [value, value] : value))
  .refine(([least, most]) => least <= most, 'the first figure is above the second');

const watt = z.number().min(0).max(100_000);

/** A current that begins at `ratio` times its running value and falls towards it. */
const start = z
  .strictObject({ ratio: z.number().min(1).max(50), decay: duration })
  .transform(({ ratio, decay }) => ({ ratio, decayMicros: decay }))
  .optional();

const appliance = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('resistive'), watt, start }),
    z.strictObject({ kind: z.literal('electronic'), watt, start }),
    z.strictObject({ kind: z.literal('lagging'), watt, powerFactor: z.number().gt(0).max(1), start }),
    z.strictObject({ kind: z.literal('leading'), watt, powerFactor: z.number().gt(0).max(1), start }),
    z.strictObject({
      kind: z.literal('phase-controlled'),
      watt,
      firingDegree: z.int().min(0).max(179),
      start,
    }),
    z.strictObject({ kind: z.literal('feed'), watt }),
  ])
  .transform((one) => definedOf(one) as Appliance);

/** One figure is a heater of so many watts. */
const load = z
  .union([watt, z.array(appliance).max(100)])
  .transform((value): readonly Appliance[] =>
    typeof value === 'number' ? [{ kind: 'resistive', watt: value }] : value,
  );

const mains = z.strictObject({
  volt: z.number().min(0).max(1_000).optional(),
  hertz: z.number().min(45).max(65).optional(),
  walkSigmaHertz: z.number().min(0).max(1).optional(),
  walkTauSeconds: z.number().min(1).max(86_400).optional(),
  harmonics: z
    .array(
      z.strictObject({
        order: z.int().min(2).max(50),
        ratio: z.number().min(0).max(0.5),
        phaseRadian: z.number().default(0),
      }),
    )
    .max(49)
    .optional(),
});

/** Made with the key that the meter has at that time; the identifier is that of the minute, or the one after the last. */
const tokenFields = z
  .strictObject({
    kwh: z.number().gt(0).max(MOST_KWH).optional(),
    clearCredit: z.int().min(0).max(0xffff).optional(),
    clearTamper: z.literal(true).optional(),
    powerLimitWatt: z.int().min(0).max(18_201_624).optional(),
    /** The token of this name that a step before has made, once more. */
    again: z.string().optional(),
    /** A name under which a later step may enter it again. */
    name: z.string().optional(),
    /** Minutes before now that the token was issued. */
    minutesAgo: z.int().min(0).max(1_000_000).optional(),
    /** Made for another meter. */
    foreign: z.literal(true).optional(),
  })
  .refine(
    ({ kwh, clearCredit, clearTamper, powerLimitWatt, again }) =>
      [kwh, clearCredit, clearTamper, powerLimitWatt, again].filter((field) => field !== undefined).length ===
      1,
    'a token is one of kwh, clearCredit, clearTamper, powerLimitWatt, again',
  );

const keyChange = z.strictObject({
  newDecoderKey: z.string().regex(/^([0-9a-fA-F]{16}|[0-9a-fA-F]{32})$/),
  keyRevision: z.int().min(1).max(9).optional(),
  keyType: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]).optional(),
  keyExpiry: z.int().min(0).max(255).optional(),
  tariffIndex: z.int().min(0).max(99).optional(),
  supplyGroupCode: z
    .string()
    .regex(/^\d{6}$/)
    .optional(),
  rollOver: z.boolean().optional(),
  /** Sections that are entered, in this order; all of them without it. */
  sections: z.array(z.int().min(1).max(4)).min(1).optional(),
});

const switched = z.enum(['open', 'closed']);

/** What must be true; what is left out is not looked at. */
const expectation = z.strictObject({
  balanceKwh: range.optional(),
  acceptedKwh: range.optional(),
  totalKwh: range.optional(),
  /** Where the contact truly stands. */
  relay: switched.optional(),
  /** The text on the glass; `/…/` is a regular expression. */
  display: z.string().optional(),
  icons: z.array(z.string()).optional(),
  noIcons: z.array(z.string()).optional(),
  powered: z.boolean().optional(),
  status: z.string().optional(),
  /** What became of the last token, such as Accept or UsedError. */
  result: z.string().optional(),
  tokensAccepted: range.optional(),
  switchings: range.optional(),
  resets: range.optional(),
  /** Names of events that the log must hold, in this order; others may stand between. */
  events: z.array(z.string()).optional(),
  noEvents: z.array(z.string()).optional(),
});

const ACTIONS = {
  /** Twenty digits, or what the token shall say. */
  token: z.union([z.string(), tokenFields]),
  keyChange,
  /** Keys, left to right: digits, `*` goes back, `#` enters. */
  keys: z.string().regex(/^[0-9*#]+$/),
  load,
  volt: z.number().min(0).max(1_000),
  power: z.enum(['on', 'off']),
  /** The mains is gone for so long. */
  cut: duration,
  /** What is left of the voltage, %, for so long. */
  dip: z.strictObject({ residualPercent: z.number().min(0).max(100), lasting: short }),
  surge: z.strictObject({ volt: z.number().min(0).max(1_000), lasting: short }),
  ramp: z.strictObject({ hertz: z.number().min(45).max(65), hertzPerSecond: z.number().gt(0).max(10) }),
  /** How somebody has wired the meter; what is left out is as it should be. */
  wiring: z.strictObject({
    bypassShare: z.number().min(0).max(1).optional(),
    earthShare: z.number().min(0).max(1).optional(),
    isReversed: z.boolean().optional(),
    isNeutralCut: z.boolean().optional(),
  }),
  /** The supply of the MCU dies this instant and comes back. */
  reset: z.literal(true),
  celsius: z.number().min(-40).max(85),
  cover: z.strictObject({ meter: switched.optional(), terminal: switched.optional() }),
  magnet: z.union([
    z.literal('away'),
    z.strictObject({
      faceMilliTesla: z.number().min(0).max(2_000),
      distanceMillimetre: z.number().min(5).max(1_000),
      hertz: z.number().min(0).max(65).default(0),
    }),
  ]),
  clockBattery: z.enum(['fitted', 'removed']),
  contact: z.enum(['weld', 'break']),
} as const;

const step = z
  .strictObject({
    at: duration,
    ...(Object.fromEntries(Object.entries(ACTIONS).map(([name, schema]) => [name, schema.optional()])) as {
      readonly [Name in keyof typeof ACTIONS]: z.ZodOptional<(typeof ACTIONS)[Name]>;
    }),
    expect: expectation.optional(),
  })
  .refine((value) => Object.keys(value).length > 1, 'a step does or expects something');

const fault = z.strictObject({
  kind: z.enum(['cut', 'reset', 'dip', 'surge', 'magnet', 'weld']),
  perDay: z.number().gt(0).max(100_000),
  /** How long each of them lasts. */
  lasting: z.tuple([short, short]).default([50_000, 5_000_000]),
  from: duration.optional(),
  until: duration.optional(),
});

export const scenarioSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().min(1).max(100),
  about: z.string().max(2_000).optional(),
  seed: z.union([z.int().min(0).max(0xffff_ffff), z.string().max(100)]).default(1),
  mode: z.enum(['next-event', 'sampled']).default('next-event'),
  /** What the meter's clock says at the start. */
  starts: z.iso.datetime().default('2026-11-02T08:00:00Z'),
  lasts: duration,
  /** Factory settings; those of the public test meter without it. */
  meter: z.record(z.string(), z.unknown()).optional(),
  mains: mains.optional(),
  load: load.optional(),
  steps: z.array(step).max(100_000).default([]),
  faults: z.array(fault).max(100).default([]),
  /** At the end. */
  expect: expectation.optional(),
});

export type Scenario = z.output<typeof scenarioSchema>;
export type ScenarioInput = z.input<typeof scenarioSchema>;
export type Step = Scenario['steps'][number];
export type Expectation = z.output<typeof expectation>;
export type TokenFields = z.output<typeof tokenFields>;
export type KeyChangeFields = z.output<typeof keyChange>;
export type FaultRate = Scenario['faults'][number];

/** The same as a JSON Schema, for editors. */
export function scenarioJsonSchema(): object {
  return z.toJSONSchema(scenarioSchema, { io: 'input' });
}
