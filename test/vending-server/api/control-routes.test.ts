/** What the control room asks the server for: sales of the moment, floats, the search of the trail, the proof of the ledger. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyExport } from '../../../vending-server/audit.ts';
import { readWitness } from '../../../vending-server/ledger/witness.ts';
import { OTHER_DRN, startTestServer, TestClock, type TestServer } from '../furnished.ts';
import { hire, type Person } from '../people/office.ts';

interface Context {
  at: TestServer;
  clock: TestClock;
  vera: Person;
  otto: Person;
  shop: Person;
}

const test = suite<Context>('the control room over HTTP');
const FLOAT = 100_000;
const MINUTE = 60_000;

test.before(async (context) => {
  context.clock = new TestClock();
  // Twenty minutes before the day ends, so that a session lives to see the next one.
  context.clock.millis = Date.UTC(2026, 10, 21, 23, 40);
  context.at = await startTestServer(FLOAT, { clock: context.clock });
  context.vera = await hire(context.at, 'vera', ['supervisor']);
  context.otto = await hire(context.at, 'otto', ['auditor']);
  context.shop = await hire(context.at, 'shop', ['supervisor'], 'shop');
});
test.after(async ({ at }) => {
  await at.close();
});

test('sales stand in their minutes and in the day, those refused beside them, and a look later adds the new ones', async ({
  at,
  clock,
  vera,
  shop,
}) => {
  const look = async () => {
    clock.millis += 1000;
    const { status, body } = await vera.call('GET', '/v1/reports/sales-now');
    assert.is(status, 200);
    return body;
  };
  const totals = (body: { today: { sales: number; paidMinor: number }[] }) => [
    body.today[0]?.sales ?? 0,
    body.today[0]?.paidMinor ?? 0,
  ];
  assert.equal(totals(await look()), [0, 0]);
  assert.is((await at.sell('n1', { paidMinor: 1000 })).status, 201);
  assert.is((await at.sell('n2', { paidMinor: 500_000 })).status, 402);
  clock.millis += MINUTE;
  assert.is((await at.sell('n3', { meter: OTHER_DRN, paidMinor: 2000 })).status, 201);
  const body = await look();
  assert.equal(totals(body), [2, 3000]);
  assert.is(body.minutes.length, 60);
  const [before, last] = body.minutes.slice(-2);
  assert.equal(
    [before.sold[0].sales, before.sold[0].paidMinor, before.refused, before.failed],
    [1, 1000, 1, 0],
  );
  assert.equal([last.sold[0].sales, last.sold[0].paidMinor, last.refused], [1, 2000, 0]);
  // Both minutes are settled now and remembered; what comes after is still seen.
  clock.millis += 10 * MINUTE;
  assert.equal(totals(await look()), [2, 3000]);
  assert.is((await at.sell('n4', { paidMinor: 300 })).status, 201);
  assert.equal(totals(await look()), [3, 3300]);
  // Another day begins: its first hour still shows the end of the one before.
  clock.millis = Date.UTC(2026, 10, 22, 0, 1);
  const next = await look();
  assert.equal([next.day, ...totals(next)], ['2026-11-22', 0, 0]);
  assert.is((await shop.call('GET', '/v1/reports/sales-now')).status, 403);
});

test('vendors are listed with a mark on those whose float will not last, and a vendor sees itself alone', async ({
  at,
  vera,
  shop,
}) => {
  const body = { vendorId: 'another', name: 'Another', currency: 'ZAR', creditLimitMinor: 0 };
  assert.is((await at.call('POST', '/v1/vendors', { key: at.operatorKey, body })).status, 201);
  const list = async (who: Person, query = '') => (await who.call('GET', `/v1/vendors${query}`)).body;
  const ids = ({ vendors }: { vendors: { vendorId: string }[] }) => vendors.map(({ vendorId }) => vendorId);
  assert.equal(ids(await list(vera)), ['another', 'shop']);
  assert.equal(ids(await list(shop)), ['shop']);
  const { next } = await list(vera, '?limit=2');
  assert.equal(ids(await list(vera, `?limit=2&after=${next}`)), ['shop']);
  const lowOf = async () => {
    const page = await list(vera);
    return page.vendors.find(({ vendorId }: { vendorId: string }) => vendorId === 'shop').lowBecause;
  };
  assert.is(await lowOf(), null);
  assert.is((await at.sell('v1', { paidMinor: 60_000 })).status, 201);
  assert.is(await lowOf(), 'day');
  const limit = { creditLimitMinor: 400_000, reason: 'test' };
  assert.is((await vera.call('PUT', '/v1/vendors/shop/credit-limit', limit)).status, 200);
  assert.is(await lowOf(), null);
  assert.is((await at.sell('v2', { meter: OTHER_DRN, paidMinor: 370_000 })).status, 201);
  assert.is(await lowOf(), 'creditLimit');
});

test('the trail is searched from its end by person, subject and time, page after page', async ({
  clock,
  vera,
  otto,
}) => {
  clock.millis += 1000;
  const from = new Date(clock.millis).toISOString();
  for (let i = 0; i < 3; i += 1) {
    clock.millis += 1000;
    await vera.call('GET', '/v1/vendors/shop/statement');
  }
  clock.millis += 1000;
  const until = new Date(clock.millis).toISOString();
  await vera.call('GET', '/v1/vendors/shop/statement');
  const search = async (query: string) => (await otto.call('GET', `/v1/audit/search?${query}`)).body;
  const asked = `principal=user:vera&subject=vendorId=shop&from=${from}&until=${until}`;
  const whole = await search(asked);
  assert.is(whole.entries.length, 3);
  assert.is(whole.next, null);
  assert.ok(whole.entries.every(({ action }: { action: string }) => action.endsWith('/statement')));
  assert.ok(whole.entries[0].sequence > whole.entries[1].sequence);
  const first = await search(`${asked}&limit=2`);
  const second = await search(`${asked}&limit=2&before=${first.next}`);
  assert.equal([first.entries.length, second.entries.length, second.next], [2, 1, null]);
  assert.is((await search(`${asked}&principal=user:otto`)).code, 'request_malformed', 'a name twice');
  assert.equal((await search('principal=user:nobody-here')).entries, []);
  assert.is((await vera.call('GET', '/v1/audit/search')).status, 403);
});

test('the ledger is proved, exported and witnessed over HTTP, and what comes is accepted outside', async ({
  at,
  vera,
  otto,
  shop,
}) => {
  const { modules } = (await otto.call('GET', '/v1/ledger')).body;
  assert.equal([modules.length, modules[0].isOwn], [1, true]);
  const { head, publicKey, moduleId } = modules[0];
  const proof = await otto.call('POST', '/v1/ledger/verifications', {});
  const lines = proof.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(lines[0], { kind: 'progress', entries: 0 });
  const { report } = lines.at(-1);
  assert.equal(report.findings, []);
  assert.equal([report.verified, report.publicKeyPinned, report.head.counter], [true, true, head.counter]);

  const witness = (await vera.call('POST', '/v1/ledger/witnesses', {})).body;
  assert.is(readWitness(witness)?.heads[0]?.entryHash, head.entryHash);
  assert.is((await at.sell('p1', { paidMinor: 500 })).status, 201);
  const later = (await vera.call('POST', '/v1/ledger/witnesses', { earlier: witness })).body;
  assert.is(later.heads.length, 2);
  const exported = await otto.call('GET', `/v1/ledger/export?moduleId=${moduleId}`);
  assert.match(exported.headers.get('content-disposition') ?? '', /attachment; filename="wattoken-ledger-/);
  assert.is(exported.headers.get('content-type'), 'application/x-ndjson');
  const file = join(at.dataFolder, 'export.jsonl');
  writeFileSync(file, exported.text);
  const outside = await verifyExport(file, { publicKey, witnesses: [later] }, () => undefined);
  assert.equal([outside.verified, outside.witnessedHeads], [true, 2]);
  assert.not.match(exported.text, /"tokenNos"/);

  const [first, second] = later.heads;
  const forged = { ...later, heads: [first, { ...second, entryHash: first.entryHash }] };
  const refused = await vera.call('POST', '/v1/ledger/witnesses', { earlier: forged });
  assert.equal([refused.status, refused.body.code], [503, 'ledger_mismatch']);
  const found = await otto.call('POST', '/v1/ledger/verifications', { witness: forged });
  assert.is(JSON.parse(found.text.trim().split('\n').at(-1) ?? '').report.verified, false);
  assert.is((await vera.call('POST', '/v1/ledger/witnesses', { earlier: { format: 'x' } })).status, 400);
  assert.is((await otto.call('GET', '/v1/ledger/export?moduleId=none')).body.code, 'ledger_module_unknown');
  for (const path of ['/v1/ledger', '/v1/ledger/export'])
    assert.is((await shop.call('GET', path)).status, 403);
});

test('when the ledger is read as often as it can be at once then one more is refused, and who leaves makes room', async ({
  otto,
}) => {
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => otto.call('POST', '/v1/ledger/verifications', {})),
  );
  const busy = answers.filter(({ status }) => status === 503);
  assert.is(busy.length, 3);
  assert.ok(busy.every(({ body }) => body.code === 'ledger_busy'));
  assert.is((await otto.call('POST', '/v1/ledger/verifications', {})).status, 200);
});

test.run();
