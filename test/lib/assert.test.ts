import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { invariant } from '../../lib/assert.ts';

const test = suite('lib: assertions');

test('when an invariant holds then nothing happens; when it does not then it is named', () => {
  invariant(true, 'money adds up');
  assert.throws(() => invariant(false, 'money adds up'), /^invariant broken: money adds up$/);
});

test.run();
