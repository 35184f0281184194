/**
 * An issuer that follows its plans, and the meter of `lib/meter` that the tokens are for: sales, new vending keys, roll-overs
 * and years go by, slips are keyed in any order of their sections, in part, or lost. Whatever a plan says must be taken.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesFromHex, hexFromBytes } from '../../../lib/hex.ts';
import { BASE_DATES, type EncryptionAlgorithm } from '../../../lib/identity/attributes.ts';
import { deriveDecoderKey } from '../../../lib/keys/decoder-key.ts';
import { keyChangeSections } from '../../../lib/keys/key-change.ts';
import { DEFAULT_METER_CONFIGURATION } from '../../../lib/meter/configuration.ts';
import { enterToken } from '../../../lib/meter/enter-token.ts';
import { type MeterState, newMeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import { type IssuePlan, planIssue } from '../../../lib/token/issue-plan.ts';
import { DEFAULT_ISSUE_POLICY, type IssuePolicy } from '../../../lib/token/issue-policy.ts';
import {
  confirmKeyChange,
  type MeterKeyAttributes,
  type MeterKeyRegister,
  recordIssue,
  type VendingKeyRegister,
} from '../../../lib/token/issue-register.ts';
import type { Token } from '../../../lib/token/kinds.ts';
import { dateOfTid, TID_MAX } from '../../../lib/token/tid.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import { count, report, seedOf } from '../../support/counts.ts';

const test = suite('lib/meter: planned tokens');
const seed = seedOf('lib/meter: planned tokens');

const METER_PAN = '600727000000000009';
/** Public test vending keys of STS 531-1. */
const VENDING_KEYS = { 2: 'abababababababab', 4: 'abababababababab949494949494949401234567' } as const;
const MINUTE = 60_000;

/** A meter's key as hex. What no algorithm derives comes from a digest: for a plan it is a key like any other. */
function keyOf(key: MeterKeyAttributes, encryptionAlgorithm: EncryptionAlgorithm): string {
  if (key.keyType === 0 || (key.keyType === 3 && key.decoderKeyAlgorithm === 4)) {
    const { supplyGroupCode, keyRevision, tariffIndex, baseDate } = key;
    const digest = createHash('sha256').update(
      JSON.stringify([supplyGroupCode, keyRevision, tariffIndex, baseDate]),
    );
    return digest.digest('hex').slice(0, encryptionAlgorithm === 7 ? 16 : 32);
  }
  const vendingKey = bytesFromHex(VENDING_KEYS[key.decoderKeyAlgorithm]);
  return hexFromBytes(deriveDecoderKey({ ...key, encryptionAlgorithm, meterPan: METER_PAN, vendingKey }));
}

const keyTypes = fc.constantFrom(0, 1, 2, 2, 2, 2, 3) as fc.Arbitrary<0 | 1 | 2 | 3>;
const expiries = fc.oneof({ weight: 3, arbitrary: fc.constant(255) }, { weight: 1, arbitrary: fc.nat(255) });

const worlds = fc.record({
  encryptionAlgorithm: fc.constantFrom(7, 11) as fc.Arbitrary<EncryptionAlgorithm>,
  storesSupplyGroup: fc.boolean(),
  tokenCarrierType: fc.constantFrom(1, 2),
  base: fc.nat(2),
  keyType: keyTypes,
  keyExpiry: expiries,
  isOldAlgorithm: fc.boolean(),
  /** Share of the base date that is over, and what the meter was sold until then. */
  elapsed: fc.oneof(
    fc.double({ min: 0, max: 1, noNaN: true }),
    // The next base date has begun and the old one still runs.
    fc.double({ min: 0.67, max: 0.99, noNaN: true }),
  ),
  sold: fc.nat(120),
  policy: fc.record({
    thirdSection: fc.boolean(),
    keyExpiryAlone: fc.boolean(),
    mayUseReservedTid: fc.constant(true),
    keyChange: fc.constantFrom('with-sale', 'with-sale', 'on-request') as fc.Arbitrary<
      'with-sale' | 'on-request'
    >,
  }),
});

const sale = fc.record({
  kind: fc.constant('sale' as const),
  tariffIndex: fc.constantFrom(1, 1, 1, 2),
  isKeyChangeRequested: fc.boolean(),
  isReservedTidRequested: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  fate: fc.constantFrom('keyed', 'keyed', 'keyed', 'partial', 'lost'),
  order: fc.nat(23),
  isConfirmed: fc.boolean(),
});
const wait = fc.record({
  kind: fc.constant('wait' as const),
  minutes: fc.oneof(fc.nat(3), fc.nat(3_000), fc.nat(2_000_000), fc.nat(8_000_000)),
});
const newKey = fc.record({
  kind: fc.constant('newKey' as const),
  keyRevision: fc.integer({ min: 1, max: 9 }),
  supplyGroupCode: fc.constantFrom('201457', '201457', '203557'),
  keyType: fc.constantFrom(1, 2, 2, 2, 2, 2, 2, 3) as fc.Arbitrary<1 | 2 | 3>,
  keyExpiry: expiries,
  baseStep: fc.constantFrom(0, 0, 0, 1, 1, 1, 1, -1),
  isOldAlgorithm: fc.boolean(),
});
const events = fc.array(fc.oneof({ weight: 6, arbitrary: sale }, { weight: 2, arbitrary: wait }, newKey), {
  minLength: 1,
  maxLength: 30,
});

type Sale = typeof sale extends fc.Arbitrary<infer Value> ? Value : never;
type World = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

const seen = new Map<string, number>();
const tell = (what: string, times = 1) => seen.set(what, (seen.get(what) ?? 0) + times);

/** Issuer, meter and clock; every expectation stands here. */
class Trade {
  private register: MeterKeyRegister;
  private key: VendingKeyRegister;
  private state: MeterState;
  private millis: number;
  private readonly policy: IssuePolicy;
  /** The last TID that left the house, by base date. */
  private readonly last = new Map<string, number>();
  /** Credit tokens that the meter has taken. */
  private readonly taken: string[] = [];

  constructor(world: World) {
    const { encryptionAlgorithm, keyType, keyExpiry } = world;
    const baseDate = BASE_DATES[world.base] ?? '14';
    const decoderKeyAlgorithm = world.isOldAlgorithm && encryptionAlgorithm === 7 ? 2 : 4;
    const now = Math.floor(world.elapsed * TID_MAX);
    this.millis = dateOfTid(now, baseDate);
    const shared = { supplyGroupCode: '201457', keyRevision: 1, keyType, keyExpiry, baseDate, cluster: 0 };
    const key = { ...shared, decoderKeyAlgorithm, encryptionAlgorithm } as const;
    // An initial or default key is what a meter comes with, not what credit is issued under.
    const issued = { ...key, keyType: keyType < 2 ? 2 : keyType };
    this.key = { ...issued, activeFromMillis: undefined, issueUntilMillis: undefined };
    const lastTidMinutes = world.sold === 0 ? -1 : Math.max(0, now - (world.sold % 7));
    this.register = {
      ...key,
      tariffIndex: 1,
      storesSupplyGroup: world.storesSupplyGroup,
      tokenCarrierType: world.tokenCarrierType,
      lastTidMinutes,
      issueUntilMillis: undefined,
      issuedKeyChange: undefined,
    };
    this.last.set(baseDate, lastTidMinutes);
    this.policy = { ...DEFAULT_ISSUE_POLICY, ...world.policy };
    this.state = this.newMeter(world.sold);
  }

  /** A meter that took what was sold: its memory holds the latest of it, in any slots. */
  private newMeter(sold: number): MeterState {
    const { encryptionAlgorithm, lastTidMinutes } = this.register;
    const decoderKey = keyOf(this.register, encryptionAlgorithm);
    const state = newMeterState({ ...this.register, meterPan: METER_PAN, encryptionAlgorithm, decoderKey });
    const tidMemory = state.tidMemory.map((_, slot) =>
      slot < sold ? Math.max(0, lastTidMinutes - slot) : 0,
    );
    return { ...state, tidMemory };
  }

  step(
    event:
      | { kind: 'wait'; minutes: number }
      | Sale
      | (typeof newKey extends fc.Arbitrary<infer Value> ? Value : never),
  ): void {
    switch (event.kind) {
      case 'wait':
        this.millis += event.minutes * MINUTE;
        return;
      case 'newKey': {
        const base = BASE_DATES.indexOf(this.key.baseDate) + event.baseStep;
        const isOld = event.isOldAlgorithm && this.key.encryptionAlgorithm === 7;
        const { keyRevision, supplyGroupCode, keyType, keyExpiry } = event;
        this.key = {
          ...this.key,
          ...{ keyRevision, supplyGroupCode, keyType, keyExpiry },
          baseDate: BASE_DATES[base] ?? this.key.baseDate,
          decoderKeyAlgorithm: isOld ? 2 : 4,
        };
        return;
      }
      case 'sale':
        this.sell(event);
    }
  }

  private sell(event: Sale): void {
    const { tariffIndex, isKeyChangeRequested, isReservedTidRequested } = event;
    const request = { meter: this.register, currentKey: this.key, tariffIndex, epochMillis: this.millis };
    const plan = planIssue({ ...request, isKeyChangeRequested, isReservedTidRequested }, this.policy);
    tell(plan.kind === 'refused' ? plan.refusal : plan.kind);
    this.register = recordIssue(this.register, plan);
    if (!('credit' in plan)) return;
    const { under, tidMinutes } = plan.credit;
    assert.ok(
      tidMinutes > (this.last.get(under.baseDate) ?? -1),
      'the TIDs of a base date rise, across its keys',
    );
    this.last.set(under.baseDate, tidMinutes);
    if (event.fate === 'lost') return;
    const sections = this.sectionsOf(plan, event.order);
    if (event.fate === 'partial') {
      // Less than the whole set; the credit is not keyed either.
      for (const tokenNo of sections.slice(0, sections.length - 1)) this.enter(tokenNo);
      return;
    }
    this.enterSections(plan, sections);
    this.enterCredit(plan);
    if (event.isConfirmed) this.register = confirmKeyChange(this.register);
  }

  private made(token: Token, under: MeterKeyAttributes): string {
    const { encryptionAlgorithm } = this.register;
    const cipher = createTokenCipher(encryptionAlgorithm, bytesFromHex(keyOf(under, encryptionAlgorithm)));
    return encodeToken(token, cipher).tokenNo;
  }

  /** The sections of a plan in the order in which this customer keys them. */
  private sectionsOf(plan: IssuePlan, order: number): string[] {
    if (!('keyChange' in plan)) return [];
    const { keyChange } = plan;
    const { encryptionAlgorithm } = this.register;
    const newDecoderKey = keyOf(keyChange.to, encryptionAlgorithm);
    const inOrder = keyChangeSections(encryptionAlgorithm, { ...keyChange.change, newDecoderKey }).map(
      (section) => this.made(section, keyChange.under),
    );
    assert.is(inOrder.length, keyChange.sectionCount);
    const shuffled: string[] = [];
    let rest = order;
    while (inOrder.length > 0) {
      shuffled.push(...inOrder.splice(rest % inOrder.length, 1));
      rest = Math.floor(rest / 2);
    }
    return shuffled;
  }

  /** Waits out a lockout, as a customer must. */
  private enter(tokenNo: string): string {
    const now = Math.max(Math.floor(this.millis / 1_000), this.state.lockout.untilSeconds);
    const { outcome, state } = enterToken(this.state, tokenNo, now, this.configuration());
    this.state = state;
    tell('entered');
    return outcome.result;
  }

  private configuration() {
    const { storesSupplyGroup, tokenCarrierType } = this.register;
    return { ...DEFAULT_METER_CONFIGURATION, storesThirdSection: storesSupplyGroup, tokenCarrierType };
  }

  private enterSections(plan: IssuePlan, sections: readonly string[]): void {
    if (!('keyChange' in plan)) return;
    const { under, to, change } = plan.keyChange;
    const { encryptionAlgorithm } = this.register;
    const isOnOldKey = this.state.decoderKey === keyOf(under, encryptionAlgorithm);
    const isFresh = isOnOldKey && this.state.extension.keyChange === undefined;
    if (!isOnOldKey) tell('meter had changed before');
    for (const [index, tokenNo] of sections.entries()) {
      const result = this.enter(tokenNo);
      if (!isFresh) continue;
      const isLast = index === sections.length - 1;
      assert.match(result, isLast ? /^Accept$/ : /^(1st|2nd|3rd|4th)KCT$/);
      if (isLast) tell(change.rollOver ? 'rolled over' : 'changed in place');
    }
    this.replay();
    assert.is(this.state.decoderKey, keyOf(to, encryptionAlgorithm), 'the meter ends on the new key');
    const { keyRevision, keyType, tariffIndex, keyExpiry, baseDate } = this.state;
    assert.equal(
      [keyRevision, keyType, tariffIndex, keyExpiry, baseDate],
      [to.keyRevision, to.keyType, to.tariffIndex, to.keyExpiry, to.baseDate],
    );
  }

  /** Nothing that was credited before is credited again, zeroed memory or not. */
  private replay(): void {
    for (const tokenNo of this.taken) {
      const { outcome } = enterToken(
        this.state,
        tokenNo,
        this.state.lockout.untilSeconds,
        this.configuration(),
      );
      assert.is.not(outcome.result, 'Accept', 'an old token was taken again after a key change');
      tell('replayed in vain');
    }
  }

  private enterCredit(plan: Extract<IssuePlan, { credit: object }>): void {
    const { under, tidMinutes } = plan.credit;
    const before = this.state.creditMilliWh;
    const token = { kind: 'creditElectricity', tidMinutes, rnd: 5, amountDeciKwh: 7 } as const;
    const tokenNo = this.made(token, under);
    assert.is(this.enter(tokenNo), 'Accept', `${plan.kind} with TID ${tidMinutes}`);
    this.taken.push(tokenNo);
    assert.is(this.state.creditMilliWh - before, 700_000);
    tell('credited');
  }
}

test('when an issuer follows its plans then its meter takes every token and ends on the planned key', () => {
  let runs = 0;
  fc.assert(
    fc.property(worlds, events, (world, story) => {
      runs += 1;
      const trade = new Trade(world);
      for (const event of story) trade.step(event);
    }),
    { seed, numRuns: count(20_000, 1_500) },
  );
  const of = (what: string) => seen.get(what) ?? 0;
  const counts = [...seen].map(([what, times]) => `${what} ${times}`).join(', ');
  report(`${runs} meters followed: ${counts}`);
  const wanted = [
    'credit',
    'keyChangeThenCredit',
    'reissueKeyChange',
    'keyChangeRequired',
    'rolled over',
    'changed in place',
  ];
  for (const what of [
    ...wanted,
    'meter had changed before',
    'baseDateEnded',
    'keyExpired',
    'rollOverKeepsKey',
  ]) {
    assert.ok(of(what) > 0, `${what} was never met`);
  }
});

test.run();
