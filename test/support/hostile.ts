/** Values that no entry point of the library may accept in place of what it asks for. */

const HOSTILE_NUMBERS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -1,
  0.5,
  2 ** 53,
  1e300,
] as const;

const HOSTILE_OTHERS = [undefined, null, true, {}, [], [1], () => 1, Symbol('x'), 10n, new Date(0)] as const;

/** Everything that is no integer in range; strings of digits among them, because JSON brings those. */
export const NOT_AN_INTEGER: readonly unknown[] = [...HOSTILE_NUMBERS, ...HOSTILE_OTHERS, '1', '', 'NaN'];

/** Everything that is no 20 digits. */
export const NOT_A_TOKEN_NO: readonly unknown[] = [
  ...HOSTILE_NUMBERS,
  ...HOSTILE_OTHERS,
  '',
  '1234567890123456789',
  '123456789012345678901',
  '1234567890123456789O',
  '1234567890123456789\u0661',
  '-1234567890123456789',
  '0x345678901234567890',
  '1e345678901234567890',
  '12345678901234567.90',
  '73786976294838206464',
  '99999999999999999999',
  `${'1'.repeat(19)}\0`,
  '1'.repeat(100_000),
];

/** Everything that is no meter number. */
export const NOT_A_METER_NUMBER: readonly unknown[] = [
  ...HOSTILE_NUMBERS,
  ...HOSTILE_OTHERS,
  '',
  '0',
  '12345678904',
  '1111111111',
  'A1111111115',
  '600727111111111154',
  '111111111111111111',
  '١١١١١١١١١١٥',
  '1'.repeat(100_000),
];

/** Everything that is no 8-byte key, and no 16- or 20-byte one either. */
export const NOT_A_KEY: readonly unknown[] = [
  ...HOSTILE_NUMBERS,
  ...HOSTILE_OTHERS,
  '0123456789abcdef',
  new Uint8Array(0),
  new Uint8Array(7),
  new Uint8Array(9),
  new Uint8Array(17),
  new Uint16Array(8),
  new ArrayBuffer(8),
];
