import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../support/counts.ts';

const test = suite('e2e: package');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** This Node, and any others named in WATTOKEN_NODES, separated by colons. */
const NODES = [process.execPath, ...(process.env['WATTOKEN_NODES']?.split(':') ?? [])];

/** Sells nothing: makes the first official token from public test values and reads it again. */
const PROGRAM = `
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { bytesFromHex } from 'wattoken/hex';
import { deriveDecoderKey } from 'wattoken/keys/decoder-key';
import { createTokenCipher } from 'wattoken/token/cipher';
import { encodeCreditElectricity } from 'wattoken/token/credit';
import { decodeToken } from 'wattoken/token/token';
import { enterToken } from 'wattoken/meter/enter-token';
import { newMeterState } from 'wattoken/meter/state';
import { answerInBulk } from 'wattoken/bulk';

const file = createRequire(import.meta.url).resolve('wattoken/vectors/credit-electricity.json');
const vectors = JSON.parse(readFileSync(file, 'utf8')).testGroups.flatMap((group) => group.tests);
let right = 0;
for (const vector of vectors) {
  const request = { ...vector, vendingKey: bytesFromHex(vector.vendingKey) };
  const cipher = createTokenCipher(vector.encryptionAlgorithm, deriveDecoderKey(request));
  const { tokenNo } = encodeCreditElectricity(vector, cipher);
  const meter = newMeterState({ ...vector, keyExpiry: 255 });
  if (tokenNo === vector.tokenNo && decodeToken(tokenNo, cipher).kind === 'creditElectricity'
    && enterToken(meter, tokenNo, 0).outcome.result === 'Accept') right += 1;
}
const { answered, refused } = await answerInBulk(
  { operation: 'decode' }, vectors.map(({ tokenNo }) => tokenNo + '\\n'), () => undefined, { workers: 2 });
console.log(right + ' of ' + vectors.length + ', ' + (answered - refused) + ' in bulk');
`;

let project: string;

test.before(() => {
  project = mkdtempSync(join(tmpdir(), 'wattoken-package-'));
  const packed = execFileSync('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', project], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, size, entryCount }] = JSON.parse(packed) as [
    { filename: string; size: number; entryCount: number },
  ];
  report(`packed: ${entryCount} files, ${(size / 1024).toFixed(0)} KiB`);
  const modules = join(project, 'node_modules');
  mkdirSync(modules);
  execFileSync('tar', ['xzf', join(project, filename), '-C', modules]);
  execFileSync('mv', [join(modules, 'package'), join(modules, 'wattoken')]);
  // What the package declares, and nothing else of this checkout, is there to be imported.
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(project, 'program.js'), PROGRAM);
});

test.after(() => rmSync(project, { recursive: true, force: true }));

test('when the packed library is used from an empty project then the official tokens come out', () => {
  for (const node of NODES) {
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
    const answer = execFileSync(node, ['program.js'], { cwd: project, encoding: 'utf8' }).trim();
    assert.is(answer, '31 of 31, 31 in bulk', version);
    const cli = join(project, 'node_modules/wattoken/dist/cli/main.js');
    const inspected = execFileSync(node, [cli, 'token', 'inspect', '58625789986991357486'], {
      encoding: 'utf8',
    });
    assert.match(inspected, /2d98a5617b45be2e/);
    report(`Node ${version}: library ${answer}, command line answers`);
  }
});

test('when the package is unpacked then it holds what it is for and nothing of the workshop', () => {
  const files = readdirSync(join(project, 'node_modules/wattoken'), { recursive: true, encoding: 'utf8' });
  for (const wanted of ['LICENSE', 'README.md', 'SECURITY.md', 'dist/cli/main.js', 'vectors/sta.json']) {
    assert.ok(files.includes(wanted), wanted);
  }
  assert.equal(
    files.filter((file) => /(^|\/)(test|node_modules|\.git|wattoken-data)(\/|$)/.test(file)),
    [],
  );
});

test.run();
