/** Which clause a vector is about, and tests put together by it. */

/** Where a kind of token gets its meaning. */
export function clauseOfKind(kind: string): string {
  if (/^keyChange/.test(kind)) return 'sts.md 7.1';
  if (/^credit|Limit$/.test(kind)) return 'sts.md 2.3';
  if (kind === 'currencyCredit') return 'sts.md 2.4';
  if (/Test$|Read$/.test(kind)) return 'sts.md 2.5';
  if (kind === 'clearCredit') return 'sts.md 2.6';
  return kind === 'setFlag' || kind === 'setControl' ? 'sts.md 2.7' : 'sts.md 2.2';
}

/** Tests by their clause, in the order in which each clause first comes. */
export function groupedByClause<Test>(
  tests: readonly Test[],
  clauseOf: (test: Test) => string,
): [clause: string, tests: Test[]][] {
  const groups = new Map<string, Test[]>();
  for (const test of tests) {
    const clause = clauseOf(test);
    groups.set(clause, [...(groups.get(clause) ?? []), test]);
  }
  return [...groups];
}
