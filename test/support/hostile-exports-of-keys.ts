/** What lib, lib/crypto, lib/identity and lib/keys export to call. */
import {
  anything,
  bytes,
  int,
  list,
  named,
  object,
  oneOf,
  optional,
  text,
  trusted,
} from './hostile-kinds.ts';
import {
  ALGORITHM,
  BASE_DATE,
  block,
  CHANGE,
  DES_VENDING_KEY,
  derives,
  type Entry,
  HEX,
  hasFields,
  isBlock,
  isBoolean,
  isBytes,
  isInt,
  isNothing,
  isObject,
  isText,
  KEY_ATTRIBUTES,
  KEY_EXPIRY,
  KEY_REVISION,
  KEY_TYPE,
  METER_KEY_FIELDS,
  METER_PAN,
  MISTY1_KEY,
  ROLL_OVER_FIELDS,
  STA_KEY,
  SUPPLY_GROUP,
  TARIFF_INDEX,
  VENDING_KEY,
} from './hostile-places.ts';
import { TOKEN_KINDS } from './hostile-tokens.ts';

const LIBRARY: readonly Entry[] = [
  { name: 'faults#isStsFault', parameters: [['error', anything(1)]], gives: isBoolean },
  {
    name: 'faults#toProblem',
    parameters: [
      ['error', anything(new Error('x'))],
      ['requestId', trusted('the caller makes it; copied as it is', () => 'r1')],
    ],
    gives: hasFields('type', 'status', 'code', 'requestId'),
  },
  {
    name: 'faults#StsFault',
    parameters: [
      ['code', trusted('a literal of the source, checked by the compiler', () => 'amount_out_of_range')],
      ['detail', trusted('a literal of the source, checked by the compiler', () => 'x')],
    ],
    call: (callable, args) => Reflect.construct(callable, args),
    gives: hasFields('code', 'message'),
  },
  {
    name: 'hex#bytesFromHex',
    parameters: [['hex', HEX(STA_KEY)]],
    gives: (result) => result instanceof Uint8Array,
  },
  {
    name: 'hex#hexFromBytes',
    parameters: [
      [
        'bytes',
        { ...bytes(STA_KEY), accepts: (value) => ArrayBuffer.isView(value) && value instanceof Uint8Array },
      ],
    ],
    gives: isText(/^([0-9a-f]{2})*$/),
  },
  {
    name: 'hex#hexFromWord',
    parameters: [['word', int(-(2 ** 31), 2 ** 32 - 1, 7)]],
    gives: isText(/^[0-9a-f]{8}$/),
  },
  {
    name: 'decimal#decimalText',
    parameters: [
      ['value', int(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 12_345)],
      ['places', named(int(0, 15, 3), 'shown')],
      ['shown', optional(int(0, 15, 2))],
    ],
    gives: isText(/^-?[0-9]+(\.[0-9]+)?$/),
  },
];

const CRYPTO: readonly Entry[] = [
  {
    name: 'crypto/block-cipher#blockFromHex',
    parameters: [['block', text(/^[0-9a-fA-F]{16}$/, STA_KEY)]],
    gives: isBlock,
  },
  { name: 'crypto/block-cipher#blockFromBytes', parameters: [['bytes', bytes(STA_KEY)]], gives: isBlock },
  { name: 'crypto/block-cipher#bytesFromBlock', parameters: [['block', block()]], gives: isBytes(8) },
  {
    name: 'crypto/block-cipher#hexFromBlock',
    parameters: [['block', block()]],
    gives: isText(/^[0-9a-f]{16}$/),
  },
  {
    name: 'crypto/block-cipher#xorBlocks',
    parameters: [
      ['a', block()],
      ['b', block()],
    ],
    gives: isBlock,
  },
  {
    name: 'crypto/sta#createSta',
    parameters: [
      ['key', bytes(STA_KEY)],
      [
        'tables',
        trusted(
          'tables are constants of the source; compiled only when each is a permutation',
          () => undefined,
        ),
      ],
    ],
    gives: hasFields('keyBits'),
  },
  {
    name: 'crypto/misty1#createMisty1',
    parameters: [['key', bytes(MISTY1_KEY)]],
    gives: hasFields('keyBits'),
  },
  { name: 'crypto/misty1#expandKey', parameters: [['key', bytes(MISTY1_KEY)]], gives: isObject },
  {
    name: 'crypto/des#createDes',
    parameters: [['key', bytes(DES_VENDING_KEY)]],
    gives: hasFields('keyBits'),
  },
];

const IDENTITY: readonly Entry[] = [
  {
    name: 'identity/attributes#parseEncryptionAlgorithm',
    parameters: [['encryptionAlgorithm', ALGORITHM]],
    gives: (result) => result === 7 || result === 11,
  },
  {
    name: 'identity/attributes#algorithmName',
    parameters: [
      ['prefix', trusted('a literal of the source, checked by the compiler', () => 'EA')],
      ['code', anything(9)],
    ],
    gives: isText(/^(EA[0-9]{2}|a code that is no EA of two digits)$/),
  },
  {
    name: 'identity/attributes#parseSupplyGroupCode',
    parameters: [['supplyGroupCode', SUPPLY_GROUP]],
    gives: isText(/^[0-9]{6}$/),
  },
  {
    name: 'identity/attributes#assertTariffIndex',
    parameters: [['tariffIndex', TARIFF_INDEX]],
    gives: isNothing,
  },
  {
    name: 'identity/attributes#assertKeyRevision',
    parameters: [['keyRevision', KEY_REVISION]],
    gives: isNothing,
  },
  { name: 'identity/attributes#assertKeyExpiry', parameters: [['keyExpiry', KEY_EXPIRY]], gives: isNothing },
  { name: 'identity/attributes#assertKeyType', parameters: [['keyType', KEY_TYPE]], gives: isNothing },
  { name: 'identity/attributes#assertBaseDate', parameters: [['baseDate', BASE_DATE]], gives: isNothing },
  {
    name: 'identity/attributes#assertKeyTypes',
    parameters: [
      [
        'keyTypes',
        {
          ...list(KEY_TYPE, 2),
          accepts: (value) => list(KEY_TYPE, 2).accepts(value) && (value as unknown[]).length <= 4,
        },
      ],
      ['name', trusted('a literal of the source, checked by the compiler', () => 'keyTypes')],
    ],
    gives: isNothing,
  },
  {
    name: 'identity/attributes#assertKeyAttributes',
    parameters: [['fields', object(KEY_ATTRIBUTES)]],
    gives: isNothing,
  },
  {
    name: 'identity/luhn#luhnDigit',
    parameters: [['body', text(/^[0-9]+$/, '0000000000')]],
    gives: isInt(0, 9),
  },
  {
    name: 'identity/luhn#hasLuhnDigit',
    parameters: [['digits', text(/^[0-9]{2,}$/, '00000000000')]],
    gives: isBoolean,
  },
  {
    name: 'identity/meter-pan#parseMeterNumber',
    parameters: [['meter', text(/^[0-9\s-]{11,}$/, '600727000000000009')]],
    gives: hasFields('meterPan', 'issuerNumber', 'drn', 'manufacturerCode', 'serialNumber'),
  },
];

const KEYS: readonly Entry[] = [
  {
    name: 'keys/decoder-key#deriveDecoderKey DKGA04',
    parameters: [
      [
        'request',
        object({
          ...METER_KEY_FIELDS,
          decoderKeyAlgorithm: oneOf(4, 2),
          vendingKey: bytes(VENDING_KEY, DES_VENDING_KEY),
        }),
      ],
    ],
    gives: isBytes(8, 16),
  },
  {
    name: 'keys/decoder-key#deriveDecoderKey DKGA02',
    parameters: [
      [
        'request',
        object({
          ...METER_KEY_FIELDS,
          decoderKeyAlgorithm: oneOf(2, 4),
          vendingKey: bytes(DES_VENDING_KEY, VENDING_KEY),
        }),
      ],
    ],
    gives: isBytes(8, 16),
  },
  {
    name: 'keys/decoder-key#prepareVendingKey',
    parameters: [
      ['decoderKeyAlgorithm', oneOf(4, 2)],
      ['vendingKey', bytes(VENDING_KEY, DES_VENDING_KEY)],
      ['meter', object(METER_KEY_FIELDS)],
    ],
    call: derives,
    gives: isBytes(8, 16),
  },
  {
    name: 'keys/dkga02#dkga02',
    parameters: [
      ['vendingKey', bytes(DES_VENDING_KEY)],
      ['meter', object({ meterPan: METER_PAN, ...KEY_ATTRIBUTES })],
    ],
    call: derives,
    gives: isBytes(8),
  },
  {
    name: 'keys/dkga02#panBlock',
    parameters: [['meter', object({ meterPan: METER_PAN, keyType: KEY_TYPE })]],
    gives: isText(/^[0-9]{16}$/),
  },
  {
    name: 'keys/dkga02#controlBlock',
    parameters: [['meter', named(object(KEY_ATTRIBUTES), 'fields')]],
    gives: isText(/^[0-9]{10}f{6}$/),
  },
  {
    name: 'keys/dkga04#dkga04',
    parameters: [
      ['vendingKey', bytes(VENDING_KEY)],
      ['meter', object(METER_KEY_FIELDS)],
    ],
    call: derives,
    gives: isBytes(8, 16),
  },
  {
    name: 'keys/dkga04#dkga04Once',
    parameters: [
      ['vendingKey', bytes(VENDING_KEY)],
      ['meter', object(METER_KEY_FIELDS)],
    ],
    gives: isBytes(8, 16),
  },
  {
    name: 'keys/dkga04#dkga04Message',
    parameters: [['meter', object(METER_KEY_FIELDS)]],
    gives: isBytes(49),
  },
  {
    name: 'keys/key-change#keyChangeSections',
    parameters: [
      ['encryptionAlgorithm', named(ALGORITHM, 'newDecoderKey')],
      ['change', CHANGE],
    ],
    gives: Array.isArray,
  },
  {
    name: 'keys/key-change#isRollOver',
    parameters: [
      ['from', object({ ...ROLL_OVER_FIELDS, baseDate: oneOf('93', '14', '35') })],
      ['to', object({ ...ROLL_OVER_FIELDS, baseDate: oneOf('14', '93', '35') })],
    ],
    gives: isBoolean,
  },
  ...TOKEN_KINDS.filter(([kind]) => kind.startsWith('keyChange')).flatMap(([kind, fields]): Entry[] => [
    {
      name: `keys/key-change#assertKeyChangeSection ${kind}`,
      parameters: [['section', object(fields)]],
      gives: isNothing,
    },
    {
      name: `keys/key-change#assembleKeyChange ${kind}`,
      parameters: [['sections', named(list(object(fields), 1), 'section')]],
      gives: isNothing,
    },
  ]),
];

export const KEY_ENTRIES: readonly Entry[] = [...LIBRARY, ...CRYPTO, ...IDENTITY, ...KEYS];
