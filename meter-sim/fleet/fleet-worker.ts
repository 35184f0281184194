/** One worker thread of a fleet: lives the members whose numbers it is sent, one after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { FleetMeter, type FleetPlan } from './fleet-meter.ts';

const plan = workerData as FleetPlan;

parentPort?.on('message', (numbers: readonly number[]) => {
  for (const number of numbers) parentPort?.postMessage(new FleetMeter(plan, number).run());
});
