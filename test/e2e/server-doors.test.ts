import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { report } from '../support/counts.ts';
import { runCli } from '../support/processes.ts';
import { furnish, METER_A, makeUtility, post, startUtilityServer, type Utility } from '../support/utility.ts';

const test = suite('e2e: doors of the server');

/** What a start is refused for: how the folder came to be so, the fault, and what the command line adds. */
interface Door {
  readonly name: string;
  readonly code: FaultCode;
  /** Changes a copy of a sound data folder. */
  readonly spoil?: (dataFolder: string) => void;
  /** Options that stand behind the sound ones, and win. */
  readonly options?: (dataFolder: string) => readonly string[];
  /** A file that the refused start may write: an empty one gets its tables. */
  readonly writes?: string;
}

const SALE = { requestId: 'r1', meter: METER_A.drn, paidMinor: 10_000, currency: 'ZAR' };

let utility: Utility;
let other: Utility;
let vendorKey: string;
let sold: string;
test.before(async () => {
  [utility, other] = await Promise.all([makeUtility(), makeUtility()]);
  const server = await startUtilityServer(utility);
  const url = server.ready['url'] ?? '';
  const keys = await furnish(utility, url, [{ vendorId: 'shop', floatMinor: 100_000 }]);
  vendorKey = keys.get('shop') ?? '';
  sold = (await post(`${url}/v1/sales`, vendorKey, SALE)).text;
  assert.is(await server.stop(), 0);
});
test.after(() => {
  utility?.remove();
  other?.remove();
});

/** Changes rows as somebody with a database tool would. */
function alter(path: string, sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  assert.ok(database.prepare('SELECT total_changes() AS n').pluck().get() !== 0 || sql.startsWith('PRAGMA'));
  database.close();
}

function truncate(path: string, bytes: number): void {
  writeFileSync(path, readFileSync(path).subarray(0, bytes));
}

/** A server that was not refused is stopped after this, and found out by its answer. */
const START_MILLIS_MAX = 20_000;

const KEY_STORE = 'key-store.wks';
const LEDGER = 'vending.sqlite';
const JOURNAL = 'module.journal';

const DOORS: readonly Door[] = [
  {
    name: 'the data folder is a file',
    code: 'data_folder_unusable',
    options: (folder) => ['--data', join(folder, LEDGER), '--key-store', join(folder, KEY_STORE)],
  },
  {
    name: 'the key store is missing',
    code: 'key_store_missing',
    spoil: (folder) => rmSync(join(folder, KEY_STORE)),
  },
  {
    name: 'the key store is truncated',
    code: 'key_store_damaged',
    spoil: (folder) => truncate(join(folder, KEY_STORE), 200),
  },
  {
    name: 'the key store is empty',
    code: 'key_store_damaged',
    spoil: (folder) => truncate(join(folder, KEY_STORE), 0),
  },
  {
    name: 'the key store cannot be read',
    code: 'file_unreadable',
    options: (folder) => ['--key-store', folder],
  },
  {
    name: 'the passphrase is wrong',
    code: 'key_store_passphrase_wrong',
    spoil: (folder) => writeFileSync(join(folder, 'wrong'), 'not the passphrase\n'),
    options: (folder) => ['--passphrase-file', join(folder, 'wrong')],
  },
  {
    name: 'the passphrase is empty',
    code: 'key_store_passphrase_missing',
    spoil: (folder) => writeFileSync(join(folder, 'empty'), '\n'),
    options: (folder) => ['--passphrase-file', join(folder, 'empty')],
  },
  {
    name: 'the passphrase file is missing',
    code: 'file_unreadable',
    options: (folder) => ['--passphrase-file', join(folder, 'none')],
  },
  {
    name: 'the journal is no database',
    code: 'store_damaged',
    spoil: (folder) => writeFileSync(join(folder, JOURNAL), 'x'.repeat(9000)),
  },
  {
    name: 'an entry of the journal is altered',
    code: 'store_damaged',
    spoil: (folder) => alter(join(folder, JOURNAL), 'UPDATE entry SET sale_digest = token_digest'),
  },
  {
    name: 'the journal is newer',
    code: 'store_newer',
    spoil: (folder) => alter(join(folder, JOURNAL), 'PRAGMA user_version = 99'),
  },
  {
    name: 'the journal belongs to another module',
    code: 'ledger_mismatch',
    spoil: (folder) => alter(join(folder, JOURNAL), "UPDATE module SET module_id = 'another'"),
  },
  {
    name: 'the key store is of another module',
    code: 'ledger_mismatch',
    options: () => ['--key-store', join(other.serverFolder, KEY_STORE)],
  },
  {
    name: 'the database is newer',
    code: 'store_newer',
    spoil: (folder) => alter(join(folder, LEDGER), 'PRAGMA user_version = 99'),
  },
  {
    name: 'the database is truncated',
    code: 'store_damaged',
    spoil: (folder) => truncate(join(folder, LEDGER), 5000),
  },
  {
    name: 'the database was emptied',
    code: 'ledger_mismatch',
    spoil: (folder) => truncate(join(folder, LEDGER), 0),
    writes: LEDGER,
  },
  {
    name: 'an entry of the ledger is altered',
    code: 'ledger_mismatch',
    spoil: (folder) => alter(join(folder, LEDGER), 'UPDATE chain_entry SET token_digest = sale_digest'),
  },
  {
    name: 'the log file is a folder',
    code: 'usage',
    options: (folder) => ['--log-file', folder],
  },
];

/** A sound data folder of its own for whoever spoils it. */
function copyOfServerFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-door-'));
  cpSync(utility.serverFolder, folder, { recursive: true });
  return folder;
}

async function refusal(dataFolder: string, more: readonly string[] = []) {
  const sound = ['--data', dataFolder, '--passphrase-file', utility.passphraseFile, '--port', '0'];
  const args = ['server', 'start', ...sound, ...more, '--json'];
  const { code, stdout, stderr } = await runCli(args, { timeoutMillis: START_MILLIS_MAX });
  return { exit: code, problem: JSON.parse(stdout), stderr };
}

test('when a server cannot start then it names why, exits as documented, tells no secret and changes nothing', async () => {
  for (const { name, code, spoil, options, writes } of DOORS) {
    const folder = copyOfServerFolder();
    spoil?.(folder);
    const before = contentOf(folder, writes);
    const { exit, problem, stderr } = await refusal(folder, options?.(folder));
    assert.is(problem.code, code, name);
    assert.is(exit, FAULTS[code].exit, name);
    assert.match(stderr, `[${code}]`, name);
    assert.not.match(`${stderr}${JSON.stringify(problem)}`, /abab|passphrase of a test|wtk_|at .*\.js/, name);
    assert.equal(contentOf(folder, writes), before, name);
    rmSync(folder, { recursive: true });
  }
  report(`${DOORS.length} starts of a server refused by name, the data folder as it was`);
});

/** The digest of each file, but for the lock and the scratch files that SQLite keeps beside its own. */
function contentOf(folder: string, but?: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/-(wal|shm)$|\.lock$/.test(name) && name !== but);
  const digest = (name: string) => createHash('sha256').update(readFileSync(join(folder, name)));
  return Object.fromEntries(names.map((name) => [name, digest(name).digest('hex')]));
}

test('when folder or port are in use then a second server says so, and the first sells on', async () => {
  const folder = copyOfServerFolder();
  const first = await startUtilityServer({ ...utility, serverFolder: folder });
  const url = first.ready['url'] ?? '';
  const second = await refusal(folder);
  assert.equal([second.problem.code, second.exit], ['store_in_use', FAULTS.store_in_use.exit]);
  const copy = copyOfServerFolder();
  const taken = await refusal(copy, ['--port', new URL(url).port]);
  assert.equal([taken.problem.code, taken.exit], ['port_taken', FAULTS.port_taken.exit]);
  assert.match(taken.stderr, '--port');
  assert.is((await post(`${url}/v1/sales`, vendorKey, SALE)).text, sold);
  assert.is((await post(`${url}/v1/sales`, vendorKey, { ...SALE, requestId: 'r2' })).status, 201);
  assert.is(await first.stop(), 0);
  for (const used of [folder, copy]) rmSync(used, { recursive: true });
});

test('when the security module is killed and may not be started again then the server ends by name, and the next start sells the same bytes', async () => {
  const folder = copyOfServerFolder();
  const first = await startUtilityServer({ ...utility, serverFolder: folder }, ['--no-module-restart']);
  const [modulePid] = readFileSync(`/proc/${first.child.pid}/task/${first.child.pid}/children`, 'utf8').split(
    ' ',
  );
  const ended = new Promise<number | null>((resolve) => first.child.once('exit', resolve));
  process.kill(Number(modulePid), 'SIGKILL');
  assert.is(await ended, FAULTS.security_module_unavailable.exit);
  assert.match(first.output().stderr, '[security_module_unavailable]');
  const second = await startUtilityServer({ ...utility, serverFolder: folder });
  assert.is((await post(`${second.ready['url']}/v1/sales`, vendorKey, SALE)).text, sold);
  assert.is(
    (await post(`${second.ready['url']}/v1/sales`, vendorKey, { ...SALE, requestId: 'r3' })).status,
    201,
  );
  assert.is(await second.stop(), 0);
  rmSync(folder, { recursive: true });
});

test('what stands in the data folder is for nobody else to read', () => {
  const names = readdirSync(utility.serverFolder);
  assert.ok([KEY_STORE, LEDGER, JOURNAL, 'operator.key'].every((name) => names.includes(name)));
  for (const name of ['.', ...names]) {
    assert.is(statSync(join(utility.serverFolder, name)).mode & 0o077, 0, name);
  }
});

test.run();
