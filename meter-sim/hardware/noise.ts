/** White noise for every converter of the process: one table, which each unit enters at a place of its own. */
import { RandomStream } from '../world/random.ts';

export const NOISE_LENGTH = 65_536;

let shared: Float64Array | null = null;

/** Normal deviates, made at the first use. */
export function noiseTable(): Float64Array {
  if (shared !== null) return shared;
  const random = new RandomStream(0, 'converter noise');
  shared = Float64Array.from({ length: NOISE_LENGTH }, () => random.gaussian());
  return shared;
}
