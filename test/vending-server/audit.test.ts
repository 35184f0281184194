import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FaultCode } from '../../lib/faults.ts';
import {
  exportLedger,
  findToken,
  readWitnessFile,
  verifyDataFolder,
  witnessLedger,
} from '../../vending-server/audit.ts';
import { DATABASE_FILE } from '../../vending-server/store/open.ts';
import { fault, rejects } from '../support/throws.ts';
import { newDataFolder, openHouse, removeFolder, startOn } from './furnished.ts';

const test = suite<{ folder: string }>('the door of the auditor');

test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'wattoken-audit-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const NOTHING = () => undefined;

test('when the folder holds no ledger, then every question is refused by name', async ({ folder }) => {
  const spoilt: readonly (readonly [what: string, spoil: (path: string) => void, code: FaultCode])[] = [
    ['nothing', NOTHING, 'file_unreadable'],
    ['an empty file', (path) => writeFileSync(path, ''), 'file_unreadable'],
    ['text', (path) => writeFileSync(path, 'x'.repeat(10_000)), 'store_damaged'],
    ['a newer ledger', (path) => new Database(path).exec('PRAGMA user_version = 99').close(), 'store_newer'],
  ];
  for (const [what, spoil, code] of spoilt) {
    const path = join(folder, DATABASE_FILE);
    rmSync(path, { force: true });
    spoil(path);
    const out = join(folder, `${what}.ndjson`);
    await rejects(exportLedger(folder, out, { withTokenNumbers: false }, NOTHING), fault(code));
    await rejects(witnessLedger(folder, undefined), fault(code));
    await rejects(findToken(folder, { saleId: 'x' }), fault(code));
    await rejects(verifyDataFolder(folder, { witnesses: [] }, NOTHING), fault('file_unreadable'));
  }
});

test('when a ledger is empty, then its export is whole and there is nothing to witness', async () => {
  const dataFolder = newDataFolder();
  const server = await startOn(dataFolder);
  await server.close();
  const compared = await verifyDataFolder(dataFolder, { witnesses: [] }, NOTHING);
  assert.equal([compared.verified, compared.entries, compared.findings], [true, 0, []]);
  await rejects(witnessLedger(dataFolder, undefined), fault('ledger_mismatch'));
  assert.is((await findToken(dataFolder, { saleId: 'x' })).ours, false);
  removeFolder(dataFolder);
});

test('when a module runs on the journal, then the comparison waits for nobody and is refused', async () => {
  const dataFolder = newDataFolder();
  const house = await openHouse(dataFolder);
  await house.store.bindModule(await house.securityModule.identity());
  await rejects(verifyDataFolder(dataFolder, { witnesses: [] }, NOTHING), fault('store_in_use'));
  await house.close();
  removeFolder(dataFolder);
});

test('when a file is no witness, then it is refused and not quoted', ({ folder }) => {
  const sound = { format: 'wattoken-witness-1', moduleId: 'm', publicKey: 'AAAA', heads: [] };
  for (const value of [
    null,
    1,
    [],
    {},
    sound,
    { ...sound, heads: [{}] },
    { ...sound, heads: 1 },
    { ...sound, format: 'x' },
  ]) {
    const path = join(folder, 'witness.json');
    writeFileSync(path, JSON.stringify(value));
    assert.throws(() => readWitnessFile(path), fault('file_unreadable'));
  }
  assert.throws(() => readWitnessFile(folder), fault('file_unreadable'));
});

test.run();
