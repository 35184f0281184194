import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CanonicalValue, canonicalJson } from '../../../vending-server/ledger/canonical.ts';
import { requestHash } from '../../../vending-server/vending/request-hash.ts';
import { mistake } from '../../support/throws.ts';

const test = suite('request hash');

const SEED = 20_261_121;
const RUNS = 2000;

test('keys are sorted and nothing is spaced', () => {
  assert.is(
    canonicalJson({ b: [1, { d: null, c: true }], a: 'x"\n' }),
    '{"a":"x\\"\\n","b":[1,{"c":true,"d":null}]}',
  );
});

test('the operation is part of what is asked for', () => {
  const fields = { amountMinor: 1 };
  assert.is.not(requestHash('sale', fields), requestHash('deposit', fields));
  assert.match(requestHash('sale', fields), /^[0-9a-f]{64}$/);
});

test('a number that another writer would print otherwise is a mistake', () => {
  for (const value of [0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => canonicalJson(value), mistake(RangeError, 'value'));
  }
});

test('two texts of one value have one hash, and parsing gives the value back', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(fc.string(), tie('any'), { maxKeys: 5, noNullPrototype: true }),
    ),
  })).any as fc.Arbitrary<CanonicalValue>;
  let tried = 0;
  fc.assert(
    fc.property(value, (of) => {
      tried += 1;
      const text = canonicalJson(of);
      assert.equal(JSON.parse(text), JSON.parse(JSON.stringify(of)));
      assert.is(canonicalJson(reversed(of)), text);
    }),
    { seed: SEED, numRuns: RUNS },
  );
  console.log(`    ${tried} values, seed ${SEED}`);
});

/** The same value with the keys of every object put in the other way round. */
function reversed(value: CanonicalValue): CanonicalValue {
  if (Array.isArray(value)) return value.map((item: CanonicalValue) => reversed(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, of]) => [name, reversed(of)]),
  );
}

test.run();
