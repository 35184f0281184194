/**
 * The clock that use cases are given never goes back. It holds at the highest moment that this ledger has ever seen,
 * durably, until the system's clock has caught up: tokens keep rising identifiers, months and tariffs are not reopened.
 * A clock that stands further back than a bumped token identifier may run ahead (open question D3) cannot be believed at
 * all; everything that would be dated is then refused as `clock_set_back`.
 */
import { StsFault } from '../../lib/faults.ts';
import type { Clock } from '../clock.ts';
import type { OperationStore } from '../store/operation-contract.ts';

/** Time services step by less than this; it is held in silence. */
const SILENT_MILLIS = 2 * 60_000;

export interface ClockState {
  /** How far the system's clock stands behind the highest moment seen, milliseconds; 0 when it does not. */
  readonly behindMillis: number;
  readonly isWorthTelling: boolean;
  readonly isRefused: boolean;
}

export class ClockGuard implements Clock {
  readonly #system: Clock;
  readonly #holdMillis: number;
  #highest: number;

  /** @param highest - the highest moment that the store has seen. */
  constructor(system: Clock, highest: number, holdMinutes: number) {
    this.#system = system;
    this.#highest = highest;
    this.#holdMillis = holdMinutes * 60_000;
  }

  /** @throws StsFault `clock_set_back`. */
  now(): number {
    const now = this.#system.now();
    if (now >= this.#highest) {
      this.#highest = now;
      return now;
    }
    const behind = this.#highest - now;
    if (behind > this.#holdMillis) throw new StsFault('clock_set_back', minutesBehind(behind));
    return this.#highest;
  }

  /** Never refused: whoever asks again for what was answered is known by then too. */
  latest(): number {
    return Math.max(this.#highest, this.#system.now());
  }

  state(): ClockState {
    const behindMillis = Math.max(0, this.#highest - this.#system.now());
    return {
      behindMillis,
      isWorthTelling: behindMillis > SILENT_MILLIS,
      isRefused: behindMillis > this.#holdMillis,
    };
  }

  /** Makes the highest moment durable, and learns of a higher one that another server has seen. */
  async witness(store: OperationStore): Promise<void> {
    const seen = Math.max(this.#highest, this.#system.now());
    this.#highest = Math.max(await store.witnessClock(seen), this.#highest);
  }
}

export function minutesBehind(millis: number): string {
  return `${Math.ceil(millis / 60_000)} minutes behind`;
}
