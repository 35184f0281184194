/** The library's command line as separate processes: our adapter through the pipe, tokens and keys for scripts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EXIT } from '../../lib/faults.ts';
import { report } from '../support/counts.ts';
import { runCli } from '../support/processes.ts';
import { readVectors } from '../support/vectors.ts';

const test = suite('e2e: conformance');

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const OURS = `"${process.execPath}" "${MAIN}" adapter`;
const folder = mkdtempSync(join(tmpdir(), 'wattoken-conform-'));
test.after(() => rmSync(folder, { recursive: true }));

const METER_FILE = join(folder, 'meter.json');
writeFileSync(
  METER_FILE,
  JSON.stringify({ encryptionAlgorithm: 7, decoderKey: '87f3ecbb2e46b48f', baseDate: '14' }),
);
const VENDING_KEY = 'abababababababab949494949494949401234567';
const KEY = { supplyGroupCode: '201457', keyRevision: 1, keyType: 2, baseDate: '14', keyExpiry: 255 };
const KEY_FILE = join(folder, 'key.json');
writeFileSync(KEY_FILE, JSON.stringify({ ...KEY, vendingKey: VENDING_KEY }));

test('when our adapter is driven as a separate process then it passes the whole suite', async () => {
  const { code, stdout } = await runCli(['conform', '--cmd', OURS, '--report', 'json']);
  const found = JSON.parse(stdout);
  assert.equal(found.failures, []);
  assert.is(code, EXIT.ok);
  assert.ok(found.conforms);
  assert.equal([found.cases.failed, found.cases.unsupported, found.cases.notJudged], [0, 0, 0]);
  assert.equal([found.starts, found.troubles], [1, {}]);
  const clauses: { clause: string; passed: number; failed: number }[] = found.clauses;
  for (const { clause, passed, failed } of clauses) report(`${clause}: ${passed} passed, ${failed} failed`);
  report(`${found.cases.passed} cases passed, ${found.cases.failed} failed`);
  assert.ok(found.cases.passed > 1200 && clauses.length >= 20);
});

test('when a program does not conform then the exit code says so, in every form of the report', async () => {
  const args = ['conform', '--cmd', 'cat', '--only', 'decoder-key/'];
  const text = await runCli(args);
  assert.is(text.code, EXIT.refused);
  assert.match(text.stdout, /does not conform\n$/);
  const out = join(folder, 'report.xml');
  const junit = await runCli([...args, '--report', 'junit', '--out', out]);
  assert.is(junit.code, EXIT.refused);
  assert.match(junit.stdout, /^does not conform: 0 passed/);
  const xml = readFileSync(out, 'utf8');
  const { tests } = readVectors('decoder-key');
  const skipped = tests.filter(({ flags }) => flags.includes('NoVector')).length;
  assert.ok(skipped > 0 && skipped < tests.length);
  assert.is(xml.split('\n')[0], '<?xml version="1.0" encoding="UTF-8"?>');
  const counts = `tests="${tests.length}" failures="${tests.length - skipped}" skipped="${skipped}"`;
  assert.ok(xml.split('\n')[1]?.startsWith(`<testsuites ${counts}`));
  assert.match(xml, /<failure message="/);
});

test('when a run is interrupted then the program under test ends with it', async () => {
  const mark = join(folder, 'pid');
  const program = `echo $$ > '${mark}'; trap '' TERM INT; while :; do sleep 0.1; done`;
  const child = spawn(process.execPath, [MAIN, 'conform', '--cmd', program], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  let pid = 0;
  for (let i = 0; i < 200 && pid === 0; i += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    pid = existsSync(mark) ? Number(readFileSync(mark, 'utf8')) : 0;
  }
  assert.ok(pid > 0);
  child.kill('SIGTERM');
  const [code] = await ended;
  assert.is(code, EXIT.refused);
  await new Promise((resolve) => setTimeout(resolve, 200));
  const state = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ') Z';
  assert.match(state, /\) [ZX]/, 'the program under test lives on');
});

test('when a report names text with signs of XML then they are escaped', async () => {
  const { reportAsJunit } = await import('../../cli/conformance/report.ts');
  const xml = reportAsJunit([
    {
      id: 'a/1',
      title: '<b> & "c" \u0007',
      file: 'a',
      trust: 'ours-alone',
      clause: 'sts.md 3',
      verdict: 'failed',
      checks: [],
      reason: "it's <wrong>",
      millis: 5,
    },
  ]);
  assert.match(xml, /name="a\/1 &lt;b&gt; &amp; &quot;c&quot; \ufffd"/);
  assert.match(xml, /<failure message="it&apos;s &lt;wrong&gt;"\/>/);
});

test('when the adapter is fed hostile lines then it answers each, in order, and ends with its input', async () => {
  const child = spawn(process.execPath, [MAIN, 'adapter'], { stdio: 'pipe' });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const lines = [
    'no json',
    '[]',
    'null',
    `{"id":1,"op":"${'x'.repeat(1_100_000)}"}`,
    '{"id":2,"op":"rob"}',
    '',
    '{"id":3,"op":"encrypt","encryptionAlgorithm":11,"key":"00112233445566778899aabbccddeeff","block":"0123456789abcdef"}',
  ];
  child.stdin.end(`${lines.join('\n')}`);
  const [code] = await once(child, 'close');
  assert.is(code, 0);
  const answers = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(
    answers.map(({ id, error, block }) => [id, error?.code ?? block]),
    [
      [null, 'request_malformed'],
      [null, 'request_malformed'],
      [null, 'request_malformed'],
      [null, 'request_too_large'],
      [2, 'operation_unsupported'],
      [3, '8b1da5f56ab3d07c'],
    ],
  );
});

test('when a token is made on the command line then it is the official one, and reads back', async () => {
  const flags = ['--class', '0', '--subclass', '0', '--issued', '2014-03-01T13:00', '--rnd', '5'];
  const args = ['token', 'encode', '--meter-file', METER_FILE, ...flags];
  const made = JSON.parse((await runCli([...args, '--amount', '0.1', '--json'])).stdout);
  assert.is(made.tokenNo, '70630503470028726114');
  assert.is(made.token66, '3d431f4b0860e9f62');
  const rounded = JSON.parse((await runCli([...args, '--amount', '1638.5', '--json'])).stdout);
  assert.is(rounded.carried.amountDeciKwh, 16_394, 'the caller is told what the token really carries');
  const read = await runCli(['token', 'decode', '7063 0503 4700 2872 6114', '--meter-file', METER_FILE]);
  assert.match(read.stdout, /0\.1 kWh/);
  const clear = await runCli([
    'token',
    'encode',
    '--fields',
    '{"class":1,"subclass":0,"control":"1","manufacturerCode":0}',
  ]);
  assert.match(clear.stdout, /0000 0000 0001 5099 7584/);
});

test('when the fields are wrong then the fault and the exit code say so', async () => {
  const rows: [string[], number, RegExp][] = [
    [['--class', '0', '--subclass', '0'], EXIT.badInput, /request_malformed/],
    [['--fields', '[]'], EXIT.badInput, /request_malformed/],
    [['--fields', '{'], EXIT.badInput, /request_malformed/],
    [['--fields', '{"newDecoderKey":"87f3ecbb2e46b48f"}'], EXIT.usage, /does not belong on a command line/],
    [
      ['--meter-file', METER_FILE, '--class', '0', '--subclass', '9', '--tid-minutes', '5'],
      EXIT.refused,
      /operation_unsupported/,
    ],
    [
      ['--meter-file', METER_FILE, '--class', '0', '--subclass', '0', '--tid-minutes', '5', '--amount', '-1'],
      EXIT.badInput,
      /amount_out_of_range/,
    ],
  ];
  for (const [args, exit, text] of rows) {
    const { code, stderr } = await runCli(['token', 'encode', ...args]);
    assert.is(code, exit, args.join(' '));
    assert.match(stderr, text);
    assert.not.match(stderr, /87f3ec/);
  }
  assert.is((await runCli(['token', 'decode'])).code, EXIT.usage);
});

test('when many tokens come by lines then each is answered, and a wrong one stops nothing', async () => {
  const many = Array.from({ length: 2_000 }, (_, i) =>
    JSON.stringify({ class: 0, subclass: 0, tidMinutes: 1_000 + i, rnd: 1, amount: '1.5' }),
  );
  const encoded = await runCli(['token', 'encode', '--bulk', '--meter-file', METER_FILE], {
    input: [...many, '{"class":7}', ''].join('\n'),
  });
  assert.is(encoded.code, EXIT.badInput);
  const made = encoded.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.is(made.length, 2_001);
  assert.equal([made[2_000].line, made[2_000].error.code], [2_001, 'request_malformed']);
  const decoded = await runCli(['token', 'decode', '--bulk', '--meter-file', METER_FILE], {
    input: made
      .slice(0, 2_000)
      .map(({ tokenNo }, i) => (i % 2 === 0 ? tokenNo : JSON.stringify({ tokenNo })))
      .join('\n'),
  });
  assert.is(decoded.code, EXIT.ok);
  const tids = decoded.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).token.tidMinutes);
  assert.equal(
    tids,
    Array.from({ length: 2_000 }, (_, i) => 1_000 + i),
  );
});

test('when a key is derived then it is the official one and makes a meter file', async () => {
  const derived = await runCli([
    'key',
    'derive',
    '--key-file',
    KEY_FILE,
    '--meter',
    '00000000000',
    '--algorithm',
    '7',
    '--json',
  ]);
  const settings = JSON.parse(derived.stdout);
  assert.is(settings.decoderKey, '87f3ecbb2e46b48f');
  const file = join(folder, 'derived.json');
  writeFileSync(file, derived.stdout);
  const read = await runCli(['token', 'inspect', '70630503470028726114', '--meter-file', file]);
  assert.match(read.stdout, /0\.1 kWh/);
});

test('when a change-set is made then it is the official one and shows no key', async () => {
  const files = ['--from-key-file', KEY_FILE, '--to-key-file', KEY_FILE, '--meter', '00000000000'];
  const args = ['key', 'change-set', ...files, '--to-tariff-index', '2'];
  const two = await runCli([...args, '--algorithm', '7', '--json']);
  assert.equal(JSON.parse(two.stdout).tokens, ['06510894141453018386', '22979178279997208272']);
  const three = JSON.parse(
    (await runCli([...args, '--algorithm', '7', '--three-sections', '--json'])).stdout,
  );
  assert.is(three.tokens.length, 3);
  const four = await runCli(args);
  assert.match(four.stdout, /0385 4447 0864 5345 1911/);
  assert.is((await runCli([...args, '--three-sections'])).code, EXIT.usage);
  const spoilt = join(folder, 'spoilt.json');
  writeFileSync(spoilt, JSON.stringify({ ...KEY, vendingKey: VENDING_KEY.slice(1) }));
  const wrong = await runCli(['key', 'derive', '--key-file', spoilt, '--meter', '00000000000']);
  assert.is(wrong.code, EXIT.keyStore);
  assert.match(wrong.stderr, /vending_key_malformed/);
  assert.not.match(wrong.stderr + two.stdout + four.stdout, /abab|7f78cdd2|b199270a/i);
});

test('when vectors are listed and run then all of them agree', async () => {
  const listed = JSON.parse((await runCli(['vectors', 'list', '--json'])).stdout);
  assert.ok(listed.cases > 1200);
  assert.ok(listed.files.every(({ tests }: { tests: number }) => tests > 0));
  const run = await runCli(['vectors', 'run', '7.1', '--json']);
  assert.is(run.code, EXIT.ok);
  assert.ok(JSON.parse(run.stdout).conforms);
  assert.is((await runCli(['vectors', 'run', 'no such case'])).code, EXIT.usage);
});

test.run();
