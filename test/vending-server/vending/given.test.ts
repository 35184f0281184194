/** What the utility's people give: credit without charge, replacements, commands, and tokens that test. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMeterNumber } from '../../../lib/identity/meter-pan.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { newMeterState } from '../../../lib/meter/state.ts';
import type { Caller } from '../../../vending-server/people/caller.ts';
import { answerLost } from '../../../vending-server/vending/advice.ts';
import { type EngineeringRequest, issueCommands } from '../../../vending-server/vending/engineering.ts';
import { type FreeIssueRequest, issueFree } from '../../../vending-server/vending/free-issue.ts';
import { HOUSE_ID } from '../../../vending-server/vending/house.ts';
import { lookUp } from '../../../vending-server/vending/look-up.ts';
import { putTariff } from '../../../vending-server/vending/put-tariff.ts';
import { type ReplacementRequest, replaceToken } from '../../../vending-server/vending/replacement.ts';
import { reverseWhole } from '../../../vending-server/vending/reverse-sale.ts';
import { sell } from '../../../vending-server/vending/sell.ts';
import { makeTestToken, type TestTokenRequest } from '../../../vending-server/vending/test-token.ts';
import { decide } from '../../../vending-server/vending/two-persons.ts';
import { report } from '../../support/counts.ts';
import { factoryMeter, type House, KEYLESS_DRN, VENDOR_ID } from '../furnished.ts';
import {
  ANN,
  approve,
  askPersons,
  assertProved,
  BANDS,
  BEN,
  bodyOf,
  codeOf,
  type FurnishedHouse,
  factoryState,
  givenBody,
  issuedBy,
  keyIn,
  meterAt,
  openFurnished,
  person,
  registerAll,
} from './utility.ts';

const test = suite<FurnishedHouse>('given without money');

const TWO = meterAt(0);
const ONE = meterAt(1);
const BY_BAND = meterAt(2);
const BOUGHT = meterAt(3);
const CROWDED = meterAt(4);
const LIMITED = meterAt(5);
const COMMANDED = meterAt(6);

test.before(async (context) => {
  Object.assign(context, await openFurnished(1_000_000));
  const { vending } = context.house;
  await putTariff(vending, { tariffId: 'bands', terms: BANDS });
  await registerAll(vending, [TWO, ONE, BOUGHT, CROWDED, LIMITED, COMMANDED], 'home');
  await registerAll(vending, [BY_BAND], 'bands');
});
test.before.each(async ({ house }) => {
  await askPersons(house.vending, '1');
});
test.after(({ close }) => close());

const issueOf = (requestId: string, more: Partial<FreeIssueRequest> = {}): FreeIssueRequest => ({
  requestId,
  meter: TWO.drn,
  amount: { amountDeciKwh: 250 },
  reasonCode: 'outage',
  reason: 'Two days without supply',
  ...more,
});
const replacementOf = (
  requestId: string,
  saleId: string,
  more: Partial<ReplacementRequest> = {},
): ReplacementRequest => ({
  requestId,
  saleId,
  token: 1,
  reasonCode: 'notDelivered',
  reason: 'The message never came',
  ...more,
});
const commandsOf = (requestId: string, more: Partial<EngineeringRequest> = {}): EngineeringRequest => ({
  requestId,
  meter: COMMANDED.drn,
  tokens: [{ kind: 'clearTamper' }],
  reasonCode: 'maintenance',
  reason: 'Cover was open',
  ...more,
});
async function bought({ vending }: House, requestId: string, meter: string) {
  const request = { vendorId: VENDOR_ID, requestId, meter, paidMinor: 10_000, currency: 'ZAR' };
  return bodyOf(await sell(vending, request));
}

test('free issue waits for a second person, is given once, and costs and fills nothing', async ({
  house,
}) => {
  const { vending, store } = house;
  await askPersons(vending, '2');
  const entries = await issuedBy(house);
  const balances = await store.trialBalance();
  const asked = await issueFree(vending, ANN, issueOf('i1'));
  if (asked.kind !== 'asked') throw new Error('nobody else was asked');
  const { approvalId, payload } = asked.approval;
  assert.equal(JSON.parse(payload), {
    meterPan: parseMeterNumber(TWO.drn).meterPan,
    amountDeciKwh: 250,
    reasonCode: 'outage',
    reason: 'Two days without supply',
  });
  const askedAgain = await issueFree(vending, ANN, issueOf('i1'));
  assert.is(askedAgain.kind === 'asked' && askedAgain.approval.approvalId, approvalId);
  const now = { ...issueOf('i1'), approvalId };
  assert.is(await codeOf(issueFree(vending, ANN, now)), 'approval_required');
  const byHerself = decide(vending, ANN, { approvalId, approve: true, note: '' });
  assert.is(await codeOf(byHerself), 'approval_same_person');
  assert.is(await issuedBy(house), entries);
  await approve(vending, asked);
  const more = { ...now, amount: { amountDeciKwh: 251 } };
  assert.is(await codeOf(issueFree(vending, ANN, more)), 'approval_required', 'of exactly this much');
  const given = await issueFree(vending, ANN, now);
  const body = givenBody(given);
  assert.equal(
    [body.kind, body.vendorId, body.operator, body.approvedBy, body.reasonCode, body.reason],
    ['freeIssue', HOUSE_ID, 'ann', 'user:ben', 'outage', 'Two days without supply'],
  );
  assert.equal([body.paidMinor, body.lines, body.month, body.currency], [0, [], null, 'ZAR']);
  assert.equal(
    body.tokens.map((token) => token.kind === 'creditElectricity' && [token.reason, token.amountDeciKwh]),
    [['freeIssue', 250]],
  );
  assert.equal(keyIn(factoryState(TWO), body).creditDeciKwh, 250);
  for (const again of [now, issueOf('i1')]) {
    const replayed = await issueFree(vending, BEN, again);
    if (replayed.kind !== 'given') throw new Error('it was given before');
    assert.is(replayed.replayed, true);
    assert.is(replayed.sale.responseBody, given.kind === 'given' && given.sale.responseBody);
  }
  assert.is(await codeOf(issueFree(vending, ANN, { ...now, requestId: 'i2' })), 'approval_used');
  const other = { ...now, reason: 'Another reason' };
  assert.is(await codeOf(issueFree(vending, ANN, other)), 'request_id_reused');
  assert.equal(await store.trialBalance(), balances);
  const look = await lookUp(vending, VENDOR_ID, TWO.drn);
  assert.equal([look.monthUnitsDeciKwh, (await store.soldTo(look.meter.meterPan)).amountDeciKwh], [0, 250]);
  assert.is(await issuedBy(house), entries + 1);
});

test('a free issue that cannot be is refused by name, before anybody is asked', async ({ house }) => {
  const { vending, clock } = house;
  const entries = await issuedBy(house);
  const cases: readonly [Partial<FreeIssueRequest>, string][] = [
    [{ meter: '07123456787' }, 'meter_unknown'],
    [{ meter: '11111111113' }, 'meter_number_check_digit'],
    [{ meter: KEYLESS_DRN }, 'vending_key_unknown'],
    [{ amount: { amountMinor: 5000 } }, 'operation_unsupported'],
    [{ meter: BY_BAND.drn }, 'operation_unsupported'],
    [{ amount: { amountDeciKwh: 2_000_000_000 } }, 'payment_too_large'],
    [{ meter: BY_BAND.drn, amount: { amountMinor: 2 ** 53 - 1 } }, 'amount_out_of_range'],
    [{ approvalId: 'apr_none' }, 'approval_unknown'],
  ];
  for (const [more, code] of cases)
    assert.is(await codeOf(issueFree(vending, ANN, issueOf('no', more))), code);
  await askPersons(vending, '2');
  const early = cases.slice(0, -1).filter(([, code]) => code !== 'vending_key_unknown');
  for (const [more, code] of early)
    assert.is(await codeOf(issueFree(vending, ANN, issueOf('no', more))), code);
  const seller: Caller = { ...person('sipho', 'seller'), vendorId: VENDOR_ID };
  assert.is(await codeOf(issueFree(vending, seller, issueOf('no'))), 'permission_denied');
  const refused = await issueFree(vending, ANN, issueOf('no'));
  if (refused.kind !== 'asked') throw new Error('nobody else was asked');
  const { approvalId } = refused.approval;
  await decide(vending, BEN, { approvalId, approve: false, note: 'no outage there' });
  assert.is(await codeOf(issueFree(vending, ANN, { ...issueOf('no'), approvalId })), 'approval_required');
  const late = {
    ...issueOf('late'),
    approvalId: await approve(vending, await issueFree(vending, ANN, issueOf('late'))),
  };
  clock.millis += 4 * 86_400_000;
  assert.is(await codeOf(issueFree(vending, ANN, late)), 'approval_closed');
  clock.millis -= 4 * 86_400_000;
  assert.is(await issuedBy(house), entries);
});

test('where one person is enough fifty at once get one token, and a meter that bills gets money', async ({
  house,
}) => {
  const { vending } = house;
  const entries = await issuedBy(house);
  const request = issueOf('fifty', { meter: ONE.drn, reasonCode: 'goodwill' });
  const all = await Promise.all(Array.from({ length: 50 }, () => issueFree(vending, ANN, request)));
  assert.is(new Set(all.map((given) => given.kind === 'given' && given.sale.responseBody)).size, 1);
  assert.is(givenBody(all[0]!).approvedBy, null);
  report('50 requests under one id: 1 token');
  const money = givenBody(
    await issueFree(vending, ANN, issueOf('m1', { meter: BY_BAND.drn, amount: { amountMinor: 5000 } })),
  );
  const { state, results } = keyIn(factoryState(BY_BAND), money);
  const held = state.extension.currencyHundredThousandth.electricity;
  assert.equal(results, ['Accept']);
  assert.ok(held >= 5_000_000 && held < 5_001_000, `as the coding rounds it up: ${held}`);
  const much = givenBody(
    await issueFree(vending, ANN, issueOf('much', { meter: ONE.drn, amount: { amountDeciKwh: 20_000_000 } })),
  );
  assert.is(much.tokens.length, 2);
  assert.is(keyIn(factoryState(ONE), much).creditDeciKwh >= 20_000_000, true);
  assert.is(await issuedBy(house), entries + 4);
});

test('limits hold for what is given as for what is sold, by meter and by who gives', async ({ house }) => {
  const { vending, store } = house;
  const entries = await issuedBy(house);
  const rule = { kind: 'dayLimit', effect: 'refuse', vendorId: HOUSE_ID, salesMax: null, paidMinorMax: null };
  const put = (ruleId: string, more: object) =>
    store.limits.putLimitRule({ ruleId, rule: JSON.stringify({ ...rule, ...more }) });
  await put('given-meter', { scope: 'meter', amountDeciKwhMax: 500 });
  const give = (id: string, caller: Caller, meter = LIMITED.drn) =>
    codeOf(issueFree(vending, caller, issueOf(id, { meter })));
  assert.equal([await give('l1', ANN), await give('l2', BEN)], ['done', 'done']);
  assert.is(await give('l3', ANN), 'limit_reached');
  await put('given-meter', { scope: 'operator', amountDeciKwhMax: 250 });
  assert.is(await give('l4', BEN, ONE.drn), 'limit_reached', 'he has given 250 today');
  assert.is(await give('l5', person('cleo', 'supervisor'), ONE.drn), 'done');
  const alarms = await store.limits.alarms(null, 10, true);
  assert.equal(alarms.map(({ vendorId, operatorId }) => [vendorId, operatorId]).sort(), [
    [HOUSE_ID, 'ann'],
    [HOUSE_ID, 'ben'],
  ]);
  assert.is(await store.limits.removeLimitRule('given-meter'), true);
  assert.is(await issuedBy(house), entries + 3);
});

test('a token is replaced by one of the same energy, once, also when fifty ask at once', async ({
  house,
}) => {
  const { vending, store } = house;
  const entries = await issuedBy(house);
  const sale = await bought(house, 'lost', CROWDED.drn);
  const { meterPan } = sale.meter;
  const all = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      const request = replacementOf(`crowd${index}`, sale.saleId);
      return replaceToken(vending, ANN, request).catch((error: { code: string }) => error.code);
    }),
  );
  const given = all.flatMap((one) => (typeof one === 'string' ? [] : [one]));
  assert.equal([given.length, new Set(all).size], [1, 2]);
  assert.ok(all.includes('token_not_replaceable'));
  report('50 replacements of one token: 1 token, 49 token_not_replaceable');
  const body = givenBody(given[0]!);
  assert.equal(
    [body.kind, body.paidMinor, body.replaces?.saleId, body.replaces?.token, body.replaces?.soldAt],
    ['replacement', 0, sale.saleId, 1, sale.soldAt],
  );
  assert.equal(body.replaces?.receiptNumber, `${sale.ledger.moduleId.slice(0, 8)}-${sale.ledger.counter}`);
  const first = keyIn(factoryState(CROWDED), sale);
  const second = keyIn(factoryState(CROWDED), body);
  assert.equal([second.results, second.creditDeciKwh], [['Accept'], first.creditDeciKwh]);
  assert.is((await store.soldTo(meterPan)).amountDeciKwh, 466, 'the meter was sold no more than before');
  // The one that stands may be lost, too.
  const next = givenBody(await replaceToken(vending, ANN, replacementOf('next', body.saleId)));
  assert.is(next.replaces?.saleId, body.saleId);
  assert.is(await issuedBy(house), entries + 3);
});

test('a replacement takes two persons, and what cannot be replaced is refused by name', async ({ house }) => {
  const { vending } = house;
  const sale = await bought(house, 'reversed', BOUGHT.drn);
  await answerLost(vending, sale.saleId);
  await reverseWhole(vending, sale.saleId, { by: 'key:shop', reason: 'cut off' });
  const command = givenBody(await issueCommands(vending, ANN, commandsOf('c0')));
  const stands = await bought(house, 'stands', BOUGHT.drn);
  await answerLost(vending, stands.saleId);
  await askPersons(vending, '2');
  const entries = await issuedBy(house);
  const cases: readonly [ReplacementRequest, string][] = [
    [replacementOf('no', 'sale_none'), 'sale_unknown'],
    [replacementOf('no', sale.saleId), 'token_not_replaceable'],
    [replacementOf('no', stands.saleId, { token: 2 }), 'token_not_replaceable'],
    [replacementOf('no', command.saleId), 'token_not_replaceable'],
  ];
  for (const [request, code] of cases) assert.is(await codeOf(replaceToken(vending, ANN, request)), code);
  const request = replacementOf('r1', stands.saleId);
  const engineer = person('emma', 'engineer');
  const asked = await replaceToken(vending, engineer, request);
  if (asked.kind !== 'asked') throw new Error('nobody else was asked');
  const { approvalId } = asked.approval;
  const byEngineer = decide(vending, person('ed', 'engineer'), { approvalId, approve: true, note: '' });
  assert.is(await codeOf(byEngineer), 'permission_denied');
  await approve(vending, asked);
  assert.is(await issuedBy(house), entries);
  const body = givenBody(await replaceToken(vending, engineer, { ...request, approvalId }));
  assert.equal([body.operator, body.approvedBy], ['emma', 'user:ben']);
  const takenBack = reverseWhole(vending, stands.saleId, { by: 'key:shop', reason: 'cut off' });
  assert.is(await codeOf(takenBack), 'token_may_be_seen', 'its meter has the other token');
  const twice = replacementOf('r2', stands.saleId);
  assert.is(await codeOf(replaceToken(vending, engineer, twice)), 'token_not_replaceable');
  assert.is(await issuedBy(house), entries + 1);
});

test('commands come in the order asked for, and the meter does what each says', async ({ house }) => {
  const { vending } = house;
  await askPersons(vending, '2');
  const entries = await issuedBy(house);
  const tokens: EngineeringRequest['tokens'] = [
    { kind: 'setMaximumPowerLimit', limitWatt: 20_001 },
    { kind: 'setTariffRate', rateRaw: 7 },
    { kind: 'setMaximumPhasePowerUnbalanceLimit', limitWatt: 500 },
    { kind: 'clearTamper' },
    { kind: 'clearCredit', registerCode: 0 },
  ];
  const request = commandsOf('c1', { tokens });
  const asked = await issueCommands(vending, ANN, request);
  if (asked.kind !== 'asked') throw new Error('nobody else was asked');
  const payload = JSON.parse(asked.approval.payload) as Record<string, string>;
  assert.equal(
    [payload['token1'], payload['token4'], payload['token5']],
    ['setMaximumPowerLimit 20001', 'clearTamper', 'clearCredit 0'],
  );
  const approvalId = await approve(vending, asked, person('ed', 'engineer'));
  const others = { ...request, tokens: tokens.slice(1), approvalId };
  assert.is(await codeOf(issueCommands(vending, ANN, others)), 'approval_required');
  const body = givenBody(await issueCommands(vending, ANN, { ...request, approvalId }));
  assert.equal(
    body.tokens.map((token) => token.kind === 'management' && token.token.kind),
    tokens.map(({ kind }) => kind),
  );
  const { state, results } = keyIn(factoryState(COMMANDED), body);
  assert.equal(
    results,
    tokens.map(() => 'Accept'),
  );
  const [limit] = body.tokens;
  const said = limit?.kind === 'management' && 'limitWatt' in limit.token ? limit.token.limitWatt : 0;
  assert.ok(said >= 20_001 && said < 20_020, `as the coding rounds it up: ${said}`);
  const { maximumPowerWatt, tariffRateRaw, maximumPhaseUnbalanceWatt } = state.extension;
  assert.equal([maximumPowerWatt, tariffRateRaw, maximumPhaseUnbalanceWatt], [said, 7, 500]);
  const tooMuch = commandsOf('c2', { tokens: [{ kind: 'setMaximumPowerLimit', limitWatt: 20_000_000 }] });
  assert.is(await codeOf(issueCommands(vending, ANN, tooMuch)), 'amount_out_of_range');
  assert.is(await issuedBy(house), entries + tokens.length);
});

test('a token that tests is taken by any meter, needs no key and stands nowhere', async ({ house }) => {
  const entries = await issuedBy(house);
  const short = [factoryMeter(), factoryState(meterAt(0)), factoryState(meterAt(1))];
  const { meterPan } = parseMeterNumber(KEYLESS_DRN);
  const long = [newMeterState({ ...factoryMeter(), meterPan })];
  let made = 0;
  for (let n = 0; n <= 18; n += 1) {
    for (const manufacturerDigits of [2, 4] as const) {
      const asked = { kind: 'initiateTest', test: n, manufacturerDigits, manufacturerCode: 0 } as const;
      const { tokenNo, tests, token } = makeTestToken(asked);
      assert.equal([tests.length, tests[0]?.test, typeof tests[0]?.name], [1, n, 'string']);
      for (const state of manufacturerDigits === 2 ? short : long) {
        assert.equal(enterToken(state, tokenNo, 0).outcome, {
          stage: 'token',
          result: 'Accept',
          creditDeciKwh: 0,
          effect: { kind: 'display', token },
        });
      }
      made += 1;
    }
  }
  report(`${made} tokens of tests, each taken by every meter that it is for`);
  const wrong: readonly TestTokenRequest[] = [
    { kind: 'initiateTest', test: 37, manufacturerDigits: 2, manufacturerCode: 0 },
    { kind: 'initiateTest', test: 29, manufacturerDigits: 4, manufacturerCode: 0 },
    { kind: 'extendedRead', index: 64 },
  ];
  for (const request of wrong) assert.throws(() => makeTestToken(request), /expected/);
  assert.is(await issuedBy(house), entries);
});

test('all that was given stands in one ledger that proves itself', async ({ house, dataFolder }) => {
  assert.is(await assertProved(dataFolder, house), await issuedBy(house));
});

test.run();
