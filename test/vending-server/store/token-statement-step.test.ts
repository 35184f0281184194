/** The step that lets the ledger hold tokens of every purpose: what stood in it before, and what stands in it now. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { entryHash } from '../../../vending-server/ledger/chain.ts';
import { MIGRATIONS } from '../../../vending-server/store/migrations.ts';
import { DATABASE_FILE, openSqliteStore } from '../../../vending-server/store/open.ts';
import { METER, MODULE, TestChain } from './store-fixtures.ts';

const test = suite('token statement step');

test('when a ledger is from before statements then its entries are as they were', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-step-'));
  const path = join(dataFolder, DATABASE_FILE);
  const database = new Database(path);
  database.exec(MIGRATIONS[0] ?? '');
  database.pragma('user_version = 1');
  const old = { moduleId: MODULE.moduleId, counter: 1, previousHash: '0'.repeat(64), statement: '' };
  const link = { ...old, saleDigest: '1'.repeat(64), tokenDigest: '2'.repeat(64) };
  const hash = entryHash(link);
  database
    .prepare(
      `INSERT INTO chain_entry VALUES (?, 1, ?, ?, ?, ?, 'signed', 'unreleased', NULL, ?, '14', 6000000)`,
    )
    .run(old.moduleId, link.saleDigest, link.tokenDigest, old.previousHash, hash, METER.meterPan);
  database.close();
  const store = await openSqliteStore({ dataFolder });
  const [entry] = await store.entries(MODULE.moduleId, 0, 10);
  assert.equal(
    [entry?.statement, entry?.tidMinutes, entry?.entryHash, entryHash(entry!)],
    ['', 6_000_000, hash, hash],
  );
  await store.close();
  rmSync(dataFolder, { recursive: true });
});

test('when a module made the sections of a key change then the ledger names each, without a TID', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'wattoken-step-'));
  const store = await openSqliteStore({ dataFolder });
  await store.bindModule({ ...MODULE, counter: 0 });
  const chain = new TestChain();
  const sections = ['1', '2', '3', '4'].map((digit) => ({
    ...chain.next(digit.repeat(20)),
    meterPan: METER.meterPan,
    baseDate: '14' as const,
    tidMinutes: null,
  }));
  assert.is(await store.recordUnreleased(sections), 4);
  assert.is(await store.recordUnreleased(sections), 0);
  const held = await store.entries(MODULE.moduleId, 0, 10);
  assert.equal(
    held.map(({ tidMinutes, statement }) => [tidMinutes, statement]),
    sections.map(({ statement }) => [null, statement]),
  );
  await store.close();
  rmSync(dataFolder, { recursive: true });
});

test.run();
