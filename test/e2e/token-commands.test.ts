import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { report } from '../support/counts.ts';
import { runCli } from '../support/processes.ts';
import { readVectors } from '../support/vectors.ts';

const test = suite('e2e: token commands');

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** CTSA01 of the official tests and its public test key. */
const TOKEN = '58625789986991357486';
const METER = { encryptionAlgorithm: 11, decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3', baseDate: '14' };

let folder: string;
let meterFile: string;
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattoken-token-'));
  meterFile = join(folder, 'meter.json');
  writeFileSync(meterFile, JSON.stringify(METER));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

const HOSTILE_LINES: readonly (readonly [string, FaultCode])[] = [
  ['ABCDEFGHIJKLMNOPQRST', 'token_number_malformed'],
  ['１２３４５６７８９０１２３４５６７８９０', 'token_number_malformed'],
  ['99999999999999999999', 'token_number_too_large'],
  ['{', 'request_malformed'],
  ['{"tokenNo":58625789986991357486}', 'token_number_malformed'],
  ['{"tokenNo":{"toString":1}}', 'token_number_malformed'],
  ['\u0000', 'token_number_malformed'],
  [`${TOKEN}${TOKEN}`, 'token_number_malformed'],
  ['x'.repeat(1_200_000), 'request_too_large'],
];

test('when lines are decoded by one worker and by two then the same bytes come, bad lines named, exit 3', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => (i % 2_000 === 7 ? undefined : TOKEN));
  const input = lines.map((line, i) => line ?? HOSTILE_LINES[(i - 7) / 2_000]?.[0] ?? '').join('\n');
  const args = ['token', 'decode', '--bulk', '--meter-file', meterFile];
  const one = await runCli([...args, '--workers', '1'], { input });
  const two = await runCli([...args, '--workers', '2'], { input });
  assert.ok(one.stdout === two.stdout, 'one worker and two give the same bytes');
  assert.is(two.code, 3);
  assert.match(two.stderr, `${HOSTILE_LINES.length} of ${20_000 - 1} lines refused`);
  const answers = two.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const refused = answers.filter(({ error }) => error !== undefined);
  assert.equal(
    refused.map(({ line, error }) => [line, error.code]),
    HOSTILE_LINES.map(([, code], i) => [i * 2_000 + 8, code]),
  );
  assert.is(answers.filter(({ token }) => token?.amountDeciKwh === 1).length, 20_000 - 10);
  report(`20000 lines, ${HOSTILE_LINES.length} of them hostile: the same bytes by one worker and by two`);
});

test('when fields are encoded in bulk then the official tokens come out', async () => {
  const official = readVectors('credit-electricity').tests.filter(
    ({ decoderKey }) => decoderKey === METER.decoderKey,
  );
  const input = official
    .map(({ tidMinutes, rnd, amountDeciKwh }) =>
      JSON.stringify({ class: 0, subclass: 0, tidMinutes, rnd, amount: `${amountDeciKwh / 10}` }),
    )
    .join('\n');
  const { stdout, code } = await runCli(['token', 'encode', '--bulk', '--meter-file', meterFile], { input });
  const made = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).tokenNo);
  assert.equal(
    made,
    official.map(({ tokenNo }) => tokenNo),
  );
  assert.is(code, 0);
  assert.ok(official.length > 0);
  report(`${official.length} official tokens by token encode --bulk`);
});

test('when the reader of the answers leaves then the command ends at once and cleanly', async () => {
  const child = spawn(process.execPath, [MAIN, 'token', 'decode', '--bulk'], { stdio: 'pipe' });
  let stderr = '';
  child.stderr.on('data', (text) => {
    stderr += String(text);
  });
  child.stdin.on('error', () => undefined); // it may leave before all is sent
  const feed = setInterval(() => child.stdin.writable && child.stdin.write(`${TOKEN}\n`.repeat(5_000)), 5);
  try {
    await once(child.stdout, 'data');
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    assert.is(code, 0);
    assert.not.match(stderr, /Error|at .*\.js/);
  } finally {
    clearInterval(feed);
    child.kill('SIGKILL');
  }
});

test('when a token is shown to people then it fits 80 columns without colour, and --json tells the same bits', async () => {
  const commands = [
    ['inspect', TOKEN],
    ['decode', TOKEN, '--meter-file', meterFile],
    ['inspect', '5649 3153 7254 5031 3471'],
    [
      'encode',
      '--class',
      '0',
      '--subclass',
      '4',
      '--tid-minutes',
      '2',
      '--amount',
      '-99.99',
      '--meter-file',
      meterFile,
    ],
    ['encode', '--class', '1', '--subclass', '1', '--control', '8', '--manufacturer-code', '0'],
  ];
  for (const words of commands) {
    const { stdout, stderr, code } = await runCli(['token', ...words]);
    assert.is(code, 0, words.join(' '));
    assert.is(stderr, '');
    for (const line of stdout.split('\n')) assert.ok([...line].length <= 80, line);
    assert.not(stdout.includes('\u001b'), 'no colour');
    const { bits } = JSON.parse((await runCli(['token', ...words, '--json'])).stdout);
    for (const fields of Object.values(bits) as {
      name: string;
      bits: string;
      high: number;
      low: number;
    }[][]) {
      assert.match(stdout, fields.map((field) => field.bits).join(' '));
      assert.is(fields.map((field) => field.bits).join('').length, 66);
      for (const { name, high, low } of fields) {
        assert.match(stdout, `${high === low ? high : `${high}-${low}`} ${name}`);
      }
    }
  }
});

test('when the README shows a drawing then it is the one that the command makes', async () => {
  const readme = readFileSync(fileURLToPath(new URL('../../README.md', import.meta.url)), 'utf8');
  const shown = /```\n( {2}kind[\s\S]*?)```/.exec(readme)?.[1]?.trimEnd() ?? 'nothing';
  const { stdout } = await runCli(['token', 'decode', TOKEN, '--meter-file', meterFile]);
  const [fields = '', drawing = ''] = shown.split('\n\n');
  assert.ok(stdout.includes(fields), fields);
  assert.ok(stdout.includes(drawing), drawing);
});

test('when a section of a key change is shown then the new key is not, unless asked for', async () => {
  // CTSA05.1: the first section of a change from public test key 87f3… to 7f78….
  const ea07 = join(folder, 'ea07.json');
  writeFileSync(
    ea07,
    JSON.stringify({ encryptionAlgorithm: 7, decoderKey: '87f3ecbb2e46b48f', baseDate: '14' }),
  );
  const section = ['06510894141453018386', '--meter-file', ea07];
  const secret = /7f78cdd2|2138623442|01111111011110001100110111010010/;
  for (const args of [
    ['inspect', ...section],
    ['inspect', ...section, '--json'],
    ['decode', ...section],
  ]) {
    const { stdout } = await runCli(['token', ...args]);
    assert.match(stdout, /keyRevision|KRN/);
    assert.not.match(stdout, secret, args.join(' '));
  }
  const bulk = await runCli(['token', 'decode', '--bulk', '--meter-file', ea07], { input: section[0] ?? '' });
  assert.match(bulk.stdout, 'keyChangeSection1');
  assert.not.match(bulk.stdout, secret);
  const fields = {
    class: 2,
    subclass: 3,
    newDecoderKey: '7f78cdd220be39b8',
    keyExpiry: 255,
    keyRevision: 1,
    keyType: 2,
    tariffIndex: 2,
    supplyGroupCode: '201457',
  };
  const made = await runCli(['token', 'encode', '--bulk', '--meter-file', ea07], {
    input: JSON.stringify(fields),
  });
  assert.match(made.stdout, section[0] ?? '');
  assert.not.match(made.stdout, secret);
  const shown = await runCli(['token', 'inspect', ...section, '--show-key-bits']);
  assert.match(shown.stdout, secret);
});

test('when --workers is no number of threads then exit 2', async () => {
  for (const workers of ['0', '-1', '1.5', 'many', '257']) {
    const { code } = await runCli(['token', 'decode', '--bulk', '--workers', workers]);
    assert.is(code, 2, workers);
  }
  assert.is(FAULTS.usage.exit, 2);
});

test.run();
