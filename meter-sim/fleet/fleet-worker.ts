/** One worker thread of a fleet: lives the members that it is sent, one after another, to their end or for a turn. */
import { parentPort, workerData } from 'node:worker_threads';
import { FleetMeter, type FleetPlan, type MemberResult } from './fleet-meter.ts';

/** A member to be lived to the end of a day of the plan; to its end on the last one. */
export interface MemberTurn {
  readonly number: number;
  readonly toDay: number;
  /** As its last turn has left it; a new one begins to live without it. */
  readonly rested: Uint8Array | undefined;
}

export interface MemberDone {
  readonly number: number;
  /** What became of it, at its end. */
  readonly result?: MemberResult;
  /** The member at rest, before its end. */
  readonly rested?: Uint8Array;
}

const plan = workerData as FleetPlan;

parentPort?.on('message', ({ number, toDay, rested }: MemberTurn) => {
  const member = new FleetMeter(plan, number, rested);
  if (toDay >= plan.days) {
    answer({ number, result: member.run() });
    return;
  }
  member.runToDay(toDay);
  answer({ number, rested: member.rest() });
});

function answer(done: MemberDone): void {
  parentPort?.postMessage(done);
}
