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

/** Thrown by hostile objects when they are read: it must come out as it is, or not at all. */
export class Trap extends Error {}

function trap(): never {
  throw new Trap('a hostile object was read');
}

/** Every operation on it throws. */
function trappedProxy(): object {
  const operations = Object.getOwnPropertyNames(Reflect).filter((name) => name in Reflect);
  return new Proxy({}, Object.fromEntries(operations.map((name) => [name, trap])));
}

function detachedBytes(): Uint8Array {
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  return detached;
}

/** For every place where a value can be put: what it is called, and how to make a fresh one. */
export const HOSTILE_VALUES: readonly (readonly [what: string, make: () => unknown])[] = [
  ...[undefined, null, true, false, Number.NaN, -0, 0, 1, -1, 0.5, 1.5, -1.5, Number.POSITIVE_INFINITY].map(
    plain,
  ),
  ...[Number.NEGATIVE_INFINITY, 7.000001, 16, 2 ** 24, 2 ** 31, 2 ** 32, 2 ** 53, 2 ** 53 + 2].map(plain),
  ...[1e300, 5e-324, 1n, 10n, -1n, 2n ** 66n, 2n ** 4096n].map(plain),
  ...[
    '',
    '0',
    '1',
    '01',
    '7',
    '07',
    '14',
    '1.5',
    ' 1',
    '1\n',
    '-1',
    '0x10',
    '1e3',
    'NaN',
    'true',
    'false',
  ].map(plain),
  ...['null', '__proto__', 'constructor', 'toString', 'length', '\0', '\ud800', '\udfff', '201457\n'].map(
    plain,
  ),
  ...[
    '٢٠١٤٥٧',
    '１１１１１１１１１１１１１１１１１１１１',
    '73786976294838206464',
    "'; drop table meters; --",
  ].map(plain),
  ['100,000 digits', () => '1'.repeat(100_000)],
  ['100,000 letters', () => 'a'.repeat(100_000)],
  ['100,000 spaces', () => ' '.repeat(100_000)],
  ['[]', () => []],
  ['[1]', () => [1]],
  ["['14']", () => ['14']],
  ['[7]', () => [7]],
  ['an array of 8', () => [1, 2, 3, 4, 5, 6, 7, 8]],
  ['an array of 1e300', () => new Array<number>(8).fill(1e300)],
  ['a sparse array', () => new Array(8)],
  ['the longest sparse array', () => new Array(2 ** 32 - 1)],
  ['an array in itself', inItself],
  ['{}', () => ({})],
  ['an object without prototype', () => Object.create(null)],
  ['valueOf', () => ({ valueOf: () => 1 })],
  ['toString', () => ({ toString: () => '14' })],
  ['toPrimitive', () => ({ [Symbol.toPrimitive]: () => 7 })],
  ['a toString that throws', () => ({ toString: trap, valueOf: trap })],
  ['__proto__ as a field', () => JSON.parse('{"__proto__":{"polluted":true,"kind":"creditElectricity"}}')],
  ['constructor as a field', () => JSON.parse('{"constructor":{"prototype":{"polluted":true}}}')],
  ['a frozen object', () => Object.freeze({ kind: 'frozen' })],
  ['a proxy that throws', trappedProxy],
  ['getters that throw', () => Object.defineProperty({}, 'kind', { get: trap, enumerable: true })],
  ['a function', () => () => 1],
  ['a class', () => class {}],
  ['a symbol', () => Symbol('x')],
  ['no date', () => new Date(Number.NaN)],
  ['a date', () => new Date(0)],
  ...[0, 7, 9, 15, 17, 19, 21].map((length) => [`${length} bytes`, () => new Uint8Array(length)] as const),
  ['bytes that are detached', detachedBytes],
  ['what claims to be bytes', () => Object.create(Uint8Array.prototype)],
  ['a proxy of bytes', () => new Proxy(new Uint8Array(8), {})],
  ['8 words', () => new Uint16Array(8)],
  ['8 signed bytes', () => new Int8Array(8)],
  ['8 clamped bytes', () => new Uint8ClampedArray(8)],
  ['8 floats', () => new Float64Array(8)],
  ['8 bigints', () => new BigUint64Array(8)],
  ['a view', () => new DataView(new ArrayBuffer(8))],
  ['a buffer', () => new ArrayBuffer(8)],
  ['a shared buffer', () => new SharedArrayBuffer(8)],
  ['a number in a box', () => Object(1)],
  ['a text in a box', () => Object('14')],
  ['true in a box', () => Object(true)],
  ['a map', () => new Map([['kind', 'setFlag']])],
  ['a set', () => new Set([1])],
  ['a promise', () => Promise.resolve(1)],
  ['an expression', () => /x/],
  ['an error', () => new Error('x')],
];

function plain(value: unknown): readonly [string, () => unknown] {
  return [
    typeof value === 'bigint' ? `${String(value).slice(0, 24)}n` : (JSON.stringify(value) ?? 'undefined'),
    () => value,
  ];
}

function inItself(): unknown[] {
  const array: unknown[] = [];
  array.push(array);
  return array;
}
