/** `--bulk` of a command: every line of stdin answered on stdout, over all cores; progress and the sum of it on stderr. */
import { once } from 'node:events';
import { EXIT } from '../../lib/faults.ts';
import { answerInBulk, type BulkJob } from '../bulk.ts';
import { tell } from '../output.ts';

/** A line of progress each time so many more are answered. */
const TELL_EVERY = 100_000;

/** Sets the exit code for bad input when any line was refused. */
export async function answerStdin(job: BulkJob, workers: number | undefined): Promise<void> {
  process.stdout.on('error', () => process.exit(EXIT.ok)); // the reader left
  let toldAt = 0;
  const write = async (bytes: Uint8Array) => {
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
  };
  const run = answerInBulk(job, process.stdin, write, {
    ...(workers === undefined ? {} : { workers }),
    onProgress(done) {
      if (done - toldAt < TELL_EVERY) return;
      toldAt = done - (done % TELL_EVERY);
      tell(`${toldAt} lines …`);
    },
  });
  // After a failure nobody reads on, and an input left open would keep the process waiting for it.
  const { answered, refused } = await run.finally(() => process.stdin.destroy());
  if (refused === 0) return;
  tell(`${refused} of ${answered} lines refused`);
  process.exitCode = EXIT.badInput;
}
