/** What to issue to a meter, and under which key (sts.md 1.3, 6.6, 9.3, 10). */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import type { BaseDate } from '../../../lib/identity/attributes.ts';
import { deriveDecoderKey } from '../../../lib/keys/decoder-key.ts';
import { keyChangeSections } from '../../../lib/keys/key-change.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { type IssuePlan, type IssueRequest, planIssue } from '../../../lib/token/issue-plan.ts';
import { DEFAULT_ISSUE_POLICY, type IssuePolicy } from '../../../lib/token/issue-policy.ts';
import {
  confirmKeyChange,
  type MeterKeyAttributes,
  type MeterKeyRegister,
  recordIssue,
  type VendingKeyRegister,
} from '../../../lib/token/issue-register.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import { report } from '../../support/counts.ts';
import { NOT_AN_INTEGER } from '../../support/hostile.ts';
import { fault, mistake } from '../../support/throws.ts';
import { STS_531_1 } from '../../vectors/published.ts';

const test = suite('lib/token: issue plan');

/** P11 of the official tests: SGC 201457, KRN 1, TI 01, KT 2, base 2014. */
const METER: MeterKeyRegister = {
  supplyGroupCode: '201457',
  tariffIndex: 1,
  keyRevision: 1,
  keyType: 2,
  keyExpiry: 255,
  baseDate: '14',
  decoderKeyAlgorithm: 4,
  cluster: 0,
  encryptionAlgorithm: 7,
  storesSupplyGroup: false,
  tokenCarrierType: 2,
  lastTidMinutes: -1,
  issueUntilMillis: undefined,
  issuedKeyChange: undefined,
};

const KEY: VendingKeyRegister = {
  supplyGroupCode: '201457',
  keyRevision: 1,
  keyType: 2,
  keyExpiry: 255,
  baseDate: '14',
  decoderKeyAlgorithm: 4,
  cluster: 0,
  encryptionAlgorithm: 7,
  activeFromMillis: undefined,
  issueUntilMillis: undefined,
};

const NOW = Date.UTC(2024, 3, 1, 22, 0);
const MINUTE = 60_000;
const DAY = 86_400_000;
const at = (text: string) => Date.parse(`${text.replace(' ', 'T')}:00Z`);

interface Case {
  readonly meter?: Partial<MeterKeyRegister>;
  readonly key?: Partial<VendingKeyRegister>;
  readonly request?: Partial<IssueRequest>;
  readonly policy?: Partial<IssuePolicy>;
}

function plan({ meter, key, request, policy }: Case): IssuePlan {
  return planIssue(
    {
      meter: { ...METER, ...meter },
      currentKey: { ...KEY, ...key },
      tariffIndex: 1,
      epochMillis: NOW,
      isKeyChangeRequested: false,
      isReservedTidRequested: false,
      ...request,
    },
    { ...DEFAULT_ISSUE_POLICY, ...policy },
  );
}

function creditOf(answer: IssuePlan): { under: MeterKeyAttributes; tidMinutes: number } {
  assert.ok('credit' in answer, `${answer.kind} ${'refusal' in answer ? answer.refusal : ''}`);
  return answer.credit;
}

const spaced = (token: string) => token.replaceAll(' ', '');

/** Register and key of an official set: its old attributes, its new ones. */
function officialRequest(set: (typeof STS_531_1)['keychange_ed2_2'][number]): Case {
  const { old, new: to, ea, ken, threeKct } = set;
  return {
    meter: {
      supplyGroupCode: old.sgc,
      keyRevision: old.krn,
      tariffIndex: Number(old.ti),
      baseDate: old.bdt,
      encryptionAlgorithm: ea,
      storesSupplyGroup: threeKct,
    },
    key: {
      supplyGroupCode: to.sgc,
      keyRevision: to.krn,
      keyExpiry: ken,
      baseDate: to.bdt,
      encryptionAlgorithm: ea,
    },
    policy: { thirdSection: threeKct },
  };
}

const derived = (vk: string, pan: string, ea: 7 | 11, under: MeterKeyAttributes) =>
  deriveDecoderKey({ ...under, encryptionAlgorithm: ea, meterPan: pan, vendingKey: bytesFromHex(vk) });

test('when an official case is planned then the planned set has the official digits, and the credit after it too', () => {
  let tokens = 0;
  let credits = 0;
  for (const set of STS_531_1.keychange_ed2_2) {
    const { old, new: to, ea } = set;
    // The credit of the same case under the new key says when it was issued; a set alone is issued when its base date runs.
    const issued = STS_531_1.tokens_ed2_2.filter(
      (token) => token.case === set.case && token.decoderKey === to.decoderKey && token.cls === 0,
    );
    const moment = at(issued[0]?.issued ?? `20${to.bdt}-06-01 12:00`);
    const answer = plan({
      ...officialRequest(set),
      request: { tariffIndex: Number(to.ti), epochMillis: moment },
    });
    assert.is(answer.kind, 'keyChangeThenCredit', set.case);
    if (answer.kind !== 'keyChangeThenCredit') continue;
    const { keyChange, credit } = answer;
    const oldKey = derived(old.vk, old.pan, ea, keyChange.under);
    const newKey = derived(to.vk, to.pan, ea, keyChange.to);
    assert.equal([hexFromBytes(oldKey), hexFromBytes(newKey)], [old.decoderKey, to.decoderKey]);
    const change = { ...keyChange.change, newDecoderKey: hexFromBytes(newKey) };
    const made = keyChangeSections(ea, change).map(
      (section) => encodeToken(section, createTokenCipher(ea, oldKey)).tokenNo,
    );
    assert.equal(
      made,
      set.tokens.map(({ token }) => spaced(token)),
      set.case,
    );
    assert.is(made.length, keyChange.sectionCount);
    assert.is(keyChange.change.rollOver, set.ro === 1);
    tokens += made.length;
    for (const token of issued) {
      assert.is(credit.tidMinutes, token.tid);
      assert.equal(credit.under, keyChange.to);
      const carried = {
        kind: 'creditElectricity',
        tidMinutes: credit.tidMinutes,
        rnd: 5,
        amountDeciKwh: 1,
      } as const;
      assert.is(encodeToken(carried, createTokenCipher(ea, newKey)).tokenNo, spaced(token.token));
      credits += 1;
    }
  }
  report(
    `${STS_531_1.keychange_ed2_2.length} official sets planned: ${tokens} sections and ${credits} credits, digit for digit`,
  );
  assert.equal([tokens, credits], [39, 3]);
});

test('when the tariff index alone changes then it is a key change, and the official credit follows', () => {
  // CTSA19 step 1: TI 01 to TI 02.
  const answer = plan({ request: { tariffIndex: 2, epochMillis: at('2024-04-01 22:00') } });
  assert.is(answer.kind, 'keyChangeThenCredit');
  const { under, tidMinutes } = creditOf(answer);
  const key = derived('abababababababab949494949494949401234567', '600727000000000009', 7, under);
  const token = { kind: 'creditElectricity', tidMinutes, rnd: 5, amountDeciKwh: 1 } as const;
  assert.is(encodeToken(token, createTokenCipher(7, key)).tokenNo, '34232103370575397779');
  // CTSA01 on base 2035: the first credit after a roll-over is one of the new base.
  for (const [ea, official] of [
    [7, '49217377437065731889'],
    [11, '59936545050550308168'],
  ] as const) {
    const rolled = plan({
      meter: { encryptionAlgorithm: ea, lastTidMinutes: 16_000_000 },
      key: { encryptionAlgorithm: ea, supplyGroupCode: '203557', keyRevision: 6, baseDate: '35' },
      request: { epochMillis: at('2035-01-01 08:00') },
    });
    const credit = creditOf(rolled);
    const cipher = createTokenCipher(
      ea,
      derived('abababababababab949494949494949401234567', '600727000000000009', ea, credit.under),
    );
    const first = { ...token, tidMinutes: credit.tidMinutes };
    assert.is(encodeToken(first, cipher).tokenNo, official);
  }
});

test('when the meter is on the current key then one credit, with the TIDs of CTSA09', () => {
  let meter: MeterKeyRegister = METER;
  const tids: number[] = [];
  for (const minute of ['00:00', '00:01', '00:03', '00:03']) {
    const answer = plan({ meter, request: { epochMillis: at(`2026-07-29 ${minute}`) } });
    assert.is(answer.kind, 'credit');
    meter = recordIssue(meter, answer);
    tids.push(creditOf(answer).tidMinutes);
  }
  assert.equal(tids, [6_612_480, 6_612_482, 6_612_483, 6_612_484]);
  assert.is(meter.lastTidMinutes, 6_612_484);
});

test('when CTSA16 issues with KEN 85 in 2032 then the key is expired, since 2024-09-18', () => {
  const answer = plan({
    meter: { keyExpiry: 85 },
    key: { keyExpiry: 85 },
    request: { epochMillis: at('2032-03-01 12:00') },
  });
  assert.equal(answer, { kind: 'refused', refusal: 'keyExpired', atMillis: at('2024-09-18 22:55') });
  // A key of the same group with a later KEN cures it: sections carry no TID.
  assert.is(
    plan({ meter: { keyExpiry: 85 }, request: { epochMillis: at('2032-03-01 12:00') } }).kind,
    'keyChangeThenCredit',
  );
});

test('when something forbids the issue then the plan names it, the first in rank', () => {
  const roll = { baseDate: '35' as BaseDate };
  const later = { epochMillis: at('2036-01-01 00:00') };
  const cases: readonly [refusal: string, atMillis: number | undefined, Case][] = [
    ['algorithmMayNotChange', undefined, { key: { encryptionAlgorithm: 11, activeFromMillis: NOW + 1 } }],
    ['keyNotActive', NOW + 1, { key: { activeFromMillis: NOW + 1, keyType: 1 } }],
    ['issueUntilPassed', NOW - 1, { key: { issueUntilMillis: NOW - 1, keyType: 1 } }],
    ['keyTypeCarriesNoCredit', undefined, { key: { keyType: 1, baseDate: '93' } }],
    ['keyTypeCarriesNoCredit', undefined, { meter: { keyType: 1 }, key: { keyType: 1 } }],
    ['baseDateMayNotGoBack', undefined, { key: { baseDate: '93', keyType: 3 } }],
    ['baseDateMayNotBeSkipped', undefined, { meter: { baseDate: '93' }, key: roll, request: later }],
    [
      'rollOverKeepsKey',
      undefined,
      { meter: { decoderKeyAlgorithm: 2 }, key: { ...roll, decoderKeyAlgorithm: 2 }, request: later },
    ],
    ['keyTypeChangeNotAllowed', undefined, { key: { keyType: 3 } }],
    ['keyTypeNeedsCard', undefined, { meter: { keyType: 1 }, key: { keyType: 3 } }],
    ['clusterChangeNotAllowed', undefined, { key: { supplyGroupCode: '203557', cluster: 1 } }],
    ['formerIssueUntilPassed', undefined, { meter: { issueUntilMillis: NOW - 1 }, key: { keyRevision: 2 } }],
    ['reservedTidNotAllowed', undefined, { request: { isReservedTidRequested: true } }],
    ['baseDateNotBegun', at('2035-01-01 00:00'), { key: roll }],
    ['baseDateEnded', at('2045-11-24 20:15'), { request: { epochMillis: at('2045-11-24 20:16') } }],
    ['baseDateEnded', at('2045-11-24 20:15'), { meter: { lastTidMinutes: 0xff_ffff } }],
    ['keyExpired', at('2014-02-15 12:15'), { meter: { keyExpiry: 0 }, key: { keyExpiry: 0 } }],
    ['tidTooFarAhead', NOW + 2 * MINUTE, { meter: { lastTidMinutes: 5_391_240 + 1_441 } }],
  ];
  for (const [refusal, atMillis, given] of cases) {
    assert.equal(plan(given), { kind: 'refused', refusal, atMillis }, refusal);
  }
  report(`${new Set(cases.map(([refusal]) => refusal)).size} refusals by name`);
  // What stands just inside each bound is planned.
  const inside: readonly Case[] = [
    { key: { activeFromMillis: NOW, issueUntilMillis: NOW } },
    { meter: { issueUntilMillis: NOW }, key: { keyRevision: 2 } },
    { meter: { issueUntilMillis: NOW - 1 } },
    { meter: { keyType: 1, tokenCarrierType: 1 }, key: { keyType: 3 } },
    { key: { supplyGroupCode: '203557' } },
    { key: { cluster: 1, keyRevision: 2 } },
    {
      meter: { decoderKeyAlgorithm: 2 },
      key: { ...roll, decoderKeyAlgorithm: 2, keyRevision: 2 },
      request: later,
    },
    { meter: { decoderKeyAlgorithm: 2 }, key: roll, request: later },
    { request: { epochMillis: at('2045-11-24 20:15') } },
    { meter: { lastTidMinutes: 0xff_fffe }, request: { epochMillis: at('2045-11-24 20:15') } },
    { meter: { lastTidMinutes: 5_391_240 + 1_439 } },
  ];
  for (const given of inside) assert.ok('credit' in plan(given), JSON.stringify(given));
});

test('when the base date moves on then the count begins anew, otherwise it goes on', () => {
  const begun = { epochMillis: at('2035-01-01 00:00') };
  const rolled = plan({ meter: { lastTidMinutes: 0xff_fff0 }, key: { baseDate: '35' }, request: begun });
  // TID 0 looks used in a memory of zeros, and 1 is the reserved minute.
  assert.is(creditOf(rolled).tidMinutes, 2);
  const kept = { meter: { lastTidMinutes: 5_391_300 }, key: { keyRevision: 2 } };
  assert.is(creditOf(plan(kept)).tidMinutes, 5_391_301);
  assert.is(creditOf(plan({ ...kept, policy: { tidsRise: 'per-meter-and-key' } })).tidMinutes, 5_391_240);
});

test('when the policy does not change keys with a sale then the plan says what is to be asked for', () => {
  const moved: Case = { key: { keyRevision: 2, keyExpiry: 170 } };
  const required = { kind: 'keyChangeRequired', reasons: ['keyRevision', 'keyExpiry'] };
  assert.is(plan(moved).kind, 'keyChangeThenCredit');
  const onRequest = { keyChange: 'on-request' } as const;
  assert.equal(plan({ ...moved, policy: onRequest }), required);
  const asked = { isKeyChangeRequested: true };
  assert.is(plan({ ...moved, policy: onRequest, request: asked }).kind, 'keyChangeThenCredit');
  assert.equal(plan({ ...moved, policy: { keyChange: 'never' }, request: asked }), required);
  assert.is(plan({ policy: { keyChange: 'never' } }).kind, 'credit', 'nothing to change');
});

test('when KEN alone is another then it is a key change, or the earlier of both holds', () => {
  for (const [meterKen, keyKen] of [
    [255, 82],
    [82, 255],
  ] as const) {
    const given: Case = { meter: { keyExpiry: meterKen }, key: { keyExpiry: keyKen } };
    assert.equal((plan(given) as { reasons?: unknown }).reasons, ['keyExpiry']);
    const kept = plan({ ...given, policy: { keyExpiryAlone: false } });
    assert.equal([kept.kind, creditOf(kept).under.keyExpiry], ['credit', 82]);
    const late = { epochMillis: at('2024-07-01 00:00') };
    const expired = plan({ ...given, policy: { keyExpiryAlone: false }, request: late });
    assert.is((expired as { refusal?: unknown }).refusal, 'keyExpired');
  }
});

test('when a set has sections then two, three or four as meter and policy have them', () => {
  const count = (meter: Partial<MeterKeyRegister>, thirdSection: boolean) => {
    const key = { keyRevision: 2, encryptionAlgorithm: meter.encryptionAlgorithm ?? 7 };
    const answer = plan({ meter, key, policy: { thirdSection } });
    assert.ok(answer.kind === 'keyChangeThenCredit');
    return [answer.keyChange.sectionCount, answer.keyChange.change.threeSections];
  };
  assert.equal(count({ storesSupplyGroup: true }, false), [2, false]);
  assert.equal(count({ storesSupplyGroup: false }, true), [2, false]);
  assert.equal(count({ storesSupplyGroup: true }, true), [3, true]);
  assert.equal(count({ storesSupplyGroup: true, encryptionAlgorithm: 11 }, true), [4, false]);
});

test('when a set was issued and not confirmed then the same set again, and credit under its key', () => {
  const rolling: Case = { key: { baseDate: '35', keyRevision: 2 } };
  const first = plan({ ...rolling, request: { epochMillis: at('2035-01-01 08:00') } });
  assert.ok(first.kind === 'keyChangeThenCredit');
  const meter = recordIssue({ ...METER, lastTidMinutes: 16_000_000 }, first);
  assert.is(meter.lastTidMinutes, 16_000_000, 'the count of the old base stands still');
  const again = { ...rolling, meter, request: { epochMillis: at('2035-01-01 08:00') } };
  const second = plan(again);
  assert.ok(second.kind === 'reissueKeyChange');
  assert.equal(second.keyChange, first.keyChange);
  assert.equal([first.credit.tidMinutes, second.credit.tidMinutes], [480, 481]);
  // Not asked for, where the policy waits for that.
  const waits = { kind: 'keyChangeRequired', reasons: ['keyChangeNotConfirmed'] };
  assert.equal(plan({ ...again, policy: { keyChange: 'on-request' } }), waits);
  // Confirmed: the new key is the meter's, its count goes on.
  const confirmed = confirmKeyChange(recordIssue(meter, second), NOW + DAY);
  assert.equal([confirmed.baseDate, confirmed.keyRevision, confirmed.lastTidMinutes], ['35', 2, 481]);
  assert.equal([confirmed.issuedKeyChange, confirmed.issueUntilMillis], [undefined, NOW + DAY]);
  assert.is(confirmKeyChange(confirmed), confirmed);
  const third = plan({ ...again, meter: confirmed });
  assert.equal([third.kind, creditOf(third).tidMinutes], ['credit', 482]);
  // A set that is marked as confirmed and not yet taken over counts as taken over.
  const marked = { ...meter, issuedKeyChange: { ...meter.issuedKeyChange!, isConfirmed: true } };
  const fourth = plan({ ...again, meter: marked });
  assert.equal([fourth.kind, creditOf(fourth).tidMinutes], ['credit', 481]);
  assert.is(recordIssue(marked, fourth).baseDate, '35');
  assert.equal(confirmKeyChange(marked, NOW), { ...confirmKeyChange(meter), issueUntilMillis: NOW });
});

test('when the current key moves on before a set is confirmed then the old set comes first', () => {
  const moved = plan({ key: { keyRevision: 2 } });
  const meter = recordIssue(METER, moved);
  assert.is(meter.lastTidMinutes, meter.issuedKeyChange?.lastTidMinutes, 'one count on one base date');
  const answer = plan({ meter, key: { keyRevision: 3, issueUntilMillis: NOW - 1 } });
  assert.ok(answer.kind === 'reissueKeyChange');
  assert.is(answer.credit.under.keyRevision, 2);
  assert.equal(answer.warnings, [{ kind: 'furtherKeyChange', reasons: ['keyRevision'] }]);
  // Of its own key ACT and IUT are known, and the earlier KEN holds.
  const own = { keyRevision: 2 };
  const late = plan({ meter, key: { ...own, issueUntilMillis: NOW - 1 } });
  assert.is((late as { refusal?: unknown }).refusal, 'issueUntilPassed');
  const shortened = plan({ meter, key: { ...own, keyExpiry: 84 } });
  assert.is(creditOf(shortened).under.keyExpiry, 84);
  const former = plan({ meter: { ...meter, issueUntilMillis: NOW - 1 }, key: own });
  assert.is((former as { refusal?: unknown }).refusal, 'formerIssueUntilPassed');
  const creditless = plan({ meter, key: own, policy: { creditlessKeyTypes: [0, 1, 2] } });
  assert.is((creditless as { refusal?: unknown }).refusal, 'keyTypeCarriesNoCredit');
  const foreign = plan({ meter, key: { keyRevision: 3 }, policy: { creditlessKeyTypes: [2] } });
  assert.is((foreign as { refusal?: unknown }).refusal, 'keyTypeCarriesNoCredit');
  const ahead = plan({ meter: { ...meter, lastTidMinutes: 0xf0_0000 }, key: own });
  assert.is((ahead as { refusal?: unknown }).refusal, 'tidTooFarAhead');
  const anew = plan({
    meter: { ...meter, lastTidMinutes: 0xf0_0000 },
    key: own,
    policy: { tidsRise: 'per-meter-and-key' },
  });
  assert.is(creditOf(anew).tidMinutes, 5_391_241);
});

test('when an end is near then the plan warns of it with its last minute', () => {
  const warnings = (given: Case) => (plan(given) as { warnings?: unknown }).warnings;
  assert.equal(warnings({}), []);
  const end = at('2045-11-24 20:15');
  const near = { epochMillis: end - 90 * DAY };
  assert.equal(warnings({ request: near }), [{ kind: 'baseDateEnds', atMillis: end }]);
  assert.equal(warnings({ request: { epochMillis: end - 90 * DAY - MINUTE } }), []);
  const ken = { meter: { keyExpiry: 85 }, key: { keyExpiry: 85, issueUntilMillis: NOW + 90 * DAY } };
  assert.equal(warnings(ken), [{ kind: 'issueUntil', atMillis: NOW + 90 * DAY }]);
  const summer = { epochMillis: at('2024-06-25 00:00') };
  assert.equal(warnings({ ...ken, request: summer }), [
    { kind: 'keyExpires', atMillis: at('2024-09-18 22:55') },
    { kind: 'issueUntil', atMillis: NOW + 90 * DAY },
  ]);
  assert.equal(warnings({ ...ken, policy: { warningDays: 89 } }), []);
});

test('when the clock of the TIDs is not UTC then TIDs and moments move with it', () => {
  const policy = { tidOffsetMinutes: 120 };
  assert.is(creditOf(plan({ policy })).tidMinutes, 5_391_240 + 120);
  const end = at('2045-11-24 18:15');
  const ended = plan({ policy, request: { epochMillis: end + MINUTE } });
  assert.equal(ended, { kind: 'refused', refusal: 'baseDateEnded', atMillis: end });
  const last = plan({ policy, request: { epochMillis: end } });
  assert.equal((last as { warnings?: unknown }).warnings, [{ kind: 'baseDateEnds', atMillis: end }]);
});

test('when the special TID is asked for by right then it is the reserved minute, once a day', () => {
  const policy = { mayUseReservedTid: true };
  const today = 5_391_240 - (5_391_240 % 1_440) + 1;
  const ask = (lastTidMinutes: number, tidAheadMinutes = 1_440) =>
    plan({
      meter: { lastTidMinutes },
      policy: { ...policy, tidAheadMinutes },
      request: { isReservedTidRequested: true },
    });
  assert.is(creditOf(ask(today - 1)).tidMinutes, today);
  assert.is(creditOf(ask(today)).tidMinutes, today + 1_440, 'the second of a day is the next day’s');
  assert.equal((ask(today + 1_440) as { refusal?: unknown }).refusal, 'tidTooFarAhead');
  assert.equal((ask(16_776_001) as { refusal?: unknown }).refusal, 'baseDateEnded');
  assert.is(creditOf(plan({ policy })).tidMinutes, 5_391_240, 'the right alone changes nothing');
});

test('when a cluster is not 0 then the rule of the policy decides', () => {
  const across: Case = { meter: { cluster: 2 }, key: { supplyGroupCode: '203557', cluster: 2 } };
  assert.is((plan(across) as { refusal?: unknown }).refusal, 'clusterChangeNotAllowed');
  assert.is(plan({ ...across, policy: { keyChangeWithin: 'cluster' } }).kind, 'keyChangeThenCredit');
  const within: Case = { meter: { cluster: 2 }, key: { keyRevision: 2, cluster: 1 } };
  assert.is(plan(within).kind, 'keyChangeThenCredit');
  assert.is(
    (plan({ ...within, policy: { keyChangeWithin: 'cluster' } }) as { refusal?: unknown }).refusal,
    'clusterChangeNotAllowed',
  );
});

test('when a plan issues nothing then the register stays as it is', () => {
  const required = plan({ key: { keyRevision: 2 }, policy: { keyChange: 'never' } });
  const refused = plan({ request: { isReservedTidRequested: true } });
  assert.is(recordIssue(METER, required), METER);
  assert.is(recordIssue(METER, refused), METER);
});

test('when a request is none then it is refused by the name of the field', () => {
  const made = () => false;
  const isNamed = (name: string) => (error: unknown) =>
    mistake(TypeError, name)(error) || mistake(RangeError, name)(error);
  for (const value of NOT_AN_INTEGER as number[]) {
    if (value !== -1)
      assert.throws(() => plan({ meter: { lastTidMinutes: value } }), isNamed('lastTidMinutes'));
    assert.throws(() => plan({ meter: { tokenCarrierType: value } }), isNamed('tokenCarrierType'));
    assert.throws(() => plan({ key: { cluster: value } }), isNamed('cluster'));
    assert.throws(() => plan({ key: { baseDate: value as never } }), isNamed('baseDate'));
    assert.throws(() => plan({ request: { tariffIndex: value } }), isNamed('tariffIndex'));
  }
  const epochMillis = Number.NaN;
  assert.throws(() => plan({ request: { epochMillis } }), isNamed('epochMillis'));
  assert.throws(() => plan({ key: { activeFromMillis: Number.NaN } }), isNamed('activeFromMillis'));
  assert.throws(() => plan({ key: { supplyGroupCode: '12345' } }), fault('supply_group_malformed'));
  assert.throws(() => plan({ key: { encryptionAlgorithm: 9 as 7 } }), fault('algorithm_not_supported'));
  assert.throws(() => plan({ key: { decoderKeyAlgorithm: 1 as 2 } }), isNamed('decoderKeyAlgorithm'));
  assert.throws(() => plan({ request: { meter: undefined as never } }), isNamed('meter'));
  assert.throws(() => plan({ request: { currentKey: null as never } }), isNamed('currentKey'));
  assert.throws(() => planIssue(undefined as never), isNamed('request'));
  assert.throws(
    () => plan({ request: { isKeyChangeRequested: 1 as never } }),
    isNamed('isKeyChangeRequested'),
  );
  const set = { to: METER, threeSections: false, isConfirmed: false, lastTidMinutes: -2 };
  assert.throws(() => plan({ meter: { issuedKeyChange: set } }), isNamed('lastTidMinutes'));
  assert.throws(() => recordIssue(METER, { kind: made } as never), isNamed('plan'));
  assert.throws(() => recordIssue({} as never, plan({})), fault('supply_group_malformed'));
  assert.throws(() => recordIssue(METER, { kind: 'credit' } as never), isNamed('credit'));
  assert.throws(() => recordIssue(METER, { kind: 'keyChangeThenCredit' } as never), isNamed('keyChange'));
  assert.throws(
    () => recordIssue(METER, { ...plan({}), credit: { tidMinutes: -1 } } as never),
    isNamed('tidMinutes'),
  );
  const policies: Record<keyof IssuePolicy, unknown> = {
    keyChange: 'always',
    keyExpiryAlone: 1,
    thirdSection: null,
    keyTypeChanges: { 0: [], 1: [], 2: [] },
    cardOnlyKeyTypes: 3,
    creditlessKeyTypes: null,
    keyChangeWithin: '',
    tidOffsetMinutes: 1_441,
    mayUseReservedTid: 'yes',
    tidAheadMinutes: -1,
    tidsRise: undefined,
    warningDays: Number.NaN,
  };
  for (const [name, value] of Object.entries(policies)) {
    assert.throws(() => plan({ policy: { [name]: value } }), isNamed(name));
  }
  assert.throws(() => planIssue({} as never, null as never), isNamed('policy'));
  assert.throws(() => confirmKeyChange(METER, Number.NaN), isNamed('issueUntilMillis'));
  assert.throws(() => confirmKeyChange(null as never), isNamed('meter'));
});

test.run();
