/**
 * Tokens for any meter: what to test or to show (sts.md 2.5). They are clear and carry no key, no identifier and no credit, so
 * that anybody can make them: no module is asked, and no ledger counts them.
 */
import { controlOfTest } from '../../lib/token/block-fields.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { DISPLAY_TESTS, testsOfControl } from '../../lib/token/display-tests.ts';
import type { DisplayToken } from '../../lib/token/kinds.ts';
import { encodeToken } from '../../lib/token/token.ts';
import { groupTokenNo } from '../../lib/token/token-no.ts';

export type TestTokenRequest =
  | {
      readonly kind: 'initiateTest';
      /** 0 for all, 1-18 by name, beyond that the maker's: up to 36 with 2 manufacturer digits, up to 28 with 4. */
      readonly test: number;
      /** 2 for meters with a number of 11 digits, 4 with 13. */
      readonly manufacturerDigits: 2 | 4;
      /** 0 addresses every meter. */
      readonly manufacturerCode: number;
    }
  | Exclude<DisplayToken, { kind: 'initiateTest' }>;

export interface TestToken {
  readonly tokenNo: string;
  readonly tokenNoGrouped: string;
  readonly token: DisplayToken;
  /** What the meter will do, where that is public. */
  readonly tests: readonly { readonly test: number; readonly name: string | null }[];
}

/** Class 1 is never encrypted: any cipher will do. */
const CLEAR = createTokenCipher(7, new Uint8Array(8));

/** @throws RangeError, TypeError for a field out of its bits. */
export function makeTestToken(request: TestTokenRequest): TestToken {
  const token = tokenOf(request);
  const { tokenNo } = encodeToken(token, CLEAR);
  const tests = token.kind === 'initiateTest' ? testsOfControl(token.control, token.manufacturerDigits) : [];
  return {
    tokenNo,
    tokenNoGrouped: groupTokenNo(tokenNo),
    token,
    tests: tests.map((test) => ({ test, name: DISPLAY_TESTS[test]?.name ?? null })),
  };
}

function tokenOf(request: TestTokenRequest): DisplayToken {
  if (request.kind !== 'initiateTest') return request;
  const { kind, test, manufacturerDigits, manufacturerCode } = request;
  return { kind, manufacturerDigits, control: controlOfTest(test, manufacturerDigits), manufacturerCode };
}
