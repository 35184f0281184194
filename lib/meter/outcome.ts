/** What a meter answers to a token: the result codes of sts.md 8.1, with the stage at which each is decided. */

export type TokenOutcome =
  | { readonly stage: 'token'; readonly result: 'Accept'; readonly creditDeciKwh: number }
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

export type TokenResult = TokenOutcome['result'];

/** Register values of sts.md 8.1; a meter shows them by short code. */
export const RESULT_CODES: Readonly<Record<TokenResult, number>> = {
  Accept: 1,
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
};
