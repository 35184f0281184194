/**
 * Programs that tests start as processes of their own, each in one file of plain JavaScript. Under tsx such a process spends
 * a second of a core before its first line, and a run starts hundreds.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Below `node_modules`, where the packages that a program imports are found. */
const FOLDER = join(ROOT, 'node_modules', '.cache', 'wattoken-tests', String(process.pid));

/** What packages in CommonJS ask for. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

const made = new Map<string, URL>();

/**
 * Bundles the source as it stands, once in each process of the run.
 * @param source - from the root of the repository: `vending-server/security-module/process.ts`.
 */
export function bundled(source: string): URL {
  const before = made.get(source);
  if (before !== undefined) return before;
  if (made.size === 0) process.once('exit', () => rmSync(FOLDER, { recursive: true, force: true }));
  mkdirSync(FOLDER, { recursive: true });
  const outfile = join(FOLDER, `${source.replaceAll('/', '-')}.mjs`);
  buildSync({
    entryPoints: [join(ROOT, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['better-sqlite3', 'pg'],
    banner: { js: REQUIRE },
    sourcemap: process.env['NODE_V8_COVERAGE'] === undefined ? false : 'inline',
    logLevel: 'warning',
  });
  const program = pathToFileURL(outfile);
  made.set(source, program);
  return program;
}

/** The security module's process, for every test that starts a module. */
export function moduleProgram(): URL {
  return bundled('vending-server/security-module/process.ts');
}
