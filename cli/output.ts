/**
 * How every command speaks: the result on stdout, as text for people or one JSON value with `--json`; everything else on
 * stderr; faults with their code, and an exit code that scripts can rely on (README, "Exit codes").
 */
import { EXIT, FAULTS, isStsFault, toProblem } from '../lib/faults.ts';

export interface OutputOptions {
  readonly json?: boolean;
}

/** Prints the result of a command. */
export function printResult(options: OutputOptions, value: object, text: string): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(value)}\n` : `${text}\n`);
}

/** A line for people, on stderr; scripts do not read it. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Reports what stopped a command and sets the exit code.
 * With `--json` the problem document goes to stdout, so that a script finds it where it looks for the result.
 */
export function reportFailure(options: OutputOptions, error: unknown): void {
  const problem = toProblem(error, 'cli');
  if (options.json === true) process.stdout.write(`${JSON.stringify(problem)}\n`);
  const code = isStsFault(error) ? error.code : 'internal_error';
  tell(`wattoken: ${problem.detail} [${code}]`);
  if (!isStsFault(error) && process.env['WATTOKEN_DEBUG'] !== undefined)
    tell(String((error as Error)?.stack ?? error));
  process.exitCode = isStsFault(error) ? FAULTS[error.code].exit : EXIT.internal;
}

/** Two columns, the first as wide as its widest entry. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
