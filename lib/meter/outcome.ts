/** What a meter answers to a token: the result codes of sts.md 8.1, with the stage at which each is decided. */
import type { DisplayToken, Resource } from '../token/kinds.ts';

/** What an accepted token did. */
export type TokenEffect =
  | { readonly kind: 'credited'; readonly resource: Resource; readonly units: number }
  | { readonly kind: 'currencyCredited'; readonly resource: Resource; readonly hundredThousandth: number }
  | { readonly kind: 'creditCleared'; readonly registerCode: number }
  | { readonly kind: 'tamperCleared' }
  | { readonly kind: 'settingChanged' }
  | { readonly kind: 'keyChanged'; readonly rolledOver: boolean }
  /** Nothing changes: the meter shows or tests what the token names. */
  | { readonly kind: 'display'; readonly token: DisplayToken };

/** What a meter answers: the result of sts.md 8.1 and the stage at which it fell. Never thrown. */
export type TokenOutcome =
  /** `creditDeciKwh` is the electricity credited, 0 for every other token. */
  | {
      readonly stage: 'token';
      readonly result: 'Accept';
      readonly creditDeciKwh: number;
      readonly effect: TokenEffect;
    }
  /** This section of a key change is stored, the set is not complete. */
  | { readonly stage: 'token'; readonly result: KeyChangeResult }
  | {
      readonly stage: 'token';
      readonly result: 'OverflowError' | 'KeyTypeError' | 'FormatError' | 'RangeError' | 'FunctionError';
    }
  | {
      readonly stage: 'validation';
      readonly result: 'OldError' | 'UsedError' | 'KeyExpiredError' | 'DDTKError';
    }
  | { readonly stage: 'authentication'; readonly result: 'CRCError' | 'MfrCodeError' }
  | { readonly stage: 'carrier'; readonly result: 'Lockout'; readonly untilSeconds: number };

/** The section is stored, the set not complete. */
export type KeyChangeResult = '1stKCT' | '2ndKCT' | '3rdKCT' | '4thKCT';

/** The results of sts.md 8.1 by name; 16, status not ready, is a carrier's and not given here. */
export type TokenResult = TokenOutcome['result'];

/**
 * Register values of sts.md 8.1; a meter shows them by short code. The numbers of the third and fourth section are not
 * public: 17 and 18 are ours, and a make that knows better puts its own into `MeterConfiguration.resultCodes`.
 */
export const RESULT_CODES: Readonly<Record<TokenResult, number>> = {
  Accept: 1,
  '1stKCT': 2,
  '2ndKCT': 3,
  OverflowError: 4,
  KeyTypeError: 5,
  FormatError: 6,
  RangeError: 7,
  FunctionError: 8,
  OldError: 9,
  UsedError: 10,
  KeyExpiredError: 11,
  DDTKError: 12,
  CRCError: 13,
  MfrCodeError: 14,
  Lockout: 15,
  '3rdKCT': 17,
  '4thKCT': 18,
};
