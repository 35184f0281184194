/** A meter and its key from the published conformance tests (STS 531-1), and tokens for it. They protect nothing. */
import { PUBLIC_TEST_METER } from '../../cli/public-test-values.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { encodeCreditElectricity } from '../../lib/token/credit.ts';
import type { Token } from '../../lib/token/kinds.ts';
import { encodeToken } from '../../lib/token/token.ts';
import type { FactorySettings } from '../../meter-sim/firmware/firmware.ts';

const { drn, ...rest } = PUBLIC_TEST_METER;

export const PUBLIC_FACTORY: FactorySettings = { ...rest, meterPan: parseMeterNumber(drn).meterPan };

const OWN = createTokenCipher(11, bytesFromHex(PUBLIC_FACTORY.decoderKey));
/** Meter 00000000000 of the same tests. */
const OTHER = createTokenCipher(11, bytesFromHex('929bd3a415c9420a05ec5ee9f3ce91c3'));

export function ownToken(tidMinutes: number, amountDeciKwh: number): string {
  return encodeCreditElectricity({ tidMinutes, rnd: tidMinutes & 15, amountDeciKwh }, OWN).tokenNo;
}

export function tokenOfAnotherMeter(tidMinutes: number): string {
  return encodeCreditElectricity({ tidMinutes, rnd: 1, amountDeciKwh: 10 }, OTHER).tokenNo;
}

/** Any other token of this meter. */
export function ownTokenOf(token: Token): string {
  return encodeToken(token, OWN).tokenNo;
}
