/**
 * The credit of a meter as a clerk with a purse, a slate and a lamp would keep it: written from the words of
 * meter-hardware.md 6 alone, in small whole units, so that a machine can be compared with it state by state.
 */

export interface ModelRules {
  /** Offered once no more than this is in the purse. */
  readonly offeredAt: number;
  readonly lends: number;
  readonly lendsFirst: number;
  readonly warnsAt: readonly [icon: number, lamp: number, beep: number];
  /** What time does, one after the other, for ever. */
  readonly day: readonly ('opens' | 'midnight' | 'closes')[];
  readonly dailyCharge: number;
  readonly chargesWhileOff: boolean;
  readonly chargesWhileFriendly: boolean;
  readonly friendlyReconnects: boolean;
  readonly wantsKey: boolean;
  readonly wantsDebtPaid: boolean;
}

export interface ModelState {
  /** Paid for and not used. */
  readonly purse: number;
  /** Used and not paid for. */
  readonly slate: number;
  /** What the meter has lent, used or not; 0 when it has lent nothing. */
  readonly loan: number;
  readonly isFirst: boolean;
  readonly hasBought: boolean;
  /** What time does next, by its place in the day. */
  readonly next: number;
  readonly isWindow: boolean;
  /** The window holds the supply. */
  readonly isHeld: boolean;
  readonly wantsKey: boolean;
  readonly isMuted: boolean;
}

export type ModelEvent =
  | { readonly kind: 'buys' | 'uses'; readonly units: number }
  | { readonly kind: 'takesEmergency' | 'isCleared' | 'pressesKey' | 'mutes' | 'muteEnds' | 'timePasses' };

export interface ModelView {
  readonly supply: string;
  readonly owed: number;
  readonly left: number;
  readonly icon: boolean;
  readonly lamp: boolean;
  readonly beeps: boolean;
  readonly account: string;
  readonly token: string;
  readonly emergency: string;
}

export function modelStart(rules: ModelRules): ModelState {
  return {
    purse: 0,
    slate: 0,
    loan: 0,
    isFirst: true,
    hasBought: false,
    next: 0,
    isWindow: false,
    isHeld: false,
    wantsKey: rules.wantsKey,
    isMuted: false,
  };
}

const left = (state: ModelState): number => state.purse + state.loan - state.slate;

const offer = (state: ModelState, rules: ModelRules): number => {
  if (state.loan > 0 || state.purse > rules.offeredAt) return 0;
  const lends = state.isFirst ? rules.lendsFirst : rules.lends;
  return lends > state.slate - state.purse ? lends : 0;
};

/** @returns undefined where the event is refused. */
export function modelStep(state: ModelState, event: ModelEvent, rules: ModelRules): ModelState | undefined {
  switch (event.kind) {
    case 'buys': {
      if (rules.wantsDebtPaid && state.slate > 0 && event.units <= state.slate) return undefined;
      const pays = Math.min(state.slate, event.units);
      const purse = state.purse + event.units - pays;
      const loan = purse > 0 ? 0 : state.loan;
      const bought = { ...state, slate: state.slate - pays, purse, loan, isFirst: false, hasBought: true };
      return lookAtLamp(bought, state, rules);
    }
    case 'uses':
      return used(state, event.units, rules);
    case 'takesEmergency': {
      const lends = offer(state, rules);
      return lends === 0 ? undefined : lookAtLamp({ ...state, loan: lends }, state, rules);
    }
    case 'isCleared': {
      const isFirst = state.isFirst && state.purse === 0 && state.slate === 0;
      const cleared = { ...state, purse: 0, slate: 0, loan: 0, isFirst, isHeld: false };
      return lookAtLamp(cleared, cleared, rules);
    }
    case 'pressesKey':
      return left(state) > 0 || state.isHeld ? { ...state, wantsKey: false } : state;
    case 'mutes':
      return { ...state, isMuted: true };
    case 'muteEnds':
      return { ...state, isMuted: false };
    case 'timePasses':
      return timePassed(state, rules);
  }
}

function used(state: ModelState, units: number, rules: ModelRules): ModelState {
  const fromPurse = Math.min(state.purse, units);
  const after = { ...state, purse: state.purse - fromPurse, slate: state.slate + units - fromPurse };
  return lookAtLamp(after, state, rules);
}

function timePassed(state: ModelState, rules: ModelRules): ModelState {
  const happens = rules.day[state.next];
  const then = { ...state, next: (state.next + 1) % rules.day.length };
  switch (happens) {
    case 'opens': {
      const open = { ...then, isWindow: true };
      const comesBack = rules.friendlyReconnects && state.hasBought && left(state) <= 0;
      return comesBack ? { ...open, isHeld: true } : open;
    }
    case 'closes':
      return lookAtLamp({ ...then, isWindow: false }, state, rules);
    default: {
      if (rules.dailyCharge === 0) return then;
      const isCharged = state.isHeld ? rules.chargesWhileFriendly : left(state) > 0 || rules.chargesWhileOff;
      return isCharged ? used(then, rules.dailyCharge, rules) : then;
    }
  }
}

/** Whether the lamp may stay lit, seen from whether it was. */
function lookAtLamp(after: ModelState, before: ModelState, rules: ModelRules): ModelState {
  if (left(after) > 0) return { ...after, isHeld: false };
  const wasLit = (left(before) > 0 || before.isHeld) && !before.wantsKey;
  const comesBack = rules.friendlyReconnects && after.hasBought;
  const isHeld = after.isWindow && (wasLit || comesBack);
  return { ...after, isHeld, wantsKey: after.wantsKey || (rules.wantsKey && !isHeld) };
}

export function modelView(state: ModelState, rules: ModelRules): ModelView {
  const amount = left(state);
  const [icon, lamp, beep] = rules.warnsAt;
  const isLit = amount > 0 || state.isHeld;
  const offered = offer(state, rules) > 0;
  let supply: string;
  if (isLit && state.wantsKey) supply = 'ready';
  else if (amount > 0) supply = state.purse > 0 ? 'credit' : 'emergency';
  else if (state.isHeld) supply = 'friendly';
  else if (state.loan > 0) supply = 'emergencyUsedUp';
  else supply = offered ? 'emergencyOffered' : 'outOfCredit';
  let emergency: string;
  if (state.loan === 0) emergency = offered ? 'selectable' : 'enabled';
  else if (amount <= 0) emergency = 'consumed';
  else emergency = state.purse > 0 ? 'invoked' : 'inUse';
  const words = [amount > 0 ? 'inCredit' : 'outOfCredit'];
  if (amount > 0 && amount <= icon) words.push('lowCredit');
  if (emergency === 'enabled') words.push('nextCreditEnabled');
  if (emergency === 'selectable') words.push('nextCreditSelectable');
  if (emergency === 'inUse') words.push('selectableCreditInUse');
  return {
    supply,
    owed: state.slate,
    left: amount,
    icon: amount > 0 && amount <= icon,
    lamp: amount > 0 && amount <= lamp,
    beeps: amount > 0 && amount <= beep && !state.isMuted,
    account: words.join(' '),
    token: state.purse > 0 ? 'inUse' : 'consumed',
    emergency,
  };
}
