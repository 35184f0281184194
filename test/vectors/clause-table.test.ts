/** The list of clauses and the page made from it: what is cited exists, what is untested says why. */
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PROTOCOL_CLAUSE } from '../../cli/conformance/runner.ts';
import { conformanceSuite } from '../../cli/conformance/suite.ts';
import { readVectorFile, VECTOR_FILE_NAMES, type VectorTest } from '../../cli/conformance/vector-files.ts';
import { RESULT_CODES } from '../../lib/meter/outcome.ts';
import { report } from '../support/counts.ts';
import { citedIn, clauseRows, clausesOf, clauseTable, readClauses, triedBy } from './clause-table.ts';

const test = suite('vectors: clauses');

const PAGE = new URL('../../vectors/CLAUSES.md', import.meta.url);
const clauses = readClauses();
const ids = new Set(clauses.map(({ id }) => id));

test('when the page is generated again then it gives the committed bytes', () => {
  assert.is(readFileSync(PAGE, 'utf8'), clauseTable(), 'CLAUSES.md differs: npm run vectors');
});

test('when a vector or a case of the suite names a clause then the list has it', () => {
  const named = new Set<string>();
  for (const name of VECTOR_FILE_NAMES) {
    const { testGroups } = readVectorFile<VectorTest & { steps?: readonly { clause?: string }[] }>(name);
    for (const { clause, tests } of testGroups) {
      named.add(clause);
      for (const { steps = [] } of tests) for (const step of steps) named.add(step.clause ?? clause);
    }
  }
  for (const { clause, steps } of conformanceSuite()) {
    named.add(clause);
    for (const { expect } of steps)
      for (const check of 'clause' in expect ? [expect] : expect) named.add(check.clause);
  }
  named.delete(PROTOCOL_CLAUSE);
  const unknown = [...named].flatMap((text) => clausesOf(text, clauses)).filter((id) => !ids.has(id));
  assert.equal(unknown, []);
  assert.ok(named.size > 25);
});

test('when clauses are listed then each stands once, and every subclass and result code has its row', () => {
  assert.is(ids.size, clauses.length);
  const kinds = clauses.flatMap(
    ({ token }) => token?.subclasses.map((subclass) => `${token.class}.${subclass}`) ?? [],
  );
  assert.is(kinds.length, 64);
  assert.is(new Set(kinds).size, 64);
  const results = clauses.flatMap(({ result }) => (result === undefined ? [] : [result]));
  assert.equal(results.sort(), Object.keys(RESULT_CODES).sort());
});

test('when nothing tries a clause then the list says why, and only then', () => {
  const rows = clauseRows();
  const silent = rows.filter((row) => (triedBy(row) === 'nothing') !== (row.reason !== undefined));
  assert.equal(
    silent.map(({ id }) => id),
    [],
  );
  const count = (by: string) => rows.filter((row) => triedBy(row) === by).length;
  report(
    `${rows.length} clauses: ${count('vectors')} by vectors, ${count('tests')} by tests alone, ${count('nothing')} untested`,
  );
  const without = rows.filter(
    ({ token, positive, negative }) => token !== undefined && positive + negative === 0,
  );
  assert.equal(
    without.map(({ id }) => id),
    [],
    'a kind of token without a vector',
  );
});

test('when clauses are cited then lists, ranges and documents are read, and what is unknown stays visible', () => {
  const read = (text: string) => clausesOf(text, clauses);
  assert.equal(read('sts.md 2.3'), ['sts.md 2.3']);
  assert.equal(read('sts.md 2.5-2.7, 4'), ['sts.md 2.5', 'sts.md 2.6', 'sts.md 2.7', 'sts.md 4']);
  assert.equal(read('RFC 2994 2.1-2.2; sts.md 5.3'), ['RFC 2994 2.1', 'RFC 2994 2.2', 'sts.md 5.3']);
  assert.equal(read('sts.md 2.2/0.8-0.15'), ['sts.md 2.2/0.8-0.15']);
  assert.equal(read('sts.md 99'), ['sts.md 99']);
  assert.equal(read('somewhere'), ['somewhere']);
  const text = '// see sts.md 1.3, 4 and 8.1/16 (FIPS 46-3). Not sts.md itself.';
  assert.equal([...citedIn(text, clauses)], ['sts.md 1.3', 'sts.md 4', 'sts.md 8.1/16', 'FIPS 46-3']);
});

test.run();
