import { createHash, generateKeyPairSync } from 'node:crypto';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { entryHash, GENESIS_HASH } from '../../../vending-server/ledger/chain.ts';
import { signEntryHash } from '../../../vending-server/ledger/signature.ts';
import { type FindingKind, verifyChain } from '../../../vending-server/ledger/verify-chain.ts';
import type { ChainEntry } from '../../../vending-server/security-module/contract.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

const test = suite('verify chain');
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const PUBLIC_KEY = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
const EXPECTED = { moduleId: 'module-1', publicKey: PUBLIC_KEY };
const LENGTH = 40;
const BATCH = 4;

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Links fields behind a hash; `signer` signs the last of each batch. */
function chainOf(digests: readonly string[], signer = privateKey): ChainEntry[] {
  let previousHash = GENESIS_HASH;
  return digests.map((digest, index) => {
    const counter = index + 1;
    const link = {
      moduleId: 'module-1',
      counter,
      saleDigest: hash(`sale ${digest}`),
      tokenDigest: hash(`token ${digest}`),
      previousHash,
      // The first half is of format 1, which makes no statement: both must verify in one chain.
      statement:
        index < LENGTH / 2
          ? ''
          : `creditElectricity 466 600727111111111153 201457/1/2/14/1 ${6_000_000 + index}`,
    };
    previousHash = entryHash(link);
    const signature = counter % BATCH === 0 ? signEntryHash(previousHash, signer) : '';
    return { ...link, entryHash: previousHash, signature };
  });
}

const WHOLE = chainOf(Array.from({ length: LENGTH }, (_, index) => String(index)));

function kinds(
  rows: readonly unknown[],
  expected: Parameters<typeof verifyChain>[1] = EXPECTED,
): FindingKind[] {
  return verifyChain(rows, expected).map(({ kind }) => kind);
}

interface Tampering {
  readonly name: string;
  readonly apply: (rows: ChainEntry[], at: number, random: SeededRandom) => unknown[];
  /** One of these must be found. */
  readonly finds: readonly FindingKind[];
}

function replaced(
  rows: readonly ChainEntry[],
  at: number,
  change: Partial<Record<keyof ChainEntry, unknown>>,
) {
  return rows.map((row, index) => (index === at ? { ...row, ...change } : row));
}

function flipHex(text: string, random: SeededRandom): string {
  const at = random.below(text.length);
  const digit = (Number.parseInt(text.charAt(at), 16) ^ (1 << random.below(4))).toString(16);
  return text.slice(0, at) + digit + text.slice(at + 1);
}

const HEX_FIELDS = ['saleDigest', 'tokenDigest', 'previousHash', 'entryHash'] as const;

const TAMPERINGS: readonly Tampering[] = [
  ...HEX_FIELDS.map(
    (field): Tampering => ({
      name: `one bit of ${field}`,
      apply: (rows, at, random) => replaced(rows, at, { [field]: flipHex(rows[at]![field], random) }),
      finds: ['altered'],
    }),
  ),
  {
    name: 'counter changed',
    apply: (rows, at, random) => replaced(rows, at, { counter: rows[at]!.counter + 1 + random.below(5) }),
    finds: ['altered'],
  },
  {
    name: 'module changed',
    apply: (rows, at) => replaced(rows, at, { moduleId: 'module-2' }),
    finds: ['other_module'],
  },
  {
    name: 'fields altered and the entry rehashed',
    apply: (rows, at) => {
      const row = { ...rows[at]!, tokenDigest: hash('ghost') };
      return replaced(rows, at, { ...row, entryHash: entryHash(row) });
    },
    finds: ['broken_link', 'bad_signature', 'not_at_head'],
  },
  {
    name: 'altered and all entries after it rehashed',
    apply: (rows, at) => {
      const digests = Array.from({ length: LENGTH }, (_, index) => (index === at ? 'ghost' : String(index)));
      return chainOf(digests).map((row, index) => ({ ...row, signature: rows[index]!.signature }));
    },
    finds: ['bad_signature'],
  },
  {
    name: 'altered, rehashed and signed by another key',
    apply: (_rows, at) => {
      const digests = Array.from({ length: LENGTH }, (_, index) => (index === at ? 'ghost' : String(index)));
      return chainOf(digests, generateKeyPairSync('ed25519').privateKey);
    },
    finds: ['bad_signature'],
  },
  {
    name: 'one deleted',
    apply: (rows, at) => rows.filter((_, index) => index !== at),
    finds: ['gap', 'unsigned_tail', 'not_at_head'],
  },
  {
    name: 'deleted and the rest renumbered',
    apply: (rows, at) =>
      rows.filter((_, index) => index !== at).map((row, index) => ({ ...row, counter: index + 1 })),
    finds: ['altered', 'unsigned_tail'],
  },
  {
    name: 'the tail cut off',
    apply: (rows, at) => rows.slice(0, at),
    finds: ['unsigned_tail', 'not_at_head'],
  },
  {
    name: 'two neighbours swapped',
    apply: (rows, at) => {
      const first = at === LENGTH - 1 ? at - 1 : at;
      const swapped: unknown[] = [...rows];
      swapped.splice(first, 2, rows[first + 1], rows[first]);
      return swapped;
    },
    finds: ['gap'],
  },
  {
    name: 'one moved elsewhere',
    apply: (rows, at) => {
      const rest = rows.filter((_, index) => index !== at);
      return at < LENGTH / 2 ? [...rest, rows[at]] : [rows[at], ...rest];
    },
    finds: ['reordered', 'gap'],
  },
  {
    name: 'reversed',
    apply: (rows) => [...rows].reverse(),
    finds: ['reordered'],
  },
  {
    name: 'one doubled',
    apply: (rows, at) => rows.flatMap((row, index) => (index === at ? [row, row] : [row])),
    finds: ['duplicate'],
  },
  {
    name: 'a signature of another entry',
    apply: (rows, at) =>
      replaced(rows, at, { signature: rows[(at + BATCH) % LENGTH]!.signature || rows[BATCH - 1]!.signature }),
    finds: ['bad_signature'],
  },
  {
    name: 'a signature invented',
    apply: (rows, at, random) =>
      replaced(rows, at, { signature: Buffer.from(random.bytes(64)).toString('base64') }),
    finds: ['bad_signature'],
  },
  {
    name: 'a signature of another length or spelling',
    apply: (rows, at, random) =>
      replaced(rows, at, { signature: ['AA==', 'no base64 !', `${'A'.repeat(86)}== `][random.below(3)] }),
    finds: ['bad_signature'],
  },
  {
    name: 'a row that is none',
    apply: (rows, at, random) => {
      const nothing = [null, undefined, 1, 'row', [], {}, { counter: 3 }, { ...rows[at]!, counter: 1.5 }];
      return rows.map((row, index) => (index === at ? nothing[random.below(nothing.length)] : row));
    },
    finds: ['malformed'],
  },
];

test('when the chain is whole, then nothing is found, from the start, from the middle and at its head', () => {
  const last = WHOLE[LENGTH - 1]!;
  assert.equal(kinds(WHOLE), []);
  assert.equal(kinds([]), []);
  assert.equal(kinds(WHOLE, { ...EXPECTED, head: last }), []);
  for (let at = 1; at < LENGTH; at += 1) {
    assert.equal(kinds(WHOLE.slice(at), { ...EXPECTED, after: WHOLE[at - 1]!, head: last }), []);
  }
});

test('when the chain is tampered with in any way, then the verifier names it', () => {
  const random = new SeededRandom(seedOf('chain tamperings'));
  const rounds = count(400, 20);
  const head = WHOLE[LENGTH - 1]!;
  let tried = 0;
  for (const { name, apply, finds } of TAMPERINGS) {
    for (let round = 0; round < rounds; round += 1) {
      const at = round < LENGTH ? round : random.below(LENGTH);
      const found = kinds(apply([...WHOLE], at, random), { ...EXPECTED, head });
      assert.ok(
        found.some((kind) => finds.includes(kind)),
        `${name} at ${at} gave [${found.join(', ')}]`,
      );
      tried += 1;
    }
  }
  report(`chain tamperings: ${TAMPERINGS.length} kinds, ${tried} tried, all named`);
});

test('when whole batches are missing at the end, then only the head that somebody else kept shows it', () => {
  const cut = WHOLE.slice(0, LENGTH - BATCH);
  assert.equal(kinds(cut), []);
  assert.equal(kinds(cut, { ...EXPECTED, head: WHOLE[LENGTH - 1]! }), ['not_at_head']);
  assert.equal(kinds(WHOLE.slice(0, LENGTH - 1)), ['unsigned_tail']);
});

test('when one entry is wrong, then the finding says which', () => {
  const rows = replaced(WHOLE, 9, { saleDigest: hash('other') });
  assert.equal(verifyChain(rows, EXPECTED), [{ kind: 'altered', counter: 10, index: 9 }]);
  const without = WHOLE.filter((_, index) => index !== 9);
  assert.equal(verifyChain(without, EXPECTED), [{ kind: 'gap', counter: 11, index: 9 }]);
});

test('when the public key is none, then that is the mistake of the caller', () => {
  for (const key of ['', 'AAAA', 'not base64']) {
    assert.throws(
      () => verifyChain(WHOLE, { ...EXPECTED, publicKey: key }),
      (error: unknown) => error instanceof TypeError && error.message.startsWith('"publicKey" expected '),
    );
  }
});

test.run();
