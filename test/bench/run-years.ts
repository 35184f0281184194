/** `npm run bench:years`: ten million sales on disk, 31 GB in the temporary folder, and a million sold; takes half an hour. */
import { provenance } from './harness.ts';
import { yearsBench } from './years.bench.ts';

console.log(provenance());
await yearsBench({ meterCount: 100_000, salesEach: 100, starts: 3, salesWatched: 1_000_000, looks: 20 });
