import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { answerInBulk, type BulkJob, type BulkOptions } from '../../cli/bulk.ts';
import { answerLines } from '../../cli/bulk-lines.ts';
import { lineWork } from '../../cli/token-lines.ts';
import { isStsFault } from '../../lib/faults.ts';
import { report } from '../support/counts.ts';

const test = suite('bulk');

/** Built: a worker thread takes no TypeScript. */
const WORKER = new URL('../../dist/cli/bulk-worker.js', import.meta.url);
const DYING = new URL('../support/dying-worker.mjs', import.meta.url);
/** Meter 00000000000 with its public test key of STS 531-1. */
const METER = {
  encryptionAlgorithm: 11,
  decoderKey: '929bd3a415c9420a05ec5ee9f3ce91c3',
  baseDate: '14',
} as const;
const DECODE: BulkJob = { operation: 'decode', meter: METER };
const ENCODE: BulkJob = { operation: 'encode', meter: METER };

const TOKEN = '58625789986991357486';
const HOSTILE = [
  '',
  '   ',
  'ABCDEFGHIJKLMNOPQRST',
  '99999999999999999999',
  '{"tokenNo":17}',
  '{"tokenNo":"58625789986991357486"}',
  '{"__proto__":{"tokenNo":"58625789986991357486"}}',
  '{',
  '"5862 5789 9869 9135 7486"',
  '[]',
  'null',
  '\u0000\ufffd１２３４５６７８９０',
  `{"class":0,"subclass":0,"tidMinutes":1,"amount":"1.5"}`,
  `{"class":0,"subclass":0,"tidMinutes":1,"amount":"99999999"}`,
  `{"class":2,"subclass":3,"newDecoderKey":"5ec2e75ec2e75ec2"}`,
];

/** Tokens with a hostile line here and there, some ends of line with a carriage return. */
function manyLines(count: number): string {
  const lines = Array.from({ length: count }, (_, i) =>
    i % 5 === 3 ? (HOSTILE[Math.floor(i / 5) % HOSTILE.length] ?? '') : `${TOKEN}${i % 7 === 0 ? '\r' : ''}`,
  );
  return lines.join('\n');
}

async function answer(
  job: BulkJob,
  input: AsyncIterable<Uint8Array> | readonly string[],
  options: BulkOptions,
) {
  const pieces: Uint8Array[] = [];
  const summary = await answerInBulk(
    job,
    input as Iterable<string>,
    (bytes) => {
      pieces.push(bytes.slice());
    },
    { workerScript: WORKER, ...options },
  );
  return { text: Buffer.concat(pieces).toString('utf8'), ...summary };
}

/** The same lines by a plain loop on this thread. */
function plainly(text: string, job: BulkJob) {
  let answers = '';
  const counts = answerLines(text, 1, lineWork(job), (answer) => {
    answers += `${answer}\n`;
  });
  return { text: answers, ...counts };
}

/** Pieces of uneven lengths, cut inside lines and inside characters. */
function* cut(text: string, sizes: readonly number[]): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('when lines are answered by workers then the bytes are those of a plain loop, in order, however they come', async () => {
  const text = manyLines(6_000);
  let tried = 0;
  for (const job of [DECODE, ENCODE]) {
    const plain = plainly(text, job);
    for (const [workers, sizes] of [
      [1, [1_000_000]],
      [2, [70_001, 13, 1]],
      [3, [977]],
    ] as const) {
      const done = await answer(job, [...cut(text, sizes)] as never, { workers });
      assert.is(done.text === plain.text, true, `${job.operation}, ${workers} workers`);
      assert.equal([done.answered, done.refused], [plain.answered, plain.refused]);
      tried += plain.answered;
    }
    assert.not.match(plain.text, /5ec2e7/, 'no key in an answer');
  }
  report(`${tried} lines by 1, 2 and 3 workers: the same bytes as the plain loop`);
});

test('when a line is bad then it is refused by name and number, and the run goes on', async () => {
  const { text, answered, refused } = await answer(DECODE, [`${TOKEN}\n\nrubbish\n${TOKEN}`], { workers: 1 });
  const [first, second, third] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal([answered, refused], [3, 1]);
  assert.is(first.token.kind, 'creditElectricity');
  assert.equal([second.line, second.error.code], [3, 'token_number_malformed']);
  assert.is(third.tokenNo, TOKEN);
});

test('when a line is longer than the limit then it is thrown away, named, and the next one counts on', async () => {
  const long = 'x'.repeat(1_500_000);
  for (const sizes of [[65_536], [100_000], [3_000_000]]) {
    const input = [...cut(`${TOKEN}\n${long}\n${TOKEN}\n${long.slice(0, 1_000_010)}\nrubbish`, sizes)];
    const { text, refused } = await answer(DECODE, input as never, { workers: 2 });
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(
      lines.map(({ line, error }) => [line, error?.code]),
      [
        [undefined, undefined],
        [2, 'request_too_large'],
        [undefined, undefined],
        [4, 'request_too_large'],
        [5, 'token_number_malformed'],
      ],
    );
    assert.is(refused, 3);
  }
});

test('when a caller waits for an answer before the next line then it comes', async () => {
  let answered = 0;
  let told: () => void = () => undefined;
  async function* conversation() {
    for (let i = 1; i <= 20; i += 1) {
      const heard = new Promise<void>((resolve) => {
        told = () => (answered >= i ? resolve() : undefined);
      });
      yield new TextEncoder().encode(`${TOKEN}\n`);
      await heard;
    }
  }
  const { answered: all } = await answer(DECODE, conversation(), {
    workers: 2,
    onProgress(done) {
      answered = done;
      told();
    },
  });
  assert.is(all, 20);
});

test('when the writer is slow then reading waits for it', async () => {
  let pulled = 0;
  let written = 0;
  let most = 0;
  const piece = new TextEncoder().encode(`${TOKEN}\n`.repeat(4_000));
  function* pieces() {
    for (; pulled < 60; pulled += 1) yield piece;
  }
  await answerInBulk(
    DECODE,
    pieces(),
    async (bytes) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      written += bytes.toString().length > 0 ? 1 : 0;
      most = Math.max(most, pulled - written);
    },
    { workers: 2, workerScript: WORKER },
  );
  assert.is(pulled, 60);
  assert.ok(most <= 12, `${most} pieces of 84 KB were read ahead`);
});

test('when a worker dies then another takes its lines; when that dies too then the run ends by name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-bulk-'));
  try {
    const flag = join(folder, 'died');
    const options = { workers: 2, workerScript: DYING };
    const pieces = ['a\n', `die-unless ${flag}\nb\n`, 'c\n'];
    const { text } = await answer(DECODE, pieces, options);
    assert.is(text, pieces.join(''));
    // The stretch that waited behind the one on which the only worker died is answered too, and in its place.
    const full = 'x\n'.repeat(20_000);
    const behind = [`die-unless ${flag}-alone\n${full}`, `y\n${full}`, `z\n${full}`];
    assert.is((await answer(DECODE, behind, { ...options, workers: 1 })).text, behind.join(''));
    const failure = await answer(DECODE, ['a\n', 'die\n', 'c\n'], options).then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(isStsFault(failure));
    assert.is(failure.code, 'internal_error');
    assert.match(failure.message, /2 workers ended on the lines from line \d/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('when source, writer or job fails then the run ends with that failure', async () => {
  const sourceFails = (async function* () {
    yield new TextEncoder().encode(`${TOKEN}\n`);
    throw new Error('source failed');
  })();
  const bytes = [`${TOKEN}\n`];
  const writerFails = () => Promise.reject(new Error('writer failed'));
  const wrongKey = { ...METER, decoderKey: '0011223344556677' } as const;
  const runs: readonly (readonly [() => Promise<unknown>, RegExp])[] = [
    [() => answer(DECODE, sourceFails, { workers: 1 }), /source failed/],
    [() => answerInBulk(DECODE, bytes, writerFails, { workers: 1, workerScript: WORKER }), /writer failed/],
    [() => answer({ operation: 'decode', meter: wrongKey }, bytes, {}), /"key" expected 16 bytes/],
    [() => answer(DECODE, bytes, { workers: 0 }), /"workers" expected/],
    [() => answer(DECODE, bytes, { workers: 1.5 }), /"workers" expected/],
  ];
  for (const [run, expected] of runs) {
    const failure = await run().then(
      () => undefined,
      (error: unknown) => error,
    );
    assert.ok(failure instanceof Error, String(expected));
    assert.match(failure.message, expected);
  }
});

test.run();
