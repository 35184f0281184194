/** Faults at a rate: drawn before the run from the scenario's seed, so that both time modes meet the same ones. */
import { RandomStream } from './random.ts';
import type { FaultRate } from './scenario-schema.ts';

export interface PlannedFault {
  readonly kind: FaultRate['kind'];
  /** µs since the scenario began. */
  readonly at: number;
  readonly lasting: number;
  /** 0 to 1: how bad it is. */
  readonly severity: number;
}

const DAY_MICROS = 86_400_000_000;

/** Exponential waits between faults of one kind; ordered by time. */
export function planFaults(
  rates: readonly FaultRate[],
  lasts: number,
  seed: number | string,
): readonly PlannedFault[] {
  const planned: PlannedFault[] = [];
  for (const [index, rate] of rates.entries()) {
    const random = new RandomStream(seed, `fault ${index} ${rate.kind}`);
    const until = Math.min(rate.until ?? lasts, lasts);
    const [shortest, longest] = rate.lasting;
    let at = rate.from ?? 0;
    for (;;) {
      at += Math.ceil((-Math.log(1 - random.uniform()) * DAY_MICROS) / rate.perDay);
      if (at >= until) break;
      // Short ones are as likely as long ones by their order of size.
      const floor = Math.max(1, shortest);
      const lasting = Math.round(floor * (Math.max(floor, longest) / floor) ** random.uniform());
      planned.push({ kind: rate.kind, at, lasting, severity: random.uniform() });
    }
  }
  return planned.sort((a, b) => a.at - b.at);
}
