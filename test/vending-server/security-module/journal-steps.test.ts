/** Journals from before the module made statements: they open, verify as they were, and go on in the new form. */
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { entryHash, GENESIS_HASH, tokenDigest } from '../../../vending-server/ledger/chain.ts';
import { signEntryHash } from '../../../vending-server/ledger/signature.ts';
import { verifyChain } from '../../../vending-server/ledger/verify-chain.ts';
import { report } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import {
  type Folder,
  folderWithKeys,
  openCore,
  openKnownKeyStore,
  requestOf,
  requestOfCredit,
  sha256,
} from './module-fixtures.ts';

const test = suite('journal steps');

/** The schema as the first version wrote it. */
const SCHEMA_OF_VERSION_1 = `
  CREATE TABLE module (id INTEGER PRIMARY KEY CHECK (id = 1), module_id TEXT NOT NULL) STRICT;
  CREATE TABLE entry (
    counter INTEGER PRIMARY KEY CHECK (counter > 0),
    sale_digest TEXT NOT NULL, token_digest TEXT NOT NULL,
    previous_hash TEXT NOT NULL, entry_hash TEXT NOT NULL, signature TEXT NOT NULL,
    meter_pan TEXT NOT NULL, tid_minutes INTEGER NOT NULL, base_date TEXT NOT NULL) STRICT;
  CREATE TABLE adopted (
    counter INTEGER PRIMARY KEY CHECK (counter > 0),
    entry_hash TEXT NOT NULL, signature TEXT NOT NULL) STRICT;
  PRAGMA user_version = 1;`;

/** A journal of the first version: entries of format 1, each third one signed, some of them lost and adopted. */
function journalOfVersion1(folder: Folder, length: number, lost: number): void {
  const { moduleId, signingKey } = openKnownKeyStore(folder.keyStorePath);
  const database = new Database(folder.journalPath);
  database.exec(SCHEMA_OF_VERSION_1);
  database.prepare('INSERT INTO module VALUES (1, ?)').run(moduleId);
  const insert = database.prepare('INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  let previousHash = GENESIS_HASH;
  for (let counter = 1; counter <= length + lost; counter += 1) {
    const digests = {
      saleDigest: sha256(`sale ${counter}`),
      tokenDigest: tokenDigest(`${counter}`.padStart(20)),
    };
    const hash = entryHash({ moduleId, counter, previousHash, statement: '', ...digests });
    const signature = counter % 3 === 0 || counter >= length ? signEntryHash(hash, signingKey) : '';
    const row = [counter, digests.saleDigest, digests.tokenDigest, previousHash, hash, signature];
    if (counter <= length) insert.run(...row, '600727111111111153', 6_000_000 + counter, '14');
    else if (counter === length + lost)
      database.prepare('INSERT INTO adopted VALUES (?, ?, ?)').run(counter, hash, signature);
    previousHash = hash;
  }
  database.close();
}

test('when a journal is of the first version then its entries verify as before and the chain goes on', async () => {
  const folder = folderWithKeys();
  journalOfVersion1(folder, 1500, 0);
  const { core, journal } = await openCore(folder);
  assert.is(core.identity().counter, 1500);
  assert.equal(core.counters(), { counter: 1500, keys: [], uncounted: 1500 });
  const { results, seal } = core.issueBatch([requestOfCredit(requestOf(1501))]);
  seal();
  assert.ok('issued' in results[0]!);
  const entries = core.entriesAfter(0, 2000);
  assert.equal(
    [entries.length, entries.filter(({ statement }) => statement === '').length, entries[7]?.tidMinutes],
    [1501, 1500, 6_000_008],
  );
  assert.equal(verifyChain(entries, { ...core.identity(), head: core.identity() }), []);
  journal.close();
  const again = await openCore(folder);
  assert.equal(again.core.counters().uncounted, 1500);
  assert.equal(
    again.core.counters().keys.map(({ kind, tokens, carried }) => [kind, tokens, carried]),
    [['creditElectricity', 1, '466']],
  );
  again.journal.close();
  report(`entries of the first version carried over: 1500`);
  folder.remove();
});

test('when a journal of the first version had adopted a lost tail then it goes on behind it', async () => {
  const folder = folderWithKeys();
  journalOfVersion1(folder, 6, 4);
  const { core, journal } = await openCore(folder);
  assert.equal(core.counters(), { counter: 10, keys: [], uncounted: 10 });
  const { results, seal } = core.issueBatch([requestOfCredit(requestOf(11))]);
  seal();
  assert.is('issued' in results[0]! ? results[0].issued.tokens[0]?.entry.counter : 0, 11);
  journal.close();
  folder.remove();
});

test('when the counters do not add up to the entries, or a newer version wrote the file, then it is refused', async () => {
  for (const [statement, code] of [
    ['UPDATE counted SET tokens = tokens + 1', 'store_damaged'],
    [`UPDATE counted SET carried = 'x'`, 'store_damaged'],
    ['DELETE FROM counted', 'store_damaged'],
    ['DELETE FROM entry WHERE counter > 2', 'store_damaged'],
    [`UPDATE entry SET statement = replace(statement, '466', '467') WHERE counter = 2`, 'store_damaged'],
    [`UPDATE entry SET statement = '' WHERE counter = 2`, 'store_damaged'],
    ['PRAGMA user_version = 3', 'store_newer'],
  ] as const) {
    const folder = folderWithKeys();
    const { core, journal } = await openCore(folder);
    core.issueBatch([1, 2, 3].map((n) => requestOfCredit(requestOf(n)))).seal();
    journal.close();
    const database = new Database(folder.journalPath);
    database.exec(statement);
    database.close();
    await rejects(openCore(folder), fault(code));
    folder.remove();
  }
});

test.run();
