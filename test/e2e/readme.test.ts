import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { runCli } from '../support/processes.ts';

const test = suite('e2e: readme');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');

test('when the README shows a command then that command and its flags exist', async () => {
  const lines = README.split('\n').filter((line) => line.startsWith('npx wattoken '));
  assert.ok(lines.length >= 7);
  for (const line of lines) {
    const words = line.split(/\s+/).slice(2);
    const noun = words[0] ?? '';
    const command = ['vend', 'conform', 'adapter'].includes(noun) ? [noun] : words.slice(0, 2);
    const { code, stdout } = await runCli([...command, '--help']);
    assert.is(code, 0, line);
    for (const flag of words.filter((word) => word.startsWith('--')))
      assert.ok(stdout.includes(flag), `${line}: ${flag}`);
  }
});

test('when the README shows the library at work then that program runs', async () => {
  const program = /```ts\n([\s\S]*?)```/.exec(README)?.[1] ?? '';
  const folder = mkdtempSync(join(ROOT, 'dist/readme-'));
  try {
    const given = [
      "import { bytesFromHex } from 'wattoken/hex';",
      "const vendingKey = bytesFromHex('abababababababab949494949494949401234567');",
      "const meterPan = '600727000000000009';",
      'const tidMinutes = 85_740;',
    ];
    const last = program.trimEnd().split('\n').at(-1) ?? '';
    const file = join(folder, 'program.mjs');
    // A package may import itself by its name: `dist/` lies inside this one.
    const body = program.replace(last, `export const read = ${last}\nexport { carriedDeciKwh };`);
    writeFileSync(file, `${given.join('\n')}\n${body}\n`);
    const { read, carriedDeciKwh } = await import(pathToFileURL(file).href);
    assert.is(carriedDeciKwh, 465);
    assert.equal(
      [read.kind, read.amountDeciKwh, read.tidMinutes, read.rnd],
      ['creditElectricity', 465, 85_740, 5],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('when the README shows a picture then it stands in the tree, and is text', () => {
  const pictures = [...README.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, file = '']) => file);
  assert.is(pictures.length, 3);
  for (const file of pictures) assert.match(readFileSync(join(ROOT, file), 'utf8'), /^<svg [^>]+>\n<title>/);
});

test('when the README names the start and test commands then package.json and CI have them', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  for (const command of ['npm ci && npm start', 'npm ci && npm test'])
    assert.ok(README.includes(command), command);
  for (const name of ['start', 'test', 'test:slow', 'check', 'bench']) assert.ok(name in scripts, name);
  assert.match(readFileSync(join(ROOT, '.ci/run'), 'utf8'), /^npm ci && npm test$/m);
});

test.run();
