import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { report } from '../support/counts.ts';
import { runCli } from '../support/processes.ts';
import { METER_A } from '../support/utility.ts';

const test = suite('e2e: command line');

let folder: string;
let keyFile: string;
let meterFile: string;
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wattoken-cli-'));
  keyFile = join(folder, 'seller.key');
  meterFile = join(folder, 'meter.json');
  writeFileSync(keyFile, 'wtk_of-nobody\n');
  writeFileSync(meterFile, JSON.stringify(METER_A));
});
test.after(() => rmSync(folder, { recursive: true, force: true }));

test('when a token is inspected then bits are shown without a key and fields with one', async () => {
  // CTSA01 of the official tests for this meter's neighbour; its own key reads it, another's does not.
  const official = '58625789986991357486';
  const neighbour = join(folder, 'neighbour.json');
  writeFileSync(neighbour, JSON.stringify({ ...METER_A, decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3' }));
  const bits = JSON.parse((await runCli(['token', 'inspect', official, '--json'])).stdout);
  assert.equal([bits.tokenClass, bits.block], [0, '2d98a5617b45be2e']);
  const read = JSON.parse(
    (await runCli(['token', 'inspect', official, '--meter-file', neighbour, '--json'])).stdout,
  );
  assert.equal(read.token, {
    kind: 'creditElectricity',
    tidMinutes: 85_740,
    rnd: 5,
    amountDeciKwh: 1,
    issued: '2014-03-01T13:00Z',
  });
  const foreign = JSON.parse(
    (await runCli(['token', 'inspect', official, '--meter-file', meterFile, '--json'])).stdout,
  );
  assert.equal(foreign.token, { kind: 'crcError' });
  const spoken = await runCli([
    'token',
    'inspect',
    '5862',
    '5789',
    '9869',
    '9135',
    '7486',
    '--meter-file',
    neighbour,
  ]);
  assert.match(spoken.stdout, /amount +0\.1 kWh/);
  const clear = await runCli(['token', 'inspect', '0000 0000 0001 5099 7584']);
  assert.match(clear.stdout, /class +1 +non-meter-specific[\s\S]*control +1\n[\s\S]*manufacturer +any/);
});

test('when the input of a command is bad then its fault has a name, its exit code is the documented one, nothing leaks', async () => {
  const malformed = join(folder, 'malformed.json');
  writeFileSync(malformed, '{"decoderKey":"5ec2e75ec2e75ec2');
  const wrongShape = join(folder, 'wrong-shape.json');
  writeFileSync(wrongShape, '{"encryptionAlgorithm":11,"decoderKey":"5ec2e75ec2e75ec2","baseDate":"24"}');
  const nobody = 'http://127.0.0.1:9';
  const vend = ['--api-key-file', keyFile, '--server', nobody];
  const cases: readonly (readonly [FaultCode, ...string[]])[] = [
    ['token_number_malformed', 'token', 'inspect', '1234567890123456789'],
    ['token_number_malformed', 'token', 'inspect', 'ABCDEFGHIJKLMNOPQRST'],
    ['token_number_malformed', 'token', 'inspect', '１２３４５６７８９０１２３４５６７８９０'],
    ['token_number_too_large', 'token', 'inspect', '73786976294838206464'],
    ['token_number_too_large', 'token', 'inspect', '99999999999999999999'],
    ['file_unreadable', 'token', 'inspect', '0'.repeat(20), '--meter-file', join(folder, 'absent.json')],
    ['file_unreadable', 'token', 'inspect', '0'.repeat(20), '--meter-file', malformed],
    ['file_unreadable', 'token', 'inspect', '0'.repeat(20), '--meter-file', wrongShape],
    ['file_unreadable', 'token', 'inspect', '0'.repeat(20), '--meter-file', folder],
    ['meter_number_malformed', 'vend', '123', '5', ...vend],
    ['meter_number_check_digit', 'vend', '11111111113', '5', ...vend],
    ['usage', 'vend', METER_A.drn, 'NaN', ...vend],
    ['usage', 'vend', METER_A.drn, '1e3', ...vend],
    ['usage', 'vend', METER_A.drn, '0.001', ...vend],
    ['usage', 'vend', METER_A.drn, '9999999999999', ...vend],
    ['usage', 'vend', METER_A.drn, '5', ...vend, '--currency', 'rand'],
    [
      'file_unreadable',
      'vend',
      METER_A.drn,
      '5',
      '--api-key-file',
      join(folder, 'absent'),
      '--server',
      nobody,
    ],
    ['server_unreachable', 'vend', METER_A.drn, '5', ...vend],
    ['usage', 'vend', METER_A.drn, '5', '--api-key-file', keyFile, '--server', 'not a url'],
    ['usage', 'meter', 'enter', '0'.repeat(20), '--meter', 'localhost'],
    ['token_number_malformed', 'meter', 'enter', '12', '--meter', nobody],
    ['meter_unreachable', 'meter', 'enter', '0'.repeat(20), '--meter', nobody],
    [
      'file_unreadable',
      'meter',
      'run',
      '--data',
      join(folder, 'm1'),
      '--meter-file',
      join(folder, 'absent.json'),
    ],
    ['file_unreadable', 'meter', 'run', '--data', join(folder, 'm2'), '--meter-file', malformed],
    ['request_malformed', 'meter', 'run', '--data', join(folder, 'm3'), '--meter-file', wrongShape],
    ['data_folder_unusable', 'meter', 'run', '--data', keyFile, '--port', '0'],
    ['data_folder_unusable', 'sandbox', '--data', join(keyFile, 'below')],
    ['data_folder_unusable', 'server', 'start', '--data', keyFile, '--passphrase-file', keyFile],
    [
      'key_store_missing',
      'keystore',
      'list',
      '--key-store',
      join(folder, 'absent.wks'),
      '--passphrase-file',
      keyFile,
    ],
    ['key_store_passphrase_missing', 'keystore', 'list', '--key-store', join(folder, 'absent.wks')],
  ];
  for (const [code, ...args] of cases) {
    const { code: exit, stdout, stderr } = await runCli(args);
    assert.match(stderr, new RegExp(`\\[${code}\\]`), args.join(' '));
    assert.is(exit, FAULTS[code].exit, args.join(' '));
    assert.is(stdout, '', 'stdout is for results');
    assert.not.match(stderr, /5ec2e7|wtk_|at .*\.js/, 'no secret and no stack');
  }
  const [, ...first] = cases[0] ?? [];
  const problem = JSON.parse((await runCli([...first, '--json'])).stdout);
  assert.is(problem.code, 'token_number_malformed');
  report(`${cases.length} bad command lines, each refused by name`);
});

test('when the words of a command are off then exit 2 and the usage', async () => {
  for (const args of [
    ['vend'],
    ['nonsense'],
    ['meter', 'run', '--speed', '-1'],
    ['meter', 'run', '--port', '70000'],
    ['token'],
  ]) {
    const { code, stderr } = await runCli(args);
    assert.is(code, 2, args.join(' '));
    assert.is.not(stderr, '');
  }
  assert.is((await runCli(['--version'])).code, 0);
  assert.is((await runCli(['--help'])).code, 0);
});

test('when decoding then nothing slow is loaded: the command ends near a bare start of Node', async () => {
  const startedAt = performance.now();
  await runCli(['token', 'inspect', '58625789986991357486']);
  report(`token inspect: ${(performance.now() - startedAt).toFixed(0)} ms`);
});

test.run();
