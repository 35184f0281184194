/** `npm run bench`: every bench at full length. The test suite runs each once, tiny, to prove that it still works. */
import { provenance } from './harness.ts';
import { tokenBench } from './token.bench.ts';

console.log(provenance());
tokenBench(9, 400);
