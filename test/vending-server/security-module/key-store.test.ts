/** The sealed store of vending keys and their attributes (sts.md 9.1). */
import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  attributesOf,
  checkValueOf,
  parseVendingKeyRecord,
} from '../../../vending-server/security-module/key-record.ts';
import {
  addVendingKey,
  createKeyStore,
  openKeyStore,
} from '../../../vending-server/security-module/key-store.ts';
import { readPassphraseFile } from '../../../vending-server/security-module/passphrase.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { fault } from '../../support/throws.ts';
import {
  folderWithKeys,
  PASSPHRASE,
  SeededRandom,
  sha256,
  temporaryFolder,
  V2_RECORD,
} from './module-fixtures.ts';

const test = suite('key store');
const KEY = V2_RECORD.vendingKey;

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('expected a refusal');
}

test('when a store is made and a key imported, then opening gives the same identity, key and attributes', () => {
  const folder = temporaryFolder();
  const made = createKeyStore(folder.keyStorePath, PASSPHRASE);
  const attributes = addVendingKey(folder.keyStorePath, PASSPHRASE, V2_RECORD);
  const open = openKeyStore(folder.keyStorePath, new TextEncoder().encode(PASSPHRASE));
  assert.is(open.moduleId, made.moduleId);
  assert.is(open.publicKey, made.publicKey);
  assert.is(open.vendingKeys.length, 1);
  assert.equal(open.vendingKeys[0]!.attributes, attributes);
  assert.is(Buffer.from(open.vendingKeys[0]!.vendingKey).toString('hex'), KEY);
  assert.is(attributes.decoderKeyAlgorithm, 4);
  assert.is(statSync(folder.keyStorePath).mode & 0o777, 0o600);
  assert.equal(readdirSync(folder.path).sort(), ['key-store.json', 'passphrase']);
  const text = readFileSync(folder.keyStorePath, 'utf8');
  assert.not.ok(text.includes(KEY));
  assert.not.ok(text.includes(made.moduleId));
  folder.remove();
});

test('when there is a store already, then making one is refused and the old one stays', () => {
  const folder = folderWithKeys([]);
  const before = readFileSync(folder.keyStorePath);
  assert.throws(() => createKeyStore(folder.keyStorePath, 'other'), fault('key_store_exists'));
  assert.equal(readFileSync(folder.keyStorePath), before);
  assert.equal(readdirSync(folder.path).sort(), ['key-store.json', 'passphrase']);
  folder.remove();
});

test('when there is no file, a wrong passphrase or none, then each has its own fault', () => {
  const folder = folderWithKeys();
  assert.throws(() => openKeyStore(`${folder.path}/none.json`, PASSPHRASE), fault('key_store_missing'));
  assert.throws(() => openKeyStore(folder.keyStorePath, ''), fault('key_store_passphrase_missing'));
  assert.throws(() => createKeyStore(`${folder.path}/new.json`, ''), fault('key_store_passphrase_missing'));
  for (const wrong of ['x', `${PASSPHRASE} `, PASSPHRASE.toUpperCase(), PASSPHRASE.slice(0, -1)]) {
    const error = thrownBy(() => openKeyStore(folder.keyStorePath, wrong));
    assert.ok(fault('key_store_passphrase_wrong')(error));
    assert.not.ok(inspect(error, { depth: 9 }).includes(wrong.length > 3 ? wrong : '"x"'));
  }
  assert.throws(
    () => addVendingKey(folder.keyStorePath, 'wrong', { ...V2_RECORD, keyRevision: 2 }),
    fault('key_store_passphrase_wrong'),
  );
  folder.remove();
});

test('when the file is truncated at any length, then it is damaged and no passphrase is tried', () => {
  const folder = folderWithKeys();
  const whole = readFileSync(folder.keyStorePath);
  for (let length = whole.length - 1; length >= 0; length -= 1) {
    truncateSync(folder.keyStorePath, length);
    assert.throws(() => openKeyStore(folder.keyStorePath, PASSPHRASE), fault('key_store_damaged'));
  }
  writeFileSync(folder.keyStorePath, whole);
  openKeyStore(folder.keyStorePath, PASSPHRASE);
  report(`key store truncated at each of its ${whole.length} lengths: all damaged`);
  folder.remove();
});

test('when one bit is flipped anywhere, then the file is damaged', () => {
  const folder = folderWithKeys();
  const whole = readFileSync(folder.keyStorePath);
  const random = new SeededRandom(seedOf('key store bit flips'));
  const flips = count(whole.length * 8, 1000);
  for (let i = 0; i < flips; i += 1) {
    const bit = flips === whole.length * 8 ? i : random.below(whole.length * 8);
    const flipped = Buffer.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    writeFileSync(folder.keyStorePath, flipped);
    assert.throws(() => openKeyStore(folder.keyStorePath, PASSPHRASE), fault('key_store_damaged'));
  }
  report(`key store with one bit flipped: ${flips} flips, all damaged`);
  folder.remove();
});

test('when the file is forged with a fresh check, then its cost stays bounded and its seal does not open', () => {
  const folder = folderWithKeys();
  const whole = JSON.parse(readFileSync(folder.keyStorePath, 'utf8'));
  const forge = (change: object): void => {
    const { check: _check, ...rest } = { ...whole, ...change };
    const check = sha256(JSON.stringify(rest));
    writeFileSync(folder.keyStorePath, `${JSON.stringify({ ...rest, check })}\n`);
  };
  const damaged: object[] = [
    { kdf: { ...whole.kdf, N: 2 ** 30 } },
    { kdf: { ...whole.kdf, N: 1024 } },
    { kdf: { ...whole.kdf, r: 1_000_000 } },
    { kdf: { ...whole.kdf, p: 1_000_000 } },
    { kdf: { ...whole.kdf, name: 'none' } },
    { version: 2 },
    { aead: { ...whole.aead, nonce: '' } },
    { more: 1 },
  ];
  for (const change of damaged) {
    forge(change);
    assert.throws(() => openKeyStore(folder.keyStorePath, PASSPHRASE), fault('key_store_damaged'));
  }
  const unopened: object[] = [
    { kdf: { ...whole.kdf, N: 65_536 } },
    { kdf: { ...whole.kdf, p: 2 } },
    { aead: { ...whole.aead, nonce: Buffer.alloc(24).toString('base64') } },
    { sealed: '' },
    { sealed: Buffer.alloc(100).toString('base64') },
  ];
  for (const change of unopened) {
    forge(change);
    assert.throws(() => openKeyStore(folder.keyStorePath, PASSPHRASE), fault('key_store_passphrase_wrong'));
  }
  folder.remove();
});

test('when a key is imported again, then nothing changes; another under its name is refused', () => {
  const folder = folderWithKeys();
  const before = readFileSync(folder.keyStorePath);
  addVendingKey(folder.keyStorePath, PASSPHRASE, { ...V2_RECORD, vendingKey: KEY.toUpperCase() });
  assert.equal(readFileSync(folder.keyStorePath), before);
  const other = { ...V2_RECORD, vendingKey: '0123456789abcdef' };
  const error = thrownBy(() => addVendingKey(folder.keyStorePath, PASSPHRASE, other));
  assert.ok(fault('vending_key_exists')(error));
  assert.not.ok(inspect(error, { depth: 9 }).includes(other.vendingKey));
  assert.equal(readFileSync(folder.keyStorePath), before);
  addVendingKey(folder.keyStorePath, PASSPHRASE, { ...other, keyRevision: 2 });
  const algorithms = openKeyStore(folder.keyStorePath, PASSPHRASE).vendingKeys.map(
    ({ attributes }) => attributes.decoderKeyAlgorithm,
  );
  assert.equal(algorithms, [4, 2]);
  folder.remove();
});

test('when a key record is not in the documented format, then the fault names the field and quotes nothing', () => {
  const bad: [unknown, string | undefined][] = [
    [undefined, undefined],
    [null, undefined],
    [KEY, undefined],
    [[V2_RECORD], undefined],
    [{}, 'supplyGroupCode'],
    [{ ...V2_RECORD, [KEY]: 1 }, undefined],
    [{ ...V2_RECORD, supplyGroupCode: KEY }, 'supplyGroupCode'],
    [{ ...V2_RECORD, supplyGroupCode: 201457 }, 'supplyGroupCode'],
    [{ ...V2_RECORD, keyRevision: 0 }, 'keyRevision'],
    [{ ...V2_RECORD, keyRevision: Number.NaN }, 'keyRevision'],
    [{ ...V2_RECORD, keyRevision: KEY }, 'keyRevision'],
    [{ ...V2_RECORD, keyType: 0 }, 'keyType'],
    [{ ...V2_RECORD, keyType: 4 }, 'keyType'],
    [{ ...V2_RECORD, baseDate: KEY }, 'baseDate'],
    [{ ...V2_RECORD, keyExpiry: 256 }, 'keyExpiry'],
    [{ ...V2_RECORD, activeFrom: KEY }, 'activeFrom'],
    [{ ...V2_RECORD, issueUntil: '2014-01-01' }, 'issueUntil'],
    [{ ...V2_RECORD, issueUntil: V2_RECORD.activeFrom }, 'issueUntil'],
    [{ ...V2_RECORD, vendingKey: KEY.slice(1) }, 'vendingKey'],
    [{ ...V2_RECORD, vendingKey: `${KEY}00` }, 'vendingKey'],
    [{ ...V2_RECORD, vendingKey: `g${KEY.slice(1)}` }, 'vendingKey'],
    [{ ...V2_RECORD, vendingKey: [KEY] }, 'vendingKey'],
  ];
  for (const [record, param] of bad) {
    const error = thrownBy(() => parseVendingKeyRecord(record));
    assert.ok(fault('vending_key_malformed')(error), inspect(record));
    assert.is((error as { param?: string }).param, param, inspect(record));
    assert.not.match(inspect(error, { depth: 9 }).toLowerCase(), KEY.slice(1, 12));
  }
  report(`malformed key records: ${bad.length}, none quoted`);
});

test('when the check value is reckoned, then it is the documented HMAC and differs between keys', () => {
  const key = Buffer.from(KEY, 'hex');
  assert.match(checkValueOf(key), /^[0-9a-f]{6}$/);
  assert.not.equal(checkValueOf(key), checkValueOf(Buffer.from('0123456789abcdef', 'hex')));
  assert.not.ok('vendingKey' in attributesOf(parseVendingKeyRecord(V2_RECORD), key));
});

test('when the passphrase file ends a line, is empty, huge or missing, then it is read or refused by name', () => {
  const folder = temporaryFolder();
  const read = (text: string): string => {
    writeFileSync(folder.passphraseFile, text);
    return new TextDecoder().decode(readPassphraseFile(folder.passphraseFile));
  };
  for (const end of ['', '\n', '\r\n']) assert.is(read(`pass ${end}`), 'pass ');
  assert.is(read('a\n\n'), 'a\n');
  assert.throws(() => read(''), fault('key_store_passphrase_missing'));
  assert.throws(() => read('\n'), fault('key_store_passphrase_missing'));
  assert.throws(() => read('x'.repeat(5000)), fault('file_unreadable'));
  assert.throws(() => readPassphraseFile(`${folder.path}/none`), fault('file_unreadable'));
  folder.remove();
});

test.run();
