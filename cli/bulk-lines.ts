/** One JSON value a line in, one a line out, in the same order: what `--bulk` of a command does. */
import { once } from 'node:events';
import { EXIT, FAULTS, isStsFault, StsFault } from '../lib/faults.ts';
import { LineReader } from './conformance/lines.ts';
import { tell } from './output.ts';

const QUIET_LINES = 100_000;

/**
 * Answers every line of stdin on stdout; a line that is refused answers `{ line, error }` and the rest goes on.
 * Sets the exit code for bad input when any line was refused.
 */
export async function answerLines(work: (text: string) => object): Promise<void> {
  const reader = new LineReader();
  let count = 0;
  let refused = 0;
  process.stdout.on('error', () => process.exit(EXIT.ok)); // the reader left
  const answer = (text: string | undefined): string => {
    count += 1;
    if (count % QUIET_LINES === 0) tell(`${count} lines …`);
    try {
      if (text === undefined) throw new StsFault('request_too_large', 'a line holds at most 1 MB');
      return JSON.stringify(work(text));
    } catch (error) {
      refused += 1;
      return JSON.stringify({ line: count, error: errorOf(error) });
    }
  };
  const write = async (lines: ReturnType<LineReader['push']>) => {
    const texts = lines.map((line) => (line.kind === 'line' ? line.text : undefined));
    const answers = texts.filter((text) => text === undefined || text.trim() !== '').map(answer);
    if (answers.length > 0 && !process.stdout.write(`${answers.join('\n')}\n`))
      await once(process.stdout, 'drain');
  };
  process.stdin.setEncoding('utf8');
  for await (const piece of process.stdin) await write(reader.push(String(piece)));
  await write(reader.end());
  if (refused > 0) {
    tell(`${refused} of ${count} lines refused`);
    process.exitCode = EXIT.badInput;
  }
}

/** The library's mistakes of a caller are the line's here; any other error may quote a secret and is not repeated. */
function errorOf(error: unknown): { code: string; message: string } {
  if (isStsFault(error)) return { code: error.code, message: error.message };
  if (error instanceof RangeError || error instanceof TypeError)
    return { code: 'request_malformed', message: error.message.slice(0, 300) };
  return { code: 'internal_error', message: FAULTS.internal_error.text };
}

/** @throws StsFault `request_malformed` when the line is not JSON; it is not quoted, for it may hold a key. */
export function parseJsonLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StsFault('request_malformed', 'not JSON');
  }
}
