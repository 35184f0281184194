/**
 * The door of fleets: thousands of meters over worker threads, with the same result for any number of them, for every member
 * hangs on the seed and its own number alone.
 *
 * Members are lived to their end one after another, or all of them so many days at a time: then those that wait are at rest as
 * bytes, here, and the next of them goes to whichever worker is free.
 */
import { Worker } from 'node:worker_threads';
import { StsFault } from '../lib/faults.ts';
import type { FleetPlan, MemberResult } from './fleet/fleet-meter.ts';
import type { MemberDone, MemberTurn } from './fleet/fleet-worker.ts';
import { type FleetSummary, summarize } from './fleet/summary.ts';

export type { FleetSummary };

export interface FleetOptions extends FleetPlan {
  readonly meters: number;
  readonly workers: number;
  /** All members live so many days before the first lives on; every one to its end when absent. */
  readonly turnDays?: number | undefined;
  /** After every member that has been lived to its end. */
  readonly onMember?: (member: MemberResult) => void;
  /** After every turn but the last: what the members at rest take, bytes together. */
  readonly onTurn?: (day: number, bytes: number) => void;
  /** The worker's script; beside this file as it is built when absent, for a worker thread takes no TypeScript. */
  readonly script?: URL;
}

/** Members in a worker's hand: one that waited for this thread would stand still. */
const IN_HAND = 2;

/** @throws StsFault `internal_error` naming the member on which a worker ended. */
export async function runFleet(options: FleetOptions): Promise<FleetSummary> {
  const {
    meters,
    workers,
    turnDays,
    onMember = () => {},
    onTurn,
    script = workerScript(),
    ...plan
  } = options;
  const results: MemberResult[] = [];
  const rested: (Uint8Array | undefined)[] = new Array(meters).fill(undefined);
  const seats = Array.from(
    { length: Math.min(workers, meters) },
    () => new Worker(script, { workerData: plan }),
  );
  const done = ({ number, result, rested: bytes }: MemberDone): void => {
    rested[number] = bytes;
    if (result === undefined) return;
    results.push(result);
    onMember(result);
  };
  try {
    for (let from = 0; from < plan.days; ) {
      const toDay = Math.min(plan.days, from + (turnDays ?? plan.days));
      let next = 0;
      const take = (): MemberTurn | undefined => {
        if (next === meters) return undefined;
        const number = next++;
        return { number, toDay, rested: rested[number] };
      };
      await Promise.all(seats.map((worker) => seatFor(worker, plan.seed, take, done)));
      from = toDay;
      if (from < plan.days)
        onTurn?.(
          from,
          rested.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0),
        );
    }
  } finally {
    await Promise.all(seats.map((worker) => worker.terminate()));
  }
  return summarize(results);
}

/** Hands a worker one turn after the other until there is none to take and all have come back. */
function seatFor(
  worker: Worker,
  seed: number,
  take: () => MemberTurn | undefined,
  done: (member: MemberDone) => void,
): Promise<void> {
  const inHand: number[] = [];
  return new Promise<void>((resolve, reject) => {
    const feed = (): void => {
      while (inHand.length < IN_HAND) {
        const turn = take();
        if (turn === undefined) break;
        inHand.push(turn.number);
        worker.postMessage(turn);
      }
      if (inHand.length > 0) return;
      worker.off('message', cameBack).off('error', broke).off('exit', broke);
      resolve();
    };
    const cameBack = (member: MemberDone): void => {
      inHand.shift();
      done(member);
      feed();
    };
    const broke = (cause: unknown): void => reject(brokenBy(inHand[0], seed, cause));
    worker.on('message', cameBack).on('error', broke).on('exit', broke);
    feed();
  });
}

function brokenBy(number: number | undefined, seed: number, cause: unknown): StsFault {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new StsFault('internal_error', `meter ${number} of seed ${seed} broke${why}`, { cause });
}

function workerScript(): URL {
  return new URL('./fleet/fleet-worker.js', import.meta.url);
}
