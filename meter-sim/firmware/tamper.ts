/**
 * What the meter remembers of a hand that meant it harm (meter-hardware.md 5). Pure: a state and what was seen in, a new state
 * out. A latch outlives every power cut; a clear-tamper token, or the first token of a meter that was never commissioned,
 * releases it, and never a power cycle.
 */
import { readUnsigned, type Section, writeInteger } from './bytes.ts';

/** In the order of their bits, and of what the glass shows first. Records hold the bits: new kinds go to the end. */
export const TAMPER_KINDS = [
  'meter-cover',
  'terminal-cover',
  'magnet',
  'load-side-voltage',
  'bypass',
  'neutral-missing',
  'reverse-energy',
  'brute-force',
] as const;

export type TamperKind = (typeof TAMPER_KINDS)[number];

/** A set of {@link TAMPER_KINDS}, bit by bit. */
export type TamperSet = number;

export interface TamperState {
  /** Seen, and not released since. */
  readonly latched: TamperSet;
  /** Whether a meter-specific token was ever accepted. */
  readonly isCommissioned: boolean;
  /** Energy fed back since the last reverse event, or since the last release, mJ. */
  readonly reverseMilliJoule: number;
}

export interface TamperRule {
  /** The relay opens and stays open for as long as the tamper lasts or is latched. */
  readonly trips: boolean;
  /** Stays after the hand has gone. */
  readonly latches: boolean;
}

export type TamperRules = Readonly<Record<TamperKind, TamperRule>>;

const LATCHED: TamperRule = { trips: false, latches: true };

/** Both covers trip; of the rest a utility may choose. */
export const DEFAULT_TAMPER_RULES: TamperRules = {
  'meter-cover': { trips: true, latches: true },
  'terminal-cover': { trips: true, latches: true },
  magnet: LATCHED,
  'load-side-voltage': LATCHED,
  bypass: LATCHED,
  'neutral-missing': LATCHED,
  'reverse-energy': LATCHED,
  'brute-force': LATCHED,
};

export const INITIAL_TAMPER: TamperState = { latched: 0, isCommissioned: false, reverseMilliJoule: 0 };

/** For the journal: a byte of latches, a byte of flags, four bytes of mJ. */
export const TAMPER_SECTION: Section<TamperState> = {
  bytes: 6,
  initial: INITIAL_TAMPER,
  encode(state, into, at) {
    into[at] = state.latched;
    into[at + 1] = state.isCommissioned ? 1 : 0;
    writeInteger(into, at + 2, 4, Math.min(state.reverseMilliJoule, 0xffff_ffff));
  },
  decode(bytes, at) {
    return {
      latched: bytes[at] ?? 0,
      isCommissioned: bytes[at + 1] === 1,
      reverseMilliJoule: readUnsigned(bytes, at + 2, 4),
    };
  },
};

export function setOf(...kinds: readonly TamperKind[]): TamperSet {
  return kinds.reduce((set, kind) => set | bitOf(kind), 0);
}

export function includes(set: TamperSet, kind: TamperKind): boolean {
  return (set & bitOf(kind)) !== 0;
}

/** @returns the kinds in a set, first shown first. */
export function kindsIn(set: TamperSet): readonly TamperKind[] {
  return TAMPER_KINDS.filter((kind) => includes(set, kind));
}

/** Something was seen for as long as it must last to count. */
export function tamperSeen(state: TamperState, kind: TamperKind, rules: TamperRules): TamperState {
  if (!rules[kind].latches || includes(state.latched, kind)) return state;
  return {
    latched: state.latched | bitOf(kind),
    isCommissioned: state.isCommissioned,
    reverseMilliJoule: state.reverseMilliJoule,
  };
}

/**
 * A clear-tamper token.
 * @param present - what lasts at this moment: it is not released, or a cover could be taken off behind the token.
 */
export function tamperCleared(state: TamperState, present: TamperSet): TamperState {
  return { latched: state.latched & present, isCommissioned: state.isCommissioned, reverseMilliJoule: 0 };
}

/** A meter-specific token was accepted: the first one commissions the meter and releases what the factory and the fitter did. */
export function tamperCommissioned(state: TamperState, present: TamperSet): TamperState {
  if (state.isCommissioned) return state;
  return { latched: state.latched & present, isCommissioned: true, reverseMilliJoule: 0 };
}

/**
 * @param present - what lasts at this moment.
 * @returns the kinds that hold the relay open.
 */
export function tamperTrips(state: TamperState, present: TamperSet, rules: TamperRules): TamperSet {
  return kindsIn(state.latched | present).reduce(
    (set, kind) => (rules[kind].trips ? set | bitOf(kind) : set),
    0,
  );
}

/** What the glass shows in place of the balance; brute force has the lockout's own words. */
const TEXTS: Readonly<Record<TamperKind, string | undefined>> = {
  'meter-cover': 'OPEN',
  'terminal-cover': 'OPEN',
  magnet: 'DISTU',
  'load-side-voltage': 'bYPASS',
  bypass: 'CUR-UNB',
  'neutral-missing': 'nO nEUt',
  'reverse-energy': 'rEVErSE',
  'brute-force': undefined,
};

/**
 * The word of the first thing that lasts or that holds the relay open; what is latched and does neither lights the icon alone.
 */
export function tamperText(state: TamperState, present: TamperSet, rules: TamperRules): string | undefined {
  for (const kind of kindsIn(tamperTrips(state, present, rules) | present)) {
    const text = TEXTS[kind];
    if (text !== undefined) return text;
  }
  return undefined;
}

function bitOf(kind: TamperKind): number {
  return 1 << TAMPER_KINDS.indexOf(kind);
}
