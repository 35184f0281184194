/**
 * The callers of the sales bench, plain JavaScript on plain sockets, so that they take little of the machine: keep-alive
 * connections, each with one request under way, request ids that never repeat. Reads what to do from stdin, writes what came
 * of it to stdout as JSON.
 *
 * With `perSecond` the requests are due at a fixed pace, and a wait counts from when the request was due: a server that
 * stands still is charged for those who could not even ask.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';

let input = '';
for await (const part of process.stdin) input += part;
const { url, path, apiKey, meters, connections, millis, perSecond } = JSON.parse(input);

const { hostname, port } = new URL(url);
const head =
  `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${apiKey}\r\n` +
  'Content-Type: application/json\r\nContent-Length: ';
const run = randomUUID();
const waits = [];
const refusals = {};
let number = 0;

const startedAt = performance.now();
const until = startedAt + millis;

/** When the next request is due, or undefined when the time is over. */
function nextDue() {
  const now = performance.now();
  if (perSecond === undefined) return now < until ? now : undefined;
  const due = startedAt + (number * 1000) / perSecond;
  return due < until ? due : undefined;
}

function call() {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    socket.setNoDelay(true);
    let received = '';
    let due = 0;
    const send = () => {
      const next = nextDue();
      if (next === undefined) {
        socket.end();
        resolve();
        return;
      }
      due = next;
      number += 1;
      const mine = number;
      const wait = due - performance.now();
      if (wait > 0) setTimeout(write, wait, mine);
      else write(mine);
    };
    const write = (mine) => {
      const body = JSON.stringify({
        requestId: `${run}-${mine}`,
        meter: meters[mine % meters.length],
        paidMinor: 1000 + (mine % 5000),
        currency: 'ZAR',
      });
      socket.write(`${head}${body.length}\r\n\r\n${body}`);
    };
    socket.on('connect', send);
    socket.on('error', reject);
    socket.on('data', (part) => {
      received += part.toString('latin1');
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
      if (received.length < end + 4 + length) return;
      const status = received.slice(9, 12);
      if (status === '201') waits.push(performance.now() - due);
      else refusals[received.slice(end + 4)] = true;
      received = '';
      send();
    });
  });
}

await Promise.all(Array.from({ length: connections }, call));
const seconds = (performance.now() - startedAt) / 1000;
waits.sort((a, b) => a - b);
const at = (share) => waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN;
process.stdout.write(
  JSON.stringify({
    answered: waits.length,
    refusals: Object.keys(refusals),
    seconds,
    p50Millis: at(0.5),
    p99Millis: at(0.99),
  }),
);
