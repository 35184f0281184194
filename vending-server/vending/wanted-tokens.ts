/**
 * The tokens of a sale before they are made: what each shall carry, split where one token cannot carry it all, and what it
 * will then really carry. The answer says it before there are digits, so that the digest of the sale can bind it.
 */
import { StsFault } from '../../lib/faults.ts';
import { AMOUNT_MAX, decodeAmount, encodeAmount } from '../../lib/token/amount.ts';
import {
  CURRENCY_MAX_HUNDRED_THOUSANDTH,
  decodeCurrencyAmount,
  encodeCurrencyAmount,
} from '../../lib/token/currency-amount.ts';
import type { ManagementOrder, VendingKeyLimits } from '../security-module/contract.ts';
import { ORDERS_MAX } from '../security-module/request.ts';

/** Why a credit is given: it stands on the receipt and in the answer. */
export type CreditReason = 'paid' | 'free' | 'freeIssue' | 'replacement' | 'transfer';

export type WantedToken =
  | { readonly kind: 'creditElectricity'; readonly reason: CreditReason; readonly amountDeciKwh: number }
  /** Money for a meter that bills by band itself, whole 0.00001 of the currency unit. */
  | {
      readonly kind: 'currencyCredit';
      readonly reason: CreditReason;
      readonly amountHundredThousandth: number;
    }
  | { readonly kind: 'management'; readonly token: ManagementOrder['token'] };

/** A sale begins with at most four sections of a key change; the rest of a request may be credit. */
const TOKENS_MAX = ORDERS_MAX - 1;

/**
 * Energy as one token, or as several where one may not carry it: full ones first, the rest last.
 * @param amountDeciKwh - at least 1.
 * @throws StsFault `payment_too_large` for more tokens than one request makes.
 */
export function energyTokens(
  reason: CreditReason,
  amountDeciKwh: number,
  { unitLimitDeci = AMOUNT_MAX }: VendingKeyLimits,
): readonly WantedToken[] {
  const most = largestCodable(Math.min(unitLimitDeci, AMOUNT_MAX));
  return split(amountDeciKwh, most).map((amount) => ({
    kind: 'creditElectricity',
    reason,
    amountDeciKwh: amount,
  }));
}

/** Money as one token or several. @throws StsFault `payment_too_large`. */
export function moneyTokens(
  reason: CreditReason,
  amountHundredThousandth: number,
  { currencyLimitHundredThousandth = Number.MAX_SAFE_INTEGER }: VendingKeyLimits,
): readonly WantedToken[] {
  const most = largestCodableMoney(currencyLimitHundredThousandth);
  return split(amountHundredThousandth, most).map((amount) => ({
    kind: 'currencyCredit',
    reason,
    amountHundredThousandth: amount,
  }));
}

/** What the token will carry: the coding rounds up, in the customer's favour (sts.md 2.3, 2.4). */
export function carriedOf(wanted: Exclude<WantedToken, { kind: 'management' }>): number {
  if (wanted.kind === 'creditElectricity') return decodeAmount(encodeAmount(wanted.amountDeciKwh));
  return Number(decodeCurrencyAmount(encodeCurrencyAmount(BigInt(wanted.amountHundredThousandth))));
}

/** What a command will really say: a limit is coded like an amount. */
export function commandCarried(token: ManagementOrder['token']): ManagementOrder['token'] {
  switch (token.kind) {
    case 'setMaximumPowerLimit':
    case 'setMaximumPhasePowerUnbalanceLimit':
      return { ...token, limitWatt: decodeAmount(encodeAmount(token.limitWatt)) };
    default:
      return token;
  }
}

function split(amount: number, most: number): readonly number[] {
  const full = Math.ceil(amount / most) - 1;
  if (full >= TOKENS_MAX) throw new StsFault('payment_too_large', `more than ${TOKENS_MAX} tokens`);
  return [...Array.from({ length: full }, () => most), amount - full * most];
}

/** The greatest amount up to the limit that a token carries exactly: a full one must not be rounded above it. */
function largestCodable(limit: number): number {
  const field = encodeAmount(limit);
  const carried = decodeAmount(field);
  return carried <= limit ? carried : decodeAmount(field - 1);
}

function largestCodableMoney(limit: number): number {
  // A debt is coded toward zero: its magnitude is the greatest that is not above.
  const magnitude = -decodeCurrencyAmount(encodeCurrencyAmount(-BigInt(limit)));
  return Number(magnitude < CURRENCY_MAX_HUNDRED_THOUSANDTH ? magnitude : CURRENCY_MAX_HUNDRED_THOUSANDTH);
}
