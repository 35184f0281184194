import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../support/counts.ts';
import { SEEDED_FAULTS } from './faults.ts';
import { copyTree, judge, occurrences, removeTree } from './mutate.ts';

const test = suite('mutation');

test('when a fault is listed then its search text stands exactly once and the fault changes it', () => {
  for (const fault of SEEDED_FAULTS) {
    assert.is(occurrences(fault), 1, `${fault.file}: ${fault.find}`);
    assert.is.not(fault.find, fault.put);
  }
  report(`${SEEDED_FAULTS.length} seeded faults (npm run mutation runs them all)`);
});

test('when two of the faults are put into a copy of the tree then its tests notice', async () => {
  const copy = copyTree();
  try {
    for (const rule of ['CRC bytes are exchanged', 'bits 65 and 64 go back unchanged']) {
      const fault = SEEDED_FAULTS.find((candidate) => candidate.rule === rule);
      assert.ok(fault, rule);
      assert.is((await judge(copy, fault)).caughtBy, 'vectors/', rule);
    }
  } finally {
    removeTree(copy);
  }
});

test.run();
