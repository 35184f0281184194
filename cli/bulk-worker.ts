/** One worker thread of `bulk.ts`: reads, works and prints whole stretches of lines; the main thread only passes bytes on. */
import { parentPort, workerData } from 'node:worker_threads';
import { answerLines } from './bulk-lines.ts';
import type { AnsweredStretch, Stretch } from './bulk-pool.ts';
import { type BulkJob, lineWork } from './token-lines.ts';

const work = lineWork(workerData as BulkJob);
const decoder = new TextDecoder();
/** UTF-8 of a text's 16-bit units takes at most so many bytes a unit. */
const BYTES_PER_UNIT = 3;
const LINE_END = 10;
const FIRST_BYTES = 64 * 1024;

parentPort?.on('message', ({ bytes, firstLine, spare }: Stretch & { readonly spare?: ArrayBuffer }) => {
  let room = spare === undefined ? Buffer.allocUnsafeSlow(FIRST_BYTES) : Buffer.from(spare);
  let end = 0;
  const counts = answerLines(decoder.decode(bytes), firstLine, work, (line) => {
    const needed = end + BYTES_PER_UNIT * line.length + 1;
    if (needed > room.length) {
      const larger = Buffer.allocUnsafeSlow(2 * needed);
      room.copy(larger, 0, 0, end);
      room = larger;
    }
    end += room.write(line, end);
    room[end] = LINE_END;
    end += 1;
  });
  const answer: AnsweredStretch = { bytes: room.subarray(0, end), ...counts };
  parentPort?.postMessage(answer, [room.buffer]);
});
