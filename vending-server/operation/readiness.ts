/**
 * Would a sale go through now, and a minute from now? Asked by load balancers, so it is looked into at most once a second
 * whoever asks how often; what it looks into is real: a durable write, an answer of the security module, the disk.
 */
import { statfs } from 'node:fs/promises';
import { StsFault } from '../../lib/faults.ts';
import type { Vending } from '../vending/context.ts';
import { type ClockGuard, minutesBehind } from './clock-guard.ts';

export interface Ready {
  readonly moduleId: string;
  readonly counter: number;
  /** What somebody should look at while sales go on. */
  readonly warnings: readonly string[];
}

export interface ReadinessParts {
  readonly vending: Pick<Vending, 'store' | 'securityModule' | 'unreleased'>;
  readonly moduleId: string;
  readonly clock: ClockGuard;
  readonly dataFolder: string;
  /** Least room that the disk of the data folder must have, bytes. */
  readonly diskFloorBytes: number;
  /** Why this server sells no more, if so. */
  readonly ended: () => StsFault | undefined;
}

/** How long one look is good for. */
const KEPT_MILLIS = 1000;

export class Readiness {
  readonly #parts: ReadinessParts;
  #look: { readonly at: number; readonly result: Promise<Ready> } | undefined;

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  /**
   * @throws StsFault `service_not_ready`, `security_module_unavailable`, `store_unavailable`, `store_damaged`,
   *   `ledger_mismatch`, `clock_set_back`, `disk_nearly_full`.
   */
  assertReady(): Promise<Ready> {
    const ended = this.#parts.ended();
    if (ended !== undefined) return Promise.reject(ended);
    const at = performance.now();
    if (this.#look === undefined || at - this.#look.at > KEPT_MILLIS) {
      const result = this.#lookNow();
      result.catch(() => undefined); // whoever waits hears of it
      this.#look = { at, result };
    }
    return this.#look.result;
  }

  async #lookNow(): Promise<Ready> {
    const { vending, clock, dataFolder, diskFloorBytes, moduleId } = this.#parts;
    const { store, securityModule, unreleased } = vending;
    await clock.witness(store.operation); // a commit of its own: the database takes writes
    await unreleased.settle(store);
    const last = await store.lastEntry(moduleId);
    const { counter } = await securityModule.identity();
    // The ledger, read first, may lag by the sales in hand; it can never lead.
    if ((last?.counter ?? 0) > counter) {
      throw new StsFault('ledger_mismatch', 'the ledger is ahead of the module');
    }
    const { behindMillis, isWorthTelling, isRefused } = clock.state();
    if (isRefused) throw new StsFault('clock_set_back', minutesBehind(behindMillis));
    const free = await freeBytes(dataFolder);
    if (free < diskFloorBytes) {
      throw new StsFault('disk_nearly_full', `${Math.trunc(free / 1_048_576)} MiB left`);
    }
    return { moduleId, counter, warnings: isWorthTelling ? ['clock_set_back'] : [] };
  }
}

/** Room that this user may still write. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
