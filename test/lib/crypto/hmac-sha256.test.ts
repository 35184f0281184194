/** HMAC-SHA-256 as DKGA04 uses it (FIPS 198-1; sts.md 6.4). */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fixedHmacSha256 } from '../../../lib/crypto/hmac-sha256.ts';
import { hexFromBytes } from '../../../lib/hex.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { mistake } from '../../support/throws.ts';

const test = suite('lib/crypto/hmac-sha256');
const seed = seedOf('lib/crypto/hmac-sha256');

test('RFC 4231 test case 1, prepared and once', () => {
  const hmac = fixedHmacSha256(20);
  const key = new Uint8Array(20).fill(0x0b);
  const message = new TextEncoder().encode('Hi There');
  const mac = new Uint8Array(32);
  for (const run of [hmac.prepare(key), (m: Uint8Array, out: Uint8Array) => hmac.once(key, m, out)]) {
    run(message, mac);
    assert.is(hexFromBytes(mac), 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7');
    mac.fill(0);
  }
});

test('it agrees with OpenSSL, also when keys and messages take turns', () => {
  const numRuns = count(20_000, 1_000);
  const bytes = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
  fc.assert(
    fc.property(bytes(20, 20), bytes(32, 32), bytes(0, 200), bytes(49, 49), (short, long, one, other) => {
      const prepared = [fixedHmacSha256(20).prepare(short), fixedHmacSha256(32).prepare(long)] as const;
      const mac = new Uint8Array(32);
      for (const message of [one, other, one]) {
        for (const [index, key] of [short, long].entries()) {
          const expected = createHmac('sha256', key).update(message).digest('hex');
          prepared[index]?.(message, mac);
          assert.is(hexFromBytes(mac), expected);
          fixedHmacSha256(key.length).once(key, message, mac);
          assert.is(hexFromBytes(mac), expected);
        }
      }
    }),
    { seed, numRuns },
  );
  report(`${numRuns * 12} MACs against OpenSSL, 0 mismatches`);
});

test('a key of another length is refused', () => {
  const hmac = fixedHmacSha256(20);
  const out = new Uint8Array(32);
  for (const key of [new Uint8Array(19), new Uint8Array(21)]) {
    assert.throws(() => hmac.prepare(key), mistake(RangeError, 'key'));
    assert.throws(() => hmac.once(key, out, out), mistake(RangeError, 'key'));
  }
});

test.run();
