/** Lines cut before, during and after the answer of a sale: whoever has seen a token keeps it, and nobody pays for a lost one. */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ReversedSaleAnswer } from '../../../vending-server/api/sale-schemas.ts';
import { exportLedger, verifyExport } from '../../../vending-server/audit.ts';
import { SCRIPTED_METERS } from '../../../vending-server/operation/scripted-meters.ts';
// @ts-expect-error: a plain script, as an outsider would write it
import { verifyExportBytes } from '../../reference/ledger-verifier.mjs';
import { count, report, seedOf } from '../../support/counts.ts';
import { DRN, OTHER_DRN, type Reply, startTestServer, type TestServer } from '../furnished.ts';
import { SeededRandom } from '../security-module/module-fixtures.ts';

const FLOAT = 100_000_000;
const PAID = 10_000;
const test = suite<{ at: TestServer }>('cut lines');

test.before(async (context) => {
  context.at = await startTestServer(FLOAT);
});
test.after(async ({ at }) => {
  await at.close();
});

type Cut =
  /** In the middle of the request. */
  | 'half'
  /** When the request has left. */
  | 'before'
  /** At the first byte of the answer. */
  | 'during'
  /** When the answer has arrived. */
  | 'after'
  /** So many milliseconds after the request has left. */
  | number;

/** One sale on a line of its own. @returns what came back before it was cut. */
function sellOn(at: TestServer, requestId: string, cut: Cut, meter = DRN): Promise<string> {
  const { hostname, port } = new URL(at.server.url);
  const body = JSON.stringify({ requestId, meter, paidMinor: PAID, currency: 'ZAR' });
  const head = `POST /v1/sales HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${at.vendorKey}\r\n`;
  const type = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  const text = `${head}${type}${cut === 'half' ? body.slice(0, body.length / 2) : body}`;
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => {
      socket.write(text, () => {
        if (cut === 'half' || cut === 'before') socket.destroy();
        if (typeof cut === 'number') setTimeout(() => socket.destroy(), cut);
      });
    });
    socket.setEncoding('utf8').on('data', (piece) => {
      received += piece;
      if (cut === 'during' || (cut === 'after' && isWhole(received))) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(received));
  });
}

function isWhole(received: string): boolean {
  const [head = '', body] = received.split('\r\n\r\n');
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
  return body !== undefined && Buffer.byteLength(body) >= length;
}

const tokenIn = (text: string) => /"tokenNo":"(\d{20})"/.exec(text)?.[1];
const pathOf = (requestId: string) => `/v1/sales/by-request/${requestId}`;
const find = (at: TestServer, requestId: string) => at.call('GET', pathOf(requestId), { key: at.vendorKey });
const confirm = (at: TestServer, requestId: string) =>
  at.call('POST', `${pathOf(requestId)}/confirmation`, { key: at.vendorKey });
const reverse = (at: TestServer, requestId: string) =>
  at.call('POST', `${pathOf(requestId)}/reversal`, { key: at.vendorKey, body: { reason: 'no answer' } });

async function floatOf(at: TestServer): Promise<number> {
  return (await at.call('GET', '/v1/vendors/shop', { key: at.vendorKey })).body.floatMinor;
}

/** The word that an answer was lost is written behind the answer's back. */
async function reversedSoon(at: TestServer, requestId: string): Promise<Reply> {
  for (let turn = 0; ; turn += 1) {
    const reply = await reverse(at, requestId);
    if (reply.status === 200 || turn === 40) return reply;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** What was sold, without a look at any token. */
async function soldSoon(at: TestServer, requestId: string): Promise<void> {
  for (;;) {
    const { sales } = (await at.call('GET', '/v1/vendors/shop/sales?limit=5', { key: at.vendorKey })).body;
    if (sales.some((sale: { requestId: string }) => sale.requestId === requestId)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('when the line is cut before the answer then the money comes back, and the token goes to nobody', async ({
  at,
}) => {
  const before = await floatOf(at);
  assert.is(await sellOn(at, 'before', 'before'), '');
  await soldSoon(at, 'before');
  const undone = await reversedSoon(at, 'before');
  assert.equal([undone.status, undone.body.result, undone.body.amountMinor], [200, 'reversed', PAID]);
  assert.is(await floatOf(at), before);
  assert.is((await reverse(at, 'before')).text, undone.text);
  const found = ReversedSaleAnswer.parse((await find(at, 'before')).body);
  assert.is(found.reversed.reason, 'no answer');
  const again = await at.sell('before');
  assert.equal([again.status, again.body.code, again.body.outcome], [409, 'sale_reversed', 'none']);
  assert.is((await confirm(at, 'before')).body.code, 'sale_reversed');
  assert.is(await floatOf(at), before);
});

test('when the line is cut before the answer and the till asks again then it has the token, and keeps it', async ({
  at,
}) => {
  const before = await floatOf(at);
  await sellOn(at, 'ask-again', 'before');
  await soldSoon(at, 'ask-again');
  const [again, last] = [await at.sell('ask-again'), await find(at, 'ask-again')];
  assert.is(again.headers.get('idempotent-replayed'), 'true');
  assert.is(last.text, again.text);
  assert.ok(tokenIn(again.text));
  assert.is((await reverse(at, 'ask-again')).body.code, 'token_may_be_seen');
  assert.is(await floatOf(at), before - PAID);
});

for (const cut of ['during', 'after'] as const) {
  test(`when the line is cut ${cut} the answer then the sale stands, is had again and is confirmed`, async ({
    at,
  }) => {
    const before = await floatOf(at);
    const received = await sellOn(at, cut, cut);
    assert.match(received, /^HTTP\/1\.1 201 /);
    const refused = await reverse(at, cut);
    assert.equal([refused.status, refused.body.code], [409, 'token_may_be_seen']);
    assert.equal([refused.body.outcome, refused.body.retry], ['none', 'never']);
    const last = await find(at, cut);
    assert.ok(last.text.startsWith(received.split('\r\n\r\n')[1] ?? '-'), 'the same bytes');
    assert.is((await at.sell(cut)).text, last.text);
    const confirmed = await confirm(at, cut);
    assert.equal([confirmed.status, confirmed.body.state], [200, 'confirmed']);
    assert.is((await confirm(at, cut)).text, confirmed.text);
    assert.is((await reverse(at, cut)).body.code, 'sale_confirmed');
    assert.is(await floatOf(at), before - PAID);
  });
}

test('when the line is cut in the request then nothing was sold, and nothing is after it was taken back', async ({
  at,
}) => {
  const before = await floatOf(at);
  await sellOn(at, 'half', 'half');
  assert.is((await find(at, 'half')).body.code, 'sale_unknown');
  assert.is((await confirm(at, 'half')).body.code, 'sale_unknown');
  const undone = await reverse(at, 'half');
  assert.equal([undone.status, undone.body.result], [200, 'nothingSold']);
  const late = await at.sell('half');
  assert.equal([late.status, late.body.code, late.body.retry], [409, 'request_withdrawn', 'never']);
  assert.is(await floatOf(at), before);
});

test('when the answer comes too late for its caller then the sale can still be taken back', async () => {
  const at = await startTestServer(FLOAT, { sandbox: true, limits: { requestTimeoutMillis: 1000 } });
  const slow = SCRIPTED_METERS.find(({ script }) => script.does === 'sellsSlowly');
  const late = await at.sell('late', { meter: slow?.drn });
  assert.equal([late.status, late.body.code, late.body.outcome], [504, 'request_timed_out', 'unknown']);
  await soldSoon(at, 'late');
  assert.is((await reversedSoon(at, 'late')).body.result, 'reversed');
  assert.is(await floatOf(at), FLOAT);
  await at.close();
});

/** What a till does next, at random; each answers whether the sale stands. */
const NEXT: readonly ((at: TestServer, requestId: string, meter: string) => Promise<boolean | undefined>)[] =
  [
    async (at, requestId) => {
      const reply = await reverse(at, requestId);
      if (reply.status === 200) return false;
      assert.is(reply.body.code, 'token_may_be_seen');
      return true;
    },
    async (at, requestId, meter) => {
      const reply = await at.sell(requestId, { meter });
      assert.is(reply.status, 201);
      return true;
    },
    async (at, requestId) => ((await find(at, requestId)).status === 200 ? true : undefined),
    async (at, requestId) => ((await confirm(at, requestId)).status === 200 ? true : undefined),
  ];

test('wherever lines are cut, a token that was seen is paid for, and one that was taken back nobody has', async ({
  at,
}) => {
  const random = new SeededRandom(seedOf('cut lines'));
  const before = await floatOf(at);
  const tries = count(2000, 15);
  const sums = { cut: 0, stand: 0, back: 0 };
  const lane = async (meter: string, name: string) => {
    for (let index = 0; index < tries / 2; index += 1) {
      const requestId = `${name}-${index}`;
      const cuts: readonly Cut[] = ['half', 'before', 'during', 'after', random.below(12)];
      const cut = cuts[random.below(cuts.length)] ?? 'before';
      const received = tokenIn(await sellOn(at, requestId, cut, meter));
      if (received === undefined) sums.cut += 1;
      const next = NEXT[random.below(NEXT.length)]!;
      let stands = await next(at, requestId, meter);
      // What is still open ends here: with the token, or without the money.
      stands ??= await NEXT[0]!(at, requestId, meter);
      const found = await find(at, requestId);
      if (stands) {
        const token = tokenIn(found.text);
        assert.ok(token !== undefined && (received ?? token) === token, requestId);
        sums.stand += 1;
      } else {
        assert.is(received, undefined, `${requestId} was seen and taken back`);
        assert.is(tokenIn(found.text), undefined);
        assert.ok(
          ['sale_reversed', 'request_withdrawn'].includes((await at.sell(requestId, { meter })).body.code),
        );
        sums.back += 1;
      }
    }
  };
  await Promise.all([lane(DRN, 'one'), lane(OTHER_DRN, 'two')]);
  assert.is(await floatOf(at), before - sums.stand * PAID);
  assert.ok(sums.back > 0 && sums.stand > 0);
  const file = join(at.dataFolder, 'cut-lines.ndjson');
  await exportLedger(at.dataFolder, file, { withTokenNumbers: false }, () => undefined);
  assert.equal((await verifyExport(file, { witnesses: [] }, () => undefined)).findings, []);
  assert.equal((verifyExportBytes as (bytes: Buffer) => string[])(readFileSync(file)), []);
  report(
    `${tries} sales, ${sums.cut} without their answer: ${sums.stand} stand and are paid, ${sums.back} taken back`,
  );
});

test.run();
