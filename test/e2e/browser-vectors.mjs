/**
 * What the browser test runs inside a page and inside workers: the library against the official vectors, by its public names
 * and nothing else. Plain JavaScript, because it is served as it stands.
 */
import { bytesFromHex, hexFromBytes } from 'wattoken/hex';
import { deriveDecoderKey } from 'wattoken/keys/decoder-key';
import { enterToken } from 'wattoken/meter/enter-token';
import { newMeterState } from 'wattoken/meter/state';
import { createTokenCipher } from 'wattoken/token/cipher';
import { encodeCreditElectricity } from 'wattoken/token/credit';
import { decodeToken, encodeToken } from 'wattoken/token/token';

/** @returns how many comparisons were made, by kind, and the comments of the tests that failed one. */
export async function runVectors() {
  const counts = { decoderKeys: 0, refusals: 0, encoded: 0, decoded: 0, entered: 0 };
  const algorithms = {};
  const mismatches = [];
  const expect = (kind, right, comment) => {
    counts[kind] += 1;
    if (!right) mismatches.push(`${kind}: ${comment}`);
  };
  for (const vector of await testsOf('decoder-key')) checkDecoderKey(vector, expect);
  for (const vector of await testsOf('credit-electricity')) checkSale(vector, expect);
  for (const vector of await testsOf('token-fields')) {
    checkToken(vector, expect);
    const algorithm = `EA${String(vector.encryptionAlgorithm).padStart(2, '0')}`;
    algorithms[algorithm] = (algorithms[algorithm] ?? 0) + 1;
  }
  return { counts, algorithms, mismatches };
}

async function testsOf(name) {
  const answer = await fetch(`/vectors/${name}.json`);
  return (await answer.json()).testGroups.flatMap((group) => group.tests);
}

function checkDecoderKey(vector, expect) {
  const request = { ...vector, vendingKey: bytesFromHex(vector.vendingKey) };
  try {
    const decoderKey = hexFromBytes(deriveDecoderKey(request));
    expect('decoderKeys', vector.result === 'valid' && decoderKey === vector.decoderKey, vector.comment);
  } catch (error) {
    // A fault has a code; a caller's mistake is an error of the language that names the argument.
    const isNamed =
      vector.argument === undefined || error.message.startsWith(`"${vector.argument}" expected `);
    const isRight = (error.code ?? error.name) === vector.fault && isNamed;
    expect('refusals', vector.result === 'invalid' && isRight, vector.comment);
  }
}

/** From vending key to digits, and the digits into a meter: accepted once, then used. */
function checkSale(vector, expect) {
  const decoderKey = deriveDecoderKey({ ...vector, vendingKey: bytesFromHex(vector.vendingKey) });
  const cipher = createTokenCipher(vector.encryptionAlgorithm, decoderKey);
  const { tokenNo, carriedDeciKwh } = encodeCreditElectricity(vector, cipher);
  expect('encoded', tokenNo === vector.tokenNo && carriedDeciKwh === vector.carriedDeciKwh, vector.comment);
  const read = decodeToken(vector.tokenNo, cipher);
  expect('decoded', read.amountDeciKwh === vector.carriedDeciKwh && read.rnd === vector.rnd, vector.comment);
  const meter = newMeterState({ ...vector, keyExpiry: 255 });
  const first = enterToken(meter, vector.tokenNo, 0);
  const again = enterToken(first.state, vector.tokenNo, 1);
  const right =
    first.outcome.result === 'Accept' &&
    first.state.creditMilliWh === vector.carriedDeciKwh * 100_000 &&
    again.outcome.result === 'UsedError';
  expect('entered', right, vector.comment);
}

/** Fields to digits and back, every kind of token. */
function checkToken(vector, expect) {
  // Clear tokens of class 1 come without a key: any serves.
  const key = vector.decoderKey ?? '0'.repeat(16);
  const cipher = createTokenCipher(vector.encryptionAlgorithm, bytesFromHex(key));
  const money = vector.token.amountHundredThousandth;
  const token =
    money === undefined ? vector.token : { ...vector.token, amountHundredThousandth: BigInt(money) };
  expect('encoded', encodeToken(token, cipher).tokenNo === vector.tokenNo, vector.comment);
  const read = Object.entries(decodeToken(vector.tokenNo, cipher));
  const same =
    read.length === Object.keys(token).length && read.every(([name, value]) => token[name] === value);
  expect('decoded', same, vector.comment);
}
