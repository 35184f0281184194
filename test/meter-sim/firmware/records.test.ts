import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32 } from '../../../meter-sim/firmware/crc32.ts';
import {
  type AccountRecord,
  decodeAccountRecord,
  decodeTokenRecord,
  encodeAccountRecord,
  encodeTokenRecord,
  type TokenRecord,
} from '../../../meter-sim/firmware/records.ts';

const test = suite('meter-sim/firmware/records');

const ACCOUNT: AccountRecord = {
  sequence: 0xfffffffe,
  tokenSequence: 77,
  acceptedMilliWh: 9_999_999_990_000,
  balanceMilliWh: -123_456_789,
  totalMilliWh: 10_000_123_446_789,
  remainderMilliJoule: 3_599,
  relayCommand: 'closed',
  opening: { meanMicros: 8_123, deviationMicros: 151, operations: 16 },
  closing: { meanMicros: 9_321, deviationMicros: 149, operations: 255 },
  lockout: { failures: 9, untilSeconds: 2 ** 33 },
};

const TOKEN: TokenRecord = {
  ...ACCOUNT,
  application: {
    meterPan: '600727111111111157',
    encryptionAlgorithm: 11,
    // A published test key.
    decoderKey: '82d24a23ec8c89411b7afdb6bd33bba1',
    keyType: 2,
    keyRevision: 1,
    keyExpiry: 255,
    supplyGroupCode: '201457',
    tariffIndex: 1,
    baseDate: '14',
    tidMemory: Array.from({ length: 50 }, (_, slot) => (slot * 335_544 + 1) % 2 ** 24),
  },
};

test('CRC-32 gives the check value of its definition', () => {
  assert.is(crc32(new TextEncoder().encode('123456789')), 0xcbf43926);
  assert.is(crc32(new Uint8Array()), 0);
});

test('records come back as they were written, at the edges of every field', () => {
  assert.equal(decodeAccountRecord(encodeAccountRecord(ACCOUNT)), ACCOUNT);
  assert.equal(decodeTokenRecord(encodeTokenRecord(TOKEN)), TOKEN);
  const ea07: TokenRecord = {
    ...TOKEN,
    application: {
      ...TOKEN.application,
      encryptionAlgorithm: 7,
      decoderKey: '87f3ecbb2e46b48f',
      baseDate: '93',
    },
  };
  assert.equal(decodeTokenRecord(encodeTokenRecord(ea07)), ea07);
});

test('any flipped bit makes a record nothing at all', () => {
  let flips = 0;
  for (const [bytes, decode] of [
    [encodeAccountRecord(ACCOUNT), decodeAccountRecord],
    [encodeTokenRecord(TOKEN), decodeTokenRecord],
  ] as const) {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const torn = bytes.slice();
      torn[bit >> 3]! ^= 1 << (bit & 7);
      assert.is(decode(torn), undefined);
      flips += 1;
    }
  }
  console.log(`  ${flips} single bits flipped in records, 0 read as a record`);
});

test('blank memory, the other kind and a record that breaks the books are no records', () => {
  assert.is(decodeAccountRecord(new Uint8Array(64).fill(0xff)), undefined);
  assert.is(decodeAccountRecord(new Uint8Array(64)), undefined);
  assert.is(decodeTokenRecord(new Uint8Array(256).fill(0xff)), undefined);
  const other = encodeAccountRecord(ACCOUNT);
  other[1] = 0x54;
  new DataView(other.buffer).setUint32(60, crc32(other.subarray(0, 60)));
  assert.is(decodeAccountRecord(other), undefined);
  assert.is(decodeAccountRecord(encodeAccountRecord({ ...ACCOUNT, balanceMilliWh: 5 })), undefined);
});

test('a whole record of a later version is named, not guessed at', () => {
  const later = encodeAccountRecord(ACCOUNT);
  later[0] = 2;
  new DataView(later.buffer).setUint32(60, crc32(later.subarray(0, 60)));
  assert.is(decodeAccountRecord(later), 'newer');
});

test('more TIDs than a record holds are the programmer’s mistake', () => {
  assert.throws(
    () =>
      encodeTokenRecord({
        ...TOKEN,
        application: { ...TOKEN.application, tidMemory: new Array(56).fill(0) },
      }),
    (error: unknown) => error instanceof RangeError && error.message.includes('"tidMemory"'),
  );
});

test.run();
