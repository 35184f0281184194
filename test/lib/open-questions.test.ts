/** The table of open questions in lib/README.md against the source: every question once, every value where the table says. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS } from '../../lib/faults.ts';
import { report } from '../support/counts.ts';

const test = suite('lib: open questions');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COUNTS = { A: 18, B: 10, C: 8, D: 7 };

interface Row {
  readonly id: string;
  readonly where: string;
}

function rows(): Row[] {
  const page = readFileSync(`${ROOT}lib/README.md`, 'utf8');
  const [, after = ''] = page.split('## Open questions');
  const [table = ''] = after.split('\n## ');
  return table.split('\n').flatMap((line) => {
    const [, id = '', question = '', where = '', answer = ''] = line.split('|').map((cell) => cell.trim());
    if (!/^[A-D]\d+$/.test(id)) return [];
    assert.ok(question !== '' && answer !== '', `${id} says what it asks and what holds`);
    return [{ id, where }];
  });
}

/** What a docstring with this question's number stands before. */
function declarationsWith(source: string, id: string): string[] {
  const blocks = source.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n([^\n]*)/g);
  return [...blocks].flatMap(([, text = '', line = '']) =>
    new RegExp(`\\b${id}\\b`).test(text) ? [line] : [],
  );
}

test('when a question is open then the table has it once, in order', () => {
  const expected = Object.entries(COUNTS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
  );
  assert.equal(
    rows().map(({ id }) => id),
    expected,
  );
});

test('when the table names a value then it stands there with the number of its question', () => {
  const plan = readFileSync(`${ROOT}lib/token/issue-plan.ts`, 'utf8');
  let values = 0;
  let refused = 0;
  for (const { id, where } of rows()) {
    if (where.startsWith('not built')) {
      const [, code] = where.match(/refused as `(\w+)`$/) ?? [];
      assert.ok(code !== undefined || where === 'not built', `${id}: ${where}`);
      if (code === undefined) continue;
      assert.ok(Object.hasOwn(FAULTS, code) || plan.includes(`| '${code}'`), `${id}: ${code} is a refusal`);
      refused += 1;
      continue;
    }
    const names = [...where.matchAll(/`([\w/-]+)\.(\w+)`/g)];
    assert.ok(names.length > 0, `${id} names a value`);
    for (const [, module = '', value = ''] of names) {
      const file = [`${ROOT}lib/${module}.ts`, `${ROOT}${module}.ts`].find((path) => existsSync(path));
      assert.ok(file, `${id}: ${module} is a module`);
      const declared = declarationsWith(readFileSync(file, 'utf8'), id);
      assert.ok(
        declared.some((line) => new RegExp(`\\b${value}\\b`).test(line)),
        `${id}: ${module}.${value} has the question in its docstring`,
      );
      values += 1;
    }
  }
  report(`${rows().length} open questions: ${values} named values, ${refused} refusals by name`);
});

test('when a docstring of the library asks a question then the table knows it', () => {
  const known = new Set(rows().map(({ id }) => id));
  for (const module of ['meter/configuration', 'token/issue-policy', 'token/kinds', 'identity/attributes']) {
    const source = readFileSync(`${ROOT}lib/${module}.ts`, 'utf8');
    for (const [, id = ''] of source.matchAll(/\(([A-D]\d+)\)/g))
      assert.ok(known.has(id), `${module}: ${id}`);
  }
});

test.run();
