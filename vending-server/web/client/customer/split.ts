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

export type PartKind = 'energy' | 'credit' | 'fee' | 'arrears' | 'charge' | 'tax' | 'rounding';

export interface Part {
  readonly kind: PartKind;
  readonly amountMinor: number;
  /** Of a debt or a charge. */
  readonly label?: string;
  /** Of energy: the units at one price, and which block they are from, counted within this purchase from 0. */
  readonly step?: Step;
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

/** Deductions first, as they came out; then tax; then energy by its price. */
export function partsOf(lines: readonly Line[]): readonly Part[] {
  const parts = lines.flatMap((line): Part[] => {
    if (line.kind === 'energy' && line.steps !== undefined && line.steps.length > 0) {
      const shares = sharesOf(line.amountMinor, line.steps);
      return line.steps.map((step, tone) => ({ kind: 'energy', amountMinor: shares[tone] ?? 0, step, tone }));
    }
    const { kind, amountMinor, label } = line;
    return [{ kind: KINDS[kind], amountMinor, tone: 0, ...(label === undefined ? {} : { label }) }];
  });
  const taxMinor = lines.reduce((sum, line) => sum + line.taxMinor, 0);
  const isBought = ({ kind }: Part) => kind === 'energy' || kind === 'credit';
  return [
    ...parts.filter((part) => !isBought(part)),
    ...(taxMinor === 0 ? [] : [{ kind: 'tax', amountMinor: taxMinor, tone: 0 } as const]),
    ...parts.filter(isBought),
  ].filter(({ amountMinor }) => amountMinor !== 0);
}

/** The line's money by what each step costs; the last step takes what rounding leaves. */
function sharesOf(amountMinor: number, steps: readonly Step[]): readonly number[] {
  const weights = steps.map(({ amountDeciKwh, pricePerKwh }) => BigInt(amountDeciKwh) * scaled(pricePerKwh));
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole === 0n) return steps.map((_, index) => (index === steps.length - 1 ? amountMinor : 0));
  const shares = weights
    .slice(0, -1)
    .map((weight) => Number((BigInt(amountMinor) * weight * 2n + whole) / (whole * 2n)));
  return [...shares, amountMinor - shares.reduce((sum, share) => sum + share, 0)];
}

const PLACES = 12;

function scaled(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.split('.');
  return BigInt(whole + fraction.slice(0, PLACES).padEnd(PLACES, '0'));
}
