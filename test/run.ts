/**
 * The test entry: `node --import tsx test/run.ts [part of a path …]`.
 *
 * Each core takes one test file after the other, in a process that stays, and one more process works while others wait for a
 * disk or a clock; WATTOKEN_TEST_WORKERS is another number of processes. What a file prints comes out in one piece when it is
 * done.
 *
 * uvu's own command exits 0 when a hook throws, when `.run()` is forgotten and when no file matches; this runner counts those
 * as failures, prints how long each file took, and closes with one line `N passed, N failed`.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { FILE_DONE, type FileResult } from './run-files.ts';

const LIMIT_MINUTES = process.env['WATTOKEN_TEST_COUNTS'] === undefined ? 18 : 180;
const LONG_SECONDS = 5;
const PARTS = process.argv.length > 2 ? process.argv.slice(2) : [''];

const files = readdirSync(new URL('./', import.meta.url), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && PARTS.some((part) => file.includes(part)))
  .sort();
const broken: string[] = files.length === 0 ? ['no test file matches'] : [];
const results: FileResult[] = [];
const running = new Set<ChildProcess>();

function workerOf(): ChildProcess {
  const worker = fork(new URL('./run-files.ts', import.meta.url), {
    execArgv: ['--import', 'tsx'],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.add(worker);
  worker.once('exit', () => running.delete(worker));
  return worker;
}

/** @returns what a file came to, or undefined if its process ended before it did. */
function runOne(worker: ChildProcess, file: string): Promise<FileResult | undefined> {
  return new Promise((resolve) => {
    const output = worker.stdout!.setEncoding('utf8');
    let text = '';
    const finish = (result: FileResult | undefined) => {
      output.off('data', onData);
      worker.off('close', onClose);
      process.stdout.write(`${text}\n`);
      resolve(result);
    };
    const onData = (part: string) => {
      text += part;
      const end = text.indexOf(FILE_DONE);
      const line = end < 0 ? -1 : text.indexOf('\n', end);
      if (line < 0) return;
      const result: FileResult = JSON.parse(text.slice(end + FILE_DONE.length, line));
      text = text.slice(0, end) + text.slice(line + 1);
      finish(result);
    };
    const onClose = () => finish(undefined);
    output.on('data', onData);
    worker.once('close', onClose);
    worker.send(file);
  });
}

async function runUntilNoneIsLeft(): Promise<void> {
  let worker: ChildProcess | undefined;
  for (let file = files.shift(); file !== undefined; file = files.shift()) {
    worker ??= workerOf();
    const result = await runOne(worker, file);
    if (result !== undefined) {
      results.push(result);
      continue;
    }
    broken.push(`${file}: its process ended before the tests did`);
    worker = undefined;
  }
  if (worker === undefined) return;
  worker.disconnect();
  await once(worker, 'exit');
}

function tellLongFiles(): void {
  for (const { file, seconds } of results.sort((a, b) => b.seconds - a.seconds)) {
    if (seconds > LONG_SECONDS) console.log(`  ${seconds.toFixed(1).padStart(6)} s  ${file}`);
  }
}

/** A test that loops for ever would live on after this process: it never hears that its parent is gone. */
function giveUp(): never {
  for (const worker of running) worker.kill('SIGKILL');
  process.exit(1);
}
setTimeout(() => {
  tellLongFiles();
  console.error(`FAIL the run passed ${LIMIT_MINUTES} minutes, ${files.length} files were not begun`);
  giveUp();
}, LIMIT_MINUTES * 60_000).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, giveUp);

const atOnce = Number(process.env['WATTOKEN_TEST_WORKERS'] ?? availableParallelism() + 1);
const workers = Math.min(atOnce, files.length);
await Promise.all(Array.from({ length: workers }, runUntilNoneIsLeft));

tellLongFiles();
if (files.length > 0) broken.push(`${files.length} files were not begun`);
broken.push(...results.flatMap((result) => result.broken));
for (const line of broken) console.error('FAIL', line);
const passed = results.reduce((sum, result) => sum + result.passed, 0);
const failed = results.reduce((sum, result) => sum + result.failed, broken.length);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
