/**
 * `vectors/CLAUSES.md`: clause by clause, what tries it. The clauses are data (`vectors/clauses.json`), in our own words; every
 * number and every name of a test is counted from the vectors, the conformance suite and the tests themselves.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Case, isRefusal } from '../../cli/conformance/expectations.ts';
import { conformanceSuite } from '../../cli/conformance/suite.ts';
import { readVectorFile, VECTOR_FILE_NAMES, type VectorTest } from '../../cli/conformance/vector-files.ts';
import { writeClearBlock } from '../../lib/token/token.ts';
import { tokenFromJson } from './checks-of-requests.ts';

const TESTS = new URL('../', import.meta.url);

/** The list of clauses: sections of the digest and of public documents, kinds of token, result codes of a meter. */
export const CLAUSES_SCHEMA = z.strictObject({
  schema: z.literal('schemas/clauses.schema.json'),
  clauses: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      /** A row about one kind of token: whatever vector makes or reads it counts. */
      token: z
        .strictObject({
          class: z.int().min(0).max(3),
          subclasses: z.array(z.int().min(0).max(15)).min(1),
        })
        .optional(),
      /** A row about one answer of a meter. */
      result: z.string().optional(),
      /** Why nothing tries it; stands where nothing does. */
      reason: z.string().optional(),
    }),
  ),
});

export type Clause = z.infer<typeof CLAUSES_SCHEMA>['clauses'][number];

export function readClauses(): readonly Clause[] {
  const text = readFileSync(new URL('../../vectors/clauses.json', import.meta.url), 'utf8');
  return CLAUSES_SCHEMA.parse(JSON.parse(text)).clauses;
}

/**
 * @param text - clauses as a vector or a test cites them: `sts.md 2.1, 2.3-2.5; RFC 2994 2.2`.
 * @returns the ids; what names no row stands there as it is, so that a test can find it.
 */
export function clausesOf(text: string, clauses: readonly Clause[]): string[] {
  const ids = clauses.map(({ id }) => id);
  return text.split(/;\s*/).flatMap((part) => {
    const [, document = '', sections = ''] =
      /^(sts\.md|RFC 2994|FIPS 46-3|NIST SP 800-17)\s*(.*)$/.exec(part) ?? [];
    if (document === '') return [part];
    if (sections === '') return [document];
    return sections.split(/,\s*|\s+and\s+/).flatMap((section) => {
      const [from, to] = section.split('-');
      // A row below a section, 2.2/0.8-0.15, is no range of rows.
      if (to === undefined || section.includes('/')) return [`${document} ${section}`];
      const [first, last] = [ids.indexOf(`${document} ${from}`), ids.indexOf(`${document} ${to}`)];
      if (first < 0 || last < first) return [`${document} ${section}`];
      return ids.slice(first, last + 1).filter((id) => !id.includes('/'));
    });
  });
}

export interface ClauseRow extends Clause {
  positive: number;
  negative: number;
  meterSteps: number;
  cases: number;
  readonly tests: Set<string>;
}

type Rows = ReadonlyMap<string, ClauseRow>;

/** Every clause with what tries it. */
export function clauseRows(): readonly ClauseRow[] {
  const clauses = readClauses();
  const rows: Rows = new Map(
    clauses.map((clause) => [
      clause.id,
      { ...clause, positive: 0, negative: 0, meterSteps: 0, cases: 0, tests: new Set<string>() },
    ]),
  );
  const rowsOfTest = countVectors(rows, clauses);
  for (const one of conformanceSuite()) countCase(one, rows, clauses, rowsOfTest);
  for (const file of readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).sort()) {
    // The test of this page holds examples, which are no citations.
    if (!file.endsWith('.test.ts') || file === 'vectors/clause-table.test.ts') continue;
    for (const id of citedIn(readFileSync(new URL(file, TESTS), 'utf8'), clauses))
      rows.get(id)?.tests.add(file);
  }
  return [...rows.values()];
}

/** Where a test says what it tries: `sts.md 2.4`, `RFC 2994 2.2`, in a comment or a title. */
export function citedIn(source: string, clauses: readonly Clause[]): Set<string> {
  const section = String.raw`(?:[0-9]+(?:\.[0-9]+)?(?:/[0-9]+(?:\.[0-9]+)?)?(?:-[0-9]+\.[0-9]+)?|Appendix A|Table A\.4)`;
  const citation = new RegExp(
    String.raw`(?:sts\.md|RFC 2994|NIST SP 800-17) ${section}(?:(?:, | and )${section})*|FIPS 46-3`,
    'g',
  );
  return new Set([...source.matchAll(citation)].flatMap(([text]) => clausesOf(text, clauses)));
}

// Vectors.

type AnyTest = VectorTest & Readonly<Record<string, unknown>>;
type AnyStep = Readonly<Record<'clause' | 'result', string>> & { readonly token: { readonly kind: string } };

/** @returns the rows about kinds of token and results that each test of each file is about, by `file/tcId`. */
function countVectors(rows: Rows, clauses: readonly Clause[]): ReadonlyMap<string, ReadonlySet<string>> {
  const rowsOfTest = new Map<string, ReadonlySet<string>>();
  const kinds = new KindRows(clauses);
  for (const file of VECTOR_FILE_NAMES) {
    for (const { clause, tests } of readVectorFile<AnyTest>(file).testGroups) {
      for (const test of tests) {
        const steps = (test['steps'] ?? []) as readonly AnyStep[];
        const special = steps.length > 0 ? steps.flatMap((step) => kinds.ofStep(step)) : kinds.ofTest(test);
        rowsOfTest.set(`${file}/${test.tcId}`, new Set(special));
        for (const step of steps) {
          const ids = [...clausesOf(step.clause ?? clause, clauses), ...kinds.ofStep(step)];
          for (const id of new Set(ids)) add(rows, id, 'meterSteps');
        }
        if (steps.length > 0) continue;
        const ids = new Set([...clausesOf(clause, clauses), ...special]);
        for (const id of ids) add(rows, id, test.result === 'valid' ? 'positive' : 'negative');
      }
    }
  }
  return rowsOfTest;
}

function add(rows: Rows, id: string, column: 'positive' | 'negative' | 'meterSteps' | 'cases'): void {
  const row = rows.get(id);
  if (row !== undefined) row[column] += 1;
}

/** Which rows about kinds of token and results a vector belongs to. */
class KindRows {
  private readonly clauses: readonly Clause[];
  /** The row of each kind that some request makes: a request that is refused has no block to read it from. */
  private readonly rowOfKind = new Map<string, string>();

  constructor(clauses: readonly Clause[]) {
    this.clauses = clauses;
    for (const { tests } of readVectorFile<AnyTest>('token-request').testGroups) {
      for (const test of tests) {
        const [row] = this.ofTest(test);
        if (test.result === 'valid' && row !== undefined) this.rowOfKind.set(kindOf(test['request']), row);
      }
    }
  }

  ofTest(test: AnyTest): string[] {
    const { tokenNo, block, tokens, request, outcome } = test;
    // What a wrong checksum covers is no kind of token.
    if (outcome === 'crcError') return [];
    if (Array.isArray(tokens)) return tokens.flatMap((token) => this.ofBlock(token.tokenNo, token.block));
    if (typeof block === 'string' && typeof tokenNo === 'string') return this.ofBlock(tokenNo, block);
    const row = this.rowOfKind.get(kindOf(request));
    return row === undefined ? [] : [row];
  }

  ofStep({ token, result }: AnyStep): string[] {
    const named = this.clauses.filter((clause) => clause.result === result).map(({ id }) => id);
    return [...named, ...this.ofToken(token)];
  }

  private ofToken(token: {
    readonly kind: string;
    readonly tokenClass?: number;
    readonly subclass?: number;
  }): string[] {
    if (token.tokenClass !== undefined && token.subclass !== undefined)
      return this.ofKind(token.tokenClass, token.subclass);
    if (token.kind === 'crcError' || token.kind === 'notDigits') return [];
    const block = new Uint32Array(2);
    const tokenClass = writeClearBlock(tokenFromJson(token), block);
    return this.ofKind(tokenClass, (block[0] ?? 0) >>> 28);
  }

  private ofBlock(tokenNo: string, block: string): string[] {
    return this.ofKind(Number((BigInt(tokenNo) >> 27n) & 3n), Number.parseInt(block.charAt(0), 16));
  }

  private ofKind(tokenClass: number, subclass: number): string[] {
    return this.clauses
      .filter(({ token }) => token?.class === tokenClass && token.subclasses.includes(subclass))
      .map(({ id }) => id);
  }
}

function kindOf(request: unknown): string {
  const { kind, resource, manufacturerDigits } = (request ?? {}) as Record<string, unknown>;
  return [kind, resource, manufacturerDigits].join(' ');
}

/** A case counts for each clause that one of its checks is about, and for the kinds of token of its vector. */
function countCase(
  one: Case,
  rows: Rows,
  clauses: readonly Clause[],
  rowsOfTest: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  const texts = [
    one.clause,
    ...one.steps.flatMap(({ expect }) => (isRefusal(expect) ? [expect] : expect).map(({ clause }) => clause)),
  ];
  const ids = new Set(texts.flatMap((text) => clausesOf(text, clauses)));
  for (const id of rowsOfTest.get(one.id.split('/').slice(0, 2).join('/')) ?? []) ids.add(id);
  for (const id of ids) add(rows, id, 'cases');
}

// The page.

/** Whether vectors try a clause, tests of this repository alone, or nothing. */
export function triedBy({
  positive,
  negative,
  meterSteps,
  tests,
}: ClauseRow): 'vectors' | 'tests' | 'nothing' {
  if (positive + negative + meterSteps > 0) return 'vectors';
  return tests.size > 0 ? 'tests' : 'nothing';
}

export function clauseTable(): string {
  const rows = clauseRows();
  const number = (value: number) => (value === 0 ? '—' : String(value));
  const lines = rows.map((row) => {
    const { id, title, positive, negative, meterSteps, cases, tests, reason } = row;
    const tried = [...tests].map((file) => `\`${file.replace(/\.test\.ts$/, '')}\``).join(', ');
    const last = tried !== '' ? tried : triedBy(row) === 'nothing' ? `— ${reason ?? ''}`.trim() : '—';
    const counts = [positive, negative, meterSteps, cases].map(number).join(' | ');
    return `| ${id} | ${title} | ${counts} | ${last} |`;
  });
  const count = (by: ReturnType<typeof triedBy>) => rows.filter((row) => triedBy(row) === by).length;
  const tried = `${count('vectors')} tried by vectors, ${count('tests')} by tests alone`;
  return [
    '# Clause by clause',
    '',
    'What tries each clause: vectors that must be met and vectors that must be refused, steps of meter vectors, cases of the',
    'conformance suite, and the tests of this repository that cite it (files below `test/`, without `.test.ts`). `sts.md` is',
    'this project’s digest of public facts about IEC 62055-41, by section; `2.2/` goes on with a class and subclass, `8.1/` with',
    'a result code. A vector that is about more than one clause counts in each. The page is generated: `npm run vectors`.',
    '',
    `**${rows.length} clauses: ${tried}, ${count('nothing')} untested.**`,
    '',
    '| clause | what it asks | vectors | negative | meter steps | cases | tests |',
    '|---|---|---:|---:|---:|---:|---|',
    ...lines,
    '',
  ].join('\n');
}
