/**
 * The door of fleets: thousands of meters over worker threads, with the same result for any number of them, for every member
 * hangs on the seed and its own number alone.
 */
import { Worker } from 'node:worker_threads';
import { StsFault } from '../lib/faults.ts';
import type { FleetPlan, MemberResult } from './fleet/fleet-meter.ts';
import { type FleetSummary, summarize } from './fleet/summary.ts';

export type { FleetSummary };

export interface FleetOptions extends FleetPlan {
  readonly meters: number;
  readonly workers: number;
  /** After every member that has been lived. */
  readonly onMember?: (member: MemberResult) => void;
  /** The worker's script; beside this file as it is built when absent, for a worker thread takes no TypeScript. */
  readonly script?: URL;
}

/** Members in a worker's hand: one that waited for this thread would stand still. */
const IN_HAND = 2;

/** @throws StsFault `internal_error` naming the member on which a worker ended. */
export async function runFleet(options: FleetOptions): Promise<FleetSummary> {
  const { meters, workers, onMember = () => {}, script = workerScript(), ...plan } = options;
  const members: MemberResult[] = [];
  let next = 0;
  const seats = Array.from(
    { length: Math.min(workers, meters) },
    () => new Worker(script, { workerData: plan }),
  );
  try {
    await Promise.all(
      seats.map(
        (worker) =>
          new Promise<void>((resolve, reject) => {
            const inHand: number[] = [];
            const feed = (): void => {
              while (inHand.length < IN_HAND && next < meters) {
                inHand.push(next);
                worker.postMessage([next++]);
              }
              if (inHand.length === 0) resolve();
            };
            worker.on('message', (member: MemberResult) => {
              inHand.shift();
              members.push(member);
              onMember(member);
              feed();
            });
            worker.on('error', (error) => reject(brokenBy(inHand[0], plan.seed, error)));
            worker.on('exit', () => reject(brokenBy(inHand[0], plan.seed)));
            feed();
          }),
      ),
    );
  } finally {
    await Promise.all(seats.map((worker) => worker.terminate()));
  }
  return summarize(members);
}

function brokenBy(number: number | undefined, seed: number, cause?: unknown): StsFault {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new StsFault('internal_error', `meter ${number} of seed ${seed} broke${why}`, { cause });
}

function workerScript(): URL {
  return new URL('./fleet/fleet-worker.js', import.meta.url);
}
