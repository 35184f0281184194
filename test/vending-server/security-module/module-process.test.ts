import { type ChildProcess, fork, spawn } from 'node:child_process';
import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TID_MAX } from '../../../lib/token/tid.ts';
import { verifyChain } from '../../../vending-server/ledger/verify-chain.ts';
import {
  type SecurityModuleOptions,
  startSecurityModule,
} from '../../../vending-server/security-module/client.ts';
import type { ChainEntry, SecurityModule } from '../../../vending-server/security-module/contract.ts';
import { moduleProgram } from '../../support/bundled.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { collect } from '../../support/processes.ts';
import { fault, rejects } from '../../support/throws.ts';
import {
  type Folder,
  folderWithKeys,
  type IssuedCredit,
  issueCredit,
  METER,
  OFFICIAL,
  openKnownKeyStore,
  PASSPHRASE,
  requestOf,
  SeededRandom,
  sha256,
  V2_RECORD,
} from './module-fixtures.ts';

const test = suite('security module process');

function start(folder: Folder, more: Partial<SecurityModuleOptions> = {}): Promise<SecurityModule> {
  const { keyStorePath, journalPath, passphraseFile } = folder;
  return startSecurityModule({
    keyStorePath,
    journalPath,
    passphraseFile,
    tidWindowMinutes: TID_MAX,
    program: moduleProgram(),
    ...more,
  });
}

test('when 64 callers ask at once, then each gets his token, sealed, in one chain', async () => {
  const folder = folderWithKeys();
  const module = await start(folder);
  const [key] = await module.vendingKeys();
  assert.is(key?.supplyGroupCode, '201457');
  const tokens = count(40_000, 1500);
  let next = 0;
  const issued: IssuedCredit[] = [];
  const caller = async (): Promise<void> => {
    while (next < tokens) {
      next += 1;
      const number = next;
      const credit = await issueCredit(module, requestOf(number));
      assert.is(credit.entry.saleDigest, sha256(`sale ${number}`));
      await credit.sealed;
      issued.push(credit);
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 64 }, caller));
  const seconds = (performance.now() - startedAt) / 1000;
  const entries = issued.map(({ entry }) => entry).sort((a, b) => a.counter - b.counter);
  const identity = await module.identity();
  assert.equal(verifyChain(entries, { ...identity, head: identity }), []);
  assert.is(new Set(issued.map(({ tokenNo }) => tokenNo)).size, tokens);
  const signatures = entries.filter(({ signature }) => signature !== '').length;
  await module.close();
  await rejects(issueCredit(module, requestOf(1)), fault('security_module_unavailable'));
  report(`through the child, 64 callers: ${tokens} tokens, ${Math.round(tokens / seconds)} sealed tokens/s`);
  report(`one Ed25519 sign: ${microsecondsPerSignature(folder).toFixed(0)} µs; batches ${signatures}`);
  folder.remove();
});

test('when many ask in one turn, then the module begins before the turn has ended, and takes no more than four batches', async () => {
  const folder = folderWithKeys();
  const batches: number[] = [];
  const module = await start(folder, { onBatch: ({ requests }) => batches.push(requests) });
  let heard = 0;
  const ask = async (number: number): Promise<IssuedCredit> => {
    const credit = await issueCredit(module, requestOf(number));
    await credit.sealed;
    heard += 1;
    return credit;
  };
  const numbers = Array.from({ length: 110 }, (_, i) => i + 1);
  const asked = numbers.map(ask);
  const closed = module.close();
  const credits = await Promise.all(asked);
  await closed;
  assert.is(heard, numbers.length, 'who closes waits for all that was asked');
  assert.equal(batches, [16, 16, 16, 16, 46]);
  assert.equal(
    credits.map(({ entry }) => entry.counter),
    numbers,
    'in the order in which they were asked',
  );
  const again = await start(folder);
  const identity = await again.identity();
  assert.equal(verifyChain(await again.entriesAfter(0, 200), { ...identity, head: identity }), []);
  await again.close();
  folder.remove();
});

test('when the journal fails under one batch, then none of those behind it is made', async () => {
  const folder = folderWithKeys();
  const first = await start(folder);
  await (await issueCredit(first, requestOf(1))).sealed;
  await first.close();
  // A trigger is the disk that says no: the third row of the next batch.
  const journal = new Database(folder.journalPath);
  journal.exec(
    `CREATE TRIGGER full BEFORE INSERT ON entry WHEN new.counter = 4 BEGIN SELECT raise(ABORT, 'full'); END`,
  );
  journal.close();
  const module = await start(folder);
  const asked = Array.from({ length: 48 }, (_, i) => issueCredit(module, requestOf(2 + i)));
  const ends = await Promise.allSettled(asked.map(async (issued) => (await issued).sealed));
  const codes = ends.map((end) => (end.status === 'rejected' ? end.reason.code : 'sealed'));
  assert.equal(new Set(codes.slice(0, 16)), new Set(['store_damaged']));
  assert.equal(new Set(codes.slice(16)), new Set(['security_module_unavailable']));
  await module.close();
  const repaired = new Database(folder.journalPath);
  repaired.exec('DROP TRIGGER full');
  repaired.close();
  const again = await start(folder);
  assert.is((await again.identity()).counter, 1);
  await again.close();
  folder.remove();
});

function microsecondsPerSignature(folder: Folder): number {
  const { signingKey } = openKnownKeyStore(folder.keyStorePath);
  const hash = randomBytes(32);
  const times = 500;
  const startedAt = performance.now();
  for (let i = 0; i < times; i += 1) sign(null, hash, signingKey);
  return ((performance.now() - startedAt) * 1000) / times;
}

test('when the child is killed in mid-batch, then after a restart nothing sealed is lost and no counter is used twice', async () => {
  const folder = folderWithKeys();
  const random = new SeededRandom(seedOf('module kills'));
  const kills = count(200, 10);
  const sealed = new Map<number, ChainEntry>();
  const tally = { signedNotSealed: 0, unanswered: 0, unsealedInJournal: 0 };
  let number = 0;
  for (let i = 0; i < kills; i += 1) {
    let pid = 0;
    const module = await start(folder, {
      onStarted: (started) => {
        pid = started;
      },
    });
    const died = new Promise<string>((resolve) => void module.onExit(resolve));
    let killed = false;
    let answers = 0;
    const kill = (): void => {
      if (!killed) process.kill(pid, 'SIGKILL');
      killed = true;
    };
    // Some kills come with the first signed answer, so that they meet the journal's commit; the others at any moment.
    const atAnswer = i % 3 === 0 ? random.below(200) : -1;
    if (atAnswer < 0) setTimeout(kill, random.below(25));
    const caller = async (): Promise<void> => {
      for (;;) {
        number += 1;
        let issued: IssuedCredit;
        try {
          issued = await issueCredit(module, requestOf(number));
        } catch (error) {
          assert.ok(fault('security_module_unavailable')(error));
          tally.unanswered += 1;
          return;
        }
        answers += 1;
        if (atAnswer >= 0 && answers > atAnswer) kill();
        try {
          await issued.sealed;
        } catch (error) {
          assert.ok(fault('security_module_unavailable')(error));
          tally.signedNotSealed += 1;
          return;
        }
        assert.not.ok(sealed.has(issued.entry.counter), 'a counter was given twice');
        sealed.set(issued.entry.counter, issued.entry);
      }
    };
    await Promise.all([...Array.from({ length: 48 }, caller), died]);
    await rejects(module.identity(), fault('security_module_unavailable'));
    await module.close();
  }
  const module = await start(folder);
  const identity = await module.identity();
  const journal = await module.entriesAfter(0, identity.counter + 1);
  assert.is(journal.length, identity.counter);
  assert.equal(verifyChain(journal, { ...identity, head: identity }), []);
  for (const [counter, entry] of sealed) assert.is(journal[counter - 1]?.entryHash, entry.entryHash);
  tally.unsealedInJournal = journal.length - sealed.size;
  await module.close();
  report(
    `module killed ${kills} times: ${journal.length} journalled, ${sealed.size} sealed of them, ` +
      `${tally.unsealedInJournal} in the journal whose seal was not heard, ` +
      `${tally.signedNotSealed} signed and not sealed, ${tally.unanswered} unanswered`,
  );
  folder.remove();
});

test('when two modules are started on one journal, then the second is refused', async () => {
  const folder = folderWithKeys();
  const first = await start(folder);
  await rejects(start(folder), fault('store_in_use'));
  await (await issueCredit(first, requestOf(1))).sealed;
  await first.close();
  const second = await start(folder);
  assert.is((await second.identity()).counter, 1);
  await second.close();
  folder.remove();
});

/** A server that does nothing but what is written here, as a process of its own; `options` stands ready for it. */
function startServer(folder: Folder, script: string, flags: readonly string[] = []) {
  const client = new URL('../../../vending-server/security-module/client.ts', import.meta.url).href;
  const { keyStorePath, journalPath, passphraseFile } = folder;
  const program = `${folder.path}/server.mts`;
  writeFileSync(
    program,
    `import { startSecurityModule } from ${JSON.stringify(client)};
    const options = ${JSON.stringify({ keyStorePath, journalPath, passphraseFile })};
    ${script}`,
  );
  return spawn(process.execPath, [...process.execArgv, ...flags, program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

test('when the server is killed, then its module ends by itself and a restart at once succeeds', async () => {
  const folder = folderWithKeys();
  const server = startServer(
    folder,
    `await startSecurityModule({ ...options, onStarted: (pid) => console.log(pid) });
    console.log('ready');
    setInterval(() => undefined, 1000);`,
  );
  server.stderr.pipe(process.stderr);
  let said = '';
  for await (const chunk of server.stdout) {
    said += String(chunk);
    if (said.includes('ready')) break;
  }
  const modulePid = Number(said.split('\n')[0]);
  server.kill('SIGKILL');
  const module = await start(folder);
  assert.is((await module.identity()).counter, 0);
  assert.ok(hasEnded(modulePid), 'the module of the killed server still runs');
  await module.close();
  folder.remove();
});

test('when the start fails, then the module names why and nothing is left running', async () => {
  const folder = folderWithKeys();
  const wrong = `${folder.path}/wrong`;
  writeFileSync(wrong, 'not it');
  await rejects(start(folder, { passphraseFile: wrong }), fault('key_store_passphrase_wrong'));
  await rejects(start(folder, { passphraseFile: `${folder.path}/none` }), fault('file_unreadable'));
  await rejects(start(folder, { keyStorePath: `${folder.path}/none` }), fault('key_store_missing'));
  await rejects(start(folder, { keyStorePath: wrong }), fault('key_store_damaged'));
  await rejects(start(folder, { journalPath: wrong }), fault('store_damaged'));
  const silent = `${folder.path}/silent.mjs`;
  writeFileSync(silent, 'process.exit(3)');
  await rejects(start(folder, { program: pathToFileURL(silent) }), fault('security_module_unavailable'));
  const fd = openSync(folder.passphraseFile, 'r');
  const { keyStorePath, journalPath } = folder;
  const program = moduleProgram();
  const module = await startSecurityModule({ keyStorePath, journalPath, passphraseFd: fd, program });
  closeSync(fd);
  await module.close();
  folder.remove();
});

test('when a module answers what was not asked, then it is given up and the server lives', async () => {
  const folder = folderWithKeys();
  const answers = {
    'another batch': `say({ kind: 'issued', batch: -1, results: [] })`,
    'too few results': `say({ kind: 'issued', batch, results: [] })`,
    'a seal for another batch': `say({ kind: 'sealed', batch: -1 })`,
  };
  for (const [name, answer] of Object.entries(answers)) {
    const entry = `${folder.path}/${name.replaceAll(' ', '-')}.mjs`;
    // Said twice: what comes after the module was given up must not count either.
    writeFileSync(
      entry,
      `const say = (message) => process.send(message);
      process.on('message', ({ batch }) => { ${answer}; ${answer}; });
      process.on('disconnect', () => process.exit(0));
      say({ kind: 'ready' });`,
    );
    const module = await start(folder, { program: pathToFileURL(entry) });
    await rejects(issueCredit(module, requestOf(1)), fault('security_module_unavailable'));
    await module.close();
  }
  folder.remove();
});

test('when an inspector is asked for by signal, then the module opens none', async () => {
  const folder = folderWithKeys();
  const server = startServer(
    folder,
    `let pid;
    const module = await startSecurityModule({ ...options, onStarted: (started) => { pid = started; } });
    process.kill(pid, 'SIGUSR1');
    // A listening inspector says so before the module can answer the last of these.
    for (let i = 0; i < 200; i += 1) await module.identity();
    await module.close();
    console.log('asked');`,
  );
  const said = collect(server);
  await once(server, 'close');
  assert.equal(said(), { stdout: 'asked\n', stderr: '' });
  folder.remove();
});

test('when a program is loaded beside the server then the module runs without it', async () => {
  const folder = folderWithKeys();
  const beside = `${folder.path}/beside.cjs`;
  writeFileSync(
    beside,
    `if (require('node:worker_threads').isMainThread) console.error('beside', process.pid);`,
  );
  const program = moduleProgram().href;
  const server = startServer(
    folder,
    `const module = await startSecurityModule({ ...options, program: new URL(${JSON.stringify(program)}) });
    await module.close();`,
    ['--require', beside],
  );
  const said = collect(server);
  await once(server, 'close');
  assert.equal(said(), { stdout: '', stderr: `beside ${server.pid}\n` });
  folder.remove();
});

/** Gone, or dead and not yet collected by whoever inherited it. */
function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return /\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Every message of a module that is asked everything, well and badly. */
async function conversation(folder: Folder, passphraseFile: string, asked: readonly unknown[]) {
  const child: ChildProcess = fork(
    moduleProgram(),
    [
      '--key-store',
      folder.keyStorePath,
      '--journal',
      folder.journalPath,
      '--passphrase-file',
      passphraseFile,
      '--tid-window',
      String(TID_MAX),
    ],
    { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  const said: string[] = [];
  child.stdout?.on('data', (chunk) => said.push(String(chunk)));
  child.stderr?.on('data', (chunk) => said.push(String(chunk)));
  child.on('message', (message) => said.push(JSON.stringify(message)));
  const ended = once(child, 'exit');
  const last = { kind: 'ask', id: 999, question: { ask: 'identity' } };
  child.on('message', (message: { kind: string; id?: number }) => {
    if (message.kind === 'ready')
      for (const each of [...asked, last]) child.send(each as object, () => undefined);
    if (message.id === 999) child.disconnect();
  });
  await ended;
  return said;
}

test('when everything is asked of the module, then no message holds a key or the passphrase', async () => {
  const folder = folderWithKeys();
  const { signingKey, vendingKeys } = openKnownKeyStore(folder.keyStorePath);
  const pkcs8 = createPrivateKey(signingKey.export({ format: 'pem', type: 'pkcs8' })).export({
    format: 'der',
    type: 'pkcs8',
  });
  const secrets = [
    ...vendingKeys.map((held) => Buffer.from(held.vendingKey)),
    ...OFFICIAL.map(({ decoderKey }) => Buffer.from(decoderKey, 'hex')),
    pkcs8.subarray(-32),
    Buffer.from(PASSPHRASE),
  ].flatMap((bytes) => [
    bytes.toString('hex'),
    bytes.toString('base64').slice(0, -4),
    bytes.toString('latin1'),
  ]);
  const meters = OFFICIAL.map(({ meterPan, encryptionAlgorithm }) => ({
    ...METER,
    meterPan,
    encryptionAlgorithm,
  }));
  const { vendingKey } = V2_RECORD;
  const requests: unknown[] = [
    ...meters.map((meter, index) => requestOf(index, { meter })),
    { ...requestOf(9), saleDigest: vendingKey },
    { ...requestOf(9), amountDeciKwh: vendingKey },
    { ...requestOf(9), [vendingKey]: 1 },
    requestOf(9, { meter: { ...METER, supplyGroupCode: '123456' } }),
    vendingKey,
    null,
  ];
  const said = [
    ...(await conversation(folder, folder.passphraseFile, [
      { kind: 'issue', batch: 1, requests },
      { kind: 'ask', id: 1, question: { ask: 'vendingKeys' } },
      { kind: 'ask', id: 2, question: { ask: 'entriesAfter', counter: 0, limit: 100 } },
      { kind: 'ask', id: 3, question: { ask: 'entriesAfter', counter: vendingKey, limit: {} } },
      { kind: 'ask', id: 4, question: { ask: 'reconcile', lastSigned: { moduleId: vendingKey } } },
    ])),
    ...(await conversation(folder, folder.passphraseFile, [
      { kind: 'issue', batch: 1, requests: vendingKey },
    ])),
    ...(await conversation(folder, folder.keyStorePath, [])),
  ];
  const text = said.join('\n').toLowerCase();
  assert.ok(said.length >= 8 && text.includes('"sealed"'), 'the module spoke');
  for (const secret of secrets)
    assert.not.ok(text.includes(secret.toLowerCase()), 'a secret left the module');
  report(`messages out of the module searched: ${said.length}, for ${secrets.length} spellings of secrets`);
  folder.remove();
});

test.run();
