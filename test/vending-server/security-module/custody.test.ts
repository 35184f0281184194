/** How vending keys come in, change hands and come back: formats, custodians, rotation, backup and restore. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import { backUpKeyStore, restoreKeyStore } from '../../../vending-server/security-module/key-backup.ts';
import { checkValueOf, parseVendingKeyRecord } from '../../../vending-server/security-module/key-record.ts';
import {
  addKeyComponent,
  addVendingKey,
  createKeyStore,
  openKeyStore,
  rotatePassphrase,
  splitVendingKey,
} from '../../../vending-server/security-module/key-store.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import {
  folderWithKeys,
  openCore,
  PASSPHRASE,
  SeededRandom,
  temporaryFolder,
  V2_RECORD,
} from './module-fixtures.ts';

const test = suite('custody of keys');
const KEY = V2_RECORD.vendingKey;
const OTHER = 'another passphrase, as public';
const MADE_AT = '2026-11-21T12:00:00.000Z';
const V2_FORMAT = {
  format: 'wattoken-vending-key',
  version: 2,
  ...V2_RECORD,
  allowedSubclasses: ['2.3', '0.0', '2.4'],
  unitLimitDeci: 10_000,
  currencyLimitHundredThousandth: 5_000_000,
  cluster: 3,
};

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('expected a refusal');
}

/** What an inspected fault shows may hold neither the key nor a component of it. */
function assertQuotesNothing(error: unknown, ...secrets: string[]): void {
  const text = inspect(error, { depth: 9 }).toLowerCase();
  for (const secret of [KEY, ...secrets]) assert.not.ok(text.includes(secret.toLowerCase()));
}

test('when a key comes in version 2 then its limits are kept, and version 1 still imports', () => {
  const folder = temporaryFolder();
  createKeyStore(folder.keyStorePath, PASSPHRASE);
  const { allowedSubclasses, unitLimitDeci, currencyLimitHundredThousandth, cluster, ...rest } =
    addVendingKey(folder.keyStorePath, PASSPHRASE, V2_FORMAT);
  assert.equal(allowedSubclasses, ['0.0', '2.3', '2.4']);
  assert.equal([unitLimitDeci, currencyLimitHundredThousandth, cluster], [10_000, 5_000_000, 3]);
  const before = readFileSync(folder.keyStorePath);
  addVendingKey(folder.keyStorePath, PASSPHRASE, { ...V2_FORMAT, allowedSubclasses: ['2.4', '2.3', '0.0'] });
  assert.equal(readFileSync(folder.keyStorePath), before, 'the same record in another order');
  assert.throws(() => addVendingKey(folder.keyStorePath, PASSPHRASE, V2_RECORD), fault('vending_key_exists'));
  const plain = addVendingKey(folder.keyStorePath, PASSPHRASE, { ...V2_RECORD, keyRevision: 2 });
  assert.is(plain.checkValue, rest.checkValue);
  assert.not.ok('cluster' in plain);
  const bad: [object, string | undefined][] = [
    [{ format: 'other' }, 'format'],
    [{ version: 1 }, 'version'],
    [{ version: undefined }, 'version'],
    [{ allowedSubclasses: [] }, 'allowedSubclasses'],
    [{ allowedSubclasses: ['1.0'] }, 'allowedSubclasses'],
    [{ allowedSubclasses: [KEY] }, 'allowedSubclasses'],
    [{ unitLimitDeci: 0 }, 'unitLimitDeci'],
    [{ unitLimitDeci: 2 ** 32 }, 'unitLimitDeci'],
    [{ currencyLimitHundredThousandth: '1' }, 'currencyLimitHundredThousandth'],
    [{ cluster: -1 }, 'cluster'],
    [{ component: 1 }, undefined],
    [{ [KEY]: 1 }, undefined],
  ];
  for (const [change, param] of bad) {
    const error = thrownBy(() => parseVendingKeyRecord({ ...V2_FORMAT, ...change }));
    assert.ok(fault('vending_key_malformed')(error), inspect(change));
    assert.is((error as { param?: string }).param, param, inspect(change));
    assertQuotesNothing(error);
  }
  report(`malformed records of version 2: ${bad.length}`);
  folder.remove();
});

test('when a key needs two custodians then no single file brings it in, and two components do in either order', () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ] as const) {
    const folder = temporaryFolder();
    createKeyStore(folder.keyStorePath, PASSPHRASE, 2);
    const whole = thrownBy(() => addVendingKey(folder.keyStorePath, PASSPHRASE, V2_RECORD));
    assert.ok(fault('key_custodians_required')(whole));
    const halves = splitVendingKey(V2_FORMAT) as readonly { keyComponent: string; component: number }[];
    const [first, second] = order.map((index) => halves[index]!);
    assert.is(first!.keyComponent.length, KEY.length);
    assert.not.ok(halves.some(({ keyComponent }) => keyComponent === KEY));
    const waiting = addKeyComponent(folder.keyStorePath, PASSPHRASE, first);
    assert.is(waiting.kind, 'waiting');
    assertQuotesNothing(waiting, first!.keyComponent);
    const between = openKeyStore(folder.keyStorePath, PASSPHRASE);
    assert.equal([between.vendingKeys.length, between.components.length, between.custodians], [0, 1, 2]);
    assertQuotesNothing(between.components, first!.keyComponent);
    // The same custodian again takes his own place and nobody else's.
    assert.is(addKeyComponent(folder.keyStorePath, PASSPHRASE, first).kind, 'waiting');
    assert.is(addKeyComponent(folder.keyStorePath, PASSPHRASE, second).kind, 'imported');
    const open = openKeyStore(folder.keyStorePath, PASSPHRASE);
    assert.equal([open.vendingKeys.length, open.components.length], [1, 0]);
    assert.is(hexFromBytes(open.vendingKeys[0]!.vendingKey), KEY);
    assert.is(open.vendingKeys[0]!.attributes.cluster, 3);
    folder.remove();
  }
});

test('when components do not fit then they are refused by name, quote nothing and change nothing', () => {
  const folder = temporaryFolder();
  createKeyStore(folder.keyStorePath, PASSPHRASE, 2);
  type Half = Record<string, unknown> & { keyComponent: string };
  const [one, two] = splitVendingKey(V2_RECORD) as unknown as [Half, Half];
  const [, stranger] = splitVendingKey(V2_RECORD) as unknown as [Half, Half];
  addKeyComponent(folder.keyStorePath, PASSPHRASE, one);
  const before = readFileSync(folder.keyStorePath);
  const mistyped = two.keyComponent.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  const short = two.keyComponent.slice(0, 16);
  const checkOf = (hex: string) => checkValueOf(bytesFromHex(hex));
  const cases: [unknown, Parameters<typeof fault>[0]][] = [
    [{ ...two, keyComponent: mistyped }, 'key_components_mismatch'],
    [{ ...two, keyComponent: mistyped, componentCheckValue: checkOf(mistyped) }, 'key_components_mismatch'],
    [{ ...two, keyComponent: short, componentCheckValue: checkOf(short) }, 'key_components_mismatch'],
    [stranger, 'key_components_mismatch'],
    [{ ...two, keyExpiry: 254 }, 'key_components_mismatch'],
    [{ ...two, checkValue: '000000' }, 'key_components_mismatch'],
    [{ ...two, component: 3 }, 'vending_key_malformed'],
    [{ ...two, componentCheckValue: 'ABCDEF' }, 'vending_key_malformed'],
    [{ ...two, vendingKey: KEY }, 'vending_key_malformed'],
    [V2_RECORD, 'vending_key_malformed'],
    [V2_FORMAT, 'vending_key_malformed'],
    [null, 'vending_key_malformed'],
  ];
  for (const [value, code] of cases) {
    const error = thrownBy(() => addKeyComponent(folder.keyStorePath, PASSPHRASE, value));
    assert.ok(fault(code)(error), `${inspect(value)} gave ${inspect(error)}`);
    assertQuotesNothing(error, one.keyComponent, two.keyComponent, mistyped);
    assert.equal(readFileSync(folder.keyStorePath), before);
  }
  report(`components refused: ${cases.length}, each by name`);
  folder.remove();
});

test('when the passphrase is rotated then only the new one opens, and identity, keys and components are the same', () => {
  const folder = folderWithKeys();
  const before = openKeyStore(folder.keyStorePath, PASSPHRASE);
  const [half] = splitVendingKey({ ...V2_RECORD, keyRevision: 5 });
  addKeyComponent(folder.keyStorePath, PASSPHRASE, half);
  rotatePassphrase(folder.keyStorePath, PASSPHRASE, OTHER);
  assert.throws(() => openKeyStore(folder.keyStorePath, PASSPHRASE), fault('key_store_passphrase_wrong'));
  const after = openKeyStore(folder.keyStorePath, OTHER);
  assert.equal([after.moduleId, after.publicKey], [before.moduleId, before.publicKey]);
  assert.equal(after.vendingKeys, before.vendingKeys);
  assert.is(after.components.length, 1);
  const sealed = readFileSync(folder.keyStorePath);
  assert.throws(
    () => rotatePassphrase(folder.keyStorePath, PASSPHRASE, 'x'),
    fault('key_store_passphrase_wrong'),
  );
  assert.throws(
    () => rotatePassphrase(folder.keyStorePath, OTHER, ''),
    fault('key_store_passphrase_missing'),
  );
  assert.equal(readFileSync(folder.keyStorePath), sealed);
  folder.remove();
});

test('when a rotation is killed anywhere then the file is whole, under the old passphrase or the new one', async () => {
  const folder = folderWithKeys();
  const random = new SeededRandom(seedOf('rotation kills'));
  const url = (name: string) =>
    JSON.stringify(new URL(`../../../vending-server/security-module/${name}.ts`, import.meta.url).href);
  const program = `${folder.path}/rotate.mts`;
  // Sealing takes 0.1 s on purpose and touches no file: sealed once each, so that the kills meet the writing.
  writeFileSync(
    program,
    `import { readFileSync } from 'node:fs';
    import { seal, unseal, writeSealedFile } from ${url('sealed-file')};
    const path = ${JSON.stringify(folder.keyStorePath)};
    const passphrases = ${JSON.stringify([PASSPHRASE, OTHER])};
    const text = readFileSync(path, 'utf8');
    const opened = passphrases.map((passphrase) => {
      try { return unseal(text, passphrase); } catch { return undefined; }
    }).find((content) => content !== undefined);
    const sealed = passphrases.map((passphrase) => seal(opened, passphrase));
    console.log('rotating');
    for (let i = 0; ; i += 1) writeSealedFile(path, sealed[i % 2], 'replace');`,
  );
  const kills = count(300, 5);
  const found = { old: 0, new: 0 };
  let leftovers = 0;
  for (let i = 0; i < kills; i += 1) {
    const child = spawn(process.execPath, [...process.execArgv, program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    await once(child.stdout!, 'data');
    await new Promise((resolve) => setTimeout(resolve, random.below(40)));
    child.kill('SIGKILL');
    await gone;
    try {
      assert.is(openKeyStore(folder.keyStorePath, PASSPHRASE).vendingKeys.length, 1);
      found.old += 1;
    } catch (error) {
      assert.ok(fault('key_store_passphrase_wrong')(error));
      assert.is(openKeyStore(folder.keyStorePath, OTHER).vendingKeys.length, 1);
      found.new += 1;
    }
    leftovers = readdirSync(folder.path).filter((name) => name.endsWith('.tmp')).length;
  }
  assert.is(found.old + found.new, kills);
  report(
    `rotations killed: ${kills}, old passphrase ${found.old}, new ${found.new}, none damaged; sealed leftovers ${leftovers}`,
  );
  folder.remove();
});

test('when a backup is restored then it is the same module with the same keys, under a passphrase of its own', async () => {
  const folder = folderWithKeys();
  const { moduleId, vendingKeys } = openKeyStore(folder.keyStorePath, PASSPHRASE);
  const backup = { path: `${folder.path}/backup.wkb`, passphrase: OTHER };
  const source = { path: folder.keyStorePath, passphrase: PASSPHRASE };
  const manifest = backUpKeyStore(source, backup, MADE_AT);
  assert.equal(
    [manifest.moduleId, manifest.madeAt, manifest.vendingKeys],
    [
      moduleId,
      MADE_AT,
      [{ name: 'SGC 201457 KRN 1 KT 2 base 14', checkValue: vendingKeys[0]!.attributes.checkValue }],
    ],
  );
  assert.throws(() => backUpKeyStore(source, backup, MADE_AT), fault('key_store_exists'));
  const text = readFileSync(backup.path, 'utf8');
  assert.not.ok(text.includes(KEY));
  assert.throws(
    () => openKeyStore(backup.path, OTHER),
    fault('key_store_damaged'),
    'a backup is no key store',
  );
  const target = { path: `${folder.path}/restored.wks`, passphrase: 'a third passphrase' };
  await restoreKeyStore(backup, target, { moduleId });
  const restored = openKeyStore(target.path, target.passphrase);
  assert.equal([restored.moduleId, restored.vendingKeys], [moduleId, vendingKeys]);
  await rejects(restoreKeyStore(backup, target, {}), fault('key_store_exists'));
  await rejects(
    restoreKeyStore({ ...backup, passphrase: PASSPHRASE }, { ...target, path: `${folder.path}/no` }, {}),
    fault('key_store_passphrase_wrong'),
  );
  folder.remove();
});

test('when a backup is damaged, forged or of another module then nothing is restored', async () => {
  const folder = folderWithKeys();
  const random = new SeededRandom(seedOf('backup damage'));
  const backup = { path: `${folder.path}/backup.wkb`, passphrase: OTHER };
  const target = { path: `${folder.path}/restored.wks`, passphrase: PASSPHRASE };
  backUpKeyStore({ path: folder.keyStorePath, passphrase: PASSPHRASE }, backup, MADE_AT);
  const whole = readFileSync(backup.path);
  const restore = () => restoreKeyStore(backup, target, {});
  let damaged = 0;
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(backup.path, whole.subarray(0, length));
    await rejects(restore(), fault('key_store_damaged'));
    damaged += 1;
  }
  for (let i = 0; i < 300; i += 1) {
    const flipped = Buffer.from(whole);
    flipped[random.below(whole.length)]! ^= 1 << random.below(8);
    writeFileSync(backup.path, flipped);
    await rejects(restore(), fault('key_store_damaged'));
    damaged += 1;
  }
  // A manifest changed with a fresh check: the seal knows.
  const { createHash } = await import('node:crypto');
  const { check: _check, ...rest } = JSON.parse(whole.toString('utf8'));
  for (const change of [{ madeAt: '2020' }, { moduleId: 'another' }, { vendingKeys: [] }]) {
    const forged = { ...rest, manifest: { ...rest.manifest, ...change } };
    const check = createHash('sha256').update(JSON.stringify(forged)).digest('hex');
    writeFileSync(backup.path, `${JSON.stringify({ ...forged, check })}\n`);
    await rejects(restore(), fault('key_store_passphrase_wrong'));
  }
  await rejects(
    restoreKeyStore({ ...backup, path: folder.keyStorePath }, target, {}),
    fault('key_store_damaged'),
  );
  await rejects(
    restoreKeyStore({ ...backup, path: `${folder.path}/none` }, target, {}),
    fault('key_store_missing'),
  );
  writeFileSync(backup.path, whole);
  await rejects(
    restoreKeyStore(backup, target, { moduleId: 'ffffffff-ffff-4fff-8fff-ffffffffffff' }),
    fault('key_backup_other_module'),
  );
  // The journal beside it says whose key store this must be.
  const stranger = temporaryFolder();
  createKeyStore(stranger.keyStorePath, PASSPHRASE);
  (await openCore(stranger)).journal.close();
  const { journalPath } = stranger;
  await rejects(restoreKeyStore(backup, target, { journalPath }), fault('key_backup_other_module'));
  assert.not.ok(existsSync(target.path));
  const own = await openCore(folder);
  await rejects(restoreKeyStore(backup, target, { journalPath: folder.journalPath }), fault('store_in_use'));
  own.journal.close();
  await restoreKeyStore(backup, target, { journalPath: folder.journalPath });
  report(`backups damaged: ${damaged}, forged: 3, all refused`);
  stranger.remove();
  folder.remove();
});

test.run();
