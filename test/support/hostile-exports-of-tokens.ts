/** What lib/token exports to make and to read tokens. */
import { CURRENCY_MAX_HUNDRED_THOUSANDTH } from '../../lib/token/currency-amount.ts';
import {
  anything,
  big,
  bytes,
  int,
  named,
  number,
  object,
  oneOf,
  text,
  trusted,
  unnamed,
} from './hostile-kinds.ts';
import {
  ALGORITHM,
  BASE_DATE,
  block,
  cipher,
  cipherFor,
  type Entry,
  hasFields,
  isBoolean,
  isInt,
  isText,
  KEY_EXPIRY,
  LAST_TID,
  MISTY1_KEY,
  NO_OBJECT,
  STA_KEY,
  TID,
  TOKEN_NO,
  WORD,
  word,
} from './hostile-places.ts';
import { TOKEN_KINDS } from './hostile-tokens.ts';

/** What is read back is what was put in; amounts may have been rounded up, debts toward zero. */
function carries(carried: unknown, token: unknown): boolean {
  return Object.entries(token as object).every(([field, value]) => {
    if (field === 'extra' || field === '__proto__') return true;
    const read = (carried as Record<string, unknown>)[field];
    const isRounded = /^(amount|limit)/.test(field);
    return isRounded ? (read as number) >= (value as number) : read === value;
  });
}

export const TOKEN_ENTRIES: readonly Entry[] = [
  ...TOKEN_KINDS.flatMap(([kind, fields]): Entry[] => {
    const token = unnamed(object(fields), NO_OBJECT);
    return [
      {
        name: `token/token#encodeToken ${kind}`,
        parameters: [
          ['token', token],
          ['cipher', cipherFor(kind)],
        ],
        gives: (result, [asked]) =>
          hasFields('tokenNo', 'carried')(result) &&
          /^[0-9]{20}$/.test((result as { tokenNo: string }).tokenNo) &&
          carries((result as { carried: unknown }).carried, asked),
      },
      {
        name: `token/token#writeClearBlock ${kind}`,
        parameters: [
          ['token', token],
          ['block', block()],
        ],
        gives: isInt(0, 2),
      },
      {
        name: `token/block-fields#writeFields ${kind}`,
        parameters: [
          ['token', token],
          ['block', block()],
        ],
        gives: isInt(0, 2),
      },
    ];
  }),
  {
    name: 'token/credit#encodeCreditElectricity',
    parameters: [
      [
        'credit',
        unnamed(
          object({
            tidMinutes: TID,
            rnd: int(0, 15, 5),
            amountDeciKwh: named(int(0, 18_201_624, 1), 'amount'),
          }),
          NO_OBJECT,
        ),
      ],
      ['cipher', cipher],
    ],
    gives: hasFields('tokenNo', 'carriedDeciKwh'),
  },
  {
    name: 'token/token#sealBlock',
    parameters: [
      ['tokenClass', word(0)],
      ['block', block()],
      ['cipher', cipher],
    ],
    gives: isText(/^[0-9]{20}$/),
  },
  {
    name: 'token/token#decodeTokenInto',
    parameters: [
      ['tokenNo', TOKEN_NO],
      ['cipher', cipher],
      ['block', block()],
    ],
    gives: hasFields('kind'),
  },
  {
    name: 'token/block-fields#writeIssued',
    parameters: [
      ['block', block()],
      ['tokenClass', word(0)],
      ['subclass', word(0)],
      ['tidMinutes', TID],
      ['rnd', int(0, 15, 5)],
      ['field', word(1)],
    ],
    gives: isInt(0, 2),
  },
  {
    name: 'token/token#decodeToken',
    parameters: [
      ['tokenNo', TOKEN_NO],
      ['cipher', cipher],
    ],
    gives: hasFields('kind'),
  },
  {
    name: 'token/amount#encodeAmount',
    parameters: [['amount', int(0, 18_201_624, 1)]],
    gives: isInt(0, 0xffff),
  },
  {
    name: 'token/amount#decodeAmount',
    parameters: [['field', int(0, 0xffff, 1)]],
    gives: isInt(0, 18_201_624),
  },
  {
    name: 'token/currency-amount#encodeCurrencyAmount',
    parameters: [['amount', big(100_000n, CURRENCY_MAX_HUNDRED_THOUSANDTH)]],
    gives: hasFields('signAndExponent', 'field'),
  },
  {
    name: 'token/currency-amount#decodeCurrencyAmount',
    parameters: [['fields', object({ signAndExponent: int(0, 15, 1), field: int(0, 0xffff, 1) })]],
    gives: (result) => typeof result === 'bigint',
  },
  {
    name: 'token/cipher#createTokenCipher EA07',
    parameters: [
      ['encryptionAlgorithm', named(ALGORITHM, 'key')],
      ['key', bytes(STA_KEY)],
    ],
    gives: hasFields('keyBits'),
  },
  {
    name: 'token/cipher#createTokenCipher EA11',
    parameters: [
      ['encryptionAlgorithm', named(oneOf(11, 7), 'key')],
      ['key', bytes(MISTY1_KEY)],
    ],
    gives: hasFields('keyBits'),
  },
  {
    name: 'token/crc#tokenCrc',
    parameters: [
      ['tokenClass', word(0)],
      ['high', word(1)],
      ['low', word(2)],
    ],
    gives: isInt(0, 0xffff),
  },
  {
    name: 'token/crc#currencyTokenCrc',
    parameters: [
      ['tokenClass', word(0)],
      ['high', word(1)],
      ['low', word(2)],
    ],
    gives: isInt(0, 0xffff),
  },
  {
    name: 'token/frame#tokenNoOfBlock',
    parameters: [
      ['tokenClass', word(0)],
      ['block', block()],
    ],
    gives: isText(/^[0-9]{20}$/),
  },
  {
    name: 'token/frame#blockOfToken66',
    parameters: [
      ['token', trusted(WORD, () => ({ top: 0, high: 1, low: 2 }))],
      ['block', block()],
    ],
    gives: isInt(0, 3),
  },
  {
    name: 'token/frame#readEncryptedBlock',
    parameters: [
      ['tokenNo', TOKEN_NO],
      ['block', block()],
    ],
    gives: isInt(0, 3),
  },
  {
    name: 'token/frame#scanEncryptedBlock',
    parameters: [
      ['tokenNo', anything('70630503470028726114')],
      ['block', block()],
    ],
    gives: (result) => result === undefined || isInt(0, 3)(result),
  },
  {
    name: 'token/frame#readClearBlock',
    parameters: [
      ['tokenNo', TOKEN_NO],
      ['cipher', cipher],
      ['block', block()],
    ],
    gives: isInt(0, 3),
  },
  {
    name: 'token/block-fields#tokenOfFields',
    parameters: [
      ['tokenClass', word(0)],
      ['block', block()],
      ['keyBits', trusted(WORD, () => 64)],
    ],
    gives: hasFields('kind'),
  },
  {
    name: 'token/block-fields#isRegisterCode',
    parameters: [['registerCode', anything(1)]],
    gives: (result, [code]) =>
      result === ([0, 1, 2, 3, 4, 5, 6, 7, 0xffff] as unknown[]).some((one) => one === code),
  },
  {
    name: 'token/block-fields#controlOfTest',
    parameters: [
      ['test', int(0, 36, 1)],
      ['manufacturerDigits', oneOf(2, 4)],
    ],
    gives: isInt(1, 2 ** 36 - 1),
  },
  {
    name: 'token/display-tests#testsOfControl',
    parameters: [
      ['control', int(0, 2 ** 36 - 1, 1)],
      ['manufacturerDigits', named(oneOf(2, 4), 'control')],
    ],
    gives: Array.isArray,
  },
  {
    name: 'token/tid#tidMinutesAt',
    parameters: [
      ['epochMillis', named(number(1_767_225_600_000), 'date')],
      ['baseDate', named(BASE_DATE, 'date')],
    ],
    gives: isInt(0, 0xff_ffff),
  },
  {
    name: 'token/tid#dateOfTid',
    parameters: [
      ['tidMinutes', TID],
      ['baseDate', BASE_DATE],
    ],
    gives: isInt(0, 2 ** 53),
  },
  { name: 'token/tid#isReservedMinute', parameters: [['tidMinutes', TID]], gives: isBoolean },
  {
    name: 'token/tid#nextTidMinutes',
    parameters: [
      ['nowTidMinutes', TID],
      ['lastTidMinutes', LAST_TID],
    ],
    gives: isInt(0, 0xff_ffff),
  },
  {
    name: 'token/tid#nextReservedTidMinutes',
    parameters: [
      ['nowTidMinutes', named(TID, 'date')],
      ['lastTidMinutes', named(LAST_TID, 'date')],
    ],
    gives: isInt(0, 0xff_ffff),
  },
  {
    name: 'token/tid#lastMinuteOfKey',
    parameters: [
      ['keyExpiry', KEY_EXPIRY],
      ['baseDate', BASE_DATE],
    ],
    gives: isInt(0, 2 ** 53),
  },
  { name: 'token/tid#lastMinuteOfBase', parameters: [['baseDate', BASE_DATE]], gives: isInt(0, 2 ** 53) },
  {
    name: 'token/tid#isExpired',
    parameters: [
      ['tidMinutes', TID],
      ['keyExpiry', KEY_EXPIRY],
    ],
    gives: isBoolean,
  },
  {
    name: 'token/token-no#tokenNoOf',
    parameters: [
      ['top', word(0)],
      ['high', word(1)],
      ['low', word(2)],
    ],
    gives: isText(/^[0-9]{20}$/),
  },
  {
    name: 'token/token-no#readTokenNo',
    parameters: [
      ['tokenNo', TOKEN_NO],
      ['into', trusted(WORD, () => ({ top: 0, high: 0, low: 0 }))],
    ],
    gives: hasFields('top', 'high', 'low'),
  },
  {
    name: 'token/token-no#scanTokenNo',
    parameters: [
      ['tokenNo', anything('70630503470028726114')],
      ['into', trusted(WORD, () => ({ top: 0, high: 0, low: 0 }))],
    ],
    gives: (result, [tokenNo]) =>
      (result === undefined) === TOKEN_NO.accepts(tokenNo) || result === 'token_number_too_large',
  },
  {
    name: 'token/token-no#parseTokenNo',
    parameters: [['tokenNo', text(/^([\s-]*[0-9]){20}[\s-]*$/, '7063 0503 4700 2872 6114')]],
    gives: isText(/^[0-9]{20}$/),
  },
  {
    name: 'token/token-no#groupTokenNo',
    parameters: [['tokenNo', text(/^/, '70630503470028726114')]],
    gives: isText(/^/),
  },
  {
    name: 'token/token-no#maskTokenNo',
    parameters: [['tokenNo', text(/^/, '70630503470028726114')]],
    gives: (result) => typeof result === 'string' && result.length <= 5,
  },
];
