/**
 * How far a change of keys has come, a roll-over of the base date or any other: per supply group in figures, and meter by
 * meter for whoever has to go there. All meters are gone through in pages, between which sales take their turns.
 */
import { invariant } from '../../lib/assert.ts';
import { BASE_DATES, type BaseDate, type KeyType } from '../../lib/identity/attributes.ts';
import { DEFAULT_ISSUE_POLICY } from '../../lib/token/issue-policy.ts';
import { lastMinuteOfBase, lastMinuteOfKey } from '../../lib/token/tid.ts';
import type { VendingKeyAttributes } from '../security-module/contract.ts';
import type { MeterRecord } from '../store/contract.ts';
import type { KeyChangeRecord, MeterKeys } from '../store/key-contract.ts';
import type { Vending } from './context.ts';
import { findKey, isUsable } from './key-directory.ts';
import { judgeKey, type KeyRefusal, type KeyVerdict, leadsBack, type PlannedKeyChange } from './key-plan.ts';
import { findMeter } from './register-meter.ts';

/** In the order of a campaign: each meter is in one of them. */
export const KEY_STATES = ['due', 'refused', 'unconfirmed', 'confirmed', 'current'] as const;

/**
 * `due`: a key change is to be made. `refused`: it is, and cannot be. On the current key: `unconfirmed` after a set that nobody
 * has seen the meter take, `confirmed` after one that somebody has, `current` without any.
 */
export type KeyState = (typeof KEY_STATES)[number];

/** States in which somebody still has something to do. */
export const TO_DO: readonly KeyState[] = ['due', 'refused', 'unconfirmed'];

export interface JudgedMeter extends MeterKeys {
  readonly state: KeyState;
  readonly refusal: KeyRefusal | null;
  readonly planned: PlannedKeyChange | null;
}

export interface KeyFigures {
  readonly baseDate: BaseDate;
  readonly keyRevision: number;
  readonly keyType: KeyType;
  readonly tariffIndex: number;
  readonly meters: number;
}

export interface KeyEnd {
  /** The last minute in which the key carries a TID, its base date has one, or the first in which it issues no more. */
  readonly kind: 'keyExpires' | 'baseDateEnds' | 'issueUntil';
  readonly at: number;
}

export interface ReportedKey {
  readonly key: VendingKeyAttributes;
  readonly isUsable: boolean;
  /** The last minute that its KEN reaches. */
  readonly expiresAt: number;
  readonly baseDateEndsAt: number;
  /** Ends that are near or over. */
  readonly warnings: readonly KeyEnd[];
}

export interface GroupReport {
  readonly supplyGroupCode: string;
  readonly meters: number;
  readonly states: Readonly<Record<KeyState, number>>;
  /** Meters of which an engineer wants another supply group or tariff index. */
  readonly wanted: number;
  readonly keys: readonly KeyFigures[];
  readonly refusals: readonly { readonly refusal: KeyRefusal; readonly meters: number }[];
  readonly vendingKeys: readonly ReportedKey[];
}

export interface KeyReport {
  readonly at: number;
  readonly groups: readonly GroupReport[];
}

/** Meters read at a time: a few milliseconds in which nothing else happens on SQLite. */
const PAGE = 500;

/** Meters that one request for a list looks at: it answers with what it has found, and where to go on. */
const LOOK_MOST = 5000;

/** Key changes of one meter read at a time. */
const STANDING_PAGE = 20;

/** Before an end of a key, milliseconds. */
const WARNING_MILLIS = DEFAULT_ISSUE_POLICY.warningDays * 86_400_000;

/** @throws StsFault `security_module_unavailable` and the faults of the store. */
export async function keyReport({ store, keys: directory, clock }: Vending): Promise<KeyReport> {
  const at = clock.now();
  const keys = await directory.keys();
  const groups = new Map<string, GroupTally>();
  const groupOf = (supplyGroupCode: string) => {
    const group = groups.get(supplyGroupCode) ?? new GroupTally();
    groups.set(supplyGroupCode, group);
    return group;
  };
  for (const { supplyGroupCode } of keys) groupOf(supplyGroupCode);
  const judge = new MeterJudge(keys, at);
  for (let after = ''; ; ) {
    const page = await store.keys.meterKeys({ supplyGroupCode: null, after, limit: PAGE });
    for (const judged of await judge.all(store, page)) groupOf(judged.meter.supplyGroupCode).add(judged);
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) break;
    after = last.meter.meterPan;
  }
  const codes = [...groups.keys()].sort();
  return { at, groups: codes.map((code) => groupOf(code).report(code, keys, at)) };
}

export interface KeyListRequest {
  readonly states: readonly KeyState[];
  readonly supplyGroupCode: string | null;
  /** The MeterPAN after which to go on; '' to begin. */
  readonly after: string;
  readonly limit: number;
}

/**
 * Meters in these states by their numbers. A page may have fewer than asked for, or none, and more behind it.
 * @returns `next` null when all meters have been looked at.
 * @throws as {@link keyReport}.
 */
export async function keyList(
  { store, keys: directory, clock }: Vending,
  { states, supplyGroupCode, after: begin, limit }: KeyListRequest,
): Promise<{ readonly meters: readonly JudgedMeter[]; readonly next: string | null }> {
  const judge = new MeterJudge(await directory.keys(), clock.now());
  const meters: JudgedMeter[] = [];
  let after = begin;
  for (let looked = 0; looked < LOOK_MOST; looked += PAGE) {
    const page = await store.keys.meterKeys({ supplyGroupCode, after, limit: PAGE });
    for (const judged of await judge.all(store, page)) {
      if (!states.includes(judged.state)) continue;
      meters.push(judged);
      if (meters.length === limit) return { meters, next: judged.meter.meterPan };
    }
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return { meters, next: null };
    after = last.meter.meterPan;
  }
  return { meters, next: after };
}

/** How far one meter has come, and the vending key that its record names where the module holds it. */
export interface MeterKeyState {
  readonly judged: JudgedMeter;
  readonly vendingKey: ReportedKey | null;
}

/** @throws StsFault of the meter's number, `meter_unknown`, then as {@link keyReport}. */
export async function meterKeyState(vending: Vending, number: string): Promise<MeterKeyState> {
  const { store, clock } = vending;
  const now = clock.now();
  const meter = await findMeter(vending, number);
  const keys = await vending.keys.keys();
  const { history } = await store.findPurchases(meter.meterPan);
  const lastChange = await lastStanding(store, meter.meterPan);
  const row = { meter, lastPurchaseAt: history.lastAt, lastChange };
  const [judged] = await new MeterJudge(keys, now).all(store, [row]);
  invariant(judged !== undefined, 'a meter that is judged has a verdict');
  const key = findKey(keys, meter);
  return { judged, vendingKey: key === undefined ? null : reportedKey(key, now) };
}

/** The last key change of a meter that was not taken back. */
async function lastStanding({ keys }: Vending['store'], meterPan: string): Promise<MeterKeys['lastChange']> {
  for (let before: string | null = null; ; ) {
    const changes: readonly KeyChangeRecord[] = await keys.keyChanges(meterPan, before, STANDING_PAGE);
    const standing = changes.find(({ revokedAt }) => revokedAt === null);
    if (standing !== undefined || changes.length < STANDING_PAGE) return standing ?? null;
    before = changes.at(-1)?.saleId ?? null;
  }
}

/** What a sale with a key change would do, whatever the utility has set about sales. */
const AS_A_SALE = { policy: { keyChange: 'with-sale', unconfirmed: 'assume' }, isRequested: false } as const;
/** Of how many kinds of meters the verdict is remembered. */
const VERDICTS_MAX = 10_000;

/** Meters with the same attributes are judged once; only what each has held is its own. */
class MeterJudge {
  readonly #keys: readonly VendingKeyAttributes[];
  readonly #now: number;
  readonly #verdicts = new Map<string, KeyVerdict>();

  constructor(keys: readonly VendingKeyAttributes[], now: number) {
    this.#keys = keys;
    this.#now = now;
  }

  async all(store: Vending['store'], page: readonly MeterKeys[]): Promise<readonly JudgedMeter[]> {
    const judged = page.map((row) => ({ row, verdict: this.#verdictOf(row.meter) }));
    const changing = judged.filter(({ verdict }) => verdict.kind === 'changes');
    const held = await store.keys.keysHeld(changing.map(({ row }) => row.meter.meterPan));
    return judged.map(({ row, verdict }) => {
      const isBack =
        verdict.kind === 'changes' && leadsBack(verdict.keyChange, held.get(row.meter.meterPan) ?? []);
      return judgedOf(row, isBack ? { kind: 'refused', refusal: 'keyHeldBefore' } : verdict);
    });
  }

  #verdictOf(meter: MeterRecord): KeyVerdict {
    const { meterPan: _pan, drn: _drn, tariffId: _tariff, issuedKeyChange: _pending, ...attributes } = meter;
    const name = JSON.stringify(attributes);
    let verdict = this.#verdicts.get(name);
    if (verdict === undefined) {
      verdict = judgeKey(meter, this.#keys, this.#now, AS_A_SALE);
      if (this.#verdicts.size >= VERDICTS_MAX) this.#verdicts.clear();
      this.#verdicts.set(name, verdict);
    }
    return verdict;
  }
}

function judgedOf(row: MeterKeys, verdict: KeyVerdict): JudgedMeter {
  switch (verdict.kind) {
    case 'changes':
      return { ...row, state: 'due', refusal: null, planned: verdict.keyChange };
    case 'refused':
      return { ...row, state: 'refused', refusal: verdict.refusal, planned: null };
    case 'current':
    case 'waits':
      return { ...row, state: stateOnKey(row), refusal: null, planned: null };
  }
}

function stateOnKey({ meter, lastChange }: MeterKeys): KeyState {
  if (meter.issuedKeyChange !== null) return 'unconfirmed';
  return lastChange === null || lastChange.confirmedAt === null ? 'current' : 'confirmed';
}

class GroupTally {
  #meters = 0;
  #wanted = 0;
  readonly #states = { due: 0, refused: 0, unconfirmed: 0, confirmed: 0, current: 0 };
  readonly #keys = new Map<string, KeyFigures>();
  readonly #refusals = new Map<KeyRefusal, number>();

  add({ meter, state, refusal }: JudgedMeter): void {
    this.#meters += 1;
    this.#states[state] += 1;
    if (meter.wantedKey !== null) this.#wanted += 1;
    if (refusal !== null) this.#refusals.set(refusal, (this.#refusals.get(refusal) ?? 0) + 1);
    const { baseDate, keyRevision, keyType, tariffIndex } = meter;
    const name = [
      BASE_DATES.indexOf(baseDate),
      keyRevision,
      keyType,
      String(tariffIndex).padStart(2, '0'),
    ].join();
    const meters = (this.#keys.get(name)?.meters ?? 0) + 1;
    this.#keys.set(name, { baseDate, keyRevision, keyType, tariffIndex, meters });
  }

  report(supplyGroupCode: string, keys: readonly VendingKeyAttributes[], now: number): GroupReport {
    const own = keys.filter((key) => key.supplyGroupCode === supplyGroupCode);
    return {
      supplyGroupCode,
      meters: this.#meters,
      states: { ...this.#states },
      wanted: this.#wanted,
      keys: sorted(this.#keys).map(([, figures]) => figures),
      refusals: sorted(this.#refusals).map(([refusal, meters]) => ({ refusal, meters })),
      vendingKeys: own.map((key) => reportedKey(key, now)),
    };
  }
}

function sorted<Name extends string, Value>(map: ReadonlyMap<Name, Value>): readonly [Name, Value][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @returns the key as it is told: attributes, and when it ends. */
export function reportedKey(key: VendingKeyAttributes, now: number): ReportedKey {
  const expiresAt = lastMinuteOfKey(key.keyExpiry, key.baseDate);
  const baseDateEndsAt = lastMinuteOfBase(key.baseDate);
  const ends: readonly KeyEnd[] = [
    // KEN 255 is the end of the base date itself.
    ...(key.keyExpiry < 255 ? [{ kind: 'keyExpires', at: expiresAt } as const] : []),
    { kind: 'baseDateEnds', at: baseDateEndsAt },
    { kind: 'issueUntil', at: Date.parse(key.issueUntil) },
  ];
  return {
    key,
    isUsable: isUsable(key, now),
    expiresAt,
    baseDateEndsAt,
    warnings: ends.filter(({ at }) => at - now <= WARNING_MILLIS),
  };
}
