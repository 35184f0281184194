/** What a conformance run found, clause by clause: for people, for scripts, and for the test pages of a build server. */
import type { TroubleKind } from './program-driver.ts';
import type { CaseResult, Verdict } from './runner.ts';

export interface ClauseCounts {
  readonly clause: string;
  /** Values looked at and right, wrong, not built, or not looked at after a wrong one. */
  readonly passed: number;
  readonly failed: number;
  readonly unsupported: number;
  readonly notJudged: number;
}

export interface ConformanceReport {
  /** Nothing failed, and every case was asked. */
  readonly conforms: boolean;
  readonly cases: Readonly<Record<Verdict, number>>;
  readonly clauses: readonly ClauseCounts[];
  readonly failedClauses: readonly string[];
  readonly failures: readonly {
    readonly id: string;
    readonly clause: string;
    readonly title: string;
    readonly trust: string;
    readonly reason: string;
    readonly trouble?: TroubleKind;
  }[];
  readonly troubles: Readonly<Partial<Record<TroubleKind, number>>>;
  readonly starts: number;
}

export function makeReport(
  results: readonly CaseResult[],
  pipe: { readonly troubles: ReadonlyMap<TroubleKind, number>; readonly starts: number },
): ConformanceReport {
  const cases: Record<Verdict, number> = { passed: 0, failed: 0, unsupported: 0, notJudged: 0 };
  for (const { verdict } of results) cases[verdict] += 1;
  const clauses = countClauses(results);
  const gaveUp = results.some(({ trouble }) => trouble === 'gaveUp');
  return {
    conforms: cases.failed === 0 && !gaveUp && results.length > 0,
    cases,
    clauses,
    failedClauses: clauses.filter(({ failed }) => failed > 0).map(({ clause }) => clause),
    failures: results
      .filter(({ verdict }) => verdict === 'failed')
      .map(({ id, clause, title, trust, reason, trouble }) => ({
        id,
        clause,
        title,
        trust,
        reason: reason ?? '',
        ...(trouble === undefined ? {} : { trouble }),
      })),
    troubles: Object.fromEntries(pipe.troubles),
    starts: pipe.starts,
  };
}

function countClauses(results: readonly CaseResult[]): ClauseCounts[] {
  const counts = new Map<string, Record<Verdict, number>>();
  for (const { checks } of results) {
    for (const { clause, verdict } of checks) {
      const row = counts.get(clause) ?? { passed: 0, failed: 0, unsupported: 0, notJudged: 0 };
      row[verdict] += 1;
      counts.set(clause, row);
    }
  }
  return [...counts]
    .map(([clause, row]) => ({ clause, ...row }))
    .sort((a, b) => a.clause.localeCompare(b.clause, 'en', { numeric: true }));
}

/** Failures of one clause that the text shows. */
const SHOWN = 5;

export function reportAsText(report: ConformanceReport): string {
  const { cases, clauses, failures, troubles, starts } = report;
  const width = Math.max(6, ...clauses.map(({ clause }) => clause.length));
  const row = (name: string, ...cells: (string | number)[]) =>
    `  ${name.padEnd(width)}${cells.map((cell) => String(cell).padStart(13)).join('')}`;
  const lines = [
    row('clause', 'passed', 'failed', 'unsupported', 'not judged'),
    ...clauses.map((c) => row(c.clause, c.passed, c.failed, c.unsupported, c.notJudged)),
    '',
    `  cases: ${cases.passed} passed, ${cases.failed} failed, ${cases.unsupported} unsupported, ${cases.notJudged} not judged`,
  ];
  const happened = Object.entries(troubles);
  if (happened.length > 0) {
    const list = happened.map(([name, count]) => `${name} ${count}`).join(', ');
    lines.push(`  the pipe: ${list}; started ${starts} times`);
  }
  for (const clause of new Set(failures.map((failure) => failure.clause))) {
    const of = failures.filter((failure) => failure.clause === clause);
    lines.push('', `  ${clause}: ${of.length} failed`);
    for (const { id, title, reason } of of.slice(0, SHOWN))
      lines.push(`    ${id}  ${title}`, `      ${reason}`);
    if (of.length > SHOWN) lines.push(`    and ${of.length - SHOWN} more`);
  }
  lines.push('', report.conforms ? '  conforms' : '  does not conform');
  return lines.join('\n');
}

/** JUnit's XML: a suite per clause, in which a case stands under the clause of its first wrong value. */
export function reportAsJunit(results: readonly CaseResult[]): string {
  const suites = new Map<string, CaseResult[]>();
  for (const result of results) suites.set(result.clause, [...(suites.get(result.clause) ?? []), result]);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites ${countsOf(results)}>`];
  for (const [clause, of] of suites) {
    lines.push(`  <testsuite name="${escaped(clause)}" ${countsOf(of)}>`);
    for (const result of of) lines.push(...testCase(result));
    lines.push('  </testsuite>');
  }
  lines.push('</testsuites>');
  return lines.join('\n');
}

function countsOf(results: readonly CaseResult[]): string {
  const of = (...verdicts: Verdict[]) => results.filter(({ verdict }) => verdicts.includes(verdict)).length;
  const seconds = results.reduce((sum, { millis }) => sum + millis, 0) / 1000;
  const skipped = of('unsupported', 'notJudged');
  return `tests="${results.length}" failures="${of('failed')}" skipped="${skipped}" time="${seconds.toFixed(3)}"`;
}

function testCase({ id, title, clause, verdict, reason = '', millis }: CaseResult): string[] {
  const name = `classname="${escaped(clause)}" name="${escaped(`${id} ${title}`)}"`;
  const open = `    <testcase ${name} time="${(millis / 1000).toFixed(3)}"`;
  switch (verdict) {
    case 'passed':
      return [`${open}/>`];
    case 'failed':
      return [`${open}>`, `      <failure message="${escaped(reason)}"/>`, '    </testcase>'];
    case 'unsupported':
    case 'notJudged':
      return [
        `${open}>`,
        `      <skipped message="${escaped(`${verdict}: ${reason}`)}"/>`,
        '    </testcase>',
      ];
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text for an attribute; what XML 1.0 cannot hold at all becomes U+FFFD. */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign)
    .replace(/[^ -\ud7ff\ue000-\ufffd]/g, '\ufffd');
}
