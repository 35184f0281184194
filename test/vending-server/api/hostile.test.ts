import { connect } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FAULTS, type FaultCode } from '../../../lib/faults.ts';
import { ProblemAnswer } from '../../../vending-server/api/schemas.ts';
import { DATABASE_FILE } from '../../../vending-server/store/open.ts';
import {
  type CallOptions,
  DRN,
  KEYLESS_DRN,
  METER_REQUEST,
  startTestServer,
  TERMS,
  type TestServer,
} from '../furnished.ts';

const test = suite<{ at: TestServer }>('hostile requests');

test.before(async (context) => {
  context.at = await startTestServer(50_000);
  await context.at.sell('taken');
});
test.after(async ({ at }) => {
  await at.close();
});

interface Case {
  readonly name: string;
  readonly code: FaultCode;
  readonly method?: string;
  readonly path: string;
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/**
 * Every row of every table counted, and all that is money: what a refusal must leave as it was. The audit trail alone grows:
 * it tells who was refused.
 */
function snapshot({ dataFolder }: TestServer): unknown {
  const database = new Database(join(dataFolder, DATABASE_FILE), { readonly: true });
  try {
    const tables = database
      .prepare(
        `SELECT name FROM sqlite_schema
          WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name <> 'audit_entry' ORDER BY name`,
      )
      .pluck()
      .all() as string[];
    const counts = tables.map((name) => [
      name,
      database.prepare(`SELECT count(*) FROM ${name}`).pluck().get(),
    ]);
    const floats = database.prepare('SELECT * FROM vendor').all();
    const tids = database.prepare('SELECT meter_pan, tid_93, tid_14, tid_35 FROM meter_history').all();
    return { counts, floats, tids };
  } finally {
    database.close();
  }
}

const SALE = { requestId: 'r1', meter: DRN, paidMinor: 1000, currency: 'ZAR' };
const DEEP = '['.repeat(30_000) + ']'.repeat(30_000);

function without(name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(SALE).filter(([field]) => field !== name));
}

/** The sale as JSON text with one member written by hand. */
function written(name: string, json: string): string {
  const members = Object.entries(without(name)).map(
    ([field, value]) => `"${field}":${JSON.stringify(value)}`,
  );
  return `{${[...members, `"${name}":${json}`].join(',')}}`;
}

function saleCases(key: string): Case[] {
  const bodies: [string, unknown, FaultCode][] = [
    ['no body', undefined, 'request_malformed'],
    ['an empty body', '', 'request_malformed'],
    ['half a JSON', '{"requestId":', 'request_malformed'],
    ['no JSON', 'meter=1&paid=2', 'request_malformed'],
    ['JSON with a comma too many', written('paidMinor', '1000,'), 'request_malformed'],
    ['a number as body', '42', 'request_malformed'],
    ['null as body', 'null', 'request_malformed'],
    ['a list as body', [SALE], 'request_malformed'],
    ['30,000 nested lists', DEEP, 'request_malformed'],
    ['NUL bytes', '\0\0\0\0', 'request_malformed'],
    ['bytes that are no UTF-8', Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d), 'request_malformed'],
    ['70 kB', { ...SALE, meter: '1'.repeat(70_000) }, 'request_too_large'],
    ['1 MB of spaces', `${' '.repeat(1_000_000)}{}`, 'request_too_large'],
    ['an unknown field', { ...SALE, tip: 1 }, 'request_malformed'],
    ['__proto__ as a field', written('__proto__', '{"paidMinor":1}'), 'request_malformed'],
    ['constructor as a field', { ...SALE, constructor: { prototype: {} } }, 'request_malformed'],
    ...Object.keys(SALE).map((name): [string, unknown, FaultCode] => [
      `no ${name}`,
      without(name),
      'request_malformed',
    ]),
    ...['0', '-1', '-0', '-1e3', '0.5', '1000.1', '1e400', '-1e400', '9007199254740993', '1e15'].map(
      (json): [string, unknown, FaultCode] => [
        `paidMinor ${json}`,
        written('paidMinor', json),
        'request_malformed',
      ],
    ),
    ...['NaN', 'Infinity', '0x10', '1_000', '01', '+5', '"1000"', '[1000]', '{}', 'true', 'null'].map(
      (json): [string, unknown, FaultCode] => [
        `paidMinor ${json}`,
        written('paidMinor', json),
        'request_malformed',
      ],
    ),
    ['a request id with a space', { ...SALE, requestId: 'a b' }, 'request_malformed'],
    ['an empty request id', { ...SALE, requestId: '' }, 'request_malformed'],
    ['a request id with a line end', { ...SALE, requestId: 'a\n' }, 'request_malformed'],
    ['a request id of 65', { ...SALE, requestId: 'a'.repeat(65) }, 'request_malformed'],
    ['a request id that is SQL', { ...SALE, requestId: "'; DROP TABLE sale;--" }, 'request_malformed'],
    ['a numeric request id', { ...SALE, requestId: 7 }, 'request_malformed'],
    ['a currency in small letters', { ...SALE, currency: 'zar' }, 'request_malformed'],
    ['a numeric meter', { ...SALE, meter: 11111111115 }, 'request_malformed'],
    ['letters as meter', { ...SALE, meter: 'abcdefghijk' }, 'meter_number_malformed'],
    ['Arabic digits as meter', { ...SALE, meter: '١١١١١١١١١١٥' }, 'meter_number_malformed'],
    ['12 digits', { ...SALE, meter: '111111111111' }, 'meter_number_malformed'],
    ['19 digits', { ...SALE, meter: '6007271111111111531' }, 'meter_number_malformed'],
    ['a PAN of a bank', { ...SALE, meter: '411111111111111115' }, 'meter_number_malformed'],
    ['a wrong Luhn digit', { ...SALE, meter: '11111111113' }, 'meter_number_check_digit'],
    ['a wrong digit of the PAN', { ...SALE, meter: '600727111111111154' }, 'meter_number_check_digit'],
    ['an unknown meter', { ...SALE, meter: '07123456787' }, 'meter_unknown'],
    ['another currency', { ...SALE, currency: 'EUR' }, 'currency_mismatch'],
    ['less than the minimum', { ...SALE, paidMinor: 99 }, 'payment_too_small'],
    ['more than the maximum', { ...SALE, paidMinor: 1_000_001 }, 'payment_too_large'],
    ['more than the float', { ...SALE, paidMinor: 40_001 }, 'float_exhausted'],
    ['a meter without a key', { ...SALE, meter: KEYLESS_DRN }, 'vending_key_unknown'],
    ['a used id with another amount', { ...SALE, requestId: 'taken' }, 'request_id_reused'],
  ];
  return bodies.map(([name, body, code]) => ({
    name: `sale: ${name}`,
    code,
    path: '/v1/sales',
    key,
    body,
    ...(body === undefined ? { headers: { 'Content-Type': 'application/json' } } : {}),
  }));
}

function doorCases(vendor: string, operator: string): Case[] {
  const sale = { path: '/v1/sales', body: SALE };
  const get = { method: 'GET', path: '/v1/vendors/shop' };
  const bearer = (value: string) => ({ headers: { Authorization: value } });
  return [
    { name: 'no key', code: 'authentication_required', ...sale },
    { name: 'a wrong key', code: 'authentication_required', ...sale, key: `wtk_${'A'.repeat(43)}` },
    { name: 'a key cut short', code: 'authentication_required', ...sale, key: vendor.slice(0, -1) },
    { name: 'a key that is a hash', code: 'authentication_required', ...sale, key: 'ab'.repeat(32) },
    { name: 'basic authentication', code: 'authentication_required', ...get, ...bearer('Basic c2hvcDo=') },
    { name: 'an empty bearer', code: 'authentication_required', ...get, ...bearer('Bearer') },
    {
      name: 'a header of 10 kB',
      code: 'authentication_required',
      ...get,
      ...bearer(`Bearer ${'x'.repeat(10_000)}`),
    },
    { name: 'an operator sells', code: 'permission_denied', ...sale, key: operator },
    {
      name: 'a vendor registers',
      code: 'permission_denied',
      path: '/v1/meters',
      body: METER_REQUEST,
      key: vendor,
    },
    {
      name: 'a vendor pays in',
      code: 'permission_denied',
      path: '/v1/vendors/shop/deposits',
      body: {},
      key: vendor,
    },
    {
      name: 'another vendor',
      code: 'permission_denied',
      method: 'GET',
      path: '/v1/vendors/other',
      key: vendor,
    },
    { name: 'an unknown route', code: 'route_unknown', method: 'GET', path: '/v2/sales', key: vendor },
    { name: 'the root', code: 'route_unknown', method: 'GET', path: '/' },
    { name: 'a path upwards', code: 'route_unknown', method: 'GET', path: '/v1/..%2f..%2fetc%2fpasswd' },
    {
      name: 'a path that is no UTF-8',
      code: 'request_malformed',
      method: 'GET',
      path: '/v1/sales/%E0%A4%A',
      key: vendor,
    },
    { name: 'DELETE a sale', code: 'method_not_allowed', method: 'DELETE', path: '/v1/sales/x', key: vendor },
    { name: 'PATCH sales', code: 'method_not_allowed', method: 'PATCH', path: '/v1/sales', key: vendor },
    { name: 'OPTIONS', code: 'method_not_allowed', method: 'OPTIONS', path: '/v1/sales' },
    { name: 'an unknown sale', code: 'sale_unknown', method: 'GET', path: '/v1/sales/nothing', key: vendor },
    {
      name: 'an unknown request',
      code: 'sale_unknown',
      method: 'GET',
      path: '/v1/sales/by-request/no',
      key: vendor,
    },
    {
      name: 'text as content',
      code: 'media_type_unsupported',
      ...sale,
      key: vendor,
      headers: { 'Content-Type': 'text/plain' },
    },
    {
      name: 'a compressed body',
      code: 'media_type_unsupported',
      ...sale,
      key: vendor,
      headers: { 'Content-Encoding': 'gzip' },
    },
    {
      name: 'an unknown character set',
      code: 'media_type_unsupported',
      ...sale,
      key: vendor,
      headers: { 'Content-Type': 'application/json; charset=klingon' },
    },
  ];
}

const flat = (pricePerKwh: unknown) => ({ energy: { kind: 'flat', pricePerKwh } });
const blocks = (...ends: (number | null)[]) => ({
  energy: { kind: 'blocks', blocks: ends.map((untilDeciKwh) => ({ untilDeciKwh, pricePerKwh: '1' })) },
});
const charge = { chargeId: 'basic', label: 'Basic', per: 'month', amountMinor: 100, isTaxed: true };
const calendar = (seasons: unknown) => ({
  energy: {
    kind: 'timeOfUse',
    calendar: { bands: [{ bandId: 'b', label: 'b', pricePerKwh: '1' }], seasons },
  },
});

/** Terms that no tariff may have. */
const TARIFFS: readonly (readonly [object, string])[] = [
  [flat('0'), 'free of charge'],
  [flat('-1'), 'a negative price'],
  [flat('1e5'), 'a price with an exponent'],
  [flat(1.8652), 'a price as a float'],
  [{ energy: { kind: 'lottery' } }, 'an unknown kind'],
  [blocks(), 'no block'],
  [blocks(100), 'a last block with an end'],
  [blocks(null, null), 'a first block without an end'],
  [blocks(200, 100, null), 'blocks that fall'],
  [{ fixedCharges: [charge, charge] }, 'two charges of one id'],
  [{ fixedCharges: [{ ...charge, per: 'year' }] }, 'a charge by the year'],
  [{ timeZone: 'Africa/Atlantis' }, 'a zone that is none'],
  [{ deductionOrder: ['arrears', 'arrears'] }, 'a deduction twice'],
  [{ deductionShare: '1.5' }, 'more deductions than payment'],
  [calendar([]), 'a calendar without seasons'],
  [calendar([{ begins: '01-01', days: { weekday: [], saturday: [], sunday: [] } }]), 'days without bands'],
];

function operatorCases(key: string): Case[] {
  const meter = (more: object, code: FaultCode, name: string): Case => ({
    name: `meter: ${name}`,
    code,
    path: '/v1/meters',
    key,
    body: { ...METER_REQUEST, meter: '07123456787', ...more },
  });
  const tariff = (more: object, name: string): Case => ({
    name: `tariff: ${name}`,
    code: 'request_malformed',
    path: '/v1/tariffs',
    key,
    body: { tariffId: 'new', terms: { ...TERMS, ...more } },
  });
  const slip = { requestId: 'd1', amountMinor: 1, currency: 'ZAR', reference: 'slip' };
  const pay = (more: object, code: FaultCode, name: string, vendor = 'shop'): Case => ({
    name: `deposit: ${name}`,
    code,
    path: `/v1/vendors/${vendor}/deposits`,
    key,
    body: { ...slip, ...more },
  });
  return [
    meter({ encryptionAlgorithm: 9 }, 'algorithm_not_supported', 'EA09'),
    meter({ decoderKeyAlgorithm: 1 }, 'algorithm_not_supported', 'DKGA01'),
    meter({ decoderKeyAlgorithm: 2 }, 'algorithm_not_supported', 'EA11 under DKGA02'),
    meter({ supplyGroupCode: '12345' }, 'supply_group_malformed', 'a short supply group'),
    meter({ keyRevision: 0 }, 'request_malformed', 'KRN 0'),
    meter({ tariffIndex: 100 }, 'request_malformed', 'TI 100'),
    meter({ baseDate: '15' }, 'request_malformed', 'a base date that is none'),
    meter({ tariffId: 'none' }, 'tariff_unknown', 'an unknown tariff'),
    meter({ meter: DRN, tariffIndex: 2 }, 'meter_exists', 'registered otherwise'),
    ...TARIFFS.map(([more, name]) => tariff(more, name)),
    tariff({ vatRate: '1.5' }, 'a tax of 150 %'),
    tariff({ minimumMinor: 10, maximumMinor: 9 }, 'no payment possible'),
    pay({ amountMinor: -5 }, 'request_malformed', 'a negative one'),
    pay({ amountMinor: 1e18 }, 'request_malformed', 'an absurd one'),
    pay({ reference: 'a\u0000b' }, 'request_malformed', 'a reference with NUL'),
    pay({ reference: '\ud800' }, 'request_malformed', 'half a character'),
    pay({ currency: 'USD' }, 'currency_mismatch', 'another currency'),
    pay({ requestId: 'first' }, 'request_id_reused', 'a used id'),
    pay({}, 'vendor_unknown', 'an unknown vendor', 'nobody'),
  ];
}

test('each is refused by its name, changes nothing, and the server sells on', async ({ at }) => {
  const before = snapshot(at);
  const cases = [
    ...saleCases(at.vendorKey),
    ...doorCases(at.vendorKey, at.operatorKey),
    ...operatorCases(at.operatorKey),
  ];
  const wrong: string[] = [];
  for (const { name, code, method = 'POST', path, ...options } of cases) {
    const reply = await at.call(method, path, options as CallOptions);
    const problem = ProblemAnswer.safeParse(reply.body);
    if (!problem.success) wrong.push(`${name}: no problem document, ${reply.status} ${reply.text}`);
    else if (problem.data.code !== code || reply.status !== FAULTS[code].http) {
      wrong.push(`${name}: ${reply.status} ${problem.data.code}, expected ${code} (${problem.data.detail})`);
    }
    const quoted = [at.vendorKey, at.operatorKey, '/work/', 'node_modules', '    at '].find((text) =>
      reply.text.includes(text),
    );
    if (quoted !== undefined) wrong.push(`${name}: the answer quotes ${quoted}`);
  }
  assert.equal(wrong, []);
  assert.equal(snapshot(at), before);
  assert.is((await at.call('GET', '/ready')).status, 200);
  assert.is((await at.sell('after')).status, 201);
  const named = new Set(cases.map(({ code }) => code)).size;
  console.log(`    ${cases.length} hostile requests, ${named} different faults, nothing changed`);
});

test('bytes that are no HTTP end their connection and nothing else', async ({ at }) => {
  const before = snapshot(at);
  const { hostname, port } = new URL(at.server.url);
  const streams = [
    'GARBAGE\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(40_000)}\r\n\r\n`,
    'POST /v1/sales HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
    'POST /v1/sales HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'POST /v1/sales HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', // the start of TLS
    Buffer.alloc(2000, 0),
  ];
  for (const stream of streams) {
    const answered = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => socket.write(stream));
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(text));
      socket.setTimeout(3000, () => socket.destroy());
    });
    assert.match(answered, /^HTTP\/1\.1 4\d\d /);
  }
  assert.equal(snapshot(at), before);
  assert.is((await at.call('GET', '/ready')).status, 200);
  console.log(`    ${streams.length} streams of bytes refused`);
});

test('every documented operation refuses every malformed body and query by a name that it documents', async ({
  at,
}) => {
  const { paths } = (await at.call('GET', '/v1/openapi.json')).body as {
    paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
  };
  const bodies: readonly unknown[] = [
    ...[undefined, '', '{', 'null', '42', '"x"', '[]', '[{}]', DEEP, '{"__proto__":{"a":1}}'],
    ...[{}, { unknown: 1 }, { userId: {}, password: [] }, { value: '\u0000' }, '{"amountMinor":1e400}'],
    ...[{ roles: ['god'] }, { terms: null, payload: DEEP }, { kind: 'dayLimit', effect: 'refuse' }],
  ];
  const queries = ['', '?limit=-1', '?limit=1e9', '?before=NaN', '?after[]=1', '?state=__proto__', '?x=1'];
  const before = snapshot(at);
  const tally = new Map<number, number>();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(operations)) {
      if (path === '/v1/users/{userId}/sessions') continue; // ends what there is, also nothing
      const isRead = method === 'get' || method === 'delete';
      for (const one of isRead ? queries : bodies) {
        const url = `${path.replace(/\{\w+\}/g, "x'--%00")}${isRead ? String(one) : ''}`;
        const body = isRead ? {} : { body: one };
        const reply = await at.call(method.toUpperCase(), url, { key: at.operatorKey, ...body });
        tally.set(reply.status, (tally.get(reply.status) ?? 0) + 1);
        assert.ok(reply.status < 500, `${method} ${path} ${String(one).slice(0, 30)}: ${reply.text}`);
        const said = responses[String(reply.status)];
        assert.ok(said, `${method} ${path} ${reply.status} is not documented`);
        if (reply.status < 400) continue;
        ProblemAnswer.parse(reply.body);
        assert.ok(
          said.description.split(', ').includes(reply.body.code),
          `${method} ${path} ${reply.body.code}`,
        );
      }
    }
  }
  assert.equal(snapshot(at), before);
  console.log(`    answers by status: ${JSON.stringify(Object.fromEntries(tally))}`);
});

test.run();
