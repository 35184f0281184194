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

export interface LongWork {
  readonly parts: number;
  /** Parts after which it is known how long all would take. */
  readonly fewest: number;
  /** What all of them may take of a core; of work that would take more the everyday run does the fewest, and ends in time. */
  readonly cpuSeconds: number;
}

/** @returns the number of each part that is to be done, in order. */
export function* partsOf({ parts, fewest, cpuSeconds: most }: LongWork): Generator<number, void> {
  const begin = process.cpuUsage();
  for (let part = 0; part < parts; part += 1) {
    yield part;
    if (part + 1 === fewest && SHARE === 0 && (cpuSeconds(begin) * parts) / fewest > most) return;
  }
}

/** Of a core, by this process since then, or since its start. */
export function cpuSeconds(since?: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
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
