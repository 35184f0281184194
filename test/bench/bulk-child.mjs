/**
 * One bulk run in a process of its own, so that it can be held to one core: `node bulk-child.mjs '<job as JSON>' <workers>`,
 * the lines on stdin. Gives them once to start and warm the workers and once with the clock running; prints
 * `{ "millis", "digest" }` of the second time. Against the built modules: a worker thread takes no TypeScript.
 */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { answerInBulk } from '../../dist/cli/bulk.js';

const [job = '', workers = '1'] = process.argv.slice(2);
const bytes = await buffer(process.stdin);
const lines = bytes.toString().split('\n').length - 1;

let answered = 0;
let startedAt = 0;
let warm = () => undefined;
const warmed = new Promise((resolve) => {
  warm = resolve;
});
async function* twice() {
  yield bytes;
  await warmed;
  startedAt = performance.now();
  yield bytes;
}

const hash = createHash('sha256');
await answerInBulk(
  JSON.parse(job),
  twice(),
  (piece) => {
    if (answered >= lines) hash.update(piece);
  },
  {
    workers: Number(workers),
    onProgress(done) {
      answered = done;
      if (done === lines) warm();
    },
  },
);
const millis = performance.now() - startedAt;
console.log(JSON.stringify({ millis, digest: hash.digest('hex') }));
