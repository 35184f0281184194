/**
 * A fuzzer that reads the OpenAPI document of the server itself and sends to every route what the document does not allow:
 * bodies, parameters, methods, headers, and bytes on raw sockets. The server stays up, every answer is a problem document of
 * a known code below 500, and the books do not change by a row.
 */
import { once } from 'node:events';
import http from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS } from '../../../lib/faults.ts';
import { ProblemAnswer } from '../../../vending-server/api/schemas.ts';
import { DEFAULT_LIMITS } from '../../../vending-server/config.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import { chance, type Draw } from '../../support/chance.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { malformedBody, type Operation, operationsOf } from '../../support/malformed.ts';
import { startTestServer, type TestServer } from '../furnished.ts';

const test = suite<{ at: TestServer; agent: http.Agent; operations: Operation[] }>('malformed requests');

/** For each route; of the full count the everyday run does 3 %. */
const PER_ROUTE = count(10_000, 80);
const RAW_PER_ROUTE = count(1000, 10);
const AT_ONCE = 16;
const NONE = { perSecond: 0, burst: 0 };

test.before(async (context) => {
  const rateLimits = {
    ...DEFAULT_LIMITS.rateLimits,
    refusedPerAddress: NONE,
    perKey: NONE,
    openPerAddress: NONE,
  };
  context.at = await startTestServer(100_000, { limits: { rateLimits } });
  await context.at.sell('taken');
  const { body } = await context.at.call('GET', '/v1/openapi.json');
  context.operations = operationsOf(body);
  for (const operation of context.operations) await findKey(context.at, operation);
  context.agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
});
test.after(async ({ at, agent }) => {
  agent.destroy();
  await at.close();
});

/** All rows of all tables but the count of looks at the clock, the trail of who asked and the guesses at passwords. */
function books({ dataFolder }: TestServer): string {
  const database = new Database(join(dataFolder, DATABASE_FILE), { readonly: true });
  try {
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name",
      )
      .pluck()
      .all() as string[];
    const kept = tables.filter((name) => !['clock_witness', 'audit_entry', 'login_attempt'].includes(name));
    return JSON.stringify(kept.map((name) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]));
  } finally {
    database.close();
  }
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Buffer;
  readonly why: string;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly type: string;
}

function send({ at, agent }: { at: TestServer; agent: http.Agent }, sent: Sent): Promise<Answer> {
  const { hostname, port } = new URL(at.server.url);
  return new Promise((resolve, reject) => {
    const { method, path, headers } = sent;
    const request = http.request({ hostname, port, method, path, headers, agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, type: response.headers['content-type'] ?? '' }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(sent.body);
  });
}

const PARAMETERS = [
  'x',
  '0',
  '-1',
  '1e309',
  'null',
  '%00',
  '%2e%2e',
  '..%2f..%2fetc',
  '%F0%9F%98%80',
  '%E0%A4%A',
  '%',
  '%zz',
  "';--",
  '%20',
  '11111111113',
  '111111111111',
  '6007271111111111531',
  'a'.repeat(2000),
  '%C0%AF',
  '{x}',
  '\\',
  '~',
];
const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT'];

/** Which key each operation takes: with the other one nothing behind the permission would be tried. */
const KEYS = new Map<Operation, string>();

async function findKey(at: TestServer, operation: Operation): Promise<void> {
  const path = operation.path.replace(/\{\w+\}/g, 'x');
  const body = operation.body === undefined ? {} : { body: '{}' };
  const asked = await at.call(operation.method, path, { key: at.vendorKey, ...body });
  KEYS.set(operation, asked.body.code === 'permission_denied' ? at.operatorKey : at.vendorKey);
}

/** One request that the document does not allow for this operation, or for the address it goes to. */
function malformed(operation: Operation, documented: readonly string[], at: TestServer, draw: Draw): Sent {
  const right = KEYS.get(operation) ?? at.operatorKey;
  const key = draw(16) > 0 ? right : right === at.vendorKey ? at.operatorKey : at.vendorKey;
  const headers: Record<string, string> = operation.needsKey ? { authorization: `Bearer ${key}` } : {};
  const path = operation.path.replace(/\{\w+\}/g, () => PARAMETERS[draw(PARAMETERS.length)] ?? 'x');
  const { method, body } = operation;
  if (body !== undefined) headers['content-type'] = 'application/json';
  const kind = draw(12);
  if (kind === 0) {
    const others = METHODS.filter((other) => !documented.includes(other));
    return { method: others[draw(others.length)] ?? 'PATCH', path, headers, why: 'a method' };
  }
  if (kind === 1 && operation.needsKey) {
    const words = [
      '',
      'Bearer',
      'Basic dTpw',
      `Bearer ${key}x`,
      `bearer  ${key.slice(1)}`,
      'Bearer wtk_',
      'Token a b',
    ];
    return {
      method,
      path,
      headers: { ...headers, authorization: words[draw(words.length)] ?? '' },
      why: 'a key',
    };
  }
  if (kind === 2 || (body === undefined && !/\{/.test(operation.path))) {
    const ends = ['/', '/x', '//', '/%00', '%', '.json', '/..%2f'];
    return {
      method,
      path: `${path}${ends[draw(ends.length)] ?? 'x'}`.replace(/^\/\//, '/x/'),
      headers,
      why: 'an address',
    };
  }
  if (body === undefined) return { method, path, headers, why: 'a parameter' };
  if (kind === 3) {
    const types = [
      'text/plain',
      'application/xml',
      'application/json; charset=utf-16',
      'x',
      'multipart/form-data',
    ];
    return {
      method,
      path,
      headers: { ...headers, 'content-type': types[draw(types.length)] ?? 'x' },
      body: '{}',
      why: 'a type',
    };
  }
  if (kind === 4 && draw(10) === 0) {
    return { method, path, headers, body: `{"a":"${'x'.repeat(70_000 + draw(50_000))}"}`, why: 'a size' };
  }
  if (kind === 5) {
    const encodings = ['gzip', 'deflate', 'br', 'compress', 'x'];
    return {
      method,
      path,
      headers: { ...headers, 'content-encoding': encodings[draw(5)] ?? 'x' },
      body: '{}',
      why: 'an encoding',
    };
  }
  const spoilt = malformedBody(body, draw);
  return { method, path, headers, body: spoilt.body, why: spoilt.why };
}

/** Codes that the address gives before any operation is reached. */
const OF_ADDRESSES = ['route_unknown', 'method_not_allowed', 'request_malformed'];

/** @param operations - those that may have been reached: a spoilt address can be another one's. */
function assertRefused(operations: readonly Operation[], sent: Sent, { status, text, type }: Answer): string {
  const told = `${sent.method} ${sent.path.slice(0, 80)} (${sent.why}) ${String(sent.body ?? '').slice(0, 300)}: ${status} ${text}`;
  assert.match(type, /^application\/problem\+json/, told);
  const problem = ProblemAnswer.parse(JSON.parse(text));
  assert.ok(status >= 400 && status < 500, told);
  assert.is(FAULTS[problem.code].http, status, told);
  assert.is(problem.outcome, 'none', told);
  const documented = operations.flatMap(({ refusals }) => refusals.get(status) ?? []);
  assert.ok(
    documented.includes(problem.code) || OF_ADDRESSES.includes(problem.code),
    `undocumented: ${told}`,
  );
  return problem.code;
}

test('what the document does not allow is refused on every route, and changes nothing', async (context) => {
  const { at, operations } = context;
  const draw = chance(seedOf('malformed requests'));
  const before = books(at);
  const codes = new Map<string, number>();
  let sent = 0;
  for (const operation of operations) {
    const documented = operations.filter(({ path }) => path === operation.path).map(({ method }) => method);
    if (documented.includes('GET')) documented.push('HEAD');
    for (let left = PER_ROUTE; left > 0; left -= AT_ONCE) {
      const requests = Array.from({ length: Math.min(left, AT_ONCE) }, () =>
        malformed(operation, documented, at, draw),
      );
      const answers = await Promise.all(requests.map((request) => send(context, request)));
      for (const [index, answer] of answers.entries()) {
        const asked = requests[index]!;
        const reached = asked.why === 'an address' ? operations : [operation];
        const code = assertRefused(reached, asked, answer);
        codes.set(code, (codes.get(code) ?? 0) + 1);
        sent += 1;
      }
    }
  }
  assert.is(books(at), before, 'the books are as they were');
  assert.is((await at.call('GET', '/ready')).status, 200);
  assert.is((await at.sell('after the fuzz'.replaceAll(' ', '-'))).status, 201);
  report(`${sent} malformed requests on ${operations.length} routes, ${PER_ROUTE} each`);
  report([...codes].map(([code, times]) => `${code} ${times}`).join(', '));
});

/** Bytes that break HTTP in a way that the server must name, or that end before a request does. */
function rawBytes({ method, path }: Operation, at: TestServer, draw: Draw): Buffer {
  const host = 'Host: x\r\n';
  const key = `Authorization: Bearer ${at.vendorKey}\r\n`;
  const type = 'Content-Type: application/json\r\n';
  const junk = () => Buffer.from(Array.from({ length: 1 + draw(300) }, () => draw(256)));
  const whole = `${method} ${path} HTTP/1.1\r\n${host}${key}${type}`;
  const shapes: (() => string | Buffer)[] = [
    junk,
    () => Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n`), junk(), Buffer.from('\r\n\r\n')]),
    () => `${method} ${path} HTTP/9.9\r\n${host}\r\n`,
    () => `${method} ${path}\r\n\r\n`,
    () => `${method.toLowerCase()}x ${path} HTTP/1.1\r\n${host}\r\n`,
    () => `${method} ${path} HTTP/1.1\r\n\r\n`,
    () => `${whole}Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}`,
    () => `${whole}Content-Length: -1\r\n\r\n{}`,
    () => `${whole}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
    () => `${whole}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`,
    () => `${whole}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`,
    () => `${whole}X: ${'y'.repeat(20_000)}\r\n\r\n`,
    () => `${whole}X\u0000: y\r\n\r\n`,
    () => `${whole} folded: y\r\n\r\n`,
    () => `${whole}Content-Length: 100\r\n\r\n{"requestId":`,
    () => `${whole}Content-Length: 2\r\n\r\n{}GARBAGE / HTTP/1.1\r\n\r\n`,
    () => `${whole}Content-Length: 4\r\n\r\n{}{}${'\u0001'.repeat(draw(50))}\r\n`,
    () => `GET ${'/'.repeat(1 + draw(30_000))} HTTP/1.1\r\n${host}\r\n`,
    () => `CONNECT ${path} HTTP/1.1\r\n${host}\r\n`,
    () => `GET ${path} HTTP/1.1\r\n${host}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n`,
  ];
  const bytes = Buffer.from((shapes[draw(shapes.length)] ?? junk)() as string);
  return draw(4) === 0 ? bytes.subarray(0, draw(bytes.length + 1)) : bytes;
}

/** Writes, half closes, and gives all that comes back until the server ends the connection. */
async function converse(port: number, bytes: Buffer): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  socket.on('error', () => undefined);
  socket.end(bytes);
  const timer = setTimeout(() => socket.destroy(), 15_000);
  await once(socket, 'close');
  clearTimeout(timer);
  return text;
}

test('bytes that are no request, or end in the middle of one, are told so or hung up on', async ({
  at,
  operations,
}) => {
  const draw = chance(seedOf('raw bytes'));
  const before = books(at);
  const port = Number(new URL(at.server.url).port);
  const statuses = new Map<string, number>();
  let sent = 0;
  for (const operation of operations) {
    for (let left = RAW_PER_ROUTE; left > 0; left -= AT_ONCE) {
      const all = Array.from({ length: Math.min(left, AT_ONCE) }, () => rawBytes(operation, at, draw));
      const answers = await Promise.all(all.map((bytes) => converse(port, bytes)));
      for (const [index, text] of answers.entries()) {
        const told = `${all[index]?.toString('latin1').slice(0, 300)}: ${text.slice(0, 300)}`;
        const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 'hung up';
        assert.match(status, /^(hung up|200|4\d\d)$/, told);
        for (const [line] of text.matchAll(/HTTP\/1\.1 5\d\d/g)) assert.unreachable(`${line} ${told}`);
        if (status.startsWith('4')) assert.match(text, /application\/problem\+json/i, told);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        sent += 1;
      }
    }
  }
  assert.is(books(at), before, 'the books are as they were');
  assert.is((await at.call('GET', '/ready')).status, 200);
  report(`${sent} raw openings: ${[...statuses].map(([status, times]) => `${status} ${times}`).join(', ')}`);
});

test.run();
