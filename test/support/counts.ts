/**
 * How often the long tests try: a stated fraction in `npm test`, the full count in `npm run test:slow`. A number from 0 to 1 in
 * WATTOKEN_TEST_COUNTS is a share of the full count, for whoever has less time.
 */

const ASKED = process.env['WATTOKEN_TEST_COUNTS'];
export const FULL_COUNTS = ASKED === 'full';
const SHARE = FULL_COUNTS ? 1 : Number(ASKED ?? 0);

/** @returns the full count, a share of it, or the smaller one of the everyday run. */
export function count(full: number, everyday: number): number {
  return SHARE > 0 ? Math.max(everyday, Math.round(full * SHARE)) : everyday;
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
