/**
 * Hostile values at every export of the library, provably all: the modules of package.json are walked, and an export without
 * an entry in the table fails here. It runs in a thread of its own, so that a call that never ends is named and stopped.
 */
import { Worker } from 'node:worker_threads';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../support/counts.ts';
import type { HostileReport } from '../support/hostile-calls.ts';

const test = suite('lib: hostile exports');

/** A call takes well under a millisecond; the machine may be busy with other things. */
const PATIENCE_MILLIS = 20_000;

/** The thread writes what it is about to do where it can be read even while it hangs. */
function run(): Promise<HostileReport> {
  const place = new Uint8Array(new SharedArrayBuffer(200));
  // A thread does not inherit the loader of the run: it registers its own, and then takes the file as it stands.
  const program = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register();
    await import('${new URL('../support/hostile-calls.ts', import.meta.url).href}');`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
    workerData: place,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
  });
  return new Promise((resolve, reject) => {
    const where = () => new TextDecoder().decode(place.slice()).replace(/\0+$/, '');
    let before = '';
    const watch = setInterval(() => {
      if (where() === before) {
        reject(new Error(`a call does not end: ${where()}`));
        void worker.terminate();
      }
      before = where();
    }, PATIENCE_MILLIS);
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => {
      clearInterval(watch);
      reject(new Error(`the thread ended with ${code} at ${where()}`));
    });
  });
}

/** Run once, by the first test that asks: what it fails with is shown there, which a hook would not. */
let once: Promise<HostileReport> | undefined;
function calls(): Promise<HostileReport> {
  once ??= run();
  return once;
}

test('when the library exports something that can be called then it stands in the table, and nothing else does', async () => {
  const answer = await calls();
  assert.equal(answer.missing, [], 'exports without an entry in test/support/hostile-exports.ts');
  assert.equal(answer.stale, [], 'entries without an export');
});

test('when an entry of the table is called as it should be then it answers', async () => {
  const answer = await calls();
  assert.equal(answer.broken, []);
});

test('when a hostile value is given then it is refused by name, or it is legitimate and the answer is right', async () => {
  const answer = await calls();
  assert.ok(answer.calls > 10_000);
  if (answer.violations.length > 0) console.log(answer.violations.slice(0, 60).join('\n'));
  assert.is(answer.violations.length, 0, answer.violations[0] ?? '');
  assert.equal(answer.pollution, [], 'fields of every object');
  report(
    `${answer.functions} exported functions and classes, ${answer.places} parameters and fields, ${answer.calls} calls: ` +
      `${answer.refused} refused by name, ${answer.answered} legitimate and answered, ${answer.trapped} read a trap`,
  );
  for (const line of answer.trusted) report(`trusted: ${line}`);
});

test.run();
