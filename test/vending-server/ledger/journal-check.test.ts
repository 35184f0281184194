import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Findings } from '../../../vending-server/ledger/findings.ts';
import { compareJournal } from '../../../vending-server/ledger/journal-check.ts';
import { TripleSet } from '../../../vending-server/ledger/number-set.ts';
import type { JournalledEntry } from '../../../vending-server/security-module/contract.ts';
import type { EntryRow } from '../../../vending-server/store/contract.ts';
import { report, seedOf } from '../../support/counts.ts';
import { SeededRandom, sha256 } from '../security-module/module-fixtures.ts';

const test = suite('journal and ledger');

function journalled(counter: number): JournalledEntry {
  return {
    moduleId: 'module-1',
    counter,
    saleDigest: sha256(`sale ${counter}`),
    tokenDigest: sha256(`token ${counter}`),
    statement: '',
    previousHash: sha256(`entry ${counter - 1}`),
    entryHash: sha256(`entry ${counter}`),
    signature: '',
    meterPan: '600727111111111153',
    tidMinutes: counter,
    baseDate: '14',
  };
}

function row(counter: number, more: Partial<JournalledEntry> = {}): EntryRow {
  const entry = { ...journalled(counter), state: 'unreleased', saleId: null, ...more } as const;
  return { entry, sale: undefined };
}

async function found(
  ledger: readonly EntryRow[],
  journal: readonly number[],
  adopted: readonly number[] = [],
): Promise<unknown[]> {
  const findings = new Findings();
  const entries = journal.map((counter) => journalled(counter));
  const heads = adopted.map((counter) => ({ counter }));
  await compareJournal(ledger, { entries: () => entries, adopted: heads }, findings);
  return findings.kept.map(({ kind, counter }) => [kind, counter]);
}

test('when both hold the same entries, then nothing is found', async () => {
  assert.equal(await found([], []), []);
  assert.equal(await found([row(1), row(2), row(3)], [1, 2, 3]), []);
});

test('when the module made more than the ledger holds, then each such token is unsold, wherever it stands', async () => {
  assert.equal(await found([row(2), row(4)], [1, 2, 3, 4, 5, 6]), [
    ['unsold_token', 1],
    ['unsold_token', 3],
    ['unsold_token', 5],
    ['unsold_token', 6],
  ]);
});

test('when the journal lacks an entry, then it is missing, unless a head behind it was taken over', async () => {
  const ledger = [1, 2, 3, 4, 5, 6].map((counter) => row(counter));
  assert.equal(await found(ledger, [1, 2, 4, 6]), [
    ['journal_missing', 3],
    ['journal_missing', 5],
  ]);
  // The journal had 1 and 2, lost the rest, took over 5 and went on with 6.
  assert.equal(await found(ledger, [1, 2, 6], [5]), []);
  assert.equal(await found(ledger, [], [6]), []);
  assert.equal(await found(ledger, [], [4]), [
    ['journal_missing', 5],
    ['journal_missing', 6],
  ]);
  // A head that was taken over later excuses nothing before the entries that the journal still has.
  assert.equal(await found(ledger, [1, 3, 6], [5]), [['journal_missing', 2]]);
});

test('when one field differs, then the entry is named', async () => {
  const changes: readonly Partial<JournalledEntry>[] = [
    { moduleId: 'module-2' },
    { saleDigest: sha256('other') },
    { tokenDigest: sha256('other') },
    { previousHash: sha256('other') },
    { entryHash: sha256('other') },
    { signature: 'other' },
    { meterPan: '600727000000000009' },
    { baseDate: '35' },
    { tidMinutes: 7 },
  ];
  for (const change of changes) {
    assert.equal(await found([row(1), row(2, change), row(3)], [1, 2, 3]), [['journal_differs', 2]]);
  }
});

test('a set of triples says of each whether it was there, as a set of texts does', () => {
  const random = new SeededRandom(seedOf('triples'));
  const triples = new TripleSet();
  const texts = new Set<string>();
  const corners = [0, 1, 2, 3, 0xffff_ffff, 0x8000_0000];
  const pick = () => (random.below(2) === 0 ? (corners[random.below(6)] ?? 0) : random.below(4000));
  let doubles = 0;
  for (let i = 0; i < 200_000; i += 1) {
    const [a, b, c] = [pick(), pick(), pick()];
    const name = `${a} ${b} ${c}`;
    assert.is(triples.add(a, b, c), !texts.has(name), name);
    if (texts.has(name)) doubles += 1;
    texts.add(name);
  }
  report(`200000 triples, ${doubles} of them a second time`);
});

test.run();
