/** What the security module issues and refuses (sts.md 1.3, 9.1, 9.3). */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex } from '../../../lib/hex.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { decodeToken } from '../../../lib/token/token.ts';
import { tokenDigest } from '../../../vending-server/ledger/chain.ts';
import { verifyChain } from '../../../vending-server/ledger/verify-chain.ts';
import type { ChainEntry } from '../../../vending-server/security-module/contract.ts';
import { createKeyStore } from '../../../vending-server/security-module/key-store.ts';
import type { ModuleCore } from '../../../vending-server/security-module/module.ts';
import { report } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import {
  type CreditRequest,
  creditOf,
  folderWithKeys,
  METER,
  OFFICIAL,
  openCore,
  PASSPHRASE,
  requestOf,
  requestOfCredit,
  sha256,
  temporaryFolder,
  V2_RECORD,
} from './module-fixtures.ts';

const test = suite('security module core');

function issue(core: ModuleCore, ...requests: CreditRequest[]) {
  const { results, seal } = core.issueBatch(requests.map(requestOfCredit));
  seal();
  return results.map((result) => {
    if ('fault' in result) throw result.fault;
    return creditOf({ ...result.issued, sealed: Promise.resolve() });
  });
}

function refusal(core: ModuleCore, request: unknown): unknown {
  const isRecord = typeof request === 'object' && request !== null;
  const { results, seal } = core.issueBatch([isRecord ? requestOfCredit(request as CreditRequest) : request]);
  seal();
  const [result] = results;
  if (result === undefined || !('fault' in result)) throw new Error('expected a refusal');
  return result.fault;
}

test('when official meters under V2 are sold to, then the published decoder keys read the tokens', async () => {
  const folder = folderWithKeys();
  const { core, journal } = await openCore(folder);
  const rnds = new Set<number>();
  let tokens = 0;
  for (const { meterPan, encryptionAlgorithm, decoderKey } of OFFICIAL) {
    const cipher = createTokenCipher(encryptionAlgorithm, bytesFromHex(decoderKey));
    for (const amountDeciKwh of [1, 256, 16_383, 16_384, 18_201_624]) {
      const meter = { ...METER, meterPan, encryptionAlgorithm };
      const [issued] = issue(core, requestOf(tokens, { meter, amountDeciKwh }));
      const read = decodeToken(issued!.tokenNo, cipher);
      assert.ok(read.kind === 'creditElectricity');
      assert.is(read.tidMinutes, 6_000_000 + tokens);
      assert.is(read.amountDeciKwh, issued!.carriedDeciKwh);
      assert.ok(issued!.carriedDeciKwh >= amountDeciKwh);
      assert.is(issued!.entry.tokenDigest, tokenDigest(issued!.tokenNo));
      rnds.add(read.rnd);
      tokens += 1;
    }
  }
  assert.ok(rnds.size > 1, 'RND varies');
  journal.close();
  report(`tokens of ${OFFICIAL.length} official meters read with their published keys: ${tokens}`);
  folder.remove();
});

test('when a batch mixes good and bad requests, then the good ones count on without a gap under one signature', async () => {
  const folder = folderWithKeys();
  const { core, journal } = await openCore(folder);
  const bad = { ...requestOf(0), amountDeciKwh: -1 };
  const { results, seal } = core.issueBatch(
    [requestOf(1), bad, requestOf(2), requestOf(3), bad].map(requestOfCredit),
  );
  assert.throws(
    () => core.issueBatch([requestOfCredit(requestOf(4))]),
    (error: Error) => /invariant/.test(error.message),
  );
  assert.is(journal.head.counter, 0);
  seal();
  const entries = results.flatMap((result) =>
    'issued' in result ? result.issued.tokens.map(({ entry }) => entry) : [],
  );
  assert.equal(
    results.map((result) => 'issued' in result),
    [true, false, true, true, false],
  );
  assert.equal(
    entries.map(({ counter, signature }) => [counter, signature !== '']),
    [
      [1, false],
      [2, false],
      [3, true],
    ],
  );
  assert.equal(
    journal.entriesAfter(0, 10).map(({ meterPan: _m, tidMinutes: _t, baseDate: _b, ...entry }) => entry),
    entries,
  );
  assert.equal(verifyChain(entries, { ...core.identity(), head: journal.head }), []);
  journal.close();
  folder.remove();
});

test('when a rule of issuing forbids a token, then its fault is named and no counter is taken', async () => {
  const later = { ...V2_RECORD, supplyGroupCode: '000001', activeFrom: '2027-01-01T00:00:00Z' };
  const default1 = { ...V2_RECORD, keyType: 1 };
  const shortLived = { ...V2_RECORD, supplyGroupCode: '000002', keyExpiry: 91 };
  const common = { ...V2_RECORD, keyType: 3 };
  const folder = folderWithKeys([V2_RECORD, later, default1, shortLived, common]);
  const { core, journal, clock } = await openCore(folder);
  const meterWith = (more: object) => requestOf(1, { meter: { ...METER, ...more } });
  const cases: [unknown, Parameters<typeof fault>[0]][] = [
    [meterWith({ supplyGroupCode: '999999' }), 'vending_key_unknown'],
    [meterWith({ keyRevision: 2 }), 'vending_key_unknown'],
    [meterWith({ baseDate: '35' }), 'vending_key_unknown'],
    [meterWith({ decoderKeyAlgorithm: 2, encryptionAlgorithm: 7 }), 'vending_key_unknown'],
    [meterWith({ supplyGroupCode: '000001' }), 'vending_key_not_active'],
    [meterWith({ keyType: 1 }), 'vending_key_no_credit'],
    [meterWith({ keyType: 0 }), 'vending_key_no_credit'],
    [meterWith({ keyType: 3 }), 'key_type_not_supported'],
    [{ ...meterWith({ supplyGroupCode: '000002' }), tidMinutes: 92 * 65_536 }, 'key_expired'],
    [{ ...requestOf(1), amountDeciKwh: 18_201_625 }, 'amount_out_of_range'],
    [{ ...requestOf(1), amountDeciKwh: -1 }, 'amount_out_of_range'],
    [{ ...requestOf(1), amountDeciKwh: Number.NaN }, 'amount_out_of_range'],
    [{ ...requestOf(1), amountDeciKwh: 0.5 }, 'amount_out_of_range'],
    [{ ...requestOf(1), amountDeciKwh: '466' }, 'amount_out_of_range'],
    [{ ...requestOf(1), amountDeciKwh: null }, 'amount_out_of_range'],
    [{ ...requestOf(1), tidMinutes: 2 ** 24 }, 'request_malformed'],
    [{ ...requestOf(1), tidMinutes: -1 }, 'request_malformed'],
    [{ ...requestOf(1), saleDigest: 'x' }, 'request_malformed'],
    [meterWith({ meterPan: '1' }), 'request_malformed'],
    [meterWith({ encryptionAlgorithm: 9 }), 'request_malformed'],
    [meterWith({ vendingKey: V2_RECORD.vendingKey }), 'request_malformed'],
    [undefined, 'request_malformed'],
    [null, 'request_malformed'],
    [V2_RECORD.vendingKey, 'request_malformed'],
  ];
  for (const [request, code] of cases) {
    const error = refusal(core, request);
    assert.ok(fault(code)(error), `${inspect(request)} gave ${inspect(error)}`);
    assert.not.ok(inspect(error, { depth: 9 }).includes(V2_RECORD.vendingKey));
  }
  clock.set('2045-01-01T00:00:00Z');
  assert.ok(fault('vending_key_issue_ended')(refusal(core, requestOf(1))));
  clock.set('2044-12-31T23:59:59Z');
  const atTheEdge = { ...meterWith({ supplyGroupCode: '000002' }), tidMinutes: 92 * 65_536 - 1 };
  assert.is(issue(core, atTheEdge)[0]!.entry.counter, 1);
  journal.close();
  report(`requests refused by rule: ${cases.length + 1}`);
  folder.remove();
});

test('when the journal is reopened, then the chain goes on; another module cannot open it', async () => {
  const folder = folderWithKeys();
  const first = await openCore(folder);
  issue(first.core, requestOf(1), requestOf(2));
  await rejects(openCore(folder), fault('store_in_use'));
  first.journal.close();
  const second = await openCore(folder);
  assert.equal(second.core.identity(), first.core.identity());
  assert.is(issue(second.core, requestOf(3))[0]!.entry.counter, 3);
  assert.equal(verifyChain(second.core.entriesAfter(0, 10), second.core.identity()), []);
  second.journal.close();
  const stranger = temporaryFolder();
  createKeyStore(stranger.keyStorePath, PASSPHRASE);
  await rejects(openCore({ ...stranger, journalPath: folder.journalPath }), fault('ledger_mismatch'));
  stranger.remove();
  folder.remove();
});

test('when the journal was tampered with or cut, then opening it is refused by name', async () => {
  const tamperings = [
    `UPDATE entry SET tid_minutes = 'x' WHERE counter = 5`,
    `UPDATE entry SET token_digest = '${sha256('other')}' WHERE counter = 5`,
    `UPDATE entry SET entry_hash = '${sha256('other')}' WHERE counter = 6`,
    `UPDATE entry SET signature = '' WHERE counter = 6`,
    `UPDATE entry SET signature = 'AAAA' WHERE counter = 6`,
    'DELETE FROM entry WHERE counter = 3',
    'DELETE FROM entry WHERE counter = 1',
    'UPDATE entry SET counter = 9 WHERE counter = 6',
  ];
  let refused = 0;
  for (const statement of tamperings) {
    const folder = folderWithKeys();
    const { core, journal } = await openCore(folder);
    issue(core, requestOf(1), requestOf(2), requestOf(3));
    issue(core, requestOf(4), requestOf(5), requestOf(6));
    journal.close();
    const database = new Database(folder.journalPath);
    try {
      database.exec(statement);
      refused += 1;
    } catch {
      // The schema itself refuses a value of another type.
      assert.is(statement, tamperings[0]);
      folder.remove();
      continue;
    } finally {
      database.close();
    }
    await rejects(openCore(folder), fault('store_damaged'));
    folder.remove();
  }
  const folder = folderWithKeys();
  const { core, journal } = await openCore(folder);
  for (let i = 1; i <= 40; i += 1) issue(core, requestOf(i));
  journal.close();
  truncateSync(folder.journalPath, 6000);
  await rejects(openCore(folder), fault('store_damaged'));
  report(`tampered journals refused: ${refused} edits, 1 cut file`);
  folder.remove();
});

/** A journal as it was before its last entries: what a disk that lied about a flush leaves after a power cut. */
async function journalBehind(lost: number) {
  const folder = folderWithKeys();
  const entries: ChainEntry[] = [];
  let kept: Uint8Array = readFileSync(folder.keyStorePath);
  for (let i = 1; i <= 6; i += 1) {
    const { core, journal } = await openCore(folder);
    if (i === 7 - lost) journal.close();
    if (i === 7 - lost) kept = readFileSync(folder.journalPath);
    const on = i === 7 - lost ? await openCore(folder) : { core, journal };
    entries.push(issue(on.core, requestOf(i))[0]!.entry);
    on.journal.close();
  }
  writeFileSync(folder.journalPath, kept);
  return { folder, entries };
}

test('when the ledger is ahead of a journal that lost its tail, then the module goes on behind the ledger', async () => {
  for (const lost of [1, 2, 6]) {
    const { folder, entries } = await journalBehind(lost);
    const { core, journal } = await openCore(folder);
    assert.is(core.identity().counter, 6 - lost);
    const identity = core.reconcile(entries[5]);
    assert.equal([identity.counter, identity.entryHash], [6, entries[5]!.entryHash]);
    core.reconcile(entries[4]);
    const [next] = issue(core, requestOf(7));
    assert.is(next!.entry.counter, 7);
    assert.equal(verifyChain([...entries, next!.entry], core.identity()), []);
    journal.close();
    const again = await openCore(folder);
    assert.is(again.core.identity().counter, 7);
    assert.is(again.core.reconcile(next!.entry).counter, 7);
    again.journal.close();
    folder.remove();
  }
});

test('when the ledger is equal or behind, then nothing changes; when it contradicts, then it is refused', async () => {
  const { folder, entries } = await journalBehind(2);
  const { core, journal } = await openCore(folder);
  for (const entry of entries.slice(0, 4)) assert.is(core.reconcile(entry).counter, 4);
  // The journal forgot 5 and 6 and issues another 5: two tokens under one counter must never pass.
  const [fork] = issue(core, requestOf(50));
  assert.throws(() => core.reconcile(entries[4]), fault('ledger_mismatch'));
  assert.throws(() => core.reconcile(entries[5]), fault('ledger_mismatch'));
  const last = fork!.entry;
  const contradictions: ChainEntry[] = [
    { ...last, moduleId: 'another' },
    { ...last, tokenDigest: sha256('other') },
    { ...last, signature: '' },
    { ...last, signature: entries[3]!.signature },
    { ...last, counter: 9 },
  ];
  for (const entry of contradictions) assert.throws(() => core.reconcile(entry), fault('ledger_mismatch'));
  assert.throws(() => core.reconcile({ counter: 'x' }), fault('request_malformed'));
  assert.is(core.identity().counter, 5);
  journal.close();
  folder.remove();
});

test.run();
