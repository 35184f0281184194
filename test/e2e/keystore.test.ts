/** The key store by the command line, as its keepers handle it: two custodians, a rotation, a lost machine. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PUBLIC_TEST_VENDING_KEY } from '../../cli/public-test-values.ts';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { report } from '../support/counts.ts';
import { runCli } from '../support/processes.ts';
import { furnish, makeUtility, post, startUtilityServer } from '../support/utility.ts';

const test = suite('e2e: key store');
const KEY = PUBLIC_TEST_VENDING_KEY.vendingKey;

let folder: string;
let spoken = '';
const at = (name: string) => join(folder, name);
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattoken-keystore-'));
  for (const [name, text] of [
    ['pass', 'first passphrase'],
    ['new-pass', 'second passphrase'],
    ['backup-pass', 'passphrase of the backup'],
  ] as const)
    writeFileSync(at(name), `${text}\n`);
  writeFileSync(at('key.json'), JSON.stringify(PUBLIC_TEST_VENDING_KEY));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `keystore <verb>` on the folder's store; every path is a name in the folder. */
async function keystore(verb: string, options: Record<string, string>, pass: string | null = 'pass') {
  const store = pass === null ? [] : ['--key-store', at('keys.wks'), '--passphrase-file', at(pass)];
  const literal = ['--custodians', '--module'];
  const flags = Object.entries(options).flatMap(([flag, value]) => [
    flag,
    literal.includes(flag) ? value : at(value),
  ]);
  const { code, stdout, stderr } = await runCli(['keystore', verb, ...store, ...flags, '--json']);
  spoken += stdout + stderr;
  return { code, stderr, result: stdout === '' ? undefined : JSON.parse(stdout) };
}

async function refused(code: FaultCode, ...call: Parameters<typeof keystore>): Promise<void> {
  const { code: exit, result } = await keystore(...call);
  assert.equal([result.code, exit], [code, FAULTS[code].exit]);
}

test('when two custodians bring a key in then it is there whole, and no file alone will do', async () => {
  const made = await keystore('init', {});
  assert.is(made.result.custodians, 2, 'two is what nobody has to ask for');
  await refused('key_custodians_required', 'import', { '--key-file': 'key.json' });
  await refused('usage', 'import', {});
  await refused('usage', 'import', { '--key-file': 'key.json', '--component-file': 'key.json' });
  const split = { '--key-file': 'key.json', '--out-1': 'one.json', '--out-2': 'two.json' };
  assert.is((await keystore('split', split, null)).code, 0);
  assert.is((await keystore('split', split, null)).code, FAULTS.file_unreadable.exit, 'no file is replaced');
  for (const name of ['one.json', 'two.json']) assert.is(statSync(at(name)).mode & 0o077, 0);
  const first = await keystore('import', { '--component-file': 'two.json' });
  assert.equal([first.result.kind, first.result.component.component], ['waiting', 2]);
  const second = await keystore('import', { '--component-file': 'one.json' });
  assert.is(second.result.kind, 'imported');
  const { result } = await keystore('list', {});
  assert.equal(
    [result.custodians, result.components, result.vendingKeys.length, result.vendingKeys[0].checkValue],
    [2, [], 1, second.result.vendingKey.checkValue],
  );
  const { checkValue } = JSON.parse(readFileSync(at('one.json'), 'utf8'));
  assert.is(result.vendingKeys[0].checkValue, checkValue);
});

test('when the passphrase is rotated and the machine lost then the backup brings the same module back', async () => {
  const before = (await keystore('list', {})).result;
  const backup = { '--backup': 'keys.wkb', '--backup-passphrase-file': 'backup-pass' };
  assert.is((await keystore('backup', backup)).result.moduleId, before.moduleId);
  await refused('key_store_exists', 'backup', backup);
  assert.is((await keystore('rotate', { '--new-passphrase-file': 'new-pass' })).code, 0);
  await refused('key_store_passphrase_wrong', 'list', {});
  assert.equal((await keystore('list', {}, 'new-pass')).result, before);
  await refused('key_store_exists', 'restore', backup);
  rmSync(at('keys.wks'));
  await refused('key_store_passphrase_wrong', 'restore', { ...backup, '--backup-passphrase-file': 'pass' });
  await refused('key_backup_other_module', 'restore', { ...backup, '--module': 'another' });
  await refused('key_store_damaged', 'restore', { ...backup, '--backup': 'key.json' });
  assert.not.ok(readdirSync(folder).includes('keys.wks'), 'a refusal leaves nothing');
  const { moduleId } = before;
  assert.is((await keystore('restore', { ...backup, '--module': moduleId }, 'new-pass')).code, 0);
  assert.equal((await keystore('list', {}, 'new-pass')).result, before);
  const halves = ['one.json', 'two.json'].map(
    (name) => JSON.parse(readFileSync(at(name), 'utf8')).keyComponent as string,
  );
  for (const secret of [KEY, ...halves, 'first passphrase', 'second passphrase'])
    assert.not.ok(spoken.includes(secret));
  report(`what the commands said was searched for ${halves.length + 3} secrets: ${spoken.length} characters`);
});

test('when the module of a running server is killed then the server sells on at the same address', async () => {
  const utility = await makeUtility();
  const server = await startUtilityServer(utility);
  const url = server.ready['url'] ?? '';
  const keys = await furnish(utility, url, [{ vendorId: 'shop', floatMinor: 100_000 }]);
  const key = keys.get('shop') ?? '';
  const sell = (requestId: string) =>
    post(`${url}/v1/sales`, key, { requestId, meter: '11111111115', paidMinor: 1000, currency: 'ZAR' });
  const first = await sell('r1');
  assert.is(first.status, 201);
  let sold = 1;
  for (let kill = 1; kill <= 3; kill += 1) {
    const [modulePid] = readFileSync(
      `/proc/${server.child.pid}/task/${server.child.pid}/children`,
      'utf8',
    ).split(' ');
    process.kill(Number(modulePid), 'SIGKILL');
    for (;;) {
      const reply = await sell(`after-${kill}`);
      if (reply.status === 201) break;
      assert.equal([reply.status, reply.body.code], [503, 'security_module_unavailable']);
    }
    sold += 1;
  }
  assert.is((await sell('r1')).text, first.text);
  const ready = (await (await fetch(`${url}/ready`)).json()) as { counter: number };
  assert.is(ready.counter >= sold, true);
  assert.is(await server.stop(), 0);
  utility.remove();
});

test.run();
