/**
 * The control state of a whole meter as meter-hardware.md has it, small enough to be explored: what holds the relay, what bars
 * the door, which half of a key change waits. Written from the reference and the table of commands in its section 3 alone.
 */

export interface ControlState {
  /** 'paid': credit is left. 'lent': emergency credit is in use. 'spent': it is gone. 'out': nothing, and none was taken. */
  readonly credit: 'paid' | 'lent' | 'spent' | 'out';
  readonly remote: 'none' | 'open' | 'close';
  readonly isCoverOpen: boolean;
  readonly isLatched: boolean;
  /** Wrong tokens since the last right one. */
  readonly failures: number;
  readonly isLocked: boolean;
  /** Which of two keys the meter has. */
  readonly key: 0 | 1;
  /** Sections of the change to the other one that wait for the rest. */
  readonly waits: 'nothing' | 'first' | 'others';
}

export const CONTROL_EVENTS = [
  'buys',
  'buysLittle',
  'usesUp',
  'takesEmergency',
  'clearsCredit',
  'opensCover',
  'closesCover',
  'clearsTamper',
  'commandsOpen',
  'commandsClose',
  'commandsNothing',
  'guesses',
  'waits',
  'entersFirst',
  'entersOthers',
  'losesPower',
  'diesSuddenly',
] as const;
export type ControlEvent = (typeof CONTROL_EVENTS)[number];

/** A meter that was commissioned and then emptied. */
export const CONTROL_START: ControlState = {
  credit: 'out',
  remote: 'none',
  isCoverOpen: false,
  isLatched: false,
  failures: 0,
  isLocked: false,
  key: 0,
  waits: 'nothing',
};

/** What decides where the relay stands: the highest of the commands in force. */
export function controlCause(state: ControlState): string {
  if (state.remote === 'close') return 'remoteClose';
  if (state.remote === 'open') return 'remoteOpen';
  if (state.isCoverOpen || state.isLatched) return 'meterCover';
  if (state.credit === 'out') return 'emergencyAvailable';
  return state.credit === 'spent' ? 'creditUsedUp' : 'normal';
}

export function isRelayClosed(state: ControlState): boolean {
  return ['remoteClose', 'normal'].includes(controlCause(state));
}

/** @returns undefined where the event makes no sense or leads out of what is explored. */
export function controlStep(state: ControlState, event: ControlEvent): ControlState | undefined {
  const free = { ...state, failures: 0 };
  switch (event) {
    case 'buys':
      return state.isLocked ? state : { ...free, credit: 'paid' };
    case 'buysLittle':
      if (state.credit !== 'spent') return undefined;
      return state.isLocked ? state : { ...free, credit: 'lent' };
    case 'usesUp': {
      const hasCredit = state.credit === 'paid' || state.credit === 'lent';
      if (!isRelayClosed(state) || !hasCredit) return undefined;
      return { ...state, credit: state.credit === 'paid' ? 'out' : 'spent' };
    }
    case 'takesEmergency':
      return state.credit === 'out' ? { ...state, credit: 'lent' } : state;
    case 'clearsCredit':
      return state.isLocked ? state : { ...free, credit: 'out' };
    case 'opensCover':
      return { ...state, isCoverOpen: true, isLatched: true };
    case 'closesCover':
      return { ...state, isCoverOpen: false };
    case 'clearsTamper':
      return state.isLocked ? state : { ...free, isLatched: state.isCoverOpen };
    case 'commandsOpen':
      return { ...state, remote: 'open' };
    case 'commandsClose':
      return { ...state, remote: 'close' };
    case 'commandsNothing':
      return { ...state, remote: 'none' };
    case 'guesses':
      if (state.isLocked) return state;
      if (state.failures === 4) return undefined;
      return { ...state, failures: state.failures + 1, isLocked: state.failures >= 2 };
    case 'waits':
      return { ...state, isLocked: false };
    case 'entersFirst':
    case 'entersOthers': {
      if (state.isLocked) return state;
      const entered = event === 'entersFirst' ? 'first' : 'others';
      if (state.waits === 'nothing' || state.waits === entered) return { ...free, waits: entered };
      return { ...free, waits: 'nothing', key: state.key === 0 ? 1 : 0 };
    }
    case 'losesPower':
    case 'diesSuddenly':
      return state;
  }
}
