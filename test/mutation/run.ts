/**
 * `npm run mutation`: puts every fault of `faults.ts`, one at a time, into a copy of the tree and expects the tests to fail.
 * Ends with 1 when one survives, when a search text does not stand exactly once, or when the copy fails without any fault.
 */
import { availableParallelism } from 'node:os';
import { type Fault, SEEDED_FAULTS } from './faults.ts';
import { copyTree, judge, occurrences, removeTree, type Verdict } from './mutate.ts';

const startedAt = performance.now();
const misplaced = SEEDED_FAULTS.filter((fault) => occurrences(fault) !== 1);
for (const fault of misplaced) {
  console.error(`FAIL ${fault.file}: ${JSON.stringify(fault.find)} stands there ${occurrences(fault)} times`);
}
if (misplaced.length > 0) process.exit(1);

const survivors: Fault[] = [];
let done = 0;

function tell(fault: Fault, { caughtBy, seconds }: Verdict): void {
  done += 1;
  const progress = `${done}/${SEEDED_FAULTS.length}`.padStart(6);
  const verdict = caughtBy === undefined ? 'SURVIVED' : `caught by ${caughtBy}`;
  console.log(
    `${progress}  ${verdict.padEnd(18)} ${seconds.toFixed(1).padStart(5)} s  ${fault.file.padEnd(34)} ${fault.rule}`,
  );
  if (caughtBy === undefined) survivors.push(fault);
}

const queue = [...SEEDED_FAULTS];

async function work(): Promise<void> {
  const copy = copyTree();
  try {
    const { caughtBy } = await judge(copy, undefined);
    if (caughtBy !== undefined) throw new Error(`the tests of ${caughtBy} fail without any fault`);
    for (let fault = queue.shift(); fault !== undefined; fault = queue.shift()) {
      tell(fault, await judge(copy, fault));
    }
  } finally {
    removeTree(copy);
  }
}

await Promise.all(Array.from({ length: Math.max(1, Math.min(2, availableParallelism())) }, work));
for (const fault of survivors) {
  console.error(`FAIL survived: ${fault.rule} (${fault.file}: ${fault.find} -> ${fault.put})`);
}
const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
console.log(`${done - survivors.length} of ${done} faults caught in ${seconds} s`);
if (survivors.length > 0) process.exitCode = 1;
