/**
 * The test entry: `node --import tsx test/run.ts [part of a path]`.
 *
 * uvu's own command exits 0 when a hook throws, when `.run()` is forgotten and when no file matches; this runner counts
 * those as failures, prints how long each file took, and closes with one line `N passed, N failed`.
 */
import { readdirSync } from 'node:fs';

type Run = () => Promise<[errors: string | true, ran: number, skipped: number, total: number]>;
declare global {
  var UVU_DEFER: number;
  var UVU_INDEX: number;
  var UVU_QUEUE: [file: string | null, ...runs: Run[]][];
}

const LIMIT_MINUTES = process.env['WATTOKEN_TEST_COUNTS'] === 'full' ? 120 : 18;

globalThis.UVU_DEFER = 1; // before uvu loads: it then queues and starts no timer of its own
const { exec } = await import('uvu');
UVU_QUEUE.length = 0;
const here = new URL('./', import.meta.url);
const files = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && file.includes(process.argv[2] ?? ''))
  .sort();
const broken: string[] = files.length === 0 ? ['no test file matches'] : [];
const seconds = new Map<string, number>();
let passed = 0;
let failed = 0;
for (const [index, file] of files.entries()) {
  globalThis.UVU_INDEX = index;
  UVU_QUEUE.push([file]);
  await import(new URL(file, here).href);
  const [, ...runs] = UVU_QUEUE[index]!;
  if (runs.length === 0) broken.push(`${file}: no suite called .run()`);
  UVU_QUEUE[index] = [
    file,
    ...runs.map(
      (run): Run =>
        () =>
          counted(file, run),
    ),
  ];
}

async function counted(file: string, run: Run): ReturnType<Run> {
  const startedAt = performance.now();
  const result = await run();
  const [errors, ran, skipped, total] = result;
  seconds.set(file, (seconds.get(file) ?? 0) + (performance.now() - startedAt) / 1000);
  passed += ran;
  failed += total - ran;
  if (errors === true && ran < total) {
    broken.push(`${file}: ${total - ran} tests vanished in a hook or threw a non-Error`);
  }
  if (process.env['CI'] && skipped > 0) broken.push(`${file}: ${skipped} skipped by .only or .skip`);
  return result;
}

setTimeout(() => {
  console.error(`FAIL the run passed ${LIMIT_MINUTES} minutes`);
  process.exit(1);
}, LIMIT_MINUTES * 60_000).unref();

await exec(false);
for (const [file, took] of [...seconds].filter(([, took]) => took > 5).sort((a, b) => b[1] - a[1])) {
  console.log(`  ${took.toFixed(1).padStart(6)} s  ${file}`);
}
for (const line of broken) console.error('FAIL', line);
failed += broken.length;
if (failed > 0) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed`);
