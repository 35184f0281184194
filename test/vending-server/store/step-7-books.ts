/** Books as a server left them that knew seven steps of the schema, and what must still be found in them afterwards. */
import * as assert from 'uvu/assert';
import { entryHash, GENESIS_HASH, tokenDigest } from '../../../vending-server/ledger/chain.ts';
import type { Store } from '../../../vending-server/store/contract.ts';
import { responseDigest } from '../../../vending-server/store/rows.ts';
import { NO_HISTORY } from '../../../vending-server/tariff/history.ts';
import { fault, rejects } from '../../support/throws.ts';
import { claimed, claimOf, hash, METER, MODULE, OTHER_METER, recordOf, TestChain } from './store-fixtures.ts';

export const STEPS_BEFORE = 7;

export type Row = readonly [table: string, values: Readonly<Record<string, string | number | null>>];

const AT = 1_700_000_000_000;
const FLOAT = 1_000_000;
const PAID = 1000;
const SALES = 30;
const METERS = [METER, OTHER_METER];

interface OldSale {
  readonly saleId: string;
  readonly requestId: string;
  readonly meterPan: string;
  readonly amountDeciKwh: number;
  readonly tokenNo: string;
  readonly body: string;
  readonly soldAt: number;
  readonly tidMinutes: number;
}

const OLD_SALES: readonly OldSale[] = Array.from({ length: SALES }, (_, index) => {
  const tokenNo = String(1000 + index).repeat(5);
  const saleId = `sale-old-${String(index).padStart(2, '0')}`;
  return {
    saleId,
    requestId: `old-${index}`,
    meterPan: METERS[index % 2]!.meterPan,
    amountDeciKwh: 400 + index,
    tokenNo,
    body: `{"saleId":"${saleId}","tokens":[{"tokenNo":"${tokenNo}"}],"note":"Ω exact bytes"}`,
    soldAt: AT + index,
    tidMinutes: 6_000_000 + index,
  };
});

/** The first ten are from before an entry said what its token carries. */
const withStatement = (index: number) => index >= 10;

function* chainRows(): Generator<Row> {
  let previousHash = GENESIS_HASH;
  const entry = (counter: number, tokenNo: string, statement: string) => {
    const link = {
      moduleId: MODULE.moduleId,
      counter,
      saleDigest: hash(`sale ${counter}`),
      tokenDigest: tokenDigest(tokenNo),
      previousHash,
      statement,
    };
    const values = {
      module_id: link.moduleId,
      counter,
      sale_digest: link.saleDigest,
      token_digest: link.tokenDigest,
      previous_hash: previousHash,
      entry_hash: entryHash(link),
      signature: 'signed',
      base_date: '14',
      statement,
    };
    previousHash = values.entry_hash;
    return values;
  };
  for (const [index, { saleId, meterPan, amountDeciKwh, tokenNo, tidMinutes }] of OLD_SALES.entries()) {
    const said = `creditElectricity ${amountDeciKwh} ${meterPan} 201457/1/2/14/1 ${tidMinutes}`;
    const values = entry(index + 1, tokenNo, withStatement(index) ? said : '');
    yield [
      'chain_entry',
      { ...values, state: 'released', sale_id: saleId, meter_pan: meterPan, tid_minutes: tidMinutes },
    ];
  }
  const lost = entry(
    SALES + 1,
    '9'.repeat(20),
    `creditElectricity 50 ${METER.meterPan} 201457/1/2/14/1 6000999`,
  );
  const { meterPan } = METER;
  yield [
    'chain_entry',
    { ...lost, state: 'unreleased', sale_id: null, meter_pan: meterPan, tid_minutes: 6_000_999 },
  ];
}

const FLOAT_ACCOUNT = 'vendor:shop:float:ZAR';

function* saleRows({ saleId, requestId, meterPan, ...sale }: OldSale, index: number): Generator<Row> {
  yield [
    'sale',
    {
      ...{ sale_id: saleId, vendor_id: 'shop', request_id: requestId, request_hash: hash(requestId) },
      ...{ meter_pan: meterPan, currency: 'ZAR', paid_minor: PAID, amount_deci_kwh: sale.amountDeciKwh },
      ...{ token_no: sale.tokenNo, sold_at: sale.soldAt, response_body: sale.body },
      response_digest: responseDigest(sale.body),
    },
  ];
  for (const [credit_account, amount_minor] of [
    ['sales:energy:ZAR', PAID - 130],
    ['tax:vat:ZAR', 130],
  ] as const) {
    const moved = { debit_account: FLOAT_ACCOUNT, credit_account, amount_minor };
    yield ['transfer', { cause: `sale ${saleId}`, ...moved, booked_at: sale.soldAt }];
  }
  yield [
    'float_entry',
    {
      ...{ vendor_id: 'shop', kind: 'sale', reference: saleId, at: sale.soldAt, amount_minor: -PAID },
      ...{ balance_minor: FLOAT - PAID * (index + 1), sale_kind: 'credit', energy_minor: PAID - 130 },
      ...{ tax_minor: 130, amount_deci_kwh: sale.amountDeciKwh },
    },
  ];
}

export function* rowsBefore(isPostgres: boolean): Generator<Row> {
  const { moduleId: module_id, publicKey: public_key } = MODULE;
  yield [
    'security_module',
    { ...(isPostgres ? { gapless_counter: SALES + 1 } : { only_one: 1 }), module_id, public_key },
  ];
  yield ['tariff', { tariff_id: 'home' }];
  yield ['tariff_version', { tariff_id: 'home', valid_from: 0, terms: '{"currency":"ZAR"}' }];
  for (const { meterPan, drn, encryptionAlgorithm } of METERS) {
    yield [
      'meter',
      {
        ...{ meter_pan: meterPan, drn, encryption_algorithm: encryptionAlgorithm, decoder_key_algorithm: 4 },
        ...{ supply_group_code: '201457', tariff_index: 1, key_revision: 1, key_type: 2, base_date: '14' },
        tariff_id: 'home',
      },
    ];
  }
  const float_minor = FLOAT - PAID * SALES;
  yield [
    'vendor',
    { vendor_id: 'shop', name: 'Corner shop', currency: 'ZAR', credit_limit_minor: 0, float_minor },
  ];
  const slip = { vendor_id: 'shop', request_id: 'first', request_hash: hash('first'), amount_minor: FLOAT };
  yield ['deposit', { ...slip, reference: 'slip', deposited_at: AT, float_after_minor: FLOAT }];
  const paidIn = { debit_account: 'bank:deposits:ZAR', credit_account: FLOAT_ACCOUNT, amount_minor: FLOAT };
  yield ['transfer', { cause: 'deposit shop first', ...paidIn, booked_at: AT }];
  const entered = { vendor_id: 'shop', kind: 'deposit', reference: 'first', at: AT };
  yield ['float_entry', { ...entered, amount_minor: FLOAT, balance_minor: FLOAT }];
  for (const [index, sale] of OLD_SALES.entries()) yield* saleRows(sale, index);
  yield* chainRows();
  for (const { meterPan: meter_pan } of METERS) {
    const bought = { month: '2026-11', month_units_deci_kwh: 7000, free_units_month: '2026-10' };
    yield [
      'meter_history',
      { meter_pan, version: SALES / 2, ...bought, carried_minor: '0.5', charges: '{}' },
    ];
    const tid_minutes = meter_pan === METER.meterPan ? 6_000_999 : 6_000_029;
    yield ['meter_tid', { meter_pan, base_date: '14', tid_minutes }];
  }
}

/** Everything is found as it was, and the books go on from there. */
export async function assertFoundAfter(store: Store): Promise<{ sales: number; entries: number }> {
  for (const { saleId, requestId, body, tokenNo } of OLD_SALES) {
    const sale = { saleId, vendorId: 'shop', requestId, requestHash: hash(requestId), responseBody: body };
    assert.equal(await store.findSale(saleId), sale);
    assert.equal(await store.findSaleByRequest('shop', requestId), sale);
    const entry = await store.findEntryByToken(tokenNo);
    assert.equal([entry?.saleId, entry?.state], [saleId, 'released']);
  }
  const entries = await store.entries(MODULE.moduleId, 0, 100);
  assert.is(entries.length, SALES + 1);
  let previousHash = GENESIS_HASH;
  for (const entry of entries) {
    assert.equal([entry.previousHash, entryHash(entry)], [previousHash, entry.entryHash]);
    previousHash = entry.entryHash;
  }
  assert.equal([entries.at(-1)?.state, entries.at(-1)?.saleId], ['unreleased', null]);
  assert.is(await store.counterWithoutGap(MODULE.moduleId), SALES + 1);
  assert.is((await store.findVendor('shop'))?.floatMinor, FLOAT - PAID * SALES);
  const movements = await store.money.floatEntries('shop', null, 100);
  assert.is(movements.length, SALES + 1);
  assert.is(movements[0]?.balanceMinor, FLOAT - PAID * SALES);
  const rows = await store.money.saleTotals({ by: 'time', vendorId: 'shop', from: AT, until: AT + 100 });
  assert.equal(
    [rows.length, rows[0]?.sales, rows[0]?.taxMinor, rows[0]?.roundingMinor],
    [1, SALES, 130 * SALES, 0],
  );
  for (const { meterPan } of METERS) {
    const own = OLD_SALES.filter((sale) => sale.meterPan === meterPan);
    const amountDeciKwh = own.reduce((sum, sale) => sum + sale.amountDeciKwh, 0);
    assert.equal(await store.soldTo(meterPan), { amountDeciKwh, amountHundredThousandth: 0 });
    const { version, history } = await store.findPurchases(meterPan);
    const { month, monthUnitsDeciKwh, carriedMinor, freeUnitsMonth } = history;
    assert.equal(
      [version, month, monthUnitsDeciKwh, carriedMinor, freeUnitsMonth],
      [SALES / 2, '2026-11', 7000, '0.5', '2026-10'],
    );
    const meter = await store.findMeter(meterPan);
    assert.equal([meter?.replacedBy, meter?.replaces, meter?.tokenCarrierType], [null, null, 2]);
  }
  await assertGoesOn(store, previousHash);
  return { sales: SALES, entries: entries.length };
}

/** Old ids are known, TIDs rise from where they were, and an old token is replaced once. */
async function assertGoesOn(store: Store, headHash: string): Promise<void> {
  const [first, second] = OLD_SALES as readonly [OldSale, OldSale];
  const again = await store.claimVend(claimOf(first.requestId));
  assert.equal([again.kind, again.kind === 'exists' && again.sale.saleId], ['exists', first.saleId]);
  const chain = new TestChain(MODULE.moduleId, { counter: SALES + 1, entryHash: headHash });
  const claim = await claimed(store, claimOf('new'));
  assert.equal(claim.tidMinutes, [6_001_000]);
  await store.recordVend(claim, {
    ...recordOf(claim, chain, 'signed'),
    history: { ...NO_HISTORY, month: '2026-12' },
    carried: { amountDeciKwh: 466, amountHundredThousandth: 0 },
  });
  const own = OLD_SALES.filter(({ meterPan }) => meterPan === METER.meterPan);
  const before = own.reduce((sum, sale) => sum + sale.amountDeciKwh, 0);
  assert.is((await store.soldTo(METER.meterPan)).amountDeciKwh, before + 466);
  const replaces = { saleId: second.saleId, place: 1, moduleId: MODULE.moduleId, counter: 2 };
  for (const requestId of ['instead', 'once-more']) {
    const request = claimOf(requestId, { meterPan: second.meterPan, paidMinor: 0 });
    const gift = await claimed(store, request);
    const record = { ...recordOf(gift, chain, 'signed'), boughtDeciKwh: 0, transfers: [], replaces };
    if (requestId === 'instead') {
      await store.recordVend(gift, { ...record, carried: { amountDeciKwh: 0, amountHundredThousandth: 0 } });
    } else {
      await rejects(store.recordVend(gift, record), fault('token_not_replaceable'));
      store.releaseClaim(gift);
    }
  }
  assert.equal(await store.findAftermath(second.saleId), {
    isReversed: false,
    replaced: [{ place: 1, bySaleId: 'sale-instead' }],
  });
}
