import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ApprovalAnswer } from '../../../vending-server/api/people-schemas.ts';
import { approved, personsSetting } from '../../../vending-server/people/approvals.ts';
import { fault, rejects } from '../../support/throws.ts';
import {
  furnish,
  newDataFolder,
  openHouse,
  removeFolder,
  startOn,
  startTestServer,
  TERMS,
  TestClock,
  type TestServer,
} from '../furnished.ts';
import { hire, type Person, settle } from './office.ts';

interface Context {
  at: TestServer;
  clock: TestClock;
  ann: Person;
  ben: Person;
  cleo: Person;
}

const test = suite<Context>('two persons over HTTP');
const FLOAT = 100_000;

test.before(async (context) => {
  context.clock = new TestClock();
  context.at = await startTestServer(FLOAT, { clock: context.clock });
});
test.after(async ({ at }) => {
  await at.close();
});

const slip = (requestId: string, amountMinor: number) => ({
  requestId,
  amountMinor,
  currency: 'ZAR',
  reference: `slip ${requestId}`,
});
const floatOf = async (at: TestServer) =>
  (await at.call('GET', '/v1/vendors/shop', { key: at.operatorKey })).body.floatMinor;
const decide = (person: Person, approvalId: string, approve = true) =>
  person.call('POST', `/v1/approvals/${approvalId}/decision`, { approve, note: 'looked at the slip' });

test('two persons can be asked for only where there are two, and less again only by two', async (context) => {
  const { at } = context;
  const key = at.operatorKey;
  const two = (name: string, value = '2') => at.call('PUT', `/v1/settings/${name}`, { key, body: { value } });
  assert.is((await two('persons.default')).body.code, 'approvers_missing');
  const all = ['supervisor', 'administrator', 'tariffAdmin', 'engineer'];
  context.ann = await hire(at, 'ann', all);
  assert.is((await two('persons.default')).body.code, 'approvers_missing');
  context.ben = await hire(at, 'ben', all);
  context.cleo = await hire(at, 'cleo', ['auditor', 'engineer']);
  assert.is((await two('persons.everything')).body.code, 'request_malformed');
  assert.is((await two('persons.default', '3')).body.code, 'request_malformed');
  assert.is((await two('persons.default')).status, 200);
  const byNobody = await two('persons.default', '1');
  assert.is(byNobody.body.code, 'permission_denied', 'the first key is nobody');
  const less = await context.ben.call('PUT', '/v1/settings/persons.default', { value: '1' });
  assert.is(less.status, 202);
  ApprovalAnswer.parse(less.body);
  assert.is((await at.call('GET', '/v1/settings', { key })).body.settings['persons.default'], '2');
  assert.is((await decide(context.ann, less.body.approvalId, false)).body.state, 'rejected');
  assert.is((await at.call('GET', '/v1/settings', { key })).body.settings['persons.default'], '2');
  const kind = await context.ben.call('PUT', `/v1/settings/${personsSetting('creditLimit')}`, { value: '1' });
  assert.is(kind.status, 202, 'one kind alone is less, too');
});

test('a deposit waits for another person, then happens once however often it is approved and asked for', async ({
  at,
  ann,
  ben,
  cleo,
}) => {
  const before = await floatOf(at);
  const asked = await ann.call('POST', '/v1/vendors/shop/deposits', slip('d1', 5000));
  assert.is(asked.status, 202);
  assert.equal([asked.body.state, asked.body.requestedBy], ['pending', 'user:ann']);
  assert.equal(asked.body.payload, { ...slip('d1', 5000), vendorId: 'shop' });
  const again = await ann.call('POST', '/v1/vendors/shop/deposits', slip('d1', 5000));
  assert.is(again.body.approvalId, asked.body.approvalId);
  const other = await ann.call('POST', '/v1/vendors/shop/deposits', slip('d1', 5001));
  assert.is(other.body.code, 'request_id_reused');
  assert.is(await floatOf(at), before);
  const { approvalId } = asked.body;
  assert.is((await decide(ann, approvalId)).body.code, 'approval_same_person');
  const machine = await at.call('POST', `/v1/approvals/${approvalId}/decision`, {
    key: at.operatorKey,
    body: { approve: true },
  });
  assert.is(machine.body.code, 'approval_same_person', 'a key decides nothing');
  assert.is((await decide(cleo, approvalId)).body.code, 'permission_denied');
  const decided = await Promise.all(Array.from({ length: 8 }, () => decide(ben, approvalId)));
  assert.is(decided.filter(({ status }) => status === 200).length, 1);
  const refused = decided.filter(({ status }) => status !== 200);
  assert.ok(refused.every(({ body }) => body.code === 'approval_closed'));
  assert.is(await floatOf(at), before + 5000);
  const replayed = await ann.call('POST', '/v1/vendors/shop/deposits', slip('d1', 5000));
  assert.equal([replayed.status, replayed.body.floatMinor], [201, before + 5000]);
  assert.is(replayed.headers.get('idempotent-replayed'), 'true');
  const held = await ann.call('GET', `/v1/approvals/${approvalId}`);
  assert.equal([held.body.state, held.body.decidedBy], ['executed', 'user:ben']);
});

test('a key asks in the name of who made it, however many keys lie between', async ({ at, ann, ben }) => {
  const byFirst = await at.call('POST', '/v1/vendors/shop/deposits', {
    key: at.operatorKey,
    body: slip('by-first', 100),
  });
  assert.is(byFirst.body.code, 'permission_denied');
  const first = await ann.call('POST', '/v1/keys', { role: 'operator', label: 'of ann' });
  const made = await at.call('POST', '/v1/keys', {
    key: first.body.apiKey,
    body: { role: 'operator', label: 'of a key of ann' },
  });
  const asked = await at.call('POST', '/v1/vendors/shop/deposits', {
    key: made.body.apiKey,
    body: slip('by-key', 100),
  });
  assert.is(asked.status, 202);
  assert.is((await decide(ann, asked.body.approvalId)).body.code, 'approval_same_person');
  assert.is((await decide(ben, asked.body.approvalId)).status, 200);
});

test('what was approved and cannot be done any more stays open and changes nothing', async ({
  at,
  ann,
  ben,
  clock,
}) => {
  const validFrom = new Date(clock.millis + 3600_000).toISOString();
  const dearer = {
    tariffId: 'home',
    validFrom,
    terms: { ...TERMS, energy: { kind: 'flat', pricePerKwh: '3' } },
  };
  const asked = await ann.call('PUT', '/v1/tariffs', dearer);
  assert.is(asked.status, 202);
  clock.millis += 2 * 3600_000;
  ann.cookie = (await signIn(at, ann)).cookie;
  ben.cookie = (await signIn(at, ben)).cookie;
  const late = await decide(ben, asked.body.approvalId);
  assert.is(late.body.code, 'tariff_in_the_past');
  assert.is((await ann.call('GET', '/v1/tariffs/home')).body.versions.length, 1);
  const soon = { ...dearer, validFrom: new Date(clock.millis + 3600_000).toISOString() };
  const retry = await ann.call('PUT', '/v1/tariffs', soon);
  assert.is((await decide(ben, retry.body.approvalId)).body.state, 'executed');
  assert.is((await ann.call('GET', '/v1/tariffs/home')).body.versions.length, 2);
  assert.is((await ann.call('PUT', '/v1/tariffs', soon)).status, 200, 'a retry of what stands');
});

async function signIn(at: TestServer, person: Person): Promise<{ cookie: string }> {
  const { userId, password } = person;
  const reply = await at.call('POST', '/v1/session', { body: { userId, password } });
  person.csrf = reply.body.csrfToken;
  return { cookie: (reply.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

test('roles change by two, a new password for another by two, and credit at the opening of a vendor not at all', async ({
  at,
  ann,
  ben,
}) => {
  const dora = { name: 'Dora', roles: ['supervisor'], version: 0 };
  const asked = await ann.call('PUT', '/v1/users/dora', dora);
  assert.is(asked.status, 202);
  assert.is((await ann.call('GET', '/v1/users/dora')).body.code, 'user_unknown');
  assert.is((await decide(ben, asked.body.approvalId)).body.state, 'executed');
  await settle(at, 'dora');
  const code = (body: object) => ann.call('POST', '/v1/users/dora/setup-code', body);
  assert.is((await code({ requestId: 'reset' })).body.code, 'approval_required');
  const reset = await ann.call('POST', '/v1/approvals', {
    kind: 'passwordReset',
    requestId: 'reset',
    payload: { userId: 'dora' },
    reason: 'forgot it',
  });
  const { approvalId } = reset.body;
  assert.is((await code({ requestId: 'reset', approvalId })).body.code, 'approval_required');
  assert.is((await decide(ben, approvalId)).body.state, 'approved');
  assert.is((await code({ requestId: 'reset', approvalId })).status, 201);
  assert.is((await code({ requestId: 'reset', approvalId })).status, 201, 'the same request again');
  assert.is((await code({ requestId: 'another', approvalId })).body.code, 'approval_used');
  const erin = await ann.call('POST', `/v1/users/ben/setup-code`, { requestId: 'reset', approvalId });
  assert.is(erin.body.code, 'approval_required', 'it is for dora alone');
  const vendor = { vendorId: 'lavish', name: 'Lavish', currency: 'ZAR', creditLimitMinor: 5 };
  assert.is((await ann.call('POST', '/v1/vendors', vendor)).body.code, 'approval_required');
});

test('the trail tells who did what and how it ended, pages in order, and proves itself', async ({
  at,
  cleo,
}) => {
  const reply = await signIn(at, cleo);
  cleo.cookie = reply.cookie;
  await at.sell('seen');
  const sale = await at.call('GET', '/v1/sales/by-request/seen', { key: at.vendorKey });
  const { tokenNo } = sale.body.tokens[0];
  await at.call('GET', `/v1/sales/${tokenNo}`, { key: at.vendorKey });
  const rows: { action: string; outcome: string; principal: string; sequence: number; target: string }[] = [];
  let after: number | null = 0;
  let pages = 0;
  while (after !== null) {
    const page = await cleo.call('GET', `/v1/audit?after=${after}&limit=20`);
    assert.is(page.status, 200);
    assert.not.match(page.text, tokenNo);
    rows.push(...page.body.entries);
    after = page.body.next;
    pages += 1;
  }
  assert.equal(
    rows.map(({ sequence }) => sequence),
    rows.map((_, index) => index + 1),
  );
  const of = (principal: string, action: string) =>
    rows.filter((row) => row.principal === principal && row.action === action).map(({ outcome }) => outcome);
  assert.equal(of('user:ann', 'POST /v1/vendors/{vendorId}/deposits').slice(0, 6), [
    ...['begun', 'done', 'begun', 'done', 'begun', 'request_id_reused'],
  ]);
  assert.ok(of('user:cleo', 'POST /v1/approvals/{approvalId}/decision').includes('permission_denied'));
  assert.ok(
    rows.some(
      ({ action, outcome }) => action === 'GET /v1/sales/by-request/{requestId}' && outcome === 'done',
    ),
  );
  assert.ok(rows.some(({ target }) => target === `saleId=…${String(tokenNo).slice(-4)}`));
  const verified = await cleo.call('GET', '/v1/audit/verification');
  assert.equal([verified.body.isWhole, verified.body.findings], [true, []]);
  const { sequence, entryHash } = verified.body.head;
  const later = await cleo.call('GET', `/v1/audit/verification?sequence=${sequence}&entryHash=${entryHash}`);
  assert.is(later.body.isWhole, true);
  const forged = await cleo.call(
    'GET',
    `/v1/audit/verification?sequence=${sequence}&entryHash=${'0'.repeat(64)}`,
  );
  assert.equal([forged.body.isWhole, forged.body.findings[0].kind], [false, 'not_at_head']);
  console.log(`    ${rows.length} rows on ${pages} pages, all in the chain`);
});

test('a new data folder begins with two, and its first people are opened by the first key', async () => {
  const dataFolder = newDataFolder();
  const server = await startOn(dataFolder, { persons: 2 });
  const key = readFileSync(server.operatorKeyPath, 'utf8').trim();
  const call = async (method: string, path: string, body: unknown) => {
    const reply = await fetch(`${server.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came.
    return { status: reply.status, body: (await reply.json()) as any };
  };
  const put = (userId: string) =>
    call('PUT', `/v1/users/${userId}`, { name: userId, roles: ['administrator'], version: 0 });
  for (const userId of ['first', 'second']) {
    assert.is((await put(userId)).status, 200);
    const code = await call('POST', `/v1/users/${userId}/setup-code`, { requestId: 'one' });
    const { setupCode } = code.body;
    const settled = await call('POST', '/v1/session/setup', {
      ...{ userId, setupCode, newPassword: 'a long enough phrase' },
    });
    assert.is(settled.status, 201);
  }
  assert.is((await put('third')).body.code, 'permission_denied', 'from here on it takes two');
  const again = await call('POST', '/v1/users/first/setup-code', { requestId: 'two' });
  assert.is(again.body.code, 'approval_required');
  const tariff = await call('POST', '/v1/tariffs', { tariffId: 'home', terms: TERMS });
  assert.is(tariff.body.code, 'permission_denied');
  await server.close();
  const restarted = await startOn(dataFolder, { persons: 1 });
  const later = await fetch(`${restarted.url}/v1/settings`, { headers: { Authorization: `Bearer ${key}` } });
  const { settings } = (await later.json()) as { settings: Record<string, string> };
  assert.is(settings['persons.default'], '2', 'a later start lowers nothing');
  await restarted.close();
  removeFolder(dataFolder);
});

test('an approval is for one use, survives a restart, and nothing else passes for it', async () => {
  const dataFolder = newDataFolder();
  let house = await openHouse(dataFolder);
  await furnish(house.vending, 0);
  const { store, clock } = house;
  const payload = { meter: 'm', amountDeciKwh: 500, reason: 'change-out' };
  const usedBy = 'shop request-1';
  const use = (more: object = {}) =>
    approved(house.vending, { kind: 'freeIssue', payload, approvalId: 'apr_1', usedBy, ...more });
  await rejects(use(), fault('approval_unknown'));
  await rejects(use({ approvalId: undefined }), fault('approval_required'));
  const { canonicalHash, canonicalJson } = await import('../../../vending-server/ledger/canonical.ts');
  await store.approvals.request({
    approvalId: 'apr_1',
    kind: 'freeIssue',
    payload: canonicalJson(payload),
    payloadHash: canonicalHash({ kind: 'freeIssue', payload }),
    requestKey: 'freeIssue 1',
    vendorId: null,
    reason: 'change-out',
    requestedBy: 'user:ann',
    requestedAt: clock.millis,
    expiresAt: clock.millis + 1000,
  });
  await rejects(use(), fault('approval_required'));
  const effect = { kind: 'none' } as const;
  const decision = { approvalId: 'apr_1', decidedBy: 'user:ben', at: clock.millis, note: '', effect };
  assert.is((await store.approvals.decide({ ...decision, decidedBy: 'user:ann' })).kind, 'same_person');
  assert.is((await store.approvals.decide({ ...decision, at: clock.millis + 1000 })).kind, 'expired');
  assert.is((await store.approvals.decide(decision)).kind, 'decided');
  await rejects(use({ payload: { ...payload, amountDeciKwh: 501 } }), fault('approval_required'));
  await rejects(use({ kind: 'engineeringToken' }), fault('approval_required'));
  const both = await Promise.allSettled([use(), use({ usedBy: 'shop request-2' })]);
  assert.equal(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  await house.close();
  house = await openHouse(dataFolder);
  house.clock.millis += 10_000;
  assert.equal(
    await use(),
    { approvedBy: 'user:ben' },
    'a retry of the same request, too late for any other',
  );
  await rejects(use({ usedBy: 'shop request-3' }), fault('approval_used'));
  await house.close();
  removeFolder(dataFolder);
});

test.run();
