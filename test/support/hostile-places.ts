/** What parameters of the library are, by name, and the checks of what comes out. The keys are public test values of STS 531-1. */
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { bool, int, type Kind, number, object, oneOf, optional, text, trusted } from './hostile-kinds.ts';

export interface Entry {
  /** 'module#name', and after a space which of several ways it is called. */
  readonly name: string;
  readonly parameters: readonly (readonly [name: string, kind: Kind])[];
  /** Whether an answer is of the documented kind. */
  readonly gives: (result: unknown, args: readonly unknown[]) => boolean;
  /** How it is called, where it is not simply called. */
  readonly call?: (callable: (...args: unknown[]) => unknown, args: readonly unknown[]) => unknown;
}

export const STA_KEY = '87f3ecbb2e46b48f';
export const MISTY1_KEY = '929bd3a415c9420a05ec5ee9f3ce91c3';
export const DES_VENDING_KEY = 'abababababababab';
export const VENDING_KEY = 'abababababababab949494949494949401234567';

/** No refusal may quote any of these. */
export const SECRETS = [STA_KEY, MISTY1_KEY, DES_VENDING_KEY, VENDING_KEY];

export const TID = int(0, 0xff_ffff, 85_740);
export const LAST_TID = int(-1, 0xff_ffff, 85_739);
export const BASE_DATE = oneOf('14', '93', '35');
export const KEY_TYPE = int(0, 3, 2);
export const METER_PAN = text(/^[0-9]{18}$/, '600727000000000009');
export const SUPPLY_GROUP = text(/^[0-9]{6}$/, '201457');
export const TOKEN_NO = text(/^[0-9]{20}$/, '70630503470028726114');
export const HEX = (sample: string) => text(/^([0-9a-fA-F]{2})*$/, sample);
export const TARIFF_INDEX = int(0, 99, 1);
export const KEY_REVISION = int(1, 9, 1);
export const KEY_EXPIRY = int(0, 255, 255);
export const ALGORITHM = oneOf(7, 11);
export const MOMENT = optional(number(1_767_225_600_000));

export const WORD = 'hot path: two words that the caller has masked, once a token';
export const OWN_BLOCK = 'hot path: a block is a Uint32Array of two words that the caller owns';
export const NO_OBJECT =
  'hot path: a value that has no fields at all is left to the engine, which names the field it missed';

export const block = () => trusted(OWN_BLOCK, () => Uint32Array.of(0x05014eec, 0x00013188));
export const word = (sample: number) => trusted(WORD, () => sample);
export const LONG_SECTIONS = ['keyChangeSection3Of4', 'keyChangeSection4'];
export const cipherFor = (kind: string) => (LONG_SECTIONS.includes(kind) ? longCipher : cipher);
export const longCipher = trusted('a cipher is made by createTokenCipher, no data of a caller', () =>
  createTokenCipher(11, Uint8Array.from(Buffer.from(MISTY1_KEY, 'hex'))),
);
export const cipher = trusted('a cipher is made by createTokenCipher, no data of a caller', () =>
  createTokenCipher(7, Uint8Array.from(Buffer.from(STA_KEY, 'hex'))),
);

export const isText = (pattern: RegExp) => (result: unknown) =>
  typeof result === 'string' && pattern.test(result);
export const isInt = (min: number, max: number) => (result: unknown) =>
  typeof result === 'number' && Number.isInteger(result) && result >= min && result <= max;
export const isBytes =
  (...lengths: number[]) =>
  (result: unknown) =>
    result instanceof Uint8Array && lengths.includes(result.length);
export const isBlock = (result: unknown) => result instanceof Uint32Array && result.length === 2;
export const isBoolean = (result: unknown) => typeof result === 'boolean';
export const isNothing = (result: unknown) => result === undefined;
export const isObject = (result: unknown) => typeof result === 'object' && result !== null;
export const hasFields =
  (...fields: string[]) =>
  (result: unknown) =>
    isObject(result) && fields.every((field) => field in (result as object));

export const METER_KEY_FIELDS = {
  encryptionAlgorithm: ALGORITHM,
  meterPan: METER_PAN,
  supplyGroupCode: SUPPLY_GROUP,
  tariffIndex: TARIFF_INDEX,
  keyRevision: KEY_REVISION,
  keyType: KEY_TYPE,
  baseDate: BASE_DATE,
};
/** What isRollOver reads. */
export const ROLL_OVER_FIELDS = { encryptionAlgorithm: ALGORITHM, meterPan: METER_PAN };
export const KEY_ATTRIBUTES = {
  supplyGroupCode: SUPPLY_GROUP,
  tariffIndex: TARIFF_INDEX,
  keyRevision: KEY_REVISION,
  keyType: KEY_TYPE,
};
export const CHANGE = object({
  newDecoderKey: HEX(STA_KEY),
  keyExpiry: KEY_EXPIRY,
  ...KEY_ATTRIBUTES,
  rollOver: bool(false),
  threeSections: bool(false),
});

export const derives = (callable: (...args: unknown[]) => unknown, args: readonly unknown[]) =>
  (callable(...args.slice(0, -1)) as (meter: unknown) => unknown)(args.at(-1));

/** A span of time: any number from 0. */
export const SECONDS: Kind = {
  sample: () => 0,
  accepts: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};
