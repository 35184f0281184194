/**
 * One-line faults, each against a rule that money or light depends on. `find` stands exactly once in its file; `put` is the
 * fault. Every one must make at least one of the quick tests fail: see `run.ts`.
 */
export interface Fault {
  readonly file: string;
  readonly find: string;
  readonly put: string;
  /** The rule that the fault breaks. */
  readonly rule: string;
}

const CRC = 'lib/token/crc.ts';
const AMOUNT = 'lib/token/amount.ts';
const CURRENCY = 'lib/token/currency-amount.ts';
const FRAME = 'lib/token/frame.ts';
const DIGITS = 'lib/token/token-no.ts';
const TID = 'lib/token/tid.ts';
const FIELDS = 'lib/token/block-fields.ts';
const TOKEN = 'lib/token/token.ts';
const STA = 'lib/crypto/sta.ts';
const MISTY1 = 'lib/crypto/misty1.ts';
const DES = 'lib/crypto/des.ts';
const HMAC = 'lib/crypto/hmac-sha256.ts';
const DKGA02 = 'lib/keys/dkga02.ts';
const DKGA04 = 'lib/keys/dkga04.ts';
const DECODER_KEY = 'lib/keys/decoder-key.ts';
const CHANGE = 'lib/keys/key-change.ts';
const MEMORY = 'lib/meter/tid-memory.ts';
const LOCKOUT = 'lib/meter/lockout.ts';
const ENTER = 'lib/meter/enter-token.ts';
const ASSEMBLY = 'lib/meter/key-change-assembly.ts';
const PLAN = 'lib/token/issue-plan.ts';
const REGISTER = 'lib/token/issue-register.ts';

export const SEEDED_FAULTS: readonly Fault[] = [
  { file: CRC, find: '0xa001', put: '0xa003', rule: 'CRC polynomial' },
  {
    file: CRC,
    find: 'const START = share(6, 0xff) ^ share(5, 0xff)',
    put: 'const START = 0',
    rule: 'CRC starts at FFFF',
  },
  { file: CRC, find: '((crc & 0xff) << 8) | (crc >>> 8)', put: 'crc', rule: 'CRC bytes are exchanged' },
  {
    file: CRC,
    find: ' ^ share(0, APPENDED)',
    put: '',
    rule: 'CRC_C appends 01',
  },
  { file: CRC, find: 'share(after + 3, high >>> 8) ^', put: '', rule: 'CRC covers every byte' },
  { file: TOKEN, find: 'high >>> 30 === 1', put: 'high >>> 29 === 1', rule: 'CRC_C for subclasses 4 to 7' },
  {
    file: TOKEN,
    find: '(low & 0xffff) !==',
    put: '(low & 0x7fff) !==',
    rule: 'all 16 bits of the CRC are compared',
  },
  {
    file: TOKEN,
    find: 'if (tokenClass !== 1) cipher',
    put: 'if (tokenClass === 0) cipher',
    rule: 'class 2 is encrypted',
  },
  { file: AMOUNT, find: 'Math.ceil(above', put: 'Math.round(above', rule: 'amounts round up' },
  {
    file: AMOUNT,
    find: '(step - 1)) / 9',
    put: '(step - 1)) / 10',
    rule: 'where the range of an exponent begins',
  },
  {
    file: AMOUNT,
    find: 'Math.max(0, units',
    put: 'Math.abs(units',
    rule: 'the gap above a range takes the next first value',
  },
  { file: AMOUNT, find: '18_201_624;', put: '18_201_623;', rule: 'the greatest amount is carried' },
  { file: CURRENCY, find: 'above + step - 1n', put: 'above', rule: 'money credit rounds up' },
  {
    file: CURRENCY,
    find: 'negative ? codeDown(magnitude) : codeUp(magnitude)',
    put: 'codeUp(magnitude)',
    rule: 'a debt rounds toward zero',
  },
  { file: CURRENCY, find: '(negative ? 8 : 0)', put: '(negative ? 0 : 8)', rule: 'sign bit 1 is negative' },
  { file: CURRENCY, find: 'exponent >>> 2', put: 'exponent >>> 3', rule: 'three exponent bits in S&E' },
  {
    file: CURRENCY,
    find: 'magnitude >= offset',
    put: 'magnitude > offset',
    rule: 'a debt at the start of a range takes that range',
  },
  { file: FRAME, find: 'CLASS_SHIFT = 27', put: 'CLASS_SHIFT = 28', rule: 'class stands in bits 28 and 27' },
  {
    file: FRAME,
    find: '(token.top << CLASS_SHIFT)',
    put: '((token.top ^ 1) << CLASS_SHIFT)',
    rule: 'bits 65 and 64 go back unchanged',
  },
  {
    file: FRAME,
    find: 'tokenClass === 0 || tokenClass === 2',
    put: 'tokenClass !== 2',
    rule: 'class 1 is clear when read',
  },
  { file: DIGITS, find: 'if (top > 3)', put: 'if (top > 4)', rule: '2^66 is no token' },
  { file: DIGITS, find: 'tokenNo.length !== 20', put: 'tokenNo.length < 20', rule: 'twenty digits, no more' },
  {
    file: DIGITS,
    find: '48 + (((third / 100) | 0) % 10)',
    put: '48 + (((third / 10) | 0) % 10)',
    rule: 'every digit from its own place',
  },
  {
    file: DIGITS,
    find: 'sum = limb3 * GROUP + (sum >>> 16)',
    put: 'sum = limb3 * GROUP',
    rule: 'the carry from limb to limb',
  },
  {
    file: TID,
    find: 'MINUTES_PER_DAY === 1',
    put: 'MINUTES_PER_DAY === 0',
    rule: 'the reserved minute is 00:01',
  },
  { file: TID, find: 'lastTidMinutes + 1)', put: 'lastTidMinutes)', rule: 'successive TIDs in one minute' },
  {
    file: TID,
    find: 'if (isReservedMinute(tid)) tid += 1;',
    put: '',
    rule: 'the reserved minute is passed over',
  },
  { file: TID, find: 'if (tid > TID_MAX) throw outOfRange();', put: '', rule: 'a base date ends' },
  { file: TID, find: '>>> 16 > keyExpiry', put: '>>> 16 >= keyExpiry', rule: 'KEN itself is still good' },
  { file: TID, find: 'Date.UTC(2035, 0, 1)', put: 'Date.UTC(2034, 0, 1)', rule: 'base date 2035' },
  {
    file: FIELDS,
    find: '(rnd << 24) | tidMinutes',
    put: '(rnd << 20) | tidMinutes',
    rule: 'RND stands in bits 59-56',
  },
  { file: FIELDS, find: '(rollOver ? 8 : 0)', put: '(rollOver ? 4 : 0)', rule: 'RO is bit 51' },
  {
    file: FIELDS,
    find: '(supplyGroup << 4)',
    put: '(supplyGroup << 8)',
    rule: 'SGC of a third section in bits 59-36',
  },
  {
    file: FIELDS,
    find: '(section.keyExpiryLow << 8)',
    put: '(section.keyExpiryLow << 4)',
    rule: 'KENLO in bits 59-56',
  },
  {
    file: FIELDS,
    find: 'manufacturerDigits === 2 ? 99 : 9999',
    put: 'manufacturerDigits === 2 ? 255 : 9999',
    rule: 'a maker of two digits ends at 99',
  },
  {
    file: FIELDS,
    find: 'supplyGroup > 999_999 || rest !== 0',
    put: 'supplyGroup > 999_999',
    rule: 'the zeros of a third section are looked at',
  },
  {
    file: STA,
    find: '(low >>> 12) | (high << 20)',
    put: '(low >>> 11) | (high << 21)',
    rule: 'the key register starts 12 to the right',
  },
  {
    file: STA,
    find: '(word >>> 3) & 0x11111111',
    put: '(word >>> 2) & 0x11111111',
    rule: 'the selector is bit 4n+3',
  },
  {
    file: STA,
    find: 'const u2 = inverse(tables.s2',
    put: 'const u2 = inverse(tables.s1',
    rule: 'decryption undoes S2 where it was used',
  },
  {
    file: MISTY1,
    find: 'return (t1 << 16) | t0',
    put: 'return (t0 << 16) | t1',
    rule: 'FO leaves with exchanged halves',
  },
  {
    file: MISTY1,
    find: '((half + 6) & 7) + 8',
    put: '((half + 5) & 7) + 8',
    rule: 'FL key words of even layers',
  },
  {
    file: DES,
    find: '[1, 1, 2, 2, 2, 2, 2, 2, 1,',
    put: '[1, 1, 2, 2, 2, 2, 2, 2, 2,',
    rule: 'DES shifts by one in round 9',
  },
  { file: DES, find: 'this.#subkeys, 15, -1', put: 'this.#subkeys, 0, 1', rule: 'DES decrypts backwards' },
  {
    file: DKGA02,
    find: 'meterPan.slice(1, -1)',
    put: 'meterPan.slice(2)',
    rule: 'no check digit of the PAN in the PAN block',
  },
  {
    file: DKGA02,
    find: "startsWith('600727') ? 11 : 13",
    put: "startsWith('600727') ? 13 : 11",
    rule: 'a common key has no DRN digits',
  },
  { file: DES, find: '(28 - by)', put: '(27 - by)', rule: 'DES turns halves of 28 bits' },
  {
    file: DKGA02,
    find: '^ low ^ keyLow',
    put: '^ keyLow',
    rule: 'the key has X in it once more (sts.md 6.2)',
  },
  {
    file: DKGA04,
    find: 'tariff: 11',
    put: 'tariff: 12',
    rule: 'where the tariff index stands in the message',
  },
  { file: HMAC, find: 'OUTER_PAD = 0x5c', put: 'OUTER_PAD = 0x36', rule: 'the outer pad of HMAC' },
  { file: DKGA04, find: '8 * DECODER_KEY_BYTES', put: 'DECODER_KEY_BYTES', rule: 'output length is in bits' },
  {
    file: DECODER_KEY,
    find: 'if (keyType === 0)',
    put: 'if (keyType === undefined)',
    rule: 'no initial key is derived',
  },
  {
    file: CHANGE,
    find: 'keyPart: words.getUint32(4) }',
    put: 'keyPart: words.getUint32(8) }',
    rule: 'NKMO2 comes before NKMO1',
  },
  { file: CHANGE, find: 'change.keyExpiry & 15', put: 'change.keyExpiry & 7', rule: 'four bits of KENLO' },
  { file: CHANGE, find: 'supplyGroup >>> 12', put: 'supplyGroup >>> 8', rule: 'SGCHO is the upper half' },
  {
    file: CHANGE,
    find: 'if (first.threeSections && third64 === undefined) return undefined;',
    put: '',
    rule: 'a set of three waits for its third',
  },
  {
    file: CHANGE,
    find: 'if (years < 0) throw new RangeError',
    put: 'if (years < -9) throw new RangeError',
    rule: 'no base date moves back',
  },
  {
    file: CHANGE,
    find: 'if (from.meterPan !== to.meterPan)',
    put: 'if (from.meterPan === undefined)',
    rule: 'a key change is between two keys of one meter',
  },
  {
    file: CHANGE,
    find: 'if (from.encryptionAlgorithm !== to.encryptionAlgorithm)',
    put: 'if (from.encryptionAlgorithm === undefined)',
    rule: 'a meter keeps its encryption algorithm',
  },
  {
    file: FIELDS,
    find: 'manufacturerCode <= most',
    put: 'manufacturerCode <= most + 1',
    rule: 'a maker code has its digits',
  },
  {
    file: FIELDS,
    find: 'supplyGroup > 999_999',
    put: 'supplyGroup > 1_000_000',
    rule: 'an SGC has six digits',
  },
  {
    file: FIELDS,
    find: 'return tariffIndex <= 99',
    put: 'return tariffIndex <= 100',
    rule: 'a TI has two digits',
  },
  { file: MEMORY, find: "return 'used'", put: "return 'fresh'", rule: 'a token credits once' },
  {
    file: MEMORY,
    find: 'tidMinutes < smallest(memory)',
    put: 'tidMinutes <= smallest(memory) + 1',
    rule: 'old means below the smallest',
  },
  { file: MEMORY, find: 'memory.indexOf(smallest(memory))', put: '0', rule: 'the smallest entry makes room' },
  { file: MEMORY, find: 'entry < least', put: 'entry > least', rule: 'the smallest is the least' },
  { file: LOCKOUT, find: '2 ** (costly - 1)', put: '2 ** costly', rule: 'the first wait is the first' },
  {
    file: LOCKOUT,
    find: 'nowSeconds < lockout',
    put: 'nowSeconds <= lockout',
    rule: 'a wait ends with its second',
  },
  { file: LOCKOUT, find: 'if (costly <= 0)', put: 'if (costly < 0)', rule: 'the free failures are free' },
  { file: LOCKOUT, find: ', policy.longestWaitSeconds)', put: ', Infinity)', rule: 'waits have an end' },
  { file: ENTER, find: '&& tokenClass !== 1', put: '', rule: 'clear tokens are read in a lockout' },
  {
    file: ENTER,
    find: 'return isExpired(token.tidMinutes, state.keyExpiry) ?',
    put: 'return false ?',
    rule: 'an expired key credits nothing',
  },
  {
    file: ENTER,
    find: 'return refusedUnder.includes(state.keyType)',
    put: 'return refusedUnder.includes(2)',
    rule: 'no credit under a default key',
  },
  {
    file: ENTER,
    find: 'isRemembered = configuration.refusedTokensAreRemembered',
    put: 'isRemembered = !configuration.refusedTokensAreRemembered',
    rule: 'a refused token may be keyed later',
  },
  {
    file: ENTER,
    find: 'if (digits !== own.length) return false;',
    put: '',
    rule: 'the width of the maker’s code is the meter’s',
  },
  {
    file: ENTER,
    find: 'return configuration.supported.includes(token.kind)',
    put: 'return true',
    rule: 'what a meter lacks it refuses',
  },
  {
    file: ASSEMBLY,
    find: '> configuration.keyChangeTimeoutSeconds',
    put: '> 1e9',
    rule: 'a half set is forgotten in time',
  },
  {
    file: ASSEMBLY,
    find: 'stored !== undefined && !sameSection(stored, section)',
    put: 'false',
    rule: 'sections of two sets are never joined',
  },
  {
    file: ASSEMBLY,
    find: 'if (section.threeSections && state.encryptionAlgorithm === 11)',
    put: 'if (section.threeSections && state.encryptionAlgorithm === 7)',
    rule: 'a set of four announces no third section',
  },
  {
    file: ASSEMBLY,
    find: 'Number(change.supplyGroupCode) > GREATEST_SUPPLY_GROUP',
    put: 'Number(change.supplyGroupCode) > 2 * GREATEST_SUPPLY_GROUP',
    rule: 'a supply group has six digits',
  },
  {
    file: ASSEMBLY,
    find: 'keyExpiry: change.keyExpiry',
    put: 'keyExpiry: state.keyExpiry',
    rule: 'KEN comes with the new key',
  },
  {
    file: ASSEMBLY,
    find: '(later ?? state.baseDate) : state.baseDate',
    put: 'state.baseDate : state.baseDate',
    rule: 'a roll-over moves the base date',
  },
  {
    file: PLAN,
    find: 'rollOver = to.baseDate !== meter.baseDate',
    put: 'rollOver = to.baseDate === meter.baseDate',
    rule: 'RO goes with a new base date',
  },
  {
    file: PLAN,
    find: 'credit = planCredit(wanted, isCarriedOver ? meter.lastTidMinutes : -1,',
    put: 'credit = planCredit(wanted, meter.lastTidMinutes,',
    rule: 'a new base date begins a new count',
  },
  {
    file: PLAN,
    find: 'Math.max(pending.lastTidMinutes, isCarriedOver ? meter.lastTidMinutes : -1)',
    put: 'meter.lastTidMinutes',
    rule: 'the count of the new base date goes on with a set issued again',
  },
  {
    file: PLAN,
    find: 'last = Math.max(lastTidMinutes, 0)',
    put: 'last = Math.max(lastTidMinutes, -1)',
    rule: 'TID 0 is not for use',
  },
  {
    file: PLAN,
    find: "if (step === 1 && isSameKeyWithoutBaseDate(meter, to)) return 'rollOverKeepsKey';",
    put: '',
    rule: 'a roll-over brings another key',
  },
  {
    file: PLAN,
    find: 'keyExpiry: Math.min(present.keyExpiry, wanted.keyExpiry)',
    put: 'keyExpiry: Math.max(present.keyExpiry, wanted.keyExpiry)',
    rule: 'the earlier KEN holds',
  },
  {
    file: PLAN,
    find: 'const pending = meter.issuedKeyChange;',
    put: 'const pending = undefined as typeof meter.issuedKeyChange;',
    rule: 'a set that nobody confirmed is issued again',
  },
  {
    file: REGISTER,
    find: 'isSameBase ? Math.max(meter.lastTidMinutes, lastTidMinutes) : lastTidMinutes',
    put: 'Math.max(meter.lastTidMinutes, lastTidMinutes)',
    rule: 'no TID of the old base date is carried over',
  },
];
