/** One JSON value a line in, one a line out: what happens to a stretch of lines, wherever it is worked on. */
import { FAULTS, isStsFault, StsFault } from '../lib/faults.ts';
import { LINE_LIMIT } from './conformance/lines.ts';

export interface AnsweredLines {
  /** One JSON value a line, each with its line end; blank lines are not answered. */
  readonly text: string;
  readonly answered: number;
  readonly refused: number;
}

/**
 * Answers every line of a text; a line that is refused answers `{ line, error }` and the rest goes on.
 * @param firstLine - the number of its first line, counted from 1 in the whole input.
 */
export function answerLines(text: string, firstLine: number, work: (line: string) => object): AnsweredLines {
  const answers: string[] = [];
  let refused = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    try {
      if (line.length > LINE_LIMIT) throw lineTooLong();
      answers.push(JSON.stringify(work(line.endsWith('\r') ? line.slice(0, -1) : line)));
    } catch (error) {
      refused += 1;
      answers.push(refusalOfLine(firstLine + index, error));
    }
  }
  return { text: answers.map((answer) => `${answer}\n`).join(''), answered: answers.length, refused };
}

/** A line that nobody read: it is refused like any other. */
export function lineTooLong(): StsFault {
  return new StsFault('request_too_large', 'a line holds at most 1 MB');
}

/** The library's mistakes of a caller are the line's here; any other error may quote a secret and is not repeated. */
export function refusalOfLine(line: number, error: unknown): string {
  if (isStsFault(error)) return JSON.stringify({ line, error: { code: error.code, message: error.message } });
  const isMistake = error instanceof RangeError || error instanceof TypeError;
  const code = isMistake ? 'request_malformed' : 'internal_error';
  const message = isMistake ? error.message.slice(0, 300) : FAULTS.internal_error.text;
  return JSON.stringify({ line, error: { code, message } });
}

/** @throws StsFault `request_malformed` when the line is not JSON; it is not quoted, for it may hold a key. */
export function parseJsonLine(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StsFault('request_malformed', 'not JSON');
  }
}
