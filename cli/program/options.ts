/** What the commands have in common: options with one meaning everywhere, readers of numbers, the report of a fault. */
import { InvalidArgumentError, Option } from 'commander';
import { type OutputOptions, reportFailure } from '../output.ts';

/** Runs an action and reports what stopped it; the options are the last argument but one that commander passes. */
export function action<Arguments extends unknown[]>(
  run: (...args: Arguments) => Promise<void> | void,
): (...args: Arguments) => Promise<void> {
  return async (...args) => {
    try {
      await run(...args);
    } catch (error) {
      reportFailure(args.at(-2) as OutputOptions, error);
    }
  };
}

export const json = () => new Option('--json', 'print the result as one JSON value');
export const meterFile = () =>
  new Option('--meter-file <file>', 'a meter’s settings with its decoder key (JSON)');

/** An option whose value is a whole number in a range. */
export function whole(flags: string, description: string, min: number, max: number): Option {
  return new Option(flags, description).argParser((text: string) => parseWhole(text, min, max));
}

export function parseWhole(text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
  throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`);
}
