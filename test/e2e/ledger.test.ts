/** The auditor at a keyboard: the built command line, a server that sells meanwhile, files handed over. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../support/counts.ts';
import { type Running, runCli } from '../support/processes.ts';
import {
  furnish,
  makeUtility,
  post,
  publicMeters,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

const test = suite('e2e: ledger');
const SECOND_VERIFIER = fileURLToPath(new URL('../reference/ledger-verifier.mjs', import.meta.url));
const METERS = publicMeters(50);

let utility: Utility;
let server: Running;
let url: string;
let vendorKey: string;
let tokenNo: string;
let sold = 0;
test.before(async () => {
  utility = await makeUtility();
  server = await startUtilityServer(utility, ['--log-level', 'debug']);
  url = server.ready['url'] ?? '';
  const keys = await furnish(utility, url, [{ vendorId: 'shop', floatMinor: 1_000_000_000 }], METERS);
  vendorKey = keys.get('shop') ?? '';
  tokenNo = (await sell()).tokens[0].tokenNo;
});
test.after(async () => {
  await server?.stop();
  utility?.remove();
});

async function sell() {
  sold += 1;
  const meter = METERS[sold % METERS.length]?.drn;
  const sale = { requestId: `r${sold}`, meter, paidMinor: 1000, currency: 'ZAR' };
  const reply = await post(`${url}/v1/sales`, vendorKey, sale);
  assert.is(reply.status, 201, reply.text);
  return reply.body;
}

function ledger(...args: string[]) {
  return runCli(['ledger', ...args]);
}

function fileOf(name: string): string {
  return join(utility.folder, name);
}

/** Between the sales of one seller: an export is whole beside any of them, and verifying more of them proves no more. */
const PAUSE_MILLIS = 50;

test('when the server sells, then every export of that moment is whole for both verifiers', async () => {
  let selling = true;
  const sellers = Array.from({ length: 16 }, async () => {
    while (selling) {
      await sell();
      await sleep(PAUSE_MILLIS);
    }
  });
  const exports: number[] = [];
  try {
    for (let i = 0; i < 5; i += 1) {
      const file = fileOf(`live-${i}.ndjson`);
      const written = await ledger('export', '--data', utility.serverFolder, '--out', file, '--json');
      assert.is(written.code, 0, written.stderr);
      exports.push(JSON.parse(written.stdout).entries);
      const proved = await ledger('verify', file, '--json');
      const { verified, findings, entries } = JSON.parse(proved.stdout);
      assert.equal([proved.code, verified, findings, entries], [0, true, [], exports.at(-1)]);
      const second = spawnSync(process.execPath, [SECOND_VERIFIER, file], { encoding: 'utf8' });
      assert.equal([second.status, second.stdout], [0, 'whole\n']);
      const witnessed = await ledger(
        'witness',
        '--data',
        utility.serverFolder,
        '--out',
        fileOf('witness.json'),
      );
      assert.is(witnessed.code, 0, witnessed.stderr);
    }
  } finally {
    selling = false;
    await Promise.all(sellers);
  }
  assert.ok((exports.at(-1) ?? 0) > (exports[0] ?? 0), 'sales went on');
  report(`5 exports of ${exports.join(', ')} entries under 16 sellers, all whole`);
});

test('when a token is asked for, then its sale is named; the digits may come by stdin and are printed nowhere', async () => {
  const data = ['--data', utility.serverFolder];
  const asked = await ledger('find', ...data, '--token', tokenNo, '--json');
  const verdict = JSON.parse(asked.stdout);
  assert.equal([asked.code, verdict.ours, verdict.sale.vendorId, verdict.counter], [0, true, 'shop', 1]);
  const piped = await runCli(['ledger', 'find', ...data, '--token', '-'], { input: `${tokenNo}\n` });
  assert.is(piped.code, 0);
  assert.match(piped.stdout, /^ours, released\n/);
  assert.not.ok(`${piped.stdout}${piped.stderr}${asked.stdout}`.includes(tokenNo));
  const bySale = await ledger('find', ...data, '--sale', verdict.sale.saleId, '--json');
  assert.is(JSON.parse(bySale.stdout).counter, 1);
  const strange = await ledger('find', ...data, '--token', '0'.repeat(20));
  assert.is(strange.code, 4);
  assert.match(strange.stdout, /^not in the ledger of \d+ entries, head [0-9a-f]{64}\n$/);
  const malformed = await ledger('find', ...data, '--token', '12');
  assert.equal([malformed.code, malformed.stdout], [3, '']);
  const file = fileOf('live-0.ndjson');
  const inFile = await ledger('find', '--export', file, '--token', tokenNo);
  assert.is(inFile.code, 0, inFile.stderr);
  assert.match(inFile.stdout, /^ours: entry 1, released, sale sale_/);
  assert.is((await ledger('find', '--export', file, '--token', '0'.repeat(20))).code, 4);
});

test('when the outsider comes back with his witness, then a later export still holds it and the script agrees', async () => {
  const witness = fileOf('witness.json');
  const { heads, publicKey } = JSON.parse(readFileSync(witness, 'utf8'));
  assert.is(heads.length, 5);
  const page = readFileSync(new URL('../../vending-server/ledger/README.md', import.meta.url), 'utf8');
  const script = fileOf('check.mjs');
  writeFileSync(script, /```js\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  const check = (file: string) => spawnSync(process.execPath, [script, file]).status;
  assert.is(check(witness), 0);
  for (const [index, name] of [
    [0, 'saleDigest'],
    [2, 'witnessedAt'],
    [4, 'signature'],
  ] as const) {
    const altered = JSON.parse(readFileSync(witness, 'utf8'));
    altered.heads[index][name] = altered.heads[index - 1]?.[name] ?? '0'.repeat(64);
    writeFileSync(fileOf('altered.json'), JSON.stringify(altered));
    assert.is(check(fileOf('altered.json')), 1, name);
    const found = await ledger(
      'verify',
      fileOf('live-4.ndjson'),
      '--witness',
      fileOf('altered.json'),
      '--json',
    );
    assert.is(found.code, 5);
    assert.ok('witness_wrong' in JSON.parse(found.stdout).findingCounts, name);
  }
  const file = fileOf('later.ndjson');
  await ledger('export', '--data', utility.serverFolder, '--out', file);
  const proved = await ledger('verify', file, '--witness', witness, '--public-key', publicKey, '--json');
  const { verified, witnessedHeads, publicKeyPinned } = JSON.parse(proved.stdout);
  assert.equal([proved.code, verified, witnessedHeads, publicKeyPinned], [0, true, 5, true]);
  // An export from before the last head does not hold it: that is what a cut history looks like.
  const early = await ledger('verify', fileOf('live-0.ndjson'), '--witness', witness, '--json');
  assert.is(early.code, 5);
  assert.ok('witnessed_head_missing' in JSON.parse(early.stdout).findingCounts);
});

test('when the data folder is compared with its journal, then the server must rest, and a minted token is named', async () => {
  const data = ['--data', utility.serverFolder];
  const running = await ledger('verify', ...data, '--json');
  assert.equal([running.code, JSON.parse(running.stdout).code], [6, 'store_in_use']);
  assert.is(await server.stop(), 0);
  const whole = await ledger('verify', ...data);
  assert.is(whole.code, 0, whole.stdout);
  assert.match(whole.stdout, /^the ledger is whole\n/);
  const books = new Database(join(utility.serverFolder, 'vending.sqlite'));
  books.pragma('foreign_keys = OFF');
  const last = books.prepare('SELECT max(counter) FROM chain_entry').pluck().get();
  books.prepare('DELETE FROM chain_entry WHERE counter = ?').run(last);
  books.close();
  const found = await ledger('verify', ...data, '--json');
  const { findings } = JSON.parse(found.stdout) as { findings: { kind: string; counter?: number }[] };
  assert.is(found.code, 5);
  assert.ok(findings.some(({ kind, counter }) => kind === 'unsold_token' && counter === last));
  const again = new Database(join(utility.serverFolder, 'vending.sqlite'));
  again.pragma('foreign_keys = OFF');
  const { heads } = JSON.parse(readFileSync(fileOf('witness.json'), 'utf8'));
  again.prepare('DELETE FROM chain_entry WHERE counter = ?').run(heads.at(-1).counter);
  again.close();
  const before = readFileSync(fileOf('witness.json'), 'utf8');
  const refused = await ledger('witness', ...data, '--out', fileOf('witness.json'), '--json');
  assert.equal([refused.code, JSON.parse(refused.stdout).code], [6, 'ledger_mismatch']);
  assert.is(readFileSync(fileOf('witness.json'), 'utf8'), before);
});

test('when the command line is not what a command takes, then it is refused by name and nothing is written', async () => {
  const out = fileOf('never.ndjson');
  const cases: readonly (readonly [args: string[], exit: number, code: string])[] = [
    [['export', '--data', fileOf('nowhere'), '--out', out], 3, 'file_unreadable'],
    [['verify'], 2, 'usage'],
    [['verify', fileOf('nowhere')], 3, 'file_unreadable'],
    [['verify', fileOf('live-0.ndjson'), '--witness', fileOf('check.mjs')], 3, 'file_unreadable'],
    [['witness', '--data', fileOf('nowhere'), '--out', out], 3, 'file_unreadable'],
    [['find', '--token', tokenNo], 2, 'usage'],
    [['find', '--data', utility.serverFolder], 2, 'usage'],
  ];
  for (const [args, exit, code] of cases) {
    const { code: ended, stdout } = await ledger(...args, '--json');
    assert.equal([ended, JSON.parse(stdout).code], [exit, code], args.join(' '));
    assert.not.ok(existsSync(out));
  }
  const { code, stdout } = await ledger('verify', fileOf('live-0.ndjson'), '--public-key', 'AAAA', '--json');
  assert.equal([code, JSON.parse(stdout).verified], [5, false]);
});

test.run();
