/** What can be done to an export itself: each cut, each line, each field. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  exportLedger,
  findInExport,
  type LedgerReport,
  verifyDataFolder,
  verifyExport,
  type Witness,
  witnessLedger,
} from '../../../vending-server/audit.ts';
// @ts-expect-error: a plain script, as an outsider would write it
import { verifyExportBytes } from '../../reference/ledger-verifier.mjs';
import { count, report, seedOf } from '../../support/counts.ts';
import { fault, rejects } from '../../support/throws.ts';
import { removeFolder } from '../furnished.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';
import { makeLedger, openBooks } from './audited.ts';

const test = suite('an export');
const SEED = seedOf('an export');
const SALES = count(40, 16);

let folder: string;
let whole: Buffer;
let lines: readonly string[];
let random: SeededRandom;
let witness: Witness;
test.before(async () => {
  random = new SeededRandom(SEED);
  folder = await makeLedger(SALES, SEED);
  witness = await witnessLedger(folder, undefined);
  const out = join(folder, 'sound.ndjson');
  await exportLedger(folder, out, { withTokenNumbers: false }, () => undefined);
  whole = readFileSync(out);
  lines = whole.toString('utf8').split('\n').slice(0, -1);
});
test.after(() => removeFolder(folder));

const secondOpinion = verifyExportBytes as (bytes: Buffer, key?: string) => string[];

async function verified(bytes: Buffer | string): Promise<LedgerReport> {
  const file = join(folder, 'spoilt.ndjson');
  writeFileSync(file, bytes);
  return verifyExport(file, { publicKey: witness.publicKey, witnesses: [] }, () => undefined);
}

async function bothFind(bytes: Buffer | string, what: string): Promise<LedgerReport> {
  const found = await verified(bytes);
  assert.is(found.verified, false, `the verifier finds: ${what}`);
  const second = secondOpinion(Buffer.from(bytes), witness.publicKey);
  assert.ok(second.length > 0, `the second verifier finds: ${what}`);
  return found;
}

function textOf(changed: readonly string[]): string {
  return changed.map((line) => `${line}\n`).join('');
}

/** The lines with some of them taken out at a place, and others put there. */
function spliced(at: number, out: number, ...put: readonly string[]): string[] {
  return [...lines.slice(0, at), ...put, ...lines.slice(at + out)];
}

/** As somebody who can reckon a hash would send it on. */
function resealed(changed: readonly string[]): string {
  const before = textOf(changed.slice(0, -1));
  const sha256 = createHash('sha256').update(before).digest('hex');
  return `${before}${JSON.stringify({ ...JSON.parse(changed.at(-1) ?? ''), sha256 })}\n`;
}

test('when it is cut anywhere, then it is file_truncated', async () => {
  let cuts = 0;
  for (let keep = 0; keep < lines.length; keep += 1) {
    const found = await bothFind(textOf(lines.slice(0, keep)), `${keep} lines kept`);
    assert.ok('file_truncated' in found.findingCounts, `${keep} lines kept`);
    cuts += 1;
  }
  for (let i = 0; i < count(1000, 25); i += 1) {
    const keep = random.below(whole.length);
    const found = await bothFind(whole.subarray(0, keep), `${keep} bytes kept`);
    assert.ok('file_truncated' in found.findingCounts, `${keep} bytes kept`);
    cuts += 1;
  }
  report(`${cuts} cuts, each one file_truncated`);
});

test('when a line is deleted, doubled or moved and the file sealed again, then it is found', async () => {
  const kinds = new Map<string, number>();
  let changes = 0;
  const tried = async (changed: readonly string[], what: string) => {
    changes += 1;
    const found = await bothFind(resealed(changed), what);
    for (const kind of Object.keys(found.findingCounts)) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    return found;
  };
  for (let at = 0; at < lines.length - 1; at += 1) {
    const [line = '', next = ''] = [lines[at], lines[at + 1]];
    await tried(spliced(at, 1), `line ${at + 1} deleted`);
    await tried(spliced(at, 1, line, line), `line ${at + 1} doubled`);
    if (!line.includes('"kind":"entry"') || !next.includes('"kind":"entry"')) continue;
    const { findings } = await tried(spliced(at, 2, next, line), `lines ${at + 1} and ${at + 2} swapped`);
    const { counter } = JSON.parse(line);
    assert.equal(
      findings.filter(({ kind }) => kind === 'entry_reordered').map((finding) => finding.counter),
      [counter],
    );
  }
  report(`${changes} changes of lines found: ${[...kinds].map(([kind, n]) => `${kind} ${n}`).join(', ')}`);
});

/** Nothing in the chain or the books binds these; README.md of the ledger says so. */
const FREE = [
  /^header\.(exportedAt|withTokenNumbers)$/,
  /^deposit\.(requestId|depositedAt)$/,
  /^debt\.openedAt$/,
  /^reversal\.(reversedAt|reversedBy|reason)$/,
];

test('when any one field is changed and the file sealed again, then it is found', async () => {
  const free = new Set<string>();
  let found = 0;
  for (const [at, line] of lines.slice(0, -1).entries()) {
    const record = JSON.parse(line);
    for (const [path, change] of fieldsOf(record)) {
      const text = JSON.stringify(change(), null, 0);
      const name = `${record.kind}.${path.replaceAll(/\.\d+/g, '')}`;
      const bytes = resealed(spliced(at, 1, text));
      // Of a vendor that never moved money there is nothing in the books but its line.
      const isIdle = record.kind === 'vendor' && record.floatMinor === 0 && path !== 'floatMinor';
      const isNamed = FREE.some((pattern) => pattern.test(name));
      const isFree = isIdle || (isNamed && !(record.kind === 'entry' && record.sale));
      const { verified: first, findingCounts } = await verified(bytes);
      const second = secondOpinion(Buffer.from(bytes), witness.publicKey).length === 0;
      assert.is(
        first,
        second,
        `both verifiers of ${name} in line ${at + 1}: ${JSON.stringify(findingCounts)}`,
      );
      if (first) free.add(name);
      else found += 1;
      assert.ok(!first || isFree, `${name} in line ${at + 1} was changed and not found`);
    }
  }
  const trailer = JSON.parse(lines.at(-1) ?? '');
  for (const [path, change] of fieldsOf(trailer)) {
    await bothFind(textOf(spliced(lines.length - 1, 1, JSON.stringify(change()))), `trailer.${path}`);
    found += 1;
  }
  report(`${found} changes of fields found; free, as documented: ${[...free].join(', ')}`);
});

/** Each leaf of a record with a way to change it: [path, changed record]. */
function* fieldsOf(record: unknown, path: string[] = []): Generator<[string, () => unknown]> {
  const value = at(record, path);
  if (value !== null && typeof value === 'object') {
    for (const name of Object.keys(value)) yield* fieldsOf(record, [...path, name]);
    return;
  }
  if (path.length === 1 && path[0] === 'kind') return;
  yield [
    path.join('.'),
    () => {
      const copy = structuredClone(record);
      const parent = at(copy, path.slice(0, -1)) as Record<string, unknown>;
      parent[path.at(-1) ?? ''] = changed(value);
      return copy;
    },
  ];
}

function at(record: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => (value as Record<string, unknown>)[name], record);
}

function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (value === null) return 'something';
  const text = String(value);
  if (text === '14') return '35';
  if (/^[0-9]{18}$/.test(text)) return `${text.slice(0, -1)}${(Number(text.at(-1)) + 1) % 10}`;
  const last = text.at(-1) ?? '';
  return `${text.slice(0, -1)}${last === '0' ? '1' : '0'}`;
}

test('when any one byte is changed, then it is found', async () => {
  const tries = count(5000, 50);
  for (let i = 0; i < tries; i += 1) {
    const bytes = Buffer.from(whole);
    const place = random.below(bytes.length);
    bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8));
    const found = await verified(bytes);
    assert.is(found.verified, false, `byte ${place}`);
    assert.ok(secondOpinion(bytes, witness.publicKey).length > 0, `byte ${place}, second verifier`);
  }
  report(`${tries} bytes changed, ${tries} found`);
});

test('when it holds anything at all, then the verifier names lines and never throws', async () => {
  const hostile = [
    '',
    '\n',
    '{}\n',
    'null\n[]\n"x"\n1\n',
    `${'['.repeat(5000)}\n`,
    `${'x'.repeat(3 << 20)}\n`,
    '{"kind":"__proto__"}\n{"kind":"constructor"}\n',
    textOf(lines).replaceAll('"counter":', '"counter":-'),
    textOf(lines).replaceAll('"amountMinor":', '"amountMinor":1e300'),
    textOf(lines).replaceAll(/"publicKey":"[^"]*"/g, '"publicKey":"AAAA"'),
    textOf([...lines, ...lines]),
    textOf(lines.slice(1)),
  ];
  for (const text of hostile) {
    const found = await verified(text);
    assert.is(found.verified, false, text.slice(0, 40));
    assert.ok(found.findings.length > 0);
  }
  const expected = { witnesses: [] };
  await rejects(
    verifyExport(join(folder, 'nowhere'), expected, () => undefined),
    fault('file_unreadable'),
  );
  await rejects(
    verifyExport(folder, expected, () => undefined),
    fault('file_unreadable'),
  );
});

test('when a token or a sale is looked for in an export, then the answer comes with the proof', async () => {
  const file = join(folder, 'sound.ndjson');
  const books = openBooks(folder);
  const { body, sale_id, counter } = books
    .prepare(
      'SELECT response_body AS body, sale_id, counter FROM sale JOIN chain_entry USING (sale_id) LIMIT 1 OFFSET 9',
    )
    .get() as { body: string; sale_id: string; counter: number };
  books.close();
  const token_no = String(JSON.parse(body).tokens[0].tokenNo);
  const expected = { witnesses: [witness] };
  for (const question of [{ tokenNo: token_no }, { saleId: sale_id }]) {
    const { ours, entry, report: proof } = await findInExport(file, question, expected, () => undefined);
    assert.equal([ours, entry?.counter, entry?.saleId, proof.verified], [true, counter, sale_id, true]);
  }
  const strange = await findInExport(file, { tokenNo: '0'.repeat(20) }, expected, () => undefined);
  assert.equal([strange.ours, strange.entry, strange.report.verified], [false, null, true]);
  assert.not.ok(readFileSync(file, 'utf8').includes(token_no), 'the digits are not in the file');
  const full = join(folder, 'full.ndjson');
  await exportLedger(folder, full, { withTokenNumbers: true }, () => undefined);
  assert.ok(readFileSync(full, 'utf8').includes(token_no));
  assert.is((await verifyExport(full, expected, () => undefined)).verified, true);
  const again = exportLedger(folder, full, { withTokenNumbers: false }, () => undefined);
  await rejects(again, fault('file_unreadable'));
});

test('an untouched ledger of random sales always verifies, by both and by its journal', async () => {
  const runs = count(25, 1);
  let entries = 0;
  for (let run = 0; run < runs; run += 1) {
    const dataFolder = await makeLedger(random.below(40), SEED + run);
    const out = join(dataFolder, 'audit.ndjson');
    await exportLedger(dataFolder, out, { withTokenNumbers: false }, () => undefined);
    const found = await verifyExport(out, { witnesses: [] }, () => undefined);
    assert.equal(found.findings, [], `seed ${SEED + run}`);
    assert.equal(secondOpinion(readFileSync(out)), [], `seed ${SEED + run}`);
    assert.equal((await verifyDataFolder(dataFolder, { witnesses: [] }, () => undefined)).findings, []);
    entries += found.entries;
    removeFolder(dataFolder);
  }
  report(`${runs} ledgers of ${entries} entries, all whole`);
});

test.run();
