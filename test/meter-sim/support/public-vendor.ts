/** Who sells to the public test meter, whatever its key has become; the keys after the first are made up here. */
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import { keyChangeSections } from '../../../lib/keys/key-change.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { encodeCreditElectricity } from '../../../lib/token/credit.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import type { Vendor } from '../../../meter-sim/world/customer.ts';
import { PUBLIC_FACTORY } from '../../support/public-meter.ts';

const FIRST_TID = 6_600_000;

/** The factory's key, and after so many changes one whose bytes count them. */
function keyAfter(keyChanges: number): string {
  const factory = bytesFromHex(PUBLIC_FACTORY.decoderKey);
  return hexFromBytes(factory.map((byte) => (byte + 37 * keyChanges) & 0xff));
}

export const PUBLIC_VENDOR: Vendor = {
  purchase: (number, keyChanges) => {
    const amountDeciKwh = 50 + ((number * 7919) % 2000);
    const tidMinutes = FIRST_TID + 60 * number;
    const cipher = createTokenCipher(11, bytesFromHex(keyAfter(keyChanges)));
    const { tokenNo } = encodeCreditElectricity({ tidMinutes, rnd: number & 15, amountDeciKwh }, cipher);
    return { tokenNo, milliWh: amountDeciKwh * 100_000 };
  },
  keyChange: (keyChanges) => {
    const cipher = createTokenCipher(11, bytesFromHex(keyAfter(keyChanges)));
    const { keyExpiry, keyType, tariffIndex, supplyGroupCode } = PUBLIC_FACTORY;
    const sections = keyChangeSections(11, {
      newDecoderKey: keyAfter(keyChanges + 1),
      keyExpiry,
      keyRevision: ((keyChanges + 1) % 9) + 1,
      keyType,
      tariffIndex,
      supplyGroupCode,
      rollOver: false,
      threeSections: false,
    });
    return sections.map((section) => encodeToken(section, cipher).tokenNo);
  },
};
