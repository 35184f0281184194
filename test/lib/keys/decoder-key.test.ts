/** Decoder keys (sts.md 6.1-6.4, 6.6), and the attributes that no derivation takes (sts.md 1.2). */
import { createHmac } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import {
  type DecoderKeyRequest,
  deriveDecoderKey,
  prepareVendingKey,
} from '../../../lib/keys/decoder-key.ts';
import { controlBlock, panBlock } from '../../../lib/keys/dkga02.ts';
import { dkga04Message } from '../../../lib/keys/dkga04.ts';
import { NOT_A_KEY } from '../../support/hostile.ts';
import { fault, mistake } from '../../support/throws.ts';

/** Public test key V2 of STS 531-1. */
const V2 = bytesFromHex('abababababababab949494949494949401234567');
const REQUEST: DecoderKeyRequest = {
  decoderKeyAlgorithm: 4,
  encryptionAlgorithm: 7,
  vendingKey: V2,
  meterPan: '600727000000000009',
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  baseDate: '14',
};

const test = suite('lib/keys');

test('when DKGA04 derives a key then it is the head of the HMAC that node:crypto makes', () => {
  for (const encryptionAlgorithm of [7, 11] as const) {
    const request = { ...REQUEST, encryptionAlgorithm };
    const mac = createHmac('sha256', V2).update(dkga04Message(request)).digest();
    assert.equal(Buffer.from(deriveDecoderKey(request)), mac.subarray(0, encryptionAlgorithm === 7 ? 8 : 16));
    assert.is(dkga04Message(request).length, 49);
  }
});

test('when a common key is derived by DKGA02 then the digits of the meter have no part in it', () => {
  const common = { ...REQUEST, keyType: 3 } as const;
  assert.is(panBlock(common), '0072700000000000');
  assert.is(panBlock({ keyType: 3, meterPan: '600727111111111153' }), '0072700000000000');
  assert.is(panBlock({ keyType: 3, meterPan: '000001000000000082' }), '0000000000000000');
  assert.is(controlBlock({ ...REQUEST, supplyGroupCode: '123456' }), '2123456011ffffff');
});

test('when a vending key is prepared then it serves many meters and its bytes may be zeroed', () => {
  const vendingKey = V2.slice(0, 8);
  const derive = prepareVendingKey(2, vendingKey);
  const prepared04 = V2.slice();
  const derive04 = prepareVendingKey(4, prepared04);
  vendingKey.fill(0);
  prepared04.fill(0);
  for (let again = 0; again < 2; again += 1) {
    assert.is(hexFromBytes(derive({ ...REQUEST, supplyGroupCode: '123456' })), 'e653341f9d5bf36f');
    assert.is(hexFromBytes(derive04(REQUEST)), '87f3ecbb2e46b48f');
  }
});

test('when the vending key has the wrong length then it is refused and not quoted', () => {
  for (const vendingKey of [...NOT_A_KEY, new Uint8Array(16)]) {
    for (const decoderKeyAlgorithm of [2, 4] as const) {
      const kind = vendingKey instanceof Uint8Array ? RangeError : TypeError;
      const request = { ...REQUEST, decoderKeyAlgorithm, vendingKey } as DecoderKeyRequest;
      assert.throws(() => deriveDecoderKey(request), mistake(kind, 'vendingKey'));
    }
  }
});

test('when a field is out of its range then it is refused by name', () => {
  const refused: [Partial<Record<keyof DecoderKeyRequest, unknown>>, (error: unknown) => boolean][] = [
    [{ meterPan: '60072700000000000' }, mistake(RangeError, 'meterPan')],
    [{ meterPan: 600727000000000 }, mistake(TypeError, 'meterPan')],
    [{ tariffIndex: 100 }, mistake(RangeError, 'tariffIndex')],
    [{ keyRevision: 0 }, mistake(RangeError, 'keyRevision')],
    [{ keyType: 4 }, mistake(RangeError, 'keyType')],
    [{ keyType: 0 }, fault('key_type_not_supported')],
    [{ keyType: 3 }, fault('key_type_not_supported')],
    [{ baseDate: '24' }, mistake(RangeError, 'baseDate')],
    [{ supplyGroupCode: '20145' }, fault('supply_group_malformed')],
    [{ encryptionAlgorithm: 9 }, fault('algorithm_not_supported')],
    [{ decoderKeyAlgorithm: 1 }, fault('algorithm_not_supported')],
    [{ decoderKeyAlgorithm: 3 }, fault('algorithm_not_supported')],
    [
      { decoderKeyAlgorithm: 2, encryptionAlgorithm: 11, vendingKey: V2.slice(0, 8) },
      fault('algorithm_not_supported'),
    ],
  ];
  for (const [change, expected] of refused) {
    assert.throws(
      () => deriveDecoderKey({ ...REQUEST, ...change } as DecoderKeyRequest),
      expected,
      JSON.stringify(change),
    );
  }
});

test.run();
