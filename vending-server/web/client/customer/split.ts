/**
 * Where the money of a purchase went, in parts that sum to it to the last cent. Whole minor units; prices are decimal text and
 * are weighed as whole numbers, so that no part passes through a float.
 */

export interface Step {
  /** Where in the month's units it begins. */
  readonly fromDeciKwh: number;
  readonly amountDeciKwh: number;
  readonly pricePerKwh: string;
}

/** A line of a receipt; amount and tax of all lines sum to what was paid. */
export interface Line {
  readonly kind: 'energy' | 'currency' | 'paymentFee' | 'arrears' | 'fixedCharge' | 'rounding';
  readonly amountMinor: number;
  readonly taxMinor: number;
  readonly label?: string;
  readonly amountDeciKwh?: number;
  readonly steps?: readonly Step[];
}

export type PartKind =
  | 'energy'
  | 'credit'
  | 'fee'
  | 'arrears'
  | 'charge'
  | 'tax'
  | 'rounding'
  | 'carriedOn'
  | 'carriedBefore';

export interface Part {
  readonly kind: PartKind;
  readonly amountMinor: number;
  /** Of a debt or a charge. */
  readonly label?: string;
  /** Of energy: the units at one price. */
  readonly step?: Step;
  /** Counts the prices of this purchase, from 0. */
  readonly tone: number;
}

const KINDS = {
  energy: 'energy',
  currency: 'credit',
  paymentFee: 'fee',
  arrears: 'arrears',
  fixedCharge: 'charge',
  rounding: 'rounding',
} as const satisfies Record<Line['kind'], PartKind>;

const BOUGHT: readonly PartKind[] = ['energy', 'credit', 'carriedOn', 'carriedBefore'];

/** Whether a part is for units: what is left for less than 0.1 kWh, and came from before, is too. */
export function isBought({ kind }: Part): boolean {
  return BOUGHT.includes(kind);
}

export interface Split {
  readonly lines: readonly Line[];
  /** Whether a price holds its tax: then the money for units does too. */
  readonly pricesIncludeVat: boolean;
  /** What waits for the next purchase, decimal text. */
  readonly carriedMinor: string;
  /** Digits of the currency after the point. */
  readonly places: number;
}

/** Deductions first, as they came out; then tax; then energy by its price. */
export function partsOf(split: Split): readonly Part[] {
  const { lines, pricesIncludeVat } = split;
  const isAtPrice = ({ kind, steps = [] }: Line) => kind === 'energy' && steps.length > 0;
  const parts = lines.flatMap((line): readonly Part[] => {
    if (isAtPrice(line)) return energyParts(line, split);
    const { kind, amountMinor, label } = line;
    return [{ kind: KINDS[kind], amountMinor, tone: 0, ...(label === undefined ? {} : { label }) }];
  });
  const taxed = lines.filter((line) => !(pricesIncludeVat && isAtPrice(line)));
  const tax: Part = {
    kind: 'tax',
    amountMinor: taxed.reduce((sum, { taxMinor }) => sum + taxMinor, 0),
    tone: 0,
  };
  const deducted = parts.filter((part) => !isBought(part));
  return [...deducted, tax, ...parts.filter(isBought)].filter(({ amountMinor }) => amountMinor !== 0);
}

/** What the units cost at their prices, each rounded to the cent, and what is left over of the line's money or came from before. */
function energyParts(line: Line, { pricesIncludeVat, carriedMinor, places }: Split): readonly Part[] {
  const { amountMinor, taxMinor, steps = [] } = line;
  const parts = steps.map(
    (step, tone): Part => ({ kind: 'energy', amountMinor: costOf(step, places), step, tone }),
  );
  const money = pricesIncludeVat ? amountMinor + taxMinor : amountMinor;
  const rest = money - parts.reduce((sum, part) => sum + part.amountMinor, 0);
  const isCarried = /[1-9]/.test(carriedMinor);
  const kind = rest < 0 ? 'carriedBefore' : isCarried ? 'carriedOn' : 'rounding';
  return [...parts, { kind, amountMinor: rest, tone: 0 }];
}

const PLACES = 12;
const UNIT = 10n ** BigInt(PLACES);
/** A step is in 0.1 kWh, a price in units of the currency. */
const TENTHS = 10n;

/** Minor units, half up. */
function costOf({ amountDeciKwh, pricePerKwh }: Step, places: number): number {
  const scaled = BigInt(amountDeciKwh) * scaledOf(pricePerKwh) * 10n ** BigInt(places);
  const whole = UNIT * TENTHS;
  return Number((scaled * 2n + whole) / (whole * 2n));
}

function scaledOf(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'));
}
