/**
 * The callers of the sales bench, plain JavaScript so that they start at once: keep-alive connections, each with one sale
 * under way, request ids that never repeat. Reads what to do from stdin, writes what came of it to stdout as JSON.
 */
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

let input = '';
for await (const part of process.stdin) input += part;
const { url, apiKey, meters, connections, millis } = JSON.parse(input);

const agent = new Agent({ keepAlive: true, maxSockets: connections });
const target = new URL('/v1/sales', url);
const run = randomUUID();
const latencies = [];
let refused = 0;
let number = 0;

function sell() {
  number += 1;
  const body = JSON.stringify({
    requestId: `${run}-${number}`,
    meter: meters[number % meters.length],
    paidMinor: 1000 + (number % 5000),
    currency: 'ZAR',
  });
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const sale = request(target, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    });
    sale.on('response', (reply) => {
      reply.resume().on('end', () => {
        if (reply.statusCode === 201) latencies.push(performance.now() - startedAt);
        else refused += 1;
        resolve();
      });
    });
    sale.on('error', reject);
    sale.end(body);
  });
}

const startedAt = performance.now();
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() - startedAt < millis) await sell();
  }),
);
const seconds = (performance.now() - startedAt) / 1000;
agent.destroy();
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.floor(share * (latencies.length - 1))] ?? Number.NaN;
process.stdout.write(
  JSON.stringify({ answered: latencies.length, refused, seconds, p50Millis: at(0.5), p99Millis: at(0.99) }),
);
