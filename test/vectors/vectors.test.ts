import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Block, blockFromHex, hexFromBlock } from '../../lib/crypto/block-cipher.ts';
import { createDes } from '../../lib/crypto/des.ts';
import { createMisty1 } from '../../lib/crypto/misty1.ts';
import { createSta } from '../../lib/crypto/sta.ts';
import { bytesFromHex } from '../../lib/hex.ts';
import type { BaseDate } from '../../lib/identity/attributes.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import {
  assembleKeyChange,
  type KeyChange,
  type KeyChangeSection,
  keyChangeSections,
} from '../../lib/keys/key-change.ts';
import { decodeAmount, encodeAmount } from '../../lib/token/amount.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { currencyTokenCrc, tokenCrc } from '../../lib/token/crc.ts';
import { encodeCreditElectricity } from '../../lib/token/credit.ts';
import { readClearBlock, readEncryptedBlock, tokenNoOfBlock } from '../../lib/token/frame.ts';
import type { Token } from '../../lib/token/kinds.ts';
import { nextTidMinutes, tidMinutesAt } from '../../lib/token/tid.ts';
import { decodeToken, encodeToken, writeClearBlock } from '../../lib/token/token.ts';
import { report } from '../support/counts.ts';
import { assertMeterVector } from '../support/meter-vectors.ts';
import { readVectors, VECTOR_FILES, type VectorFileName } from '../support/vectors.ts';
import { isRefusalOf, REQUEST_CHECKS, tokenFromJson } from './checks-of-requests.ts';
import { generatedFiles } from './generate.ts';
import { STS_531_1 } from './published.ts';
import type { SchemaName, VectorTest } from './schema.ts';

const VECTORS = new URL('../../vectors/', import.meta.url);
const test = suite('vectors');

test('when the generator runs again then it gives the committed bytes', () => {
  const generated = generatedFiles();
  for (const [name, bytes] of generated) {
    assert.ok(existsSync(new URL(name, VECTORS)), `${name} is not committed: npm run vectors`);
    assert.is(readFileSync(new URL(name, VECTORS), 'utf8'), bytes, `${name} differs: npm run vectors`);
  }
  // The list of clauses is written by hand; `clause-table.test.ts` holds it to its schema.
  const committed = readdirSync(VECTORS, { recursive: true, encoding: 'utf8' }).filter(
    (f) => f.endsWith('.json') && f !== 'clauses.json',
  );
  assert.equal(committed.sort(), [...generated.keys()].sort());
});

/** What our implementation makes of one test, in the form in which the test states its result. */
type Check<Name extends SchemaName> = (test: VectorTest<Name>) => void;

const blockCipher =
  (
    create: (key: Uint8Array) => { encrypt(block: Block): void; decrypt(block: Block): void },
  ): Check<'block-cipher'> =>
  ({ key, msg, ct }) => {
    const block = blockFromHex(msg);
    const cipher = create(bytesFromHex(key));
    cipher.encrypt(block);
    assert.is(hexFromBlock(block), ct);
    cipher.decrypt(block);
    assert.is(hexFromBlock(block), msg);
  };

const checkKeyChange: Check<'key-change'> = ({ from, to, keyExpiry, rollOver, threeSections, tokens }) => {
  const ea = from.encryptionAlgorithm as 7 | 11;
  const cipher = createTokenCipher(ea, bytesFromHex(from.decoderKey));
  const { keyRevision, tariffIndex, supplyGroupCode } = to;
  const change: KeyChange = {
    newDecoderKey: to.decoderKey,
    keyExpiry,
    keyRevision,
    keyType: to.keyType as 2,
    tariffIndex,
    supplyGroupCode,
    rollOver,
    threeSections,
  };
  const sections = keyChangeSections(ea, change);
  assert.equal(
    sections.map((section) => encodeToken(section, cipher).tokenNo),
    tokens.map(({ tokenNo }) => tokenNo),
  );
  const read = tokens.map(({ tokenNo }) => decodeToken(tokenNo, cipher)) as KeyChangeSection[];
  const carriesGroup = tokens.length > 2;
  const expected = { ...change, supplyGroupCode: carriesGroup ? supplyGroupCode : '000000' };
  assert.equal(assembleKeyChange(read.reverse()), expected);
};

const CHECKS: { readonly [Name in VectorFileName]: Check<(typeof VECTOR_FILES)[Name]> } = {
  ...REQUEST_CHECKS,
  des: blockCipher(createDes),
  misty1: blockCipher(createMisty1),
  sta: blockCipher(createSta),
  'meter-number': (vector) => {
    const { meterPan, drn, issuerNumber, manufacturerCode } = parseMeterNumber(vector.text);
    assert.equal(
      [meterPan, drn, issuerNumber, manufacturerCode],
      [vector.meterPan, vector.drn, vector.issuerNumber, vector.manufacturerCode],
    );
  },
  crc: ({ kind, tokenClass, msg, crc }) => {
    const block = blockFromHex(`${msg}0000`);
    const made = (kind === 'crc' ? tokenCrc : currencyTokenCrc)(tokenClass, block[0]!, block[1]!);
    assert.is(made.toString(16).padStart(4, '0'), crc);
  },
  amount: (vector) => {
    const field = encodeAmount(vector.units);
    assert.is(field.toString(16).padStart(4, '0'), vector.field);
    assert.is(decodeAmount(field), vector.carried);
  },
  'token-identifier': ({ issued, baseDate, lastTidMinutes, tidMinutes }) => {
    const now = tidMinutesAt(Date.parse(`${issued}:00Z`), baseDate as BaseDate);
    assert.is(nextTidMinutes(now, lastTidMinutes ?? -1), tidMinutes);
  },
  'token-block': (vector) => {
    const block = new Uint32Array(2);
    assert.is(readEncryptedBlock(vector.tokenNo, block), vector.tokenClass);
    assert.is(hexFromBlock(block), vector.encrypted);
    assert.is(tokenNoOfBlock(vector.tokenClass as 0 | 1 | 2, block), vector.tokenNo);
    if (vector.decoderKey !== undefined) {
      const cipher = createTokenCipher(vector.encryptionAlgorithm as 7 | 11, bytesFromHex(vector.decoderKey));
      readClearBlock(vector.tokenNo, cipher, block);
      assert.is.not(decodeToken(vector.tokenNo, cipher).kind, 'crcError');
    }
    assert.is(hexFromBlock(block), vector.block);
  },
  'token-fields': (vector) => {
    const key = vector.decoderKey ?? '0'.repeat(vector.encryptionAlgorithm === 7 ? 16 : 32);
    const cipher = createTokenCipher(vector.encryptionAlgorithm as 7 | 11, bytesFromHex(key));
    const token = tokenFromJson(vector.token);
    assert.equal(decodeToken(vector.tokenNo, cipher), token);
    const block = new Uint32Array(2);
    writeClearBlock(token, block);
    assert.is(hexFromBlock(block), vector.block);
    assert.equal(encodeToken(token, cipher), { tokenNo: vector.tokenNo, carried: token });
  },
  'key-change': checkKeyChange,
  'key-change-rules': checkKeyChange,
  'meter-acceptance': assertMeterVector,
  'meter-memory': assertMeterVector,
  'meter-key-change': assertMeterVector,
  'meter-lockout': assertMeterVector,
  'credit-electricity': (vector) => {
    const { tidMinutes, rnd, amountDeciKwh, carriedDeciKwh } = vector;
    const cipher = createTokenCipher(vector.encryptionAlgorithm as 7 | 11, bytesFromHex(vector.decoderKey));
    const block = new Uint32Array(2);
    writeClearBlock({ kind: 'creditElectricity', tidMinutes, rnd, amountDeciKwh }, block);
    assert.is(hexFromBlock(block), vector.block);
    const made = encodeCreditElectricity({ tidMinutes, rnd, amountDeciKwh }, cipher);
    assert.equal(made, { tokenNo: vector.tokenNo, carriedDeciKwh });
    const expected = { kind: 'creditElectricity', tidMinutes, rnd, amountDeciKwh: carriedDeciKwh };
    assert.equal(decodeToken(vector.tokenNo, cipher), expected);
  },
};

/** Runs the check; an invalid test must be refused with the fault it names. */
function mismatchOf(
  vector: { result: string; fault?: string | undefined; argument?: string | undefined; outcome?: string },
  check: () => void,
): string | undefined {
  try {
    check();
    // What reading finds is an answer, no exception: such a test names it as its outcome, and the check has compared it.
    return vector.result === 'valid' || vector.outcome !== undefined
      ? undefined
      : 'accepted, must be refused';
  } catch (error) {
    if (vector.result === 'invalid' && isRefusalOf(error, vector)) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

for (const name of Object.keys(CHECKS) as VectorFileName[]) {
  test(`when ${name}.json is run then nothing mismatches`, () => {
    const { tests, numberOfTests } = readVectors(name);
    const check = CHECKS[name] as (vector: object) => void;
    const mismatches = tests.flatMap((vector) => {
      const mismatch = mismatchOf(vector, () => check(vector));
      return mismatch === undefined ? [] : [`tcId ${vector.tcId}: ${mismatch}`];
    });
    const valid = tests.filter((vector) => vector.result === 'valid').length;
    report(
      `${name.padEnd(20)} ${String(valid).padStart(4)} valid ${String(tests.length - valid).padStart(3)} invalid, ` +
        `${mismatches.length} mismatches`,
    );
    assert.equal(mismatches, []);
    assert.is(tests.length, numberOfTests);
    assert.equal(
      tests.map(({ tcId }) => tcId),
      tests.map((_, index) => index + 1),
    );
  });
}

test('when what an official case asks for is encoded then the official digits come out', () => {
  const asked: Record<string, (input: string) => object> = {
    'TransferCredit electricity': (input) => ({ kind: 'creditElectricity', amountDeciKwh: tenths(input) }),
    'TransferCredit water': (input) => ({ kind: 'creditWater', amountDeciCubicMetre: tenths(input) }),
    'TransferCredit gas': (input) => ({ kind: 'creditGas', amountDeciCubicMetre: tenths(input) }),
    'TransferCredit time': (input) => ({ kind: 'creditTime', amountDeciMinute: tenths(input) }),
    SetMaximumPowerLimit: (input) => ({
      kind: 'setMaximumPowerLimit',
      limitWatt: Number.parseInt(input, 10),
    }),
    SetMaximumPhasePowerUnbalanceLimit: (input) => ({
      kind: 'setMaximumPhasePowerUnbalanceLimit',
      limitWatt: Number.parseInt(input, 10),
    }),
  };
  for (const resource of ['electricity', 'water', 'gas', 'time']) {
    asked[`currency ${resource}`] = (input) => ({
      kind: 'currencyCredit',
      resource,
      amountHundredThousandth: BigInt(input) * 100_000n,
    });
  }
  let tried = 0;
  for (const { name, input, tid, rnd, ea, decoderKey, token } of STS_531_1.tokens_ed2_2) {
    const fields = asked[name];
    // Amounts written with an exponent are rounded in print and cannot be asked for exactly.
    if (fields === undefined || input === null || /E/.test(input)) continue;
    const cipher = createTokenCipher(ea, bytesFromHex(decoderKey));
    const made = encodeToken({ tidMinutes: tid, rnd: rnd ?? 0, ...fields(input) } as Token, cipher);
    assert.is(made.tokenNo, token, `${name} ${input}`);
    tried += 1;
  }
  report(`${tried} official amounts from what was asked for: 0 mismatches`);
  assert.ok(tried > 150);
});

/** Decimal text to whole tenths, upward. */
function tenths(text: string): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(whole + (fraction[0] ?? '0')) + (/[1-9]/.test(fraction.slice(1)) ? 1 : 0);
}

test('when a flag stands at a test then the file explains it', () => {
  for (const name of Object.keys(VECTOR_FILES)) {
    const file = JSON.parse(readFileSync(new URL(`${name}.json`, VECTORS), 'utf8'));
    const flags = new Set(
      file.testGroups.flatMap((group: { tests: { flags: string[] }[] }) =>
        group.tests.flatMap((vector) => vector.flags),
      ),
    );
    assert.equal(
      [...flags].filter((flag) => !(String(flag) in file.notes)),
      [],
      name,
    );
  }
});

test('when the README lists the files then it lists each with its count', () => {
  const readme = readFileSync(new URL('README.md', VECTORS), 'utf8');
  for (const name of Object.keys(VECTOR_FILES) as VectorFileName[]) {
    const { numberOfTests } = readVectors(name);
    assert.match(readme, new RegExp(`\\| \`${name}\\.json\` \\|[^\\n]*\\| ${numberOfTests} \\|`), name);
  }
});

test('when official tokens are counted then every one stands in a file', () => {
  const { tokens_ed2_2, keychange_ed2_2, class1 } = STS_531_1;
  const sections = keychange_ed2_2.flatMap((set) => set.tokens);
  const covered = new Set(readVectors('token-block').tests.map((vector) => vector.tokenNo));
  for (const { token } of [...tokens_ed2_2, ...sections, ...class1])
    assert.ok(covered.has(token), token.slice(-4));
  report(
    `official tokens: ${tokens_ed2_2.length} single, ${sections.length} key-change sections, ${class1.length} class 1`,
  );
});

test.run();
