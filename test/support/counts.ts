/** How often the long tests try: a stated fraction in `npm test`, the full count in `npm run test:slow`. */

export const FULL_COUNTS = process.env['WATTOKEN_TEST_COUNTS'] === 'full';

/** @returns the full count, or the smaller one of the everyday run. */
export function count(full: number, everyday: number): number {
  return FULL_COUNTS ? full : everyday;
}

/** The seed of a random test: from WATTOKEN_SEED or fixed, and always printed. */
export function seedOf(name: string): number {
  const seed = Number(process.env['WATTOKEN_SEED'] ?? 20_261_121);
  console.log(`  ${name}: seed ${seed}`);
  return seed;
}

/** A line of the run's report. */
export function report(line: string): void {
  console.log(`  ${line}`);
}
