/** Tokens of every purpose out of the module's core: what they carry, what the chain says of them, and what is refused. */
import { inspect } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import { deriveDecoderKey } from '../../../lib/keys/decoder-key.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { newMeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { isReservedMinute } from '../../../lib/token/tid.ts';
import { decodeToken } from '../../../lib/token/token.ts';
import { keyText, readStatement } from '../../../vending-server/ledger/token-statement.ts';
import { verifyChain } from '../../../vending-server/ledger/verify-chain.ts';
import type {
  CreditOrder,
  IssuedToken,
  KeyChangeOrder,
  ManagementOrder,
  MeterKeyAttributes,
  TokenOrder,
} from '../../../vending-server/security-module/contract.ts';
import { keyName } from '../../../vending-server/security-module/key-name.ts';
import type { ModuleCore } from '../../../vending-server/security-module/module.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { fault } from '../../support/throws.ts';
import { folderWithKeys, METER, openCore, SeededRandom, sha256, V2_RECORD } from './module-fixtures.ts';

const test = suite('tokens of every purpose');

type Code = Parameters<typeof fault>[0];

/** PUBLIC TEST KEYS of STS 531-1: V2 under other names, V3, and V1 for DKGA02. */
const V2 = { ...V2_RECORD };
const V2_KRN2 = { ...V2, keyRevision: 2 };
const V2_KRN4 = { ...V2, keyRevision: 4, keyExpiry: 170 };
const V2_2035 = { ...V2, supplyGroupCode: '203557', keyRevision: 6, baseDate: '35' };
const V3 = { ...V2, supplyGroupCode: '201462', vendingKey: '949494949494949401234567abababababababab' };
const V1 = { ...V2, supplyGroupCode: '123456', baseDate: '93', vendingKey: 'abababababababab' };
const COMMON = { ...V1, keyType: 3 };
const DEFAULT = { ...V2, supplyGroupCode: '000009', keyType: 1 };
const LIMITED = {
  format: 'wattoken-vending-key',
  version: 2,
  ...V2,
  supplyGroupCode: '000007',
  allowedSubclasses: ['0.0', '0.4', '2.3', '2.4'],
  unitLimitDeci: 16_394,
  currencyLimitHundredThousandth: 9_999_624,
  cluster: 1,
};
const ALL = [V2, V2_KRN2, V2_KRN4, V2_2035, V3, V1, COMMON, DEFAULT, LIMITED];

const P11 = { ...METER, meterPan: '600727000000000009', encryptionAlgorithm: 7 } as const;
const P15 = { ...METER, encryptionAlgorithm: 7 } as const;
const TID = 6_778_000;

function credit(more: Partial<CreditOrder> = {}): CreditOrder {
  const token = { kind: 'creditElectricity', amountDeciKwh: 466 } as const;
  return { purpose: 'credit', meter: METER, tidMinutes: TID, token, ...more };
}

function management(token: ManagementOrder['token'], more: Partial<ManagementOrder> = {}): ManagementOrder {
  return { purpose: 'management', meter: METER, tidMinutes: TID, token, ...more };
}

function keyChange(
  from: MeterKeyAttributes,
  to: Partial<MeterKeyAttributes>,
  more: Partial<KeyChangeOrder> = {},
): KeyChangeOrder {
  return { purpose: 'keyChange', from, to: { ...from, ...to }, threeSections: false, ...more };
}

function issue(core: ModuleCore, ...orders: TokenOrder[]): readonly IssuedToken[] {
  const { results, seal } = core.issueBatch([{ orders, saleDigest: sha256('sale') }]);
  seal();
  const [result] = results;
  if (result === undefined || 'fault' in result) throw result?.fault ?? new Error('no result');
  return result.issued.tokens;
}

function refusal(core: ModuleCore, orders: unknown): unknown {
  const before = core.counters();
  const { results, seal } = core.issueBatch([{ orders, saleDigest: sha256('sale') }]);
  seal();
  const [result] = results;
  if (result === undefined || !('fault' in result))
    throw new Error(`expected a refusal of ${inspect(orders)}`);
  assert.equal(core.counters(), before, 'a refusal counts nothing');
  return result.fault;
}

const CREDITS: CreditOrder['token'][] = [
  { kind: 'creditElectricity', amountDeciKwh: 16_385 },
  { kind: 'creditWater', amountDeciCubicMetre: 256 },
  { kind: 'creditGas', amountDeciCubicMetre: 1_818_525 },
  { kind: 'creditTime', amountDeciMinute: 1 },
  { kind: 'currencyCredit', resource: 'electricity', amountHundredThousandth: '9999000' },
  { kind: 'currencyCredit', resource: 'water', amountHundredThousandth: '-100000' },
  { kind: 'currencyCredit', resource: 'gas', amountHundredThousandth: `1${'0'.repeat(34)}` },
  { kind: 'currencyCredit', resource: 'time', amountHundredThousandth: '0' },
];
const MANAGEMENT: ManagementOrder['token'][] = [
  { kind: 'setMaximumPowerLimit', limitWatt: 16_385 },
  { kind: 'clearCredit', registerCode: 0xffff },
  { kind: 'setTariffRate', rateRaw: 0xabcd },
  { kind: 'clearTamper' },
  { kind: 'setMaximumPhasePowerUnbalanceLimit', limitWatt: 500 },
  { kind: 'setWaterMeterFactor', factorRaw: 7 },
  { kind: 'setFlag', flag: 3, isSet: true },
  { kind: 'setControl', index: 5, valueRaw: 1023 },
];

test('when any credit or management token is asked for then it reads as asked, and the chain says what it is', async () => {
  const folder = folderWithKeys(ALL);
  const { core, journal } = await openCore(folder, 1_000_000);
  const orders: TokenOrder[] = [
    ...CREDITS.map((token, i) => credit({ token, tidMinutes: TID + i })),
    ...MANAGEMENT.map((token, i) => management(token, { tidMinutes: TID + 100 + i })),
  ];
  const decoderKey = bytesFromHex('82d24a23ec8c89411b7afdb6bd33bba1'); // published
  const cipher = createTokenCipher(11, decoderKey);
  const tokens = issue(core, ...orders);
  assert.is(tokens.length, orders.length);
  for (const [index, { tokenNo, carried, entry }] of tokens.entries()) {
    const order = orders[index] as CreditOrder | ManagementOrder;
    const read = decodeToken(tokenNo ?? '', cipher) as unknown as Record<string, unknown>;
    for (const [field, value] of Object.entries(carried)) assert.is(String(read[field]), String(value));
    const { kind, ...fields } = order.token;
    assert.is(carried.kind, kind);
    for (const [field, asked] of Object.entries(fields)) {
      const got = (carried as unknown as Record<string, unknown>)[field];
      // Amounts are rounded in the customer's favour; everything else is as asked.
      if (/^(amount|limitWatt)/.test(field)) assert.ok(BigInt(String(got)) >= BigInt(String(asked)), field);
      else assert.is(got, asked, field);
    }
    const statement = readStatement(entry.statement);
    assert.equal(
      [statement?.kind, statement?.meterPan, statement?.key, statement?.tidMinutes],
      [kind, METER.meterPan, '201457/1/2/14/1', order.tidMinutes],
    );
  }
  assert.is(tokens[0]!.entry.statement, `creditElectricity 16394 ${METER.meterPan} 201457/1/2/14/1 ${TID}`);
  assert.is(tokens[3]!.entry.statement.split(' ')[1], '1');
  assert.match(tokens[5]!.entry.statement, 'currencyCredit water:-99994 ');
  assert.match(tokens[14]!.entry.statement, 'setFlag 3:1 ');
  assert.equal(verifyChain(core.entriesAfter(0, 99), { ...core.identity(), head: core.identity() }), []);
  assert.is(core.entriesAfter(0, 99).filter(({ signature }) => signature !== '').length, 1);
  journal.close();
  report(`kinds issued in one request: ${new Set(orders.map((o) => JSON.stringify(o)))?.size}`);
  folder.remove();
});

/** Worked sets of sts.md 7.2 and CTSA15. */
const SETS: readonly [name: string, order: KeyChangeOrder, at: string, tokens: readonly string[]][] = [
  [
    'EA07, two sections',
    keyChange(P11, { tariffIndex: 2 }),
    '2026-11-21T00:00:00Z',
    ['06510894141453018386', '22979178279997208272'],
  ],
  [
    'EA07, three sections',
    keyChange(P11, { tariffIndex: 2 }, { threeSections: true }),
    '2026-11-21T00:00:00Z',
    ['52506022850399603630', '22979178279997208272', '39620459059615037790'],
  ],
  [
    'EA07, roll-over',
    keyChange(P11, { supplyGroupCode: '203557', keyRevision: 6, tariffIndex: 2, baseDate: '35' }),
    '2036-01-01T00:00:00Z',
    ['65413070543688156280', '27469374567476953413'],
  ],
  [
    'EA07, new key expiry',
    keyChange({ ...P11, keyRevision: 2 }, { keyRevision: 4 }),
    '2026-11-21T00:00:00Z',
    ['45083024084434287694', '59672793503701568138'],
  ],
  [
    'EA11, four sections',
    keyChange({ ...P11, encryptionAlgorithm: 11 }, { tariffIndex: 2 }),
    '2026-11-21T00:00:00Z',
    ['03854447086453451911', '02791799436242461152', '67118070329353977190', '19019128690902932218'],
  ],
  [
    'EA11, roll-over',
    keyChange(
      { ...P11, encryptionAlgorithm: 11 },
      { supplyGroupCode: '203557', keyRevision: 6, tariffIndex: 2, baseDate: '35' },
    ),
    '2036-01-01T00:00:00Z',
    ['39536809214641544852', '23263472884016433225', '45268691985939334940', '65389277406881242890'],
  ],
  [
    'from key to key (CTSA15)',
    keyChange(
      { ...P15, supplyGroupCode: '201462' },
      { supplyGroupCode: '203557', keyRevision: 6, tariffIndex: 2, baseDate: '35' },
    ),
    '2036-01-01T00:00:00Z',
    ['46686806283335126857', '05867422771439868287'],
  ],
];

test('when a key change is asked for then its sections are the published ones and tell nothing of the key', async () => {
  const folder = folderWithKeys(ALL);
  const { core, journal, clock } = await openCore(folder);
  let sections = 0;
  for (const [name, order, at, published] of SETS) {
    clock.set(at);
    const tokens = issue(core, order);
    assert.equal(
      tokens.map(({ tokenNo }) => tokenNo),
      published,
      name,
    );
    const { supplyGroupCode, keyRevision, keyType, tariffIndex, baseDate } = order.to;
    const key = deriveDecoderKey({
      ...order.to,
      vendingKey: bytesFromHex(V2.vendingKey),
    });
    const words = hexFromBytes(key)
      .match(/.{8}/g)!
      .map((word) => String(Number.parseInt(word, 16)));
    for (const { carried, entry } of tokens) {
      assert.not.ok(words.some((word) => JSON.stringify(carried).includes(word)));
      const told = readStatement(entry.statement);
      assert.is(told?.carried, keyText({ supplyGroupCode, keyRevision, keyType, tariffIndex, baseDate }));
      assert.is(told?.tidMinutes, null);
      assert.is(told?.kind, carried.kind);
    }
    sections += tokens.length;
  }
  const journalled = core.entriesAfter(0, 99);
  assert.is(journalled.length, sections);
  assert.ok(journalled.every(({ tidMinutes }) => tidMinutes === null));
  assert.equal(verifyChain(journalled, { ...core.identity(), head: core.identity() }), []);
  journal.close();
  report(`published key-change sets: ${SETS.length}, ${sections} tokens equal`);
  folder.remove();
});

test('when a sale has a key change and credit then a meter takes both in their order', async () => {
  const folder = folderWithKeys(ALL);
  const { core, journal } = await openCore(folder);
  let taken = 0;
  for (const encryptionAlgorithm of [7, 11] as const) {
    const from = { ...METER, encryptionAlgorithm };
    const to = { ...from, keyRevision: 4, tariffIndex: 5 };
    const tokens = issue(
      core,
      { ...keyChange(from, to), threeSections: encryptionAlgorithm === 7 },
      credit({ meter: to, tidMinutes: TID }),
      management({ kind: 'clearTamper' }, { meter: to, tidMinutes: TID + 2 }),
    );
    const decoderKey = hexFromBytes(deriveDecoderKey({ ...from, vendingKey: bytesFromHex(V2.vendingKey) }));
    const { meterPan, supplyGroupCode, tariffIndex, keyRevision, keyType, baseDate } = from;
    let state = newMeterState({
      meterPan,
      encryptionAlgorithm,
      decoderKey,
      keyType,
      keyRevision,
      keyExpiry: 255,
      supplyGroupCode,
      tariffIndex,
      baseDate,
    });
    const results = tokens.map(({ tokenNo }, index) => {
      const entered = enterToken(state, tokenNo ?? '', 1000 + index);
      state = entered.state;
      return entered.outcome.result;
    });
    assert.equal(results.slice(-3), ['Accept', 'Accept', 'Accept']);
    assert.is(state.keyRevision, 4);
    assert.is(state.keyExpiry, 170);
    taken += results.length;
  }
  journal.close();
  report(`tokens of combined sales entered at meters: ${taken}`);
  folder.remove();
});

test('when one token of a sale is refused then none is made', async () => {
  const folder = folderWithKeys(ALL);
  const { core, journal } = await openCore(folder);
  const good = credit();
  const bad = credit({
    tidMinutes: TID + 1,
    token: { kind: 'creditElectricity', amountDeciKwh: 18_201_625 },
  });
  const sale = (...orders: TokenOrder[]) => ({ orders, saleDigest: sha256('sale') });
  assert.ok(fault('amount_out_of_range')(refusal(core, [good, bad])));
  const { results, seal } = core.issueBatch([
    sale(good),
    sale(good, bad),
    sale(good, { ...good, tidMinutes: 1 }),
  ]);
  seal();
  assert.equal(
    results.map((result) => ('issued' in result ? result.issued.tokens.map((t) => t.entry.counter) : 'no')),
    [[1], 'no', [2, 3]],
  );
  assert.is(core.identity().counter, 3);
  journal.close();
  folder.remove();
});

test('when a rule of a key forbids a token then its own fault is named and nothing is counted', async () => {
  const folder = folderWithKeys(ALL);
  const { core, journal, clock } = await openCore(folder, 1440);
  const on = (more: Partial<MeterKeyAttributes>) => ({ ...METER, ...more });
  const now = Math.floor((clock.now() - Date.UTC(2014, 0, 1)) / 60_000);
  const tid = isReservedMinute(now) ? now + 1 : now;
  const buy = (meter: MeterKeyAttributes, more: Partial<CreditOrder> = {}) =>
    credit({ meter, tidMinutes: tid, ...more });
  const limited = on({ supplyGroupCode: '000007' });
  const money = (text: string) =>
    ({ kind: 'currencyCredit', resource: 'electricity', amountHundredThousandth: text }) as const;
  const v1 = on({
    supplyGroupCode: '123456',
    baseDate: '93',
    decoderKeyAlgorithm: 2,
    encryptionAlgorithm: 7,
  });
  const common = { ...v1, keyType: 3 } as const;
  const card = { ...common, tokenCarrierType: 1 } as const;
  const change = (from: MeterKeyAttributes, to: Partial<MeterKeyAttributes>, more = {}) => [
    keyChange(from, to, more),
  ];
  const default1 = on({ supplyGroupCode: '000009', keyType: 1 });
  const cases: [unknown, Code][] = [
    [[buy(default1)], 'vending_key_no_credit'],
    [[buy(on({ keyType: 0 }))], 'vending_key_no_credit'],
    [[management({ kind: 'clearTamper' }, { meter: default1, tidMinutes: tid })], 'subclass_not_allowed'],
    [[buy(on({ keyType: 3 }))], 'vending_key_unknown'],
    [[buy(common)], 'token_carrier_not_allowed'],
    [[buy({ ...common, tokenCarrierType: 2 })], 'token_carrier_not_allowed'],
    [[buy(card)], 'base_date_ended'],
    [[buy(v1)], 'base_date_ended'],
    [[buy(METER, { tidMinutes: tid + 1441 })], 'tid_outside_clock_window'],
    [[buy(METER, { tidMinutes: tid - 1441 })], 'tid_outside_clock_window'],
    [[buy(limited, { token: { kind: 'creditWater', amountDeciCubicMetre: 1 } })], 'subclass_not_allowed'],
    [[management({ kind: 'clearTamper' }, { meter: limited, tidMinutes: tid })], 'subclass_not_allowed'],
    [[buy(limited, { token: { kind: 'creditElectricity', amountDeciKwh: 16_395 } })], 'unit_limit_exceeded'],
    [[buy(limited, { token: money('9999625') })], 'currency_limit_exceeded'],
    [[buy(limited, { token: money('-10000724') })], 'currency_limit_exceeded'],
    [[buy(METER, { token: money('1e5') })], 'amount_out_of_range'],
    [[buy(METER, { token: money(`1${'0'.repeat(36)}`) })], 'amount_out_of_range'],
    [
      [management({ kind: 'setMaximumPowerLimit', limitWatt: -1 }, { tidMinutes: tid })],
      'amount_out_of_range',
    ],
    [[management({ kind: 'clearCredit', registerCode: 8 }, { tidMinutes: tid })], 'request_malformed'],
    [[management({ kind: 'initiateTest' } as never, { tidMinutes: tid })], 'request_malformed'],
    [[{ ...buy(METER), purpose: 'management' }], 'request_malformed'],
    [[buy(METER), buy(METER)], 'request_malformed'],
    [[], 'request_malformed'],
    [Array.from({ length: 65 }, (_, i) => buy(METER, { tidMinutes: tid + i })), 'request_malformed'],
    // Key changes.
    [change(METER, {}), 'key_change_not_allowed'],
    [change(METER, {}, { fromKeyExpiry: 255 }), 'key_change_not_allowed'],
    [change(METER, { meterPan: P11.meterPan, tariffIndex: 2 }), 'key_change_not_allowed'],
    [change(METER, { supplyGroupCode: '000007' }), 'key_change_not_allowed'], // another cluster
    [change(METER, { tariffIndex: 2 }, { threeSections: true }), 'key_change_not_allowed'],
    [change(METER, { supplyGroupCode: '203557', keyRevision: 6, baseDate: '35' }), 'date_out_of_range'],
    [
      change(on({ supplyGroupCode: '203557', keyRevision: 6, baseDate: '35' }), METER),
      'key_change_not_allowed',
    ],
    [change(P15, v1), 'key_change_not_allowed'], // an older base date
    [change(v1, card), 'key_change_not_allowed'],
    [change(card, { tariffIndex: 2 }), 'base_date_ended'],
    [change(common, { ...P15, keyType: 2 }), 'token_carrier_not_allowed'],
    [change(METER, { encryptionAlgorithm: 7, tariffIndex: 2 }), 'algorithm_not_supported'],
    [change(on({ keyType: 0 }), { keyType: 2 }), 'vending_key_unknown'],
    [change(METER, { keyRevision: 9 }), 'vending_key_unknown'],
    [[buy(METER), keyChange(METER, { tariffIndex: 2 })], 'key_change_not_allowed'],
    [[keyChange(METER, { tariffIndex: 2 }), keyChange(METER, { tariffIndex: 3 })], 'key_change_not_allowed'],
    [[keyChange(METER, { tariffIndex: 2 }), buy(METER)], 'key_change_not_allowed'],
  ];
  for (const [orders, code] of cases) {
    const error = refusal(core, orders);
    assert.ok(
      fault(code)(error),
      `${code} expected for ${inspect(orders, { depth: 9 })}, got ${inspect(error)}`,
    );
    assert.not.ok(inspect(error, { depth: 9 }).includes('abababab'));
  }
  const fine: TokenOrder[][] = [
    [buy(METER, { tidMinutes: tid + 1440 })],
    [buy(METER, { tidMinutes: tid - 1440 })],
    [buy(limited, { token: { kind: 'creditElectricity', amountDeciKwh: 16_385 } })],
    [buy(limited, { token: money('9999000') })],
    [buy(limited, { token: money('-9999000') })],
    // A new key expiry alone is a reason for a set; and a base date that has ended is one to leave it.
    [keyChange(METER, {}, { fromKeyExpiry: 85 })],
    [keyChange(v1, P15)],
    [keyChange(default1, METER)],
    [keyChange(card, { ...P15, keyType: 2 })],
  ];
  for (const orders of fine) issue(core, ...orders);
  clock.set('2046-01-01T00:00:00Z');
  assert.ok(fault('vending_key_issue_ended')(refusal(core, [buy(METER)])));
  clock.set('2013-01-01T00:00:00Z');
  assert.ok(fault('vending_key_not_active')(refusal(core, [buy(METER)])));
  clock.set('2040-01-01T00:00:00Z');
  assert.ok(fault('key_expired')(refusal(core, change(METER, { keyRevision: 4 }))));
  journal.close();
  report(`refused by rule: ${cases.length + 3}; issued at the edge of a rule: ${fine.length}`);
  folder.remove();
});

test('when random sales are made then the counters are the sums of the statements, over any restart', async () => {
  const folder = folderWithKeys(ALL);
  const random = new SeededRandom(seedOf('module counters'));
  let { core, journal } = await openCore(folder);
  const requests = count(3000, 120);
  let refused = 0;
  for (let i = 0; i < requests; i += 1) {
    const meter = { ...METER, keyRevision: [1, 2, 4][random.below(3)]! };
    const orders: TokenOrder[] = Array.from({ length: 1 + random.below(3) }, (_, n) => {
      const tidMinutes = TID + 10 * i + n;
      const kinds = CREDITS.length + MANAGEMENT.length;
      const kind = random.below(kinds);
      return kind < CREDITS.length
        ? credit({ meter, tidMinutes, token: CREDITS[kind]! })
        : management(MANAGEMENT[kind - CREDITS.length]!, { meter, tidMinutes });
    });
    if (random.below(5) === 0) orders.push(credit({ meter: { ...meter, keyRevision: 9 } }));
    if (random.below(5) === 0) orders.unshift(keyChange({ ...meter, tariffIndex: 2 }, meter));
    const { results, seal } = core.issueBatch([{ orders, saleDigest: sha256(String(i)) }]);
    seal();
    refused += results.filter((result) => 'fault' in result).length;
    if (random.below(100) === 0) {
      journal.close();
      ({ core, journal } = await openCore(folder));
    }
  }
  const sums = new Map<string, { tokens: number; carried: bigint }>();
  const entries = core.entriesAfter(0, 1_000_000);
  for (const { statement } of entries) {
    const told = readStatement(statement);
    const [supplyGroupCode = '', keyRevision, keyType, baseDate] = told!.key.split('/');
    const name = { supplyGroupCode, keyRevision: Number(keyRevision), keyType: Number(keyType), baseDate };
    const key = `${keyName(name as never)} ${told!.kind}`;
    const sum = sums.get(key) ?? { tokens: 0, carried: 0n };
    const units = /^(credit|currency)/.test(told!.kind) ? BigInt(told!.carried.replace(/^[a-z]+:/, '')) : 0n;
    sums.set(key, { tokens: sum.tokens + 1, carried: sum.carried + units });
  }
  const counters = core.counters();
  assert.equal([counters.counter, counters.uncounted], [entries.length, 0]);
  assert.is(counters.keys.length, sums.size);
  for (const key of counters.keys) {
    const sum = sums.get(`${keyName(key)} ${key.kind}`);
    assert.equal([key.tokens, key.carried], [sum?.tokens, String(sum?.carried)], key.kind);
  }
  journal.close();
  assert.ok(refused > 0);
  report(
    `${requests} sales, ${refused} refused, ${entries.length} tokens under ${sums.size} counters, all equal`,
  );
  folder.remove();
});

test('when a token is verified then it is read under its key or any, and a key change keeps its key', async () => {
  const folder = folderWithKeys(ALL);
  const { core, journal } = await openCore(folder);
  const second = { ...METER, keyRevision: 2 };
  const [sold] = issue(core, credit({ meter: second }));
  const verify = (tokenNo: string | null, meter: MeterKeyAttributes, underAnyKey: boolean) =>
    core.verify({ tokenNo, meter, underAnyKey });
  assert.equal(
    verify(sold!.tokenNo, METER, false).map(({ read }) => read.kind),
    ['crcError'],
  );
  const found = verify(sold!.tokenNo, METER, true);
  assert.is(found.length, 1);
  assert.equal([found[0]!.keyRevision, found[0]!.read], [2, sold!.carried]);
  assert.equal(verify(sold!.tokenNo, second, false)[0]!.read, sold!.carried);
  const sections = issue(core, keyChange(METER, { tariffIndex: 9 }));
  for (const { tokenNo, carried } of sections) {
    const [section] = verify(tokenNo, METER, false);
    assert.equal(section!.read, carried);
    assert.not.ok('keyPart' in section!.read);
  }
  const [money] = issue(core, credit({ token: CREDITS[6]! }));
  assert.equal(verify(money!.tokenNo, METER, false)[0]!.read, money!.carried);
  // A token that is nobody's, and a clear one that is everybody's.
  const none = `${BigInt(sold!.tokenNo ?? 0) ^ 1n}`.padStart(20, '0');
  assert.equal(verify(none, METER, true), []);
  assert.is(verify('00000000000150997584', METER, false)[0]!.read.kind, 'initiateTest');
  assert.throws(
    () => verify(sold!.tokenNo, { ...METER, keyRevision: 9 }, false),
    fault('vending_key_unknown'),
  );
  assert.throws(() => verify('99999999999999999999', METER, true), fault('token_number_too_large'));
  assert.throws(
    () => core.verify({ tokenNo: '1', meter: METER, underAnyKey: true }),
    fault('request_malformed'),
  );
  assert.throws(() => core.verify(null), fault('request_malformed'));
  journal.close();
  folder.remove();
});

test.run();
