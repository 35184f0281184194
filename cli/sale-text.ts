/** The answer to a sale as people read it: what to key in first, in which order, and where the money went. */
import { z } from 'zod';
import { decimalText } from '../lib/decimal.ts';
import { table } from './output.ts';

/** Kinds of token that a later server may know are printed by their names. */
const tokenShape = z.looseObject({
  kind: z.string(),
  tokenNo: z.string(),
  tokenNoGrouped: z.string(),
  reason: z.string().optional(),
  amountKwh: z.string().optional(),
  amount: z.string().optional(),
});

export const saleShape = z.object({
  saleId: z.string(),
  requestId: z.string(),
  soldAt: z.string(),
  currency: z.string(),
  paidMinor: z.int(),
  meter: z.object({
    drn: z.string(),
    supplyGroupCode: z.string(),
    tariffIndex: z.int(),
    keyRevision: z.int(),
  }),
  lines: z.array(z.object({ kind: z.string(), amountMinor: z.int(), taxMinor: z.int() })),
  tokens: z.array(tokenShape),
});

export type Sale = z.infer<typeof saleShape>;
type Token = z.infer<typeof tokenShape>;
type TextRow = readonly [label: string, value: string];

/** @param decimals - digits after the point of the sale's currency. */
export function saleText(sale: Sale, decimals: number): string {
  const { meter, currency, lines, paidMinor } = sale;
  const money = (minor: number) => `${decimalText(minor, decimals)} ${currency}`;
  return table([
    ...tokenRows(sale),
    [
      'meter',
      `${meter.drn}  SGC ${meter.supplyGroupCode}  TI ${meter.tariffIndex}  KRN ${meter.keyRevision}`,
    ],
    ['paid', money(paidMinor)],
    ...lines.map(({ kind, amountMinor }): TextRow => [`  ${kind}`, money(amountMinor)]),
    ['  tax', money(lines.reduce((sum, { taxMinor }) => sum + taxMinor, 0))],
    ['sale', `${sale.saleId}  ${sale.soldAt}`],
  ]);
}

/** Sections of a key change first, whatever the order in which they came: under the old key a meter refuses all that follows. */
function tokenRows({ tokens, currency }: Sale): readonly TextRow[] {
  if (tokens.length === 0) return [['token', 'none: the payment bought no electricity']];
  const { changes, others } = byKind(tokens);
  const printed = others.map((token): TextRow => [nameOf(token), wordsOf(token, currency)]);
  if (changes.length === 0) return printed;
  const order = `key in these ${changes.length} in this order: they change the key of the meter`;
  return [
    ['first', order],
    ...changes.map(
      ({ tokenNoGrouped }, index): TextRow => [`key ${index + 1} of ${changes.length}`, tokenNoGrouped],
    ),
    ...(printed.length === 0 ? [] : [['then', 'when the meter has taken them:'] as const]),
    ...printed,
  ];
}

/** Tokens in the order in which they are keyed in. */
export function inOrder<Some extends { readonly kind: string }>(tokens: readonly Some[]): readonly Some[] {
  const { changes, others } = byKind(tokens);
  return [...changes, ...others];
}

function byKind<Some extends { readonly kind: string }>(tokens: readonly Some[]) {
  return {
    changes: tokens.filter(({ kind }) => kind === 'keyChange'),
    others: tokens.filter(({ kind }) => kind !== 'keyChange'),
  };
}

function nameOf({ reason }: Token): string {
  return reason === undefined || reason === 'paid' ? 'token' : reason;
}

function wordsOf(token: Token, currency: string): string {
  const { kind, tokenNoGrouped, amountKwh, amount } = token;
  if (amountKwh !== undefined) return `${tokenNoGrouped}   ${amountKwh} kWh`;
  return `${tokenNoGrouped}   ${amount === undefined ? kind : `${amount} ${currency}`}`;
}
