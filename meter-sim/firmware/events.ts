/**
 * What a meter notes in its event log, by group and code (meter-hardware.md 6). A code is the meter's own and stays what it
 * is: a log is read years later. A part adds its events here and calls `EventLog.log`.
 */

export const EVENT_GROUPS = ['standard', 'tamper', 'relay', 'grid'] as const;
export type EventGroup = (typeof EVENT_GROUPS)[number];

export interface EventKind {
  readonly group: EventGroup;
  /** 1-255, unique in its group. */
  readonly code: number;
}

/** Where an event has a detail, its unit stands behind it. */
export const EVENT_KINDS = {
  /** The first boot of a new part. */
  formatted: { group: 'standard', code: 1 },
  /** The journal of an older firmware was taken over; the detail is its format. */
  migrated: { group: 'standard', code: 2 },
  /** The newest records were damaged, and the last acceptance was undone with its identifier. */
  acceptanceLost: { group: 'standard', code: 3 },
  /** A page of the memory did not hold a record; the detail is its number. */
  pageRetired: { group: 'standard', code: 4 },
  /** A key change was completed; the detail is the new key revision. */
  keyChanged: { group: 'standard', code: 5 },
  /** A token cleared a credit register; the detail is its register code. */
  creditCleared: { group: 'standard', code: 6 },
  /** Wrong tokens have barred the door; the detail is how many came in a row. */
  lockedOut: { group: 'tamper', code: 1 },
  /** A token released the tamper latch. */
  tamperCleared: { group: 'tamper', code: 2 },
  /** Of this and the following: the detail is 1 when it begins and 0 when it ends (tamper-watch.ts). */
  meterCoverOpened: { group: 'tamper', code: 3 },
  terminalCoverOpened: { group: 'tamper', code: 4 },
  magnet: { group: 'tamper', code: 5 },
  loadSideVoltage: { group: 'tamper', code: 6 },
  currentsUnequal: { group: 'tamper', code: 7 },
  neutralMissing: { group: 'tamper', code: 8 },
  reverseEnergy: { group: 'tamper', code: 9 },
  /** The communications module: gone for too long, there again, another one, one with a foreign key (comms-link.ts). */
  commsLost: { group: 'standard', code: 40 },
  commsRestored: { group: 'standard', code: 41 },
  commsSwapped: { group: 'standard', code: 42 },
  commsRefused: { group: 'standard', code: 43 },
  /** A key never came up; the detail is its place on the keypad, from 0. */
  keyStuck: { group: 'standard', code: 44 },
  /** Another command decides over the load switch; the detail is its row in switch-commands.ts, from 1. */
  switchDecided: { group: 'relay', code: 1 },
  /** The load switch did not obey. */
  switchFailed: { group: 'relay', code: 2 },
  /** A trip; the detail is its number since the last clean time. */
  overloadTrip: { group: 'grid', code: 20 },
  extremeCurrentTrip: { group: 'grid', code: 21 },
  overVoltageTrip: { group: 'grid', code: 22 },
  /** The last of the trips locks; the detail is for how many seconds. */
  overloadLocked: { group: 'grid', code: 23 },
} as const satisfies Readonly<Record<string, EventKind>>;

export type EventName = keyof typeof EVENT_KINDS;

const NAMES: ReadonlyMap<string, EventName> = new Map(
  (Object.keys(EVENT_KINDS) as EventName[]).map((name) => [
    `${EVENT_KINDS[name].group} ${EVENT_KINDS[name].code}`,
    name,
  ]),
);

/** @returns undefined for a code that a later firmware has written. */
export function eventNamed(group: EventGroup, code: number): EventName | undefined {
  return NAMES.get(`${group} ${code}`);
}
