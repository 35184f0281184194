/**
 * One fleet in a process of its own, so that it can be held to one core: `node fleet-child.mjs '<options as JSON>'`. Prints
 * `{ "millis", "meterSeconds" }`, the start of its workers included.
 */
import { runFleet } from '../../dist/meter-sim/fleet.js';

const startedAt = performance.now();
const { meterSeconds } = await runFleet(JSON.parse(process.argv[2] ?? ''));
console.log(JSON.stringify({ millis: performance.now() - startedAt, meterSeconds }));
