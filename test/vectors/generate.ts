/**
 * Makes the files of `vectors/` from the published inputs: `npm run vectors`. It numbers the tests, counts them, and
 * writes the middle values; nothing in `vectors/*.json` is edited by hand, and a test proves that a fresh run gives the
 * same bytes.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { CLAUSES_SCHEMA, clauseTable } from './clause-table.ts';
import { FILE_SCHEMAS, type SchemaName, TEST_SCHEMAS } from './schema.ts';
import { blockCipherFiles } from './vectors-of-ciphers.ts';
import { identityFiles } from './vectors-of-identity.ts';
import { keyChangeFiles } from './vectors-of-key-changes.ts';
import { meterFiles } from './vectors-of-meters.ts';
import { refusalFiles } from './vectors-of-refusals.ts';
import { requestFiles } from './vectors-of-requests.ts';
import { tokenFiles } from './vectors-of-tokens.ts';

const VECTORS = new URL('../../vectors/', import.meta.url);

/** Every generated file with its bytes, by its name below `vectors/`. */
export function generatedFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, file] of Object.entries({
    ...blockCipherFiles(),
    ...identityFiles(),
    ...tokenFiles(),
    ...requestFiles(),
    ...refusalFiles(),
    ...keyChangeFiles(),
    ...meterFiles(),
  })) {
    files.set(`${name}.json`, render(file));
  }
  for (const name of Object.keys(TEST_SCHEMAS) as SchemaName[]) {
    files.set(
      `schemas/${name}.schema.json`,
      `${JSON.stringify(z.toJSONSchema(FILE_SCHEMAS[name]), null, 1)}\n`,
    );
  }
  files.set('schemas/clauses.schema.json', `${JSON.stringify(z.toJSONSchema(CLAUSES_SCHEMA), null, 1)}\n`);
  return files;
}

interface AnyFile {
  readonly algorithm: string;
  readonly schema: SchemaName;
  readonly notes: Readonly<Record<string, string>>;
  readonly groups: readonly { clause: string; source: object; tests: readonly object[] }[];
}

/** Numbers and counts, one test a line, so that a change shows as the lines it changes. */
function render(file: AnyFile): string {
  let tcId = 0;
  const groups = file.groups.map(({ clause, source, tests }) => {
    const lines = tests.map((test) => {
      tcId += 1;
      return `    ${JSON.stringify({ tcId, ...test })}`;
    });
    const head = JSON.stringify({ clause, source }).slice(0, -1);
    return `  ${head}, "tests": [\n${lines.join(',\n')}\n  ]}`;
  });
  const notes = Object.entries(file.notes).map(([flag, description]) => [flag, { description }]);
  return [
    '{',
    `"algorithm": ${JSON.stringify(file.algorithm)},`,
    `"schema": "schemas/${file.schema}.schema.json",`,
    `"numberOfTests": ${tcId},`,
    `"notes": ${JSON.stringify(Object.fromEntries(notes))},`,
    `"testGroups": [\n${groups.join(',\n')}\n]`,
    '}\n',
  ].join('\n');
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  mkdirSync(new URL('schemas/', VECTORS), { recursive: true });
  for (const [name, bytes] of generatedFiles()) writeFileSync(new URL(name, VECTORS), bytes);
  // Counted from the files just written.
  writeFileSync(new URL('CLAUSES.md', VECTORS), clauseTable());
  process.stderr.write(`wrote ${generatedFiles().size + 1} files\n`);
}
