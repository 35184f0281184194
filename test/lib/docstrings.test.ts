/** Whatever the library exports says in words what it is: units, ranges, errors and source stand nowhere else. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../support/counts.ts';

const test = suite('lib: docstrings');
const LIB = fileURLToPath(new URL('../../lib/', import.meta.url));
const ROOMS = ['identity', 'keys', 'token', 'meter'];

test('when the library exports something then a docstring stands before it', () => {
  let documented = 0;
  const bare: string[] = [];
  for (const room of ROOMS) {
    for (const file of readdirSync(`${LIB}${room}`)) {
      const lines = readFileSync(`${LIB}${room}/${file}`, 'utf8').split('\n');
      for (const [index, line] of lines.entries()) {
        const [, name] = /^export (?:const|function|interface|type) (\w+)/.exec(line) ?? [];
        if (name === undefined) continue;
        if (lines[index - 1]?.trimEnd().endsWith('*/')) documented += 1;
        else bare.push(`${room}/${file}: ${name}`);
      }
    }
  }
  assert.equal(bare, []);
  assert.ok(documented > 100);
  report(`${documented} exports of ${ROOMS.join(', ')}, each with a docstring`);
});

test('when a function refuses an argument itself then its docstring says what it throws', () => {
  const silent: string[] = [];
  for (const room of ROOMS) {
    for (const file of readdirSync(`${LIB}${room}`)) {
      const source = readFileSync(`${LIB}${room}/${file}`, 'utf8');
      const exported = source.matchAll(
        /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport function (\w+)[\s\S]*?\n(\}\n)/g,
      );
      for (const [whole, words = '', name] of exported) {
        const body = whole.slice(words.length);
        if (/\bthrow |\bassert[A-Z]\w*\(/.test(body) && !/@throws/.test(words))
          silent.push(`${room}/${file}: ${name}`);
      }
    }
  }
  assert.equal(silent, []);
});

test.run();
