/** `npm run bench`: every bench at full length. The test suite runs each once, tiny, to prove that it still works. */
import { bulkBench } from './bulk.bench.ts';
import { provenance } from './harness.ts';
import { meterBench } from './meter.bench.ts';
import { pagesBench } from './pages.bench.ts';
import { postgresBench } from './postgres.bench.ts';
import { relayBench } from './relay.bench.ts';
import { salesBench } from './sales.bench.ts';
import { tokenBench } from './token.bench.ts';

console.log(provenance());
tokenBench(9, 400);
await bulkBench(500_000, 5);
await salesBench({ rounds: 9, millis: 2_500, meterCount: 100_000, months: 12 });
await postgresBench(3, 4_000, 4_000);
await meterBench(
  5,
  { sampled: 600, nextEvent: 365 * 86_400 },
  { meters: 300, days: 150, idle: 100, idleHours: 24 * 14 },
);
relayBench(20, 200);
await pagesBench(9);
