/**
 * What every store must do for people, approvals, the audit trail and the vendors' money; one suite for all databases, like
 * store-contract.ts.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { verifyTrail } from '../../../vending-server/people/audit.ts';
import { throttleRules } from '../../../vending-server/people/throttle.ts';
import type { Store } from '../../../vending-server/store/contract.ts';
import type { FloatChange } from '../../../vending-server/store/money-contract.ts';
import type {
  ApprovalEffect,
  ApprovalRequest,
  AuditSearch,
  UserFields,
} from '../../../vending-server/store/people-contract.ts';
import type { OpenedStore } from './store-contract.ts';
import {
  claimed,
  claimOf,
  depositOf,
  furnish,
  hash,
  METER,
  METERS,
  recordOf,
  TARIFF,
  TestChain,
} from './store-fixtures.ts';

const ANN: UserFields = {
  userId: 'ann',
  name: 'Ann',
  roles: ['supervisor', 'auditor'],
  vendorId: null,
  isDisabled: false,
};
const AT = 1_700_000_000_000;

function requestOf(approvalId: string, more: Partial<ApprovalRequest> = {}): ApprovalRequest {
  return {
    approvalId,
    kind: 'deposit',
    payload: '{}',
    payloadHash: hash('payload'),
    requestKey: `key of ${approvalId}`,
    vendorId: 'shop',
    reason: 'a slip',
    requestedBy: 'user:ann',
    requestedAt: AT,
    expiresAt: AT + 1000,
    ...more,
  };
}

const decisionOf = (approvalId: string, effect: ApprovalEffect | undefined) => ({
  ...{ approvalId, decidedBy: 'user:ben', at: AT + 1, note: '' },
  effect,
});

function changeOf(reference: string, amountMinor: number): FloatChange {
  const from = amountMinor < 0 ? ['vendor:shop', 'bank'] : ['bank', 'vendor:shop'];
  return {
    kind: amountMinor < 0 ? 'depositReversal' : 'commission',
    vendorId: 'shop',
    reference,
    amountMinor,
    at: AT,
    transfers: [{ debitAccount: from[0]!, creditAccount: from[1]!, amountMinor: Math.abs(amountMinor) }],
  };
}

async function floatOf(store: Store): Promise<number | undefined> {
  return (await store.findVendor('shop'))?.floatMinor;
}

export function peopleStoreContract(name: string, open: () => Promise<OpenedStore>): void {
  const test = suite<{ opened: OpenedStore }>(`people and money contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
    await furnish(context.opened.store, 0);
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('a user changes from one version to the next, never past another change', async ({ opened }) => {
    const { people } = opened.store;
    const put = (user: UserFields, expectedVersion: number) =>
      people.putUser({ user, expectedVersion, at: AT });
    assert.is((await put(ANN, 0)).kind, 'created');
    assert.is((await put(ANN, 0)).kind, 'same');
    const both = await Promise.all([
      put({ ...ANN, name: 'Anna' }, 1),
      put({ ...ANN, roles: ['auditor'] }, 1),
    ]);
    assert.equal(
      both.map(({ kind }) => kind),
      ['changed', 'version_differs'],
    );
    assert.equal(await put({ ...ANN, userId: 'x', vendorId: 'none' }, 0), { kind: 'vendor_unknown' });
    const store = await opened.reopen();
    const held = await store.people.findUser('ann');
    assert.equal(held, { ...ANN, name: 'Anna', version: 2, hasPassword: false, createdAt: AT });
    assert.equal(await store.people.users('', 10), [held]);
    assert.equal(await store.people.users('ann', 10), []);
    assert.is(await store.people.findPasswordHash('nobody'), undefined);
    assert.is(await store.people.findPasswordHash('ann'), null);
  });

  test('sessions end with a password and with their user; a setup code is spent once', async ({ opened }) => {
    const { people } = opened.store;
    await people.putUser({ user: ANN, expectedVersion: 0, at: AT });
    const session = (secret: string) => ({
      ...{ sessionHash: hash(secret), sessionId: secret, userId: 'ann' },
      ...{ createdAt: AT, lastSeenAt: AT, endsAt: AT + 1000 },
    });
    await people.openSession(session('one'), null);
    await people.openSession(session('two'), hash('one'));
    assert.is(await people.findSession(hash('one')), undefined);
    await people.touchSession(hash('two'), AT + 5);
    assert.is((await people.findSession(hash('two')))?.session.lastSeenAt, AT + 5);
    await people.setSetupCode('ann', hash('code'), AT + 100);
    const spend = (code: string, at: number) => people.spendSetupCode('ann', hash(code), 'stored', at);
    assert.is(await spend('other', AT), false);
    assert.is(await spend('code', AT + 100), false, 'too old');
    assert.equal(await Promise.all([spend('code', AT), spend('code', AT)]), [true, false]);
    assert.is(await people.findPasswordHash('ann'), 'stored');
    assert.is(await people.findSession(hash('two')), undefined);
    await people.openSession(session('three'), null);
    await people.putUser({ user: { ...ANN, isDisabled: true }, expectedVersion: 1, at: AT });
    assert.is(await people.findSession(hash('three')), undefined);
  });

  test('a hundred guesses at once are a hundred guesses, and the wait outlives a restart', async ({
    opened,
  }) => {
    const rules = throttleRules('ann', '10.0.0.1');
    const guess = (store: Store, at: number) => store.people.attemptLogin(rules, at);
    const results = await Promise.all(Array.from({ length: 100 }, () => guess(opened.store, AT)));
    assert.is(results.filter(({ kind }) => kind === 'allowed').length, 3);
    const store = await opened.reopen();
    assert.equal(await guess(store, AT + 1999), { kind: 'throttled', allowedAt: AT + 2000 });
    assert.is((await guess(store, AT + 2000)).kind, 'allowed');
    await store.people.forgetFailures('user:ann');
    assert.is((await guess(store, AT + 2001)).kind, 'allowed');
  });

  test('an approval acts in the commit that decides it, once, and a refused act leaves it open', async ({
    opened,
  }) => {
    const { store } = opened;
    const asked = await store.approvals.request(requestOf('a1'));
    assert.is(
      (await store.approvals.request(requestOf('a2', { requestKey: asked.requestKey }))).approvalId,
      'a1',
    );
    const deposit = { kind: 'deposit', deposit: depositOf('d1', 5000) } as const;
    const decide = () => store.approvals.decide(decisionOf('a1', deposit));
    const results = await Promise.all(Array.from({ length: 20 }, decide));
    assert.is(results.filter(({ kind }) => kind === 'decided').length, 1);
    assert.is(results.filter(({ kind }) => kind === 'decided_before').length, 19);
    assert.is(await floatOf(store), 5000);
    await store.approvals.request(requestOf('a3'));
    const overdrawn = { kind: 'float', change: changeOf('d1', -5001) } as const;
    assert.is((await store.approvals.decide(decisionOf('a3', overdrawn))).kind, 'effect_refused');
    assert.is((await store.approvals.find('a3'))?.state, 'pending');
    assert.is(await floatOf(store), 5000);
    const fits = { kind: 'float', change: changeOf('d1', -5000) } as const;
    assert.is((await store.approvals.decide(decisionOf('a3', fits))).kind, 'decided');
    assert.is(await floatOf(store), 0);
    const reopened = await opened.reopen();
    const states = await reopened.approvals.list({ before: '', limit: 10 });
    assert.equal(
      states.map(({ approvalId, state, decidedBy }) => [approvalId, state, decidedBy]),
      [
        ['a3', 'executed', 'user:ben'],
        ['a1', 'executed', 'user:ben'],
      ],
    );
    assert.equal(await reopened.approvals.list({ state: 'pending', before: '', limit: 10 }), []);
  });

  test('nobody decides for himself, nothing too old is decided, and what expired can be asked for again', async ({
    opened: { store },
  }) => {
    await store.approvals.request(requestOf('a1'));
    const none = decisionOf('a1', { kind: 'none' });
    const { approvals } = store;
    assert.is((await approvals.decide({ ...none, decidedBy: 'user:ann' })).kind, 'same_person');
    assert.is((await approvals.decide({ ...none, at: AT + 1000 })).kind, 'expired');
    assert.is((await approvals.decide({ ...none, approvalId: 'none' })).kind, 'unknown');
    const again = requestOf('a2', { requestKey: 'key of a1', requestedAt: AT + 1000, expiresAt: AT + 2000 });
    assert.is((await approvals.request(again)).approvalId, 'a2');
    assert.is((await approvals.find('a1'))?.state, 'expired');
    assert.is((await approvals.decide(decisionOf('a2', undefined))).kind, 'decided');
    assert.is((await approvals.find('a2'))?.state, 'rejected');
    await approvals.request(requestOf('a3', { requestKey: 'key of a1' }));
    const use = (usedBy: string, payloadHash = hash('payload')) =>
      approvals.use({ approvalId: 'a3', payloadHash, usedBy, at: AT + 2 });
    assert.is(await use('r1'), 'not_approved');
    await approvals.decide(decisionOf('a3', { kind: 'none' }));
    assert.is(await use('r1', hash('other')), 'differs');
    const uses = await Promise.all(['r1', 'r2', 'r1'].map((usedBy) => use(usedBy)));
    assert.equal(uses, ['used', 'used_by_other', 'used']);
  });

  test('each kind of effect does what its own operation does', async ({ opened: { store } }) => {
    const effects: readonly (readonly [ApprovalEffect, string])[] = [
      [{ kind: 'tariffVersion', version: { ...TARIFF, validFrom: 7 } }, 'decided'],
      [{ kind: 'tariffVersion', version: { ...TARIFF, validFrom: 7, terms: '{}' } }, 'effect_refused'],
      [{ kind: 'creditLimit', change: { vendorId: 'shop', fromMinor: 0, toMinor: 900 } }, 'decided'],
      [{ kind: 'creditLimit', change: { vendorId: 'shop', fromMinor: 0, toMinor: 901 } }, 'effect_refused'],
      [
        { kind: 'commissionTerms', version: { vendorId: 'shop', fromMonth: '2026-11', terms: '{}' } },
        'decided',
      ],
      [{ kind: 'user', put: { user: ANN, expectedVersion: 0, at: AT } }, 'decided'],
      [{ kind: 'user', put: { user: { ...ANN, name: 'x' }, expectedVersion: 7, at: AT } }, 'effect_refused'],
      [{ kind: 'settings', changes: [{ name: 'timeZone', value: 'UTC', at: AT }] }, 'decided'],
    ];
    for (const [index, [effect, kind]] of effects.entries()) {
      await store.approvals.request(requestOf(`e${index}`));
      assert.is(
        (await store.approvals.decide(decisionOf(`e${index}`, effect))).kind,
        kind,
        `effect ${index}`,
      );
    }
    assert.is((await store.findTariff('home')).length, 2);
    assert.is((await store.findVendor('shop'))?.creditLimitMinor, 900);
    assert.is((await store.people.findUser('ann'))?.version, 1);
    assert.equal(await store.people.settings(), { timeZone: 'UTC' });
  });

  test('the trail is one chain, whoever writes at once', async ({ opened }) => {
    const draft = (i: number) => ({
      ...{ at: AT, principal: `user:${i}`, credentialId: 'c', roles: '', vendorId: null },
      ...{ action: 'a', target: 't', outcome: 'done', requestId: String(i) },
    });
    await Promise.all(Array.from({ length: 200 }, (_, i) => opened.store.audit.append(draft(i))));
    const store = await opened.reopen();
    await store.audit.append(draft(200));
    const verified = await verifyTrail(store.audit);
    assert.equal([verified.entries, verified.findings], [201, []]);
    assert.is((await store.audit.head())?.sequence, 201);
  });

  test('the trail is searched from its end, among so many entries, for a person and for a piece of text', async ({
    opened: { store },
  }) => {
    for (let i = 1; i <= 10; i += 1) {
      await store.audit.append({
        ...{ at: AT + i, principal: `user:${i % 2}`, credentialId: 'c', roles: '', vendorId: null },
        ...{ action: 'PUT /v1/x', target: `meter=${i}%_`, outcome: 'done', requestId: String(i) },
      });
    }
    const found = async (search: Partial<AuditSearch>) =>
      (await store.audit.search({ before: 11, among: 10, limit: 10, ...search })).map(
        ({ sequence }) => sequence,
      );
    assert.equal(await found({ limit: 3 }), [10, 9, 8]);
    assert.equal(await found({ before: 9, among: 2 }), [8, 7]);
    assert.equal(await found({ principal: 'user:1' }), [9, 7, 5, 3, 1]);
    assert.equal(await found({ principal: 'user:1', among: 4 }), [9, 7]);
    assert.equal(await found({ subject: 'meter=1' }), [10, 1]);
    assert.is((await found({ subject: 'PUT' })).length, 10);
    assert.equal(await found({ subject: '%%' }), [], 'no pattern');
  });

  test('sales are added up by minute and currency, vendors listed by their ids, modules named', async ({
    opened: { store },
  }) => {
    await store.deposit(depositOf('d1', 10_000));
    const chain = new TestChain();
    const minute = AT - (AT % 60_000);
    for (const [i, at] of [minute, minute + 59_999, minute + 60_000].entries()) {
      const claim = await claimed(store, claimOf(`m${i}`, { meterPan: METERS[i]!.meterPan }));
      await store.recordVend(claim, { ...recordOf(claim, chain), soldAt: at });
    }
    const sums = await store.money.salesByMinute(minute, minute + 120_000);
    const { paidMinor } = claimOf('m');
    assert.equal(
      sums.map((sum) => [sum.minute - minute, sum.currency, sum.sales, sum.reversals, sum.paidMinor]),
      [
        [0, 'ZAR', 2, 0, 2 * paidMinor],
        [60_000, 'ZAR', 1, 0, paidMinor],
      ],
    );
    assert.equal(await store.money.salesByMinute(minute + 1, minute + 59_999), []);
    for (const vendorId of ['Zed', 'a-shop'])
      await store.putVendor({ vendorId, name: vendorId, currency: 'ZAR', creditLimitMinor: 0 });
    const ids = async (after: string, limit: number) =>
      (await store.vendors(after, limit)).map(({ vendorId }) => vendorId);
    assert.equal(await ids('', 2), ['Zed', 'a-shop'], 'byte by byte');
    assert.equal((await ids('a-shop', 10)).includes('shop'), true);
    assert.is((await store.modules()).length, 1);
  });

  test('a sale, a deposit and a change are entries with the float after each, and counters of the day', async ({
    opened: { store },
  }) => {
    await store.deposit(depositOf('d1', 10_000));
    const chain = new TestChain();
    const desk = { operatorId: 'sipho', shiftId: 's1', tender: 'cash', day: '2026-11-21' } as const;
    for (const [i, meter] of METERS.slice(0, 4).entries()) {
      const claim = await claimed(store, claimOf(`r${i}`, { meterPan: meter.meterPan }));
      await store.recordVend(claim, { ...recordOf(claim, chain), ...(i < 2 ? { desk } : {}) });
    }
    await store.money.changeFloat(changeOf('2026-11', 500));
    const entries = await store.money.floatEntries('shop', null, 100);
    assert.equal(
      entries.map(({ kind, amountMinor, balanceMinor }) => [kind, amountMinor, balanceMinor]),
      [
        ['commission', 500, 6500],
        ['sale', -1000, 6000],
        ['sale', -1000, 7000],
        ['sale', -1000, 8000],
        ['sale', -1000, 9000],
        ['deposit', 10_000, 10_000],
      ],
    );
    const shift = await store.money.saleTotals({ by: 'shift', vendorId: 'shop', shiftId: 's1' });
    assert.equal(
      shift.map(({ tender, operatorId, sales, paidMinor, amountDeciKwh }) => [
        ...[tender, operatorId, sales, paidMinor, amountDeciKwh],
      ]),
      [['cash', 'sipho', 2, 2000, 932]],
    );
    const subjects = [
      { scope: 'vendor', subject: 'shop' },
      { scope: 'operator', subject: 'shop/sipho' },
      { scope: 'meter', subject: METERS[0]!.meterPan },
      { scope: 'meter', subject: METER.meterPan },
    ] as const;
    const counts = await store.limits.dayCounts(subjects, '2026-11-21');
    assert.equal(
      counts.map(({ sales, paidMinor }) => [sales, paidMinor]),
      [
        [2, 2000],
        [2, 2000],
        [1, 1000],
        [0, 0],
      ],
    );
  });

  test('money that a sale has claimed is neither reversed nor unbacked by a lower credit limit', async ({
    opened: { store },
  }) => {
    await store.deposit(depositOf('d1', 1500));
    const claim = await claimed(store, claimOf('r1'));
    assert.is((await store.money.changeFloat(changeOf('d1', -1500))).kind, 'float_exhausted');
    const raise = { vendorId: 'shop', fromMinor: 0, toMinor: 1000 };
    assert.is(await store.money.changeCreditLimit(raise), 'changed');
    const reversed = await Promise.all([1, 2].map(() => store.money.changeFloat(changeOf('d1', -1500))));
    assert.equal(
      reversed.map(({ kind }) => kind),
      ['recorded', 'exists'],
    );
    const lower = { vendorId: 'shop', fromMinor: 1000, toMinor: 999 };
    assert.is(await store.money.changeCreditLimit(lower), 'below_float');
    await store.recordVend(claim, recordOf(claim, new TestChain()));
    assert.is(await floatOf(store), -1000);
  });

  test('a till and an operator have one shift, a day is closed once', async ({ opened: { store } }) => {
    const shift = { shiftId: 's1', vendorId: 'shop', operatorId: 'sipho', tillId: 't1', openedAt: AT };
    const opens = await Promise.all(
      [shift, shift, { ...shift, shiftId: 's2' }, { ...shift, shiftId: 's3', operatorId: 'x' }].map((one) =>
        store.money.openShift(one),
      ),
    );
    assert.equal(
      opens.map(({ kind }) => kind),
      ['opened', 'same', 'open_elsewhere', 'open_elsewhere'],
    );
    const close = { vendorId: 'shop', shiftId: 's1', at: AT + 9, closedBy: 'user:ann', countedMinor: 7 };
    const closed = await store.money.closeShift(close);
    assert.equal(await store.money.closeShift({ ...close, at: AT + 10, countedMinor: 8 }), closed);
    assert.is((await store.money.openShift({ ...shift, shiftId: 's2' })).kind, 'opened');
    const day = { day: '2026-11-21', closedAt: AT, closedBy: 'user:ann', figures: '{"a":1}' };
    assert.equal(await store.money.closeDay(day), day);
    assert.equal(await store.money.closeDay({ ...day, figures: '{}' }), day);
    assert.equal(await store.money.lastDayEnd(), day);
  });

  test.run();
}
