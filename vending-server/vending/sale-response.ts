/** The answer to a sale, made once, stored as it is and given again byte for byte. */
import { decimalText } from '../../lib/decimal.ts';
import type { KeyChangeReason } from '../../lib/token/issue-plan.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';
import type { IssuedToken, ManagementOrder } from '../security-module/contract.ts';
import type { SaleAdvice } from '../store/advice-contract.ts';
import type { MeterKeyName, MeterRecord, RecordedSale } from '../store/contract.ts';
import type { SaleKind } from '../store/money-contract.ts';
import type { BlockPosition } from '../tariff/energy.ts';
import type { SaleLine } from '../tariff/reckon.ts';
import type { PlannedKeyChange } from './key-plan.ts';
import { type CreditReason, carriedOf, commandCarried, type WantedToken } from './wanted-tokens.ts';

/** What a payment becomes: the same in a trial and in the sale. */
export interface PurchasePicture {
  /** Under whose key credit is made: after the key change, if there is one. */
  readonly meter: Pick<MeterRecord, 'drn' | 'meterPan' | 'supplyGroupCode' | 'tariffIndex' | 'keyRevision'>;
  readonly currency: string;
  readonly paidMinor: number;
  readonly lines: readonly SaleLine[];
  /** What money bought, before tokens are coded, whole 0.1 kWh; a token may carry up to one coding step more. */
  readonly amountDeciKwh: number;
  /** Free basic units of the month that are given with it, whole 0.1 kWh. */
  readonly freeDeciKwh: number;
  /** Where the meter stands in the month; null for a tariff that bills by band, and where nothing was reckoned. */
  readonly month: MonthPosition | null;
  /** Money below the price of 0.1 kWh that waits for the next purchase, minor units, decimal text. */
  readonly carriedMinor: string;
  readonly keyChange: KeyChangePicture | null;
}

export interface MonthPosition {
  /** Units of it after this purchase, whole 0.1 kWh. */
  readonly unitsDeciKwh: number;
  readonly blockBefore: BlockPosition;
  readonly blockAfter: BlockPosition;
}

/** A key change: its tokens come first and must be keyed in first. */
export interface KeyChangePicture {
  readonly from: MeterKeyName;
  readonly to: MeterKeyName;
  readonly sections: 2 | 3 | 4;
  readonly rollOver: boolean;
  /** Empty where an earlier set is given once more. */
  readonly reasons: readonly KeyChangeReason[];
}

export interface Cash {
  /** What the amount due was rounded by for want of small coins; below 0 in the customer's favour. */
  readonly roundingMinor: number;
  readonly tenderedMinor: number;
  readonly changeMinor: number;
}

/** What a sale says besides the purchase. */
export interface SaleDetails {
  readonly kind: SaleKind;
  readonly operator: string | null;
  readonly terminal: string | null;
  readonly shiftId: string | null;
  readonly tender: string | null;
  readonly cash: Cash | null;
  /** Whole days where the utility is; null for a first purchase. */
  readonly daysSinceLastPurchase: number | null;
  /** Debts of the meter that this payment did not touch. */
  readonly debtsLeft: readonly { readonly label: string; readonly balanceMinor: number }[];
  /** Why something was given without money; null for a sale. */
  readonly reason: string | null;
  /** Who agreed to it, where two persons are asked. */
  readonly approvedBy: string | null;
  /** Why, by one of the utility's own words (reasons.ts); beside `reason`, where something was given without money. */
  readonly reasonCode?: string;
  /** The token that a replacement stands for. */
  readonly replaces?: OriginalToken;
  /** Whose place the meter took. */
  readonly changeOut?: ChangeOutPicture;
}

export interface OriginalToken {
  readonly saleId: string;
  /** Of the tokens of that sale, from 1. */
  readonly token: number;
  readonly soldAt: string;
  readonly receiptNumber: string;
}

export interface ChangeOutPicture {
  readonly oldMeter: Pick<MeterRecord, 'drn' | 'meterPan'>;
  /** What the old meter still had. */
  readonly remaining: GivenAmount;
  /** Whether that was more than the ledger ever sold to it, and was allowed all the same. */
  readonly isAboveSold: boolean;
  readonly debts: readonly {
    readonly debtId: string;
    readonly from: string;
    readonly balanceMinor: number;
  }[];
}

/** Energy, or money for a meter that bills by band itself. */
export type GivenAmount = { readonly amountDeciKwh: number } | { readonly amountMinor: number };

export interface SaleResponse extends PurchasePicture, SaleDetails {
  readonly saleId: string;
  readonly requestId: string;
  /** ISO 8601 UTC. */
  readonly soldAt: string;
  readonly vendorId: string;
  /** In the order in which they are keyed in; none where arrears and charges took all of the money. */
  readonly tokens: readonly SoldToken[];
  /** The last entry of the sale in the chain; those before it have the counters before. */
  readonly ledger: { readonly moduleId: string; readonly counter: number; readonly entryHash: string };
}

/** The answer of a sale that was taken back: as it was given, without its digits. */
export interface ReversedResponse extends Omit<SaleResponse, 'tokens'> {
  readonly tokens: readonly (Omit<SoldToken, keyof Digits> & Readonly<Record<keyof Digits, null>>)[];
  readonly reversed: { readonly at: string; readonly reason: string };
}

export function isReversed(response: SaleResponse | ReversedResponse): response is ReversedResponse {
  return 'reversed' in response;
}

/** Of a recorded answer what may still be shown once its sale was taken back. */
export function withheldBody(
  { responseBody }: Pick<RecordedSale, 'responseBody'>,
  { at, note }: Pick<SaleAdvice, 'at' | 'note'>,
): string {
  const answer = JSON.parse(responseBody) as SaleResponse;
  const tokens = answer.tokens.map((token) => ({ ...token, tokenNo: null, tokenNoGrouped: null }));
  const reversed = { at: new Date(at).toISOString(), reason: note };
  return JSON.stringify({ ...answer, tokens, reversed } satisfies ReversedResponse);
}

interface Digits {
  readonly tokenNo: string;
  /** For a slip: '1234 5678 9012 3456 7890'. */
  readonly tokenNoGrouped: string;
}

export type SoldToken = Digits &
  (
    | {
        readonly kind: 'keyChange';
        /** 1 for the first of the set. */
        readonly section: number;
        readonly of: number;
      }
    | {
        readonly kind: 'creditElectricity';
        readonly reason: CreditReason;
        /** What the token carries, which the coding may have rounded up by one step (sts.md 2.3). */
        readonly amountDeciKwh: number;
        readonly amountKwh: string;
        readonly tidMinutes: number;
      }
    | {
        readonly kind: 'currencyCredit';
        readonly reason: CreditReason;
        /** What the token carries, whole 0.00001 of the currency unit. */
        readonly amountHundredThousandth: number;
        /** In currency units. */
        readonly amount: string;
        readonly tidMinutes: number;
      }
    | {
        readonly kind: 'management';
        /** As lib names its kinds and fields, with limits as the coding rounded them up. */
        readonly token: ManagementOrder['token'];
        readonly tidMinutes: number;
      }
  );

const NO_DIGITS: Digits = { tokenNo: '', tokenNoGrouped: '' };

/** The tokens of an answer, all that is known of them before they are made. @param tidMinutes - one for each wanted token. */
export function tokensBefore(
  keyChange: PlannedKeyChange | undefined,
  wanted: readonly WantedToken[],
  tidMinutes: readonly number[],
): readonly SoldToken[] {
  const of = keyChange?.sectionCount ?? 0;
  const sections = Array.from({ length: of }, (_, index): SoldToken => {
    return { kind: 'keyChange', ...NO_DIGITS, section: index + 1, of };
  });
  return [...sections, ...wanted.map((token, index) => tokenBefore(token, tidMinutes[index] ?? 0))];
}

function tokenBefore(wanted: WantedToken, tidMinutes: number): SoldToken {
  switch (wanted.kind) {
    case 'creditElectricity': {
      const { kind, reason } = wanted;
      const amountDeciKwh = carriedOf(wanted);
      const amountKwh = decimalText(amountDeciKwh, 1);
      return { kind, ...NO_DIGITS, reason, amountDeciKwh, amountKwh, tidMinutes };
    }
    case 'currencyCredit': {
      const { kind, reason } = wanted;
      const amountHundredThousandth = carriedOf(wanted);
      const amount = decimalText(amountHundredThousandth, 5);
      return { kind, ...NO_DIGITS, reason, amountHundredThousandth, amount, tidMinutes };
    }
    case 'management':
      return { kind: 'management', ...NO_DIGITS, token: commandCarried(wanted.token), tidMinutes };
  }
}

/** The module's own count of tokens, which nobody can give twice: `3f2a9c01-1204`. */
export function receiptNumberOf({ ledger }: Pick<SaleResponse, 'ledger'>): string {
  return `${ledger.moduleId.slice(0, 8)}-${ledger.counter}`;
}

/** The tokens of an answer with their digits. @param issued - the tokens, or the one entry of a payment. */
export function tokensAfter(
  tokens: readonly SoldToken[],
  issued: readonly IssuedToken[],
): readonly SoldToken[] {
  return tokens.map((token, index) => {
    const tokenNo = issued[index]?.tokenNo ?? '';
    return { ...token, tokenNo, tokenNoGrouped: groupTokenNo(tokenNo) };
  });
}

/** Where a sale stands in the chain once its tokens are made. */
export function placeOf(issued: readonly IssuedToken[]): SaleResponse['ledger'] {
  const { moduleId = '', counter = 0, entryHash = '' } = issued.at(-1)?.entry ?? {};
  return { moduleId, counter, entryHash };
}
