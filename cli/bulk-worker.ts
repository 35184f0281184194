/** One worker thread of `bulk.ts`: reads, works and prints whole stretches of lines; the main thread only passes bytes on. */
import { parentPort, workerData } from 'node:worker_threads';
import { answerLines } from './bulk-lines.ts';
import type { AnsweredStretch, Stretch } from './bulk-pool.ts';
import { type BulkJob, lineWork } from './token-lines.ts';

const work = lineWork(workerData as BulkJob);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

parentPort?.on('message', ({ bytes, firstLine }: Stretch) => {
  const { text, answered, refused } = answerLines(decoder.decode(bytes), firstLine, work);
  const answer: AnsweredStretch = { bytes: encoder.encode(text), answered, refused };
  parentPort?.postMessage(answer, [answer.bytes.buffer as ArrayBuffer]);
});
