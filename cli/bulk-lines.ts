/** One JSON value a line in, one a line out: what happens to a stretch of lines, wherever it is worked on. */
import { FAULTS, isStsFault, StsFault } from '../lib/faults.ts';
import { LINE_LIMIT } from './conformance/lines.ts';

export interface LineCounts {
  readonly answered: number;
  /** Lines answered with `{ line, error }`. */
  readonly refused: number;
}

/**
 * Answers every line of a text; a line that is refused answers `{ line, error }` and the rest goes on. Blank lines are not
 * answered.
 * @param firstLine - the number of its first line, counted from 1 in the whole input.
 * @param print - takes each answer, one JSON value without its line end.
 */
export function answerLines(
  text: string,
  firstLine: number,
  work: (line: string) => object,
  print: (answer: string) => void,
): LineCounts {
  const lines = text.split('\n');
  let answered = 0;
  let refused = 0;
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    if (line.trim() === '') continue;
    answered += 1;
    let answer: string;
    try {
      if (line.length > LINE_LIMIT) throw lineTooLong();
      answer = JSON.stringify(work(line.endsWith('\r') ? line.slice(0, -1) : line));
    } catch (error) {
      refused += 1;
      answer = refusalOfLine(firstLine + i, error);
    }
    print(answer);
  }
  return { answered, refused };
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
