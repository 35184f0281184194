/** A process of the test run: runs the test files that its parent names, one at a time, and says what each came to. */

type Run = () => Promise<[errors: string | true, ran: number, skipped: number, total: number]>;
declare global {
  var UVU_DEFER: number;
  var UVU_INDEX: number;
  var UVU_QUEUE: [file: string | null, ...runs: Run[]][];
}

export interface FileResult {
  readonly file: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** What uvu would let pass: no suite ran, tests vanished in a hook, tests left out by `.only` or `.skip`. */
  readonly broken: readonly string[];
}

/** Stands before the result of a file in the output, on a line of its own. */
export const FILE_DONE = '\u0000file done ';

async function runFile(file: string): Promise<FileResult> {
  const startedAt = performance.now();
  const broken: string[] = [];
  let passed = 0;
  let failed = 0;
  console.log(file);
  try {
    UVU_QUEUE[0] = [file];
    await import(new URL(file, import.meta.url).href);
    const [, ...runs] = UVU_QUEUE[0];
    if (runs.length === 0) broken.push(`${file}: no suite called .run()`);
    for (const run of runs) {
      const [errors, ran, skipped, total] = await run();
      passed += ran;
      failed += total - ran;
      if (errors !== true) console.log(`\n${errors}`);
      else if (ran < total)
        broken.push(`${file}: ${total - ran} tests vanished in a hook or threw a non-Error`);
      if (process.env['CI'] && skipped > 0) broken.push(`${file}: ${skipped} skipped by .only or .skip`);
    }
  } catch (error) {
    broken.push(`${file}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  return { file, passed, failed, seconds: (performance.now() - startedAt) / 1000, broken };
}

if (process.send !== undefined && process.argv[1]?.endsWith('run-files.ts')) {
  globalThis.UVU_DEFER = 1; // before uvu loads: it then queues and starts no timer of its own
  globalThis.UVU_INDEX = 0;
  await import('uvu');
  process.on('message', (file: string) => {
    void runFile(file).then((result) => process.stdout.write(`\n${FILE_DONE}${JSON.stringify(result)}\n`));
  });
  process.once('disconnect', () => process.exit());
}
