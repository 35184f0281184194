/** The fields of every kind of token, each with what it takes (sts.md 2.2 to 2.7, 7.1). */
import type { TokenKind } from '../../lib/token/kinds.ts';
import { big, bool, int, type Kind, named, oneOf, text } from './hostile-kinds.ts';

type Fields = Readonly<Record<string, Kind>>;

const ISSUE: Fields = { tidMinutes: int(0, 0xff_ffff, 85_740), rnd: int(0, 15, 5) };
const AMOUNT = named(int(0, 18_201_624, 1), 'amount');
const WORD16 = int(0, 0xffff, 1);
const KEY_PART = int(0, 0xffff_ffff, 0x7f78_cdd2);
const SUPPLY_GROUP_HALF = int(0, 0xfff, 5);

const FIELDS: Readonly<Record<TokenKind, Fields>> = {
  creditElectricity: { ...ISSUE, amountDeciKwh: AMOUNT },
  creditWater: { ...ISSUE, amountDeciCubicMetre: AMOUNT },
  creditGas: { ...ISSUE, amountDeciCubicMetre: AMOUNT },
  creditTime: { ...ISSUE, amountDeciMinute: AMOUNT },
  currencyCredit: {
    resource: oneOf('electricity', 'water', 'gas', 'time'),
    tidMinutes: int(0, 0xff_ffff, 85_740),
    amountHundredThousandth: named(big(100_000n, 10n ** 34n), 'amount'),
  },
  setMaximumPowerLimit: { ...ISSUE, limitWatt: AMOUNT },
  clearCredit: { ...ISSUE, registerCode: WORD16 },
  setTariffRate: { ...ISSUE, rateRaw: WORD16 },
  clearTamper: ISSUE,
  setMaximumPhasePowerUnbalanceLimit: { ...ISSUE, limitWatt: AMOUNT },
  setWaterMeterFactor: { ...ISSUE, factorRaw: WORD16 },
  setFlag: { ...ISSUE, flag: int(0, 511, 3), isSet: bool(true) },
  setControl: { ...ISSUE, index: int(0, 62, 3), valueRaw: int(0, 1023, 7) },
  initiateTest: {
    // Which control fits depends on the digits.
    manufacturerDigits: named(oneOf(2, 4), 'control', 'manufacturerCode'),
    control: int(0, 2 ** 36 - 1, 1),
    manufacturerCode: int(0, 99, 1),
  },
  extendedRead: { index: int(0, 63, 5) },
  proprietaryTest: {
    subclass: named(int(6, 15, 11), 'control', 'manufacturerCode'),
    control: int(0, 2 ** 36 - 1, 1),
    manufacturerCode: int(0, 99, 1),
  },
  keyChangeSection1: {
    keyExpiryHigh: int(0, 15, 15),
    keyRevision: int(0, 15, 1),
    rollOver: bool(false),
    threeSections: bool(false),
    keyType: int(0, 3, 2),
    keyPart: KEY_PART,
  },
  keyChangeSection2: { keyExpiryLow: int(0, 15, 15), tariffIndex: int(0, 99, 1), keyPart: KEY_PART },
  keyChangeSection3Of3: { supplyGroupCode: text(/^[0-9]{6}$/, '201457') },
  keyChangeSection3Of4: { supplyGroupLow: SUPPLY_GROUP_HALF, keyPart: KEY_PART },
  keyChangeSection4: { supplyGroupHigh: SUPPLY_GROUP_HALF, keyPart: KEY_PART },
};

export const TOKEN_KINDS: readonly (readonly [TokenKind, Fields])[] = Object.entries(FIELDS).map(
  ([kind, fields]) => [kind as TokenKind, { kind: oneOf(kind), ...fields }],
);
