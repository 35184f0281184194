/**
 * What every store must do, as a suite over an opener: SQLite runs it on a real file, PostgreSQL on a real server. Each test
 * gets an empty store of its own.
 */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isStsFault } from '../../../lib/faults.ts';
import type { Store } from '../../../vending-server/store/contract.ts';
import {
  claimed,
  claimOf,
  depositOf,
  furnish,
  hash,
  journalled,
  METER,
  METERS,
  MODULE,
  OTHER_METER,
  recordOf,
  TARIFF,
  TestChain,
  VENDOR,
} from './store-fixtures.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Closes the store and opens the same data again, as a restart does. */
  reopen(): Promise<Store>;
  destroy(): Promise<void>;
}

export interface StoreTraits {
  /** Several servers may share the store, each with a module of its own; otherwise it belongs to one module. */
  readonly severalModules: boolean;
}

export function storeContract(name: string, open: () => Promise<OpenedStore>, traits: StoreTraits): void {
  const test = suite<{ opened: OpenedStore }>(`store contract: ${name}`);
  test.before.each(async (context) => {
    context.opened = await open();
  });
  test.after.each(async ({ opened }) => {
    await opened.destroy();
  });

  test('when a record is put twice then same fields are the same and other fields are refused', async ({
    opened: { store },
  }) => {
    assert.is(await store.putTariff(TARIFF), 'created');
    assert.is(await store.putTariff({ ...TARIFF }), 'same');
    assert.is(await store.putTariff({ ...TARIFF, terms: '{}' }), 'exists');
    assert.equal(await store.findTariff('home'), [TARIFF]);
    const later = { ...TARIFF, validFrom: 1_800_000_000_000, terms: '{"currency":"UGX"}' };
    const middle = { ...TARIFF, validFrom: 1_700_000_000_000 };
    assert.is(await store.putTariff(later), 'created');
    assert.is(await store.putTariff(middle), 'created');
    assert.equal(await store.findTariff('home'), [TARIFF, middle, later]);
    assert.is(await store.putMeter(METER), 'created');
    assert.is(await store.putMeter({ ...METER }), 'same');
    assert.is(await store.putMeter({ ...METER, tariffIndex: 2 }), 'exists');
    assert.equal(await store.findMeter(METER.meterPan), METER);
    assert.is(await store.putVendor(VENDOR), 'created');
    assert.is(await store.putVendor({ ...VENDOR }), 'same');
    assert.is(await store.putVendor({ ...VENDOR, creditLimitMinor: 1 }), 'exists');
    assert.equal(await store.findVendor('shop'), { ...VENDOR, floatMinor: 0 });
    assert.equal(await store.findTariff('none'), []);
    // In the order of their bytes, whatever a database collates by.
    for (const tariffId of ['a', 'Z', 'home-2', 'b']) await store.putTariff({ ...TARIFF, tariffId });
    assert.equal(await store.tariffIds('', 10), ['Z', 'a', 'b', 'home', 'home-2']);
    assert.equal(await store.tariffIds('a', 2), ['b', 'home']);
    assert.equal(await store.tariffIds('home-2', 2), []);
    assert.is(await store.findMeter('000000000000000000'), undefined);
    assert.is(await store.findVendor('none'), undefined);
  });

  test('when an API key is added then its hash finds it, after a restart too', async ({ opened }) => {
    await furnish(opened.store, 0);
    assert.is(await opened.store.hasOperatorKey(), false);
    const life = { createdAt: 1, createdBy: null, expiresAt: null, revokedAt: null, lastUsedDay: null };
    const vendorKey = {
      ...({ keyHash: hash('v'), keyId: 'key_v', role: 'vendor', vendorId: 'shop', label: 'till 1' } as const),
      ...life,
      scopes: ['sale.make'],
    } as const;
    const operatorKey = {
      ...({ keyHash: hash('o'), keyId: 'key_o', role: 'operator', vendorId: null, label: 'first' } as const),
      ...life,
      scopes: null,
    } as const;
    await opened.store.addApiKey(vendorKey);
    assert.is(await opened.store.hasOperatorKey(), false);
    await opened.store.addApiKey(operatorKey);
    const store = await opened.reopen();
    assert.is(await store.hasOperatorKey(), true);
    assert.equal(await store.findApiKey(hash('v')), vendorKey);
    assert.equal(await store.findApiKey(hash('o')), operatorKey);
    assert.is(await store.findApiKey(hash('x')), undefined);
  });

  test('when a deposit is retried then it counts once and answers the same', async ({
    opened: { store },
  }) => {
    await furnish(store, 0);
    assert.equal(await store.deposit(depositOf('d1', 5000)), { kind: 'recorded', floatMinor: 5000 });
    assert.equal(await store.deposit(depositOf('d2', 1000)), { kind: 'recorded', floatMinor: 6000 });
    assert.equal(await store.deposit(depositOf('d1', 5000)), { kind: 'exists', floatMinor: 5000 });
    assert.equal(await store.deposit(depositOf('d1', 5001)), { kind: 'exists_with_different_request' });
    assert.equal(await store.deposit({ ...depositOf('d3', 1), vendorId: 'none' }), {
      kind: 'vendor_unknown',
    });
    const tooMuch = depositOf('d4', Number.MAX_SAFE_INTEGER - 5999);
    assert.equal(await store.deposit(tooMuch), { kind: 'float_too_large' });
    assert.is((await store.findVendor('shop'))?.floatMinor, 6000);
    assert.equal(await store.trialBalance(), [
      { account: 'bank', debitMinor: 6000, creditMinor: 0 },
      { account: 'vendor:shop', debitMinor: 0, creditMinor: 6000 },
    ]);
  });

  test('when a claim is recorded then sale, float, ledger, chain and TID are durable together', async ({
    opened,
  }) => {
    await furnish(opened.store, 5000);
    const chain = new TestChain();
    const claim = await claimed(opened.store, claimOf('r1'));
    assert.equal(claim.tidMinutes, [6_000_000]);
    const record = recordOf(claim, chain, 'signed');
    const sale = await opened.store.recordVend(claim, record);
    assert.is(sale.responseBody, record.responseBody);
    const store = await opened.reopen();
    assert.equal(await store.findSale('sale-r1'), sale);
    assert.equal(await store.findSaleByRequest('shop', 'r1'), sale);
    assert.equal(await store.claimVend(claimOf('r1')), { kind: 'exists', sale });
    assert.equal(await store.claimVend(claimOf('r1', { requestHash: hash('other') })), {
      kind: 'exists_with_different_request',
    });
    assert.is(await store.findSaleByRequest('other', 'r1'), undefined);
    assert.is((await store.findVendor('shop'))?.floatMinor, 4000);
    const { baseDate: _baseDate, ...plain } = record.entries[0]!;
    assert.equal(await store.lastEntry(MODULE.moduleId), {
      ...plain,
      state: 'released',
      saleId: 'sale-r1',
      meterPan: METER.meterPan,
      tidMinutes: 6_000_000,
    });
    const balance = await store.trialBalance();
    const sum = (side: 'debitMinor' | 'creditMinor') => balance.reduce((total, row) => total + row[side], 0);
    assert.is(sum('debitMinor'), sum('creditMinor'));
    const next = await claimed(store, claimOf('r2'));
    assert.equal(next.tidMinutes, [6_000_001]);
  });

  test('refusals of a claim come in their documented order', async ({ opened: { store } }) => {
    await furnish(store, 1500);
    const nobody = { vendorId: 'none', meterPan: '600727999999999999', paidMinor: 9_999_999 };
    assert.is((await store.claimVend(claimOf('a', nobody))).kind, 'vendor_unknown');
    assert.is((await store.claimVend(claimOf('a', { ...nobody, vendorId: 'shop' }))).kind, 'meter_unknown');
    assert.equal(await store.claimVend(claimOf('a', { paidMinor: 1501, maxTidMinutes: 0 })), {
      kind: 'float_exhausted',
      availableMinor: 1500,
    });
    assert.is((await store.claimVend(claimOf('a', { maxTidMinutes: 0 }))).kind, 'tid_ahead_of_clock');
    await claimed(store, claimOf('a', { paidMinor: 1000 }));
    const other = { meterPan: OTHER_METER.meterPan, paidMinor: 501 };
    assert.equal(await store.claimVend(claimOf('b', { ...other, purchasesVersion: 1 })), {
      kind: 'purchases_changed',
    });
    assert.equal(await store.claimVend(claimOf('b', other)), {
      kind: 'float_exhausted',
      availableMinor: 500,
    });
  });

  test('when the same id is being sold then the second waits for the first', async ({
    opened: { store },
  }) => {
    await furnish(store, 5000);
    const claim = await claimed(store, claimOf('r1'));
    const second = await store.claimVend(claimOf('r1'));
    if (second.kind !== 'in_progress') throw new Error(second.kind);
    let settled = false;
    const waited = second.settled.then(() => {
      settled = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.is(settled, false);
    await store.recordVend(claim, recordOf(claim, new TestChain()));
    await waited;
    assert.is((await store.claimVend(claimOf('r1'))).kind, 'exists');
  });

  test('when a claim is released then money and id are free, and its TID stays used', async ({
    opened: { store },
  }) => {
    await furnish(store, 1000);
    const claim = await claimed(store, claimOf('r1'));
    store.releaseClaim(claim);
    store.releaseClaim(claim);
    const again = await claimed(store, claimOf('r1'));
    assert.equal(again.tidMinutes, [claim.tidMinutes[0]! + 1]);
    store.releaseClaim(claim); // an ended claim must not end its successor
    assert.is((await store.claimVend(claimOf('r1'))).kind, 'in_progress');
    const error = await store.recordVend(claim, recordOf(claim, new TestChain())).catch((e: unknown) => e);
    assert.instance(error, RangeError);
    assert.is((await store.findVendor('shop'))?.floatMinor, 1000);
  });

  test('TIDs of a meter strictly rise, skip the reserved minute, and are counted per meter', async ({
    opened,
  }) => {
    await furnish(opened.store, 1_000_000);
    const chain = new TestChain();
    const midnight = 4167 * 1440;
    const given: number[] = [];
    let { store } = opened;
    for (let sold = 0; sold < 40; sold += 1) {
      const more = { nowTidMinutes: midnight - (sold % 3), maxTidMinutes: midnight + 1440 };
      const claim = await claimed(store, claimOf(`r${sold}`, more));
      given.push(...claim.tidMinutes);
      if (sold % 4 === 3) store.releaseClaim(claim);
      else await store.recordVend(claim, recordOf(claim, chain));
      if (sold === 20) store = await opened.reopen();
    }
    assert.ok(given.every((tid, index) => index === 0 || tid > given[index - 1]!));
    assert.not.ok(given.includes(midnight + 1));
    const other = await claimed(
      store,
      claimOf('other', { meterPan: OTHER_METER.meterPan, nowTidMinutes: midnight }),
    );
    assert.equal(other.tidMinutes, [midnight]);
    console.log(`    ${given.length} TIDs of one meter, ${new Set(given).size} distinct, rising`);
  });

  test('when a meter is being sold to then its next sale waits and must be reckoned again', async ({
    opened,
  }) => {
    await furnish(opened.store, 5000);
    const { store } = opened;
    const first = await claimed(store, claimOf('r1'));
    const waiting = await store.claimVend(claimOf('r2'));
    if (waiting.kind !== 'in_progress') throw new Error(waiting.kind);
    const record = recordOf(first, new TestChain());
    await store.recordVend(first, record);
    await waiting.settled;
    assert.equal(await store.claimVend(claimOf('r2')), { kind: 'purchases_changed' });
    const reopened = await opened.reopen();
    assert.equal(await reopened.findPurchases(METER.meterPan), { version: 1, history: record.history });
    assert.equal((await claimed(reopened, claimOf('r2'))).tidMinutes, [first.tidMinutes[0]! + 1]);
  });

  test('a debt is opened once, falls by what sales recover, and calls for a fresh reckoning', async ({
    opened,
  }) => {
    await furnish(opened.store, 5000);
    const { store } = opened;
    const debt = { debtId: 'd1', label: 'Repair', balanceMinor: 900, recovery: { kind: 'all' } } as const;
    const transfers = [{ debitAccount: 'debt:d1', creditAccount: 'debts', amountMinor: 900 }];
    const record = { meterPan: METER.meterPan, debt, openedAt: 1, transfers };
    assert.is(await store.openDebt({ ...record, meterPan: '600727999999999999' }), 'meter_unknown');
    assert.is(await store.openDebt(record), 'created');
    assert.is(await store.openDebt(record), 'same');
    assert.is(await store.openDebt({ ...record, debt: { ...debt, balanceMinor: 901 } }), 'exists');
    assert.is(await store.openDebt({ ...record, meterPan: OTHER_METER.meterPan }), 'exists');
    const opened1 = await store.findPurchases(METER.meterPan);
    assert.equal([opened1.version, opened1.history.debts], [1, [debt]]);
    const claim = await claimed(store, claimOf('r1'));
    const left = { ...debt, balanceMinor: 400 };
    const sale = recordOf(claim, new TestChain());
    await store.recordVend(claim, { ...sale, history: { ...sale.history, debts: [left] } });
    const reopened = await opened.reopen();
    const after = await reopened.findPurchases(METER.meterPan);
    assert.equal([after.version, after.history.debts], [2, [left]]);
    assert.equal(
      (await reopened.trialBalance())
        .filter(({ account }) => account.startsWith('debt'))
        .map((row) => row.account),
      ['debt:d1', 'debts'],
    );
  });

  test('when one sale of a group breaks a rule then it alone is refused', async ({ opened: { store } }) => {
    await furnish(store, 5000);
    const chain = new TestChain();
    const claims = [];
    for (const [index, id] of ['r1', 'r2', 'r3'].entries()) {
      claims.push(await claimed(store, claimOf(id, { meterPan: METERS[index]!.meterPan })));
    }
    const records = claims.map((claim) => recordOf(claim, chain));
    records[1] = { ...records[1]!, currency: '' };
    const results = await Promise.allSettled(
      claims.map((claim, index) => store.recordVend(claim, records[index]!)),
    );
    assert.equal(
      results.map((result) => result.status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    store.releaseClaim(claims[1]!);
    assert.is((await store.findVendor('shop'))?.floatMinor, 3000);
    assert.is(await store.findSale('sale-r2'), undefined);
    assert.is(await store.counterWithoutGap(MODULE.moduleId), 1);
    assert.is((await store.lastEntry(MODULE.moduleId))?.counter, 3);
  });

  test('when the module made tokens that no sale released then they are named and their TIDs are used', async ({
    opened,
  }) => {
    await furnish(opened.store, 5000);
    const chain = new TestChain();
    const claim = await claimed(opened.store, claimOf('r1'));
    const record = recordOf(claim, chain, 'signed');
    await opened.store.recordVend(claim, record);
    const lost = [chain.next('1'), chain.next('2', 'signed'), chain.next('3')];
    const entries = [...record.entries, ...lost.map((entry, i) => journalled(entry, 6_000_100 + i))];
    assert.is(await opened.store.recordUnreleased(entries), 3);
    assert.is(await opened.store.recordUnreleased(entries), 0);
    const store = await opened.reopen();
    assert.is(await store.counterWithoutGap(MODULE.moduleId), 4);
    const held = await store.entries(MODULE.moduleId, 0, 10);
    assert.equal(
      held.map((entry) => [entry.counter, entry.state]),
      [
        [1, 'released'],
        [2, 'unreleased'],
        [3, 'unreleased'],
        [4, 'unreleased'],
      ],
    );
    assert.equal(
      (await store.entries(MODULE.moduleId, 1, 2)).map((entry) => entry.counter),
      [2, 3],
    );
    assert.is((await store.lastSignedEntry(MODULE.moduleId))?.counter, 3);
    assert.is((await store.findEntryByToken(record.tokenNos[0]!))?.counter, 1);
    assert.equal(
      (await store.findEntriesBySale(record.saleId)).map(({ counter }) => counter),
      [1],
    );
    assert.is((await store.findEntryByToken('1'))?.state, 'unreleased');
    assert.is(await store.findEntryByToken('0'.repeat(20)), undefined);
    assert.equal(await store.findEntriesBySale('sale-of-nobody'), []);
    assert.equal((await claimed(store, claimOf('r2'))).tidMinutes, [6_000_103]);
    const forged = { ...journalled(lost[0]!, 6_000_500), entryHash: hash('forged') };
    const error = await store.recordUnreleased([forged]).catch((e: unknown) => e);
    assert.ok(isStsFault(error) && error.code === 'ledger_mismatch');
  });

  test('when a module comes that the data cannot vouch for then it is refused', async ({
    opened: { store },
  }) => {
    const issued = { ...MODULE, counter: 1 };
    const lost = await store.bindModule(issued).catch((e: unknown) => e);
    assert.ok(isStsFault(lost) && lost.code === 'ledger_mismatch'); // its tokens are in some other ledger
    await store.bindModule(MODULE);
    await store.bindModule(issued);
    const second = { ...MODULE, moduleId: 'module-2' };
    if (traits.severalModules) await store.bindModule(second);
    const strangers = traits.severalModules ? [{ ...MODULE, moduleId: 'module-3', counter: 1 }] : [second];
    for (const other of [...strangers, { ...MODULE, publicKey: 'b3RoZXI=' }]) {
      const error = await store.bindModule(other).catch((e: unknown) => e);
      assert.ok(isStsFault(error) && error.code === 'ledger_mismatch');
    }
    assert.is(await store.counterWithoutGap(MODULE.moduleId), 0);
    assert.is(await store.lastEntry(MODULE.moduleId), undefined);
    assert.is(await store.lastSignedEntry(MODULE.moduleId), undefined);
  });

  test('when 64 sellers share one float then it is never overdrawn and debits equal credits', async ({
    opened: { store },
  }) => {
    await furnish(store, 20_000);
    const chain = new TestChain();
    const kinds = await Promise.all(
      Array.from({ length: 64 }, async (_, index) => {
        const { meterPan } = METERS[index]!;
        const result = await store.claimVend(claimOf(`r${index}`, { meterPan }));
        if (result.kind === 'claimed') await store.recordVend(result.claim, recordOf(result.claim, chain));
        assert.ok((await store.findVendor('shop'))!.floatMinor >= 0);
        return result.kind;
      }),
    );
    const sold = kinds.filter((kind) => kind === 'claimed').length;
    assert.is(sold, 20);
    assert.is(kinds.filter((kind) => kind === 'float_exhausted').length, 44);
    assert.is((await store.findVendor('shop'))?.floatMinor, 0);
    const vendor = (await store.trialBalance()).find((row) => row.account === 'vendor:shop');
    assert.equal([vendor?.creditMinor, vendor?.debitMinor], [20_000, 20_000]);
    console.log(`    ${kinds.length} claims on one float: ${sold} sold, ${kinds.length - sold} refused`);
  });

  test('when claims would pass a limit of the day then exactly those within it are made', async ({
    opened,
  }) => {
    await furnish(opened.store, 1_000_000);
    const chain = new TestChain();
    const bounds = { salesMax: null, paidMinorMax: null, amountDeciKwhMax: null };
    const limits = [
      { ...bounds, ruleId: 'ann', scope: 'operator', paidMinorMax: 5_999 },
      { ...bounds, ruleId: 'shop', scope: 'vendor', salesMax: 9, amountDeciKwhMax: 9 * 466 },
    ] as const;
    const ask = (index: number, store: Store, operatorId: string, day = '2026-11-21') =>
      store.claimVend(
        claimOf(`${operatorId}-${day}-${index}`, {
          meterPan: METERS[index]!.meterPan,
          counted: { day, operatorId, amountDeciKwh: 466, limits },
        }),
      );
    const asked = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(i, opened.store, 'ann')));
    const claims = asked.flatMap((result) => (result.kind === 'claimed' ? [result.claim] : []));
    assert.is(claims.length, 5, 'of 1000 each');
    const own = { sales: 5, paidMinor: 5000, amountDeciKwh: 5 * 466 };
    const annReached = {
      ...{ kind: 'limit_reached', ruleId: 'ann' },
      count: { scope: 'operator', subject: 'shop/ann', ...own },
    };
    for (const result of asked) if (result.kind !== 'claimed') assert.equal(result, annReached);
    // What came to nothing is free again; what became durable counts on, also after a restart.
    opened.store.releaseClaim(claims[0]!);
    assert.is((await ask(40, opened.store, 'ann')).kind, 'claimed');
    for (const claim of claims.slice(1)) {
      const desk = { operatorId: 'ann', day: '2026-11-21' };
      await opened.store.recordVend(claim, { ...recordOf(claim, chain), desk });
    }
    assert.equal(await ask(41, opened.store, 'ann'), annReached);
    for (const index of [42, 43, 44, 45]) {
      assert.is((await ask(index, opened.store, 'ben')).kind, 'claimed');
    }
    assert.equal(await ask(46, opened.store, 'ben'), {
      ...{ kind: 'limit_reached', ruleId: 'shop' },
      count: {
        ...{ scope: 'vendor', subject: 'shop' },
        ...{ sales: 9, paidMinor: 9000, amountDeciKwh: 9 * 466 },
      },
    });
    assert.is((await ask(47, opened.store, 'ann', '2026-11-22')).kind, 'claimed', 'another day');
    const store = await opened.reopen();
    const { kind, ...after } = await ask(48, store, 'ann');
    // The claims of a server that ended are nobody's; what it sold stays.
    assert.is(kind, 'claimed', JSON.stringify(after));
    assert.is((await ask(49, store, 'ann')).kind, 'limit_reached');
  });

  test('when the store is closed then every operation says so', async ({ opened: { store } }) => {
    await furnish(store, 1000);
    await store.ping();
    await store.close();
    await store.close();
    const operations = [
      () => store.ping(),
      () => store.findSale('x'),
      () => store.claimVend(claimOf('r1')),
      () => store.putTariff(TARIFF),
      () => store.deposit(depositOf('d', 1)),
    ];
    for (const operation of operations) {
      const error = await operation().catch((e: unknown) => e);
      assert.ok(isStsFault(error) && error.code === 'store_unavailable');
    }
  });

  test.run();
}
