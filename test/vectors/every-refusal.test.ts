/**
 * Every refusal of the library's doors has a negative vector: the faults and the arguments that the sources of
 * `lib/{identity,keys,token}` name, and every class and subclass that reading refuses.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../lib/hex.ts';
import { tokenOfFields } from '../../lib/token/block-fields.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import type { TokenClass } from '../../lib/token/frame.ts';
import { report } from '../support/counts.ts';
import { readVectors, VECTOR_FILES, type VectorFileName } from '../support/vectors.ts';

const test = suite('vectors: every refusal');

/** Files whose refusals are no vectors, and why. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'token/issue-plan.ts': 'plans are answers, not tokens: test/lib/token/issue-plan.test.ts',
  'token/issue-register.ts': 'as above',
  'token/issue-policy.ts': 'as above',
};

/** Arguments that no vector can hand over wrongly, and why. */
const NO_VECTOR: Readonly<Record<string, string>> = {
  'RangeError body': 'luhnDigit is asked for digits alone, parseMeterNumber has looked before',
  'RangeError digits': 'as above',
  'RangeError field': '16 bits of a block are never out of range',
  'TypeError field': 'as above',
  'RangeError signAndExponent': 'four bits of a block are never out of range',
  'TypeError signAndExponent': 'as above',
  'RangeError test': 'controlOfTest numbers tests for people; a token carries the control bits',
  'TypeError test': 'as above',
  'RangeError nowTidMinutes': 'comes from tidMinutesAt, which is in range or has thrown',
  'TypeError nowTidMinutes': 'as above',
  'TypeError lastTidMinutes': 'a store’s number, typed in the schema',
  'TypeError vendingKey': 'bytes, which JSON has not',
  'TypeError newDecoderKey': 'bytes made of hex here',
  'RangeError newDecoderKey': 'made by the derivation, which gives the algorithm’s length',
};

/** Checks of form that parsed JSON passes or fails as a whole; the hostile table tries them. */
const FORM_CHECKS = [
  'Object',
  'Array',
  'Text',
  'Number',
  'Finite',
  'KeyAttributes',
  'Fields',
  'KeyChangeSection',
];
const WRAPPED = ['TariffIndex', 'KeyRevision', 'KeyExpiry', 'KeyType', 'BaseDate'];

interface Sites {
  readonly codes: Set<string>;
  readonly mistakes: Set<string>;
}

/** What the sources of the doors can throw, as `code` and as `RangeError argument`. */
function sitesOfLib(): Sites {
  const sites: Sites = { codes: new Set(), mistakes: new Set() };
  const lib = new URL('../../lib/', import.meta.url);
  for (const room of ['identity', 'keys', 'token']) {
    for (const name of readdirSync(new URL(`${room}/`, lib))) {
      const file = `${room}/${name}`;
      if (file in ELSEWHERE) continue;
      addSites(readFileSync(new URL(file, lib), 'utf8'), sites);
    }
  }
  return sites;
}

function addSites(source: string, { codes, mistakes }: Sites): void {
  for (const [, code = ''] of source.matchAll(/new StsFault\(\s*'([a-z_0-9]+)'/g)) codes.add(code);
  for (const [, code = ''] of source.matchAll(/return '(token_number_[a-z_]+)'/g)) codes.add(code);
  for (const [, kind, name] of source.matchAll(/new (RangeError|TypeError)\(\s*[`']"(\w+)"/g))
    mistakes.add(`${kind} ${name}`);
  for (const [, check = '', name = ''] of source.matchAll(/\bassert([A-Z]\w*)\([^;]*?'(\w+)',?\s*\);/g)) {
    if (FORM_CHECKS.includes(check)) continue;
    if (check !== 'Boolean') mistakes.add(`RangeError ${name}`);
    if (check !== 'OneOf') mistakes.add(`TypeError ${name}`);
  }
  for (const [, check = ''] of source.matchAll(/\bassert([A-Z]\w*)\(/g)) {
    if (!WRAPPED.includes(check)) continue;
    const name = check.charAt(0).toLowerCase() + check.slice(1);
    mistakes.add(`RangeError ${name}`);
    if (name !== 'baseDate') mistakes.add(`TypeError ${name}`);
  }
}

interface Refused {
  readonly result: string;
  readonly fault?: string;
  readonly argument?: string;
}

const negative = (Object.keys(VECTOR_FILES) as VectorFileName[]).flatMap((name) =>
  (readVectors(name).tests as readonly Refused[]).filter(({ result }) => result === 'invalid'),
);

test('when a door of the library can throw a fault then a negative vector names it', () => {
  const { codes } = sitesOfLib();
  const named = new Set(negative.map(({ fault }) => fault));
  assert.equal(
    [...codes].filter((code) => !named.has(code)),
    [],
  );
  assert.ok(codes.size >= 9);
  report(`${codes.size} faults of lib/{identity,keys,token}: each in a negative vector`);
});

test('when a door of the library refuses an argument then a negative vector names it', () => {
  const { mistakes } = sitesOfLib();
  const named = new Set(negative.map(({ fault, argument }) => `${fault} ${argument}`));
  const missing = [...mistakes].filter((mistake) => !named.has(mistake));
  assert.equal(missing.filter((mistake) => !(mistake in NO_VECTOR)).sort(), []);
  // A reason that is no longer needed is no reason.
  assert.equal(
    Object.keys(NO_VECTOR).filter((mistake) => !missing.includes(mistake)),
    [],
  );
  assert.ok(mistakes.size > 40);
  report(
    `${mistakes.size} refused arguments: ${mistakes.size - missing.length} in vectors, ${missing.length} with a reason`,
  );
});

test('when a fault or an argument is made up then no vector has it', () => {
  const named = new Set(negative.flatMap(({ fault, argument }) => [fault, `${fault} ${argument}`]));
  const sites: Sites = { codes: new Set(), mistakes: new Set() };
  addSites("throw new StsFault('not_a_fault'); assertInteger(value, 0, 1, 'notAnArgument');", sites);
  assert.equal(
    [...sites.codes, ...sites.mistakes],
    ['not_a_fault', 'RangeError notAnArgument', 'TypeError notAnArgument'],
  );
  assert.not([...sites.codes, ...sites.mistakes].some((site) => named.has(site)));
});

/** Fields that reach every branch of a reader: none, all, and each single bit. */
const SAMPLES: readonly bigint[] = [
  0n,
  2n ** 44n - 1n,
  ...Array.from({ length: 44 }, (_, bit) => 1n << BigInt(bit)),
];

/** What reading makes of a class and subclass, its checksum aside. */
function outcomesOf(tokenClass: number, subclass: number, keyBits: 64 | 128): Set<string> {
  return new Set(
    SAMPLES.map((sample) => {
      const block = (BigInt(subclass) << 60n) | (sample << 16n);
      const words = Uint32Array.of(Number(block >> 32n), Number(block & 0xffff_ffffn));
      const token = tokenOfFields(tokenClass as TokenClass, words, keyBits);
      return token === null ? 'unsupported' : token === undefined ? 'malformed' : 'read';
    }),
  );
}

test('when reading refuses a class and subclass then a negative vector shows it', () => {
  const shown = new Set(
    readVectors('token-refusal').tests.map(
      ({ tokenClass, block, outcome, encryptionAlgorithm }) =>
        `${tokenClass}.${Number.parseInt(block.charAt(0), 16)} ${outcome} EA${encryptionAlgorithm}`,
    ),
  );
  const wanted: string[] = [];
  for (const ea of [7, 11] as const) {
    const { keyBits } = createTokenCipher(ea, bytesFromHex('0'.repeat(ea === 7 ? 16 : 32)));
    for (let kind = 0; kind < 64; kind += 1) {
      const [tokenClass, subclass] = [kind >>> 4, kind & 15];
      // Classes 1 and 3 are read as they are, under any key.
      if (ea === 11 && tokenClass % 2 === 1) continue;
      for (const outcome of outcomesOf(tokenClass, subclass, keyBits))
        if (outcome !== 'read') wanted.push(`${tokenClass}.${subclass} ${outcome} EA${ea}`);
    }
  }
  assert.equal(
    wanted.filter((refusal) => !shown.has(refusal)),
    [],
  );
  assert.ok(wanted.length > 40);
  report(
    `${wanted.length} refusals of reading, by class, subclass and algorithm: each in token-refusal.json`,
  );
});

test.run();
