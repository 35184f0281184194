/**
 * Comparisons of secrets, and of what is made of secrets, in the source: each stands in the table of SECURITY.md with how it
 * compares and who could measure it, and nothing stands there that is gone. A comparison is found by the names of what it
 * compares, so it helps against forgetting, not against hiding.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from './support/counts.ts';

const test = suite('timing');

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const ROOMS = ['lib', 'vending-server', 'meter-sim', 'cli'];

/** The last word of what is compared, or of the function that makes it. */
const SECRET = new RegExp(
  `(^|[a-z#])(${[
    ...['hash', 'mac', 'hmac', 'crc', 'crcof', 'crc32', 'digest', 'signature', 'seal', 'check', 'checkvalue'],
    ...['passphrase', 'password', 'secret', 'key', 'vendingkey', 'decoderkey', 'apikey', 'bearer', 'tokenno'],
  ].join('|')})$`,
  'i',
);

/** A name with its members and calls, or something in parentheses, on both sides. */
const CALL = String.raw`(?:\([^()]*(?:\([^()]*\))?[^()]*\))*`;
const OPERAND = String.raw`[#\w.?!]+${CALL}`;
const COMPARISON = new RegExp(String.raw`(${OPERAND}|\([^()]*\)) (?:===|!==) (${OPERAND})`, 'g');

function isSecret(operand: string): boolean {
  const name =
    operand
      .replace(/\(.*$/s, '')
      .split(/[.?!]+/)
      .at(-1) ?? '';
  return SECRET.test(name);
}

/** Whether a value is there, or how long it is, tells nothing of what it is. */
function isAboutPresence(operand: string): boolean {
  return (
    /^(undefined|null|true|false|\d+|'.*')$/.test(operand) ||
    operand.endsWith('.length') ||
    /^typeof\b/.test(operand)
  );
}

function comparisons(): string[] {
  const found: string[] = [];
  for (const room of ROOMS) {
    for (const file of readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).sort()) {
      if (!file.endsWith('.ts')) continue;
      const code = readFileSync(join(ROOT, room, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
      for (const [all, left = '', right = ''] of code.matchAll(COMPARISON)) {
        const operands = [left, right];
        if (operands.some(isSecret) && !operands.some(isAboutPresence)) found.push(`${room}/${file}: ${all}`);
      }
    }
  }
  return found;
}

/** The first column of the table: 'file: expression', or 'folder/*: all' for a room that compares nothing secret. */
function documented(): string[] {
  const page = readFileSync(join(ROOT, 'SECURITY.md'), 'utf8');
  const rows = /^\| `((?:lib|vending-server|meter-sim|cli)\/\S+(?:\.ts: [^`]+|\/\*: all))` \|/gm;
  return [...page.matchAll(rows)].map(([, row = '']) => row);
}

function isRowOf(row: string, comparison: string): boolean {
  return row.endsWith('/*: all') ? comparison.startsWith(row.slice(0, -'*: all'.length)) : row === comparison;
}

test('when secrets are compared then the table of SECURITY.md says how and who could measure it', () => {
  const found = comparisons();
  const rows = documented();
  assert.ok(found.length > 10);
  assert.equal(
    found.filter((comparison) => !rows.some((row) => isRowOf(row, comparison))),
    [],
    'comparisons without a row',
  );
  const gone = rows.filter((row) => {
    if (row.endsWith('/*: all')) return !found.some((comparison) => isRowOf(row, comparison));
    const [file = '', expression = ''] = row.split(/: (.*)/s);
    return !readFileSync(join(ROOT, file), 'utf8').includes(expression);
  });
  assert.equal(gone, [], 'rows without a comparison');
  assert.is(new Set(rows).size, rows.length);
  report(`${found.length} comparisons found by name, ${rows.length} documented`);
});

test('when an API key is judged then in constant time', () => {
  const code = readFileSync(join(ROOT, 'vending-server/people/api-keys.ts'), 'utf8');
  assert.match(code, /timingSafeEqual\(/);
  assert.not.match(code, /(apiKey|hash|keyHash) [!=]== (?!undefined)/i);
});

test.run();
