/** Backup and restore on real files, beside running sales, with everything that can be wrong with a backup. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  backupDataFolder,
  JOURNAL_COPY,
  LEDGER_COPY,
  MANIFEST_FILE,
} from '../../../vending-server/operation/backup.ts';
import { examine } from '../../../vending-server/operation/doctor.ts';
import { acceptClock, migrateDataFolder } from '../../../vending-server/operation/maintain.ts';
import { restoreBackup } from '../../../vending-server/operation/restore.ts';
import { MIGRATIONS } from '../../../vending-server/store/migrations.ts';
import { chance } from '../../support/chance.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import { DRN, OTHER_DRN, passphraseFileOf, startOn, startTestServer, type TestServer } from '../furnished.ts';

const test = suite<{ at: TestServer; place: string }>('backup, restore, doctor');
const NOW = Date.UTC(2026, 10, 22);

test.before.each(async (context) => {
  context.at = await startTestServer(5_000_000);
  context.place = mkdtempSync(join(tmpdir(), 'wattoken-backup-'));
});
test.after.each(async ({ at, place }) => {
  await at.close();
  rmSync(place, { recursive: true, force: true });
});

function backup(at: TestServer, out: string, withKeyStore = true) {
  return backupDataFolder({ dataFolder: at.dataFolder, withKeyStore }, out, NOW);
}

/** Sells until `stop`, two meters in turn, and keeps every answer. */
function keepSelling(at: TestServer, name: string) {
  let stopped = false;
  const answers = new Map<string, string>();
  const seller = async (meter: string) => {
    for (let i = 0; !stopped; i += 1) {
      const id = `${name}-${meter}-${i}`;
      const reply = await at.sell(id, { meter, paidMinor: 1000 });
      assert.is(reply.status, 201, reply.text);
      answers.set(id, reply.text);
    }
  };
  const work = Promise.all([seller(DRN), seller(OTHER_DRN)]);
  return async () => {
    stopped = true;
    await work;
    return answers;
  };
}

/** The restored folder is started, asked and examined. */
async function startRestored(dataFolder: string, passphraseFrom: string) {
  copyFileSync(passphraseFrom, passphraseFileOf(dataFolder));
  const server = await startOn(dataFolder);
  return server;
}

async function statesOf(dataFolder: string): Promise<Record<string, string>> {
  const checks = await examine({ dataFolder }, Date.now());
  return Object.fromEntries(checks.map(({ check, state }) => [check, state]));
}

async function failing(dataFolder: string): Promise<string[]> {
  return Object.entries(await statesOf(dataFolder))
    .filter(([, state]) => state === 'failed')
    .map(([check]) => check);
}

test('a copy made while sales run is whole, and a server sells from it', async ({ at, place }) => {
  const stop = keepSelling(at, 'live');
  let copies = 0;
  for (let i = 0; i < count(30, 3); i += 1) {
    const out = join(place, `b${i}`);
    const manifest = await backup(at, out);
    assert.ok(manifest.journal.counter >= manifest.ledger.counter);
    copies += 1;
    const folder = join(place, `r${i}`);
    const restored = await restoreBackup(out, { dataFolder: folder, replace: false }, NOW);
    assert.equal([restored.journal, restored.keyStore], ['restored', 'restored']);
    assert.equal(await failing(folder), []);
    const server = await startRestored(folder, passphraseFileOf(at.dataFolder));
    assert.is(server.recovery.unreleased, restored.lacks.count);
    assert.is(server.recovery.counter, manifest.journal.counter);
    await server.close();
    assert.equal(await failing(folder), []);
  }
  const answers = await stop();
  report(`${copies} copies beside ${answers.size} sales, each restored, examined, started`);
});

test('what a backup holds answers byte for byte, and its owner alone can read it', async ({ at, place }) => {
  const sold = await at.sell('kept');
  const out = join(place, 'b');
  await backup(at, out);
  assert.is(statSync(out).mode & 0o777, 0o700);
  for (const name of readdirSync(out)) assert.is(statSync(join(out, name)).mode & 0o077, 0, name);
  await rejects(backup(at, out), fault('backup_exists'));
  assert.equal(readdirSync(place), ['b'], 'nothing half done is left');
  const folder = join(place, 'r');
  await restoreBackup(out, { dataFolder: folder, replace: false }, NOW);
  const server = await startRestored(folder, passphraseFileOf(at.dataFolder));
  const headers = { authorization: `Bearer ${at.vendorKey}` };
  const found = await fetch(`${server.url}/v1/sales/by-request/kept`, { headers });
  assert.is(await found.text(), sold.text);
  await server.close();
});

test('a stopped server is backed up from its files, a folder in use by somebody else is not', async ({
  at,
  place,
}) => {
  await at.sell('r1');
  rmSync(join(at.dataFolder, 'control.sock')); // nobody can ask the server now
  await rejects(backup(at, join(place, 'b')), fault('store_in_use'));
  await at.server.close();
  const manifest = await backup(at, join(place, 'b'), false);
  assert.equal([manifest.sales, manifest.ledger.counter, manifest.journalAhead], [1, 1, 0]);
  const names = [JOURNAL_COPY, LEDGER_COPY, 'receipt.key', 'webhook.key'];
  assert.equal(manifest.files.map(({ name }) => name).sort(), names.sort());
  const folder = join(place, 'r');
  const restored = await restoreBackup(join(place, 'b'), { dataFolder: folder, replace: false }, NOW);
  assert.is(restored.keyStore, 'absent');
  assert.equal(restored.keys, ['receipt.key', 'webhook.key']);
  for (const name of restored.keys) {
    assert.equal(readFileSync(join(folder, name)), readFileSync(join(at.dataFolder, name)), name);
    assert.is(statSync(join(folder, name)).mode & 0o077, 0);
  }
  assert.is((await statesOf(folder))['key store'], 'failed', 'and doctor says what is missing');
});

test('under a newer journal the restored ledger names what it lacks, and nothing is given twice', async ({
  at,
  place,
}) => {
  for (let i = 0; i < 5; i += 1) await at.sell(`before-${i}`);
  const out = join(place, 'b');
  await backup(at, out);
  const lost = [];
  for (let i = 0; i < 7; i += 1) lost.push((await at.sell(`after-${i}`)).body.tokens[0].tidMinutes);
  await rejects(restoreBackup(out, { dataFolder: at.dataFolder, replace: true }, NOW), fault('store_in_use'));
  await at.server.close();
  await rejects(
    restoreBackup(out, { dataFolder: at.dataFolder, replace: false }, NOW),
    fault('restore_refused'),
  );
  const restored = await restoreBackup(out, { dataFolder: at.dataFolder, replace: true }, NOW);
  assert.is(restored.journal, 'kept');
  assert.equal(restored.lacks, { count: 7, from: 6, to: 12 });
  assert.ok(restored.setAside.length >= 1 && restored.setAside.every((path) => existsSync(path)));
  const server = await startOn(at.dataFolder);
  assert.equal([server.recovery.unreleased, server.recovery.counter], [7, 12]);
  const headers = { authorization: `Bearer ${at.vendorKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ requestId: 'new', meter: DRN, paidMinor: 1000, currency: 'ZAR' });
  const reply = await fetch(`${server.url}/v1/sales`, { method: 'POST', headers, body });
  const sold = (await reply.json()) as { tokens: { tidMinutes: number }[]; ledger: { counter: number } };
  assert.is(sold.ledger.counter, 13);
  assert.ok(sold.tokens[0]!.tidMinutes > Math.max(...lost), 'identifiers of lost sales stay used');
  await server.close();
  assert.equal(await failing(at.dataFolder), []);
});

test('a backup that is truncated or altered anywhere is refused, and the folder stays as it was', async ({
  at,
  place,
}) => {
  for (let i = 0; i < 3; i += 1) await at.sell(`r${i}`);
  const good = join(place, 'good');
  await backup(at, good);
  const draw = chance(seedOf('altered backups'));
  const folder = join(place, 'target');
  mkdirSync(folder);
  const names = readdirSync(good);
  let tried = 0;
  for (let i = 0; i < count(400, 20); i += 1) {
    const bad = join(place, 'bad');
    cpSync(good, bad, { recursive: true });
    const path = join(bad, names[i % names.length]!);
    const bytes = readFileSync(path);
    const offset = draw(bytes.length);
    switch (Math.floor(i / names.length) % 3) {
      case 0:
        bytes[offset] = bytes[offset]! ^ (1 << draw(8));
        writeFileSync(path, bytes);
        break;
      case 1:
        truncateSync(path, offset);
        break;
      default:
        rmSync(path);
    }
    // A changed space of the manifest still says the same; whatever it says must be true.
    const outcome = await restoreBackup(bad, { dataFolder: folder, replace: false }, NOW).then(
      () => 'restored',
      (error: unknown) => (fault('backup_damaged')(error) ? 'refused' : String(error)),
    );
    const harmless = path.endsWith(MANIFEST_FILE) && outcome === 'restored';
    if (harmless) rmSync(folder, { recursive: true });
    else assert.is(outcome, 'refused', `${path} #${i}`);
    if (!harmless)
      assert.equal(
        readdirSync(folder).filter((name) => name !== 'vending.lock'),
        [],
      );
    mkdirSync(folder, { recursive: true });
    rmSync(bad, { recursive: true });
    tried += 1;
  }
  report(`${tried} damaged backups refused`);
});

test('a journal of another module or of another history is not put under a ledger', async ({ at, place }) => {
  await at.sell('r1');
  await backup(at, join(place, 'b'));
  const other = await startTestServer(100_000);
  await other.sell('r1');
  await other.sell('r2');
  await other.server.close();
  const to = { dataFolder: other.dataFolder, replace: true };
  // The test's key store, and with it the module, is the same; the history is not.
  await rejects(restoreBackup(join(place, 'b'), to, NOW), fault('restore_refused'));
  const journal = new Database(join(other.dataFolder, 'module.journal'));
  journal.prepare('UPDATE module SET module_id = ?').run('another');
  journal.close();
  await rejects(restoreBackup(join(place, 'b'), to, NOW), fault('restore_refused'));
  await other.close();
});

test('doctor names what is wrong, beside a running server and without one', async ({ at }) => {
  for (let i = 0; i < 4; i += 1) await at.sell(`r${i}`);
  const running = await statesOf(at.dataFolder);
  assert.equal([running['server'], running['journal'], running['chain']], ['ok', 'ok', 'ok']);
  await at.server.close();
  assert.equal(await failing(at.dataFolder), []);
  const ledger = join(at.dataFolder, 'vending.sqlite');
  const change = (sql: string) => {
    const database = new Database(ledger);
    database.pragma('foreign_keys = OFF');
    database.exec(sql);
    database.close();
  };
  const keep = readFileSync(ledger);
  const cases: [sql: string, check: string][] = [
    ['UPDATE vendor SET float_minor = float_minor + 1', 'floats'],
    ["DELETE FROM transfer WHERE cause LIKE 'sale %' AND transfer_id % 3 = 0", 'floats'],
    ["UPDATE chain_entry SET token_digest = printf('%064d', 0) WHERE counter = 2", 'chain'],
    ['DELETE FROM chain_entry WHERE counter = 2', 'chain'],
    ['DELETE FROM chain_entry WHERE counter = 4', 'sales'],
    ['UPDATE clock_witness SET highest_at = highest_at + 864000000', 'clock'],
    [`PRAGMA user_version = ${MIGRATIONS.length + 1}`, 'schema'],
  ];
  for (const [sql, check] of cases) {
    change(sql);
    assert.ok(
      (await failing(at.dataFolder)).includes(check),
      `${check}: ${JSON.stringify(await statesOf(at.dataFolder))}`,
    );
    writeFileSync(ledger, keep);
  }
  const states = await statesOf(at.dataFolder);
  assert.is(states['floats'], 'ok');
  truncateSync(join(at.dataFolder, 'key-store.wks'), 100);
  rmSync(join(at.dataFolder, 'module.journal'));
  assert.equal(await failing(at.dataFolder), ['key store', 'journal']);
  report(`${cases.length + 2} kinds of damage named`);
});

test('a folder of an older schema is migrated, and a clock that ran ahead is believed again', async ({
  at,
}) => {
  await at.server.close();
  assert.equal(await migrateDataFolder(at.dataFolder), { from: MIGRATIONS.length, to: MIGRATIONS.length });
  await rejects(migrateDataFolder(join(at.dataFolder, 'none')), fault('file_unreadable'));
  const ahead = await startOn(at.dataFolder, { clock: { now: () => Date.now() + 90 * 86_400_000 } });
  await ahead.close();
  assert.equal(await failing(at.dataFolder), ['clock']);
  await acceptClock(at.dataFolder, Date.now());
  assert.equal(await failing(at.dataFolder), []);
  const server = await startOn(at.dataFolder);
  assert.is((await fetch(`${server.url}/ready`)).status, 200);
  await server.close();
});

test.run();
