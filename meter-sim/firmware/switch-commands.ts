/**
 * Who may say where the load switch stands (meter-hardware.md 3): a table of commands by priority, and the answer to any set of
 * active ones. A part of the firmware raises its command while its reason lasts and withdraws it after; the highest
 * one in force decides, and its cause is shown and kept.
 */
import { invariant } from '../../lib/assert.ts';
import type { Section } from './bytes.ts';
import { readUnsigned, writeInteger } from './bytes.ts';
import type { Micros } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';

export type SwitchPosition = 'open' | 'closed';

export interface SwitchCommand {
  readonly cause: string;
  /** 1 is the highest of the reference; 0 is for the meter's own inability. */
  readonly priority: number;
  readonly position: SwitchPosition;
}

/**
 * Of two commands of one priority the earlier row decides, and every row of one priority wants the same position. The last
 * row is always in force. The order of rows is part of the journal's format: new ones go before the last.
 */
export const SWITCH_COMMANDS = [
  /** Without a journal nothing can be credited or charged. */
  { cause: 'memoryFault', priority: 0, position: 'open' },
  { cause: 'remoteClose', priority: 1, position: 'closed' },
  { cause: 'remoteOpen', priority: 2, position: 'open' },
  { cause: 'closeTest', priority: 3, position: 'closed' },
  { cause: 'openTest', priority: 4, position: 'open' },
  { cause: 'extremeCurrent', priority: 5, position: 'open' },
  { cause: 'overVoltage', priority: 5, position: 'open' },
  { cause: 'overload', priority: 5, position: 'open' },
  { cause: 'meterCover', priority: 6, position: 'open' },
  /** Tamper other than a cover: the reference gives it no row of its own. */
  { cause: 'tamper', priority: 6, position: 'open' },
  { cause: 'terminalCover', priority: 7, position: 'open' },
  /** The balance is gone and emergency credit waits to be taken. */
  { cause: 'emergencyAvailable', priority: 8, position: 'open' },
  /** The balance is gone, and the emergency credit with it where there is one. */
  { cause: 'creditUsedUp', priority: 9, position: 'open' },
  { cause: 'factoryOpen', priority: 10, position: 'open' },
  /** There is credit again, and this make waits for a key press. */
  { cause: 'ready', priority: 10, position: 'open' },
  { cause: 'normal', priority: 11, position: 'closed' },
] as const satisfies readonly SwitchCommand[];

export type SwitchCause = (typeof SWITCH_COMMANDS)[number]['cause'];

/** One bit for each row of the table, the first row the lowest. */
export type ActiveCommands = number;

const ROWS: ReadonlyMap<string, number> = new Map(SWITCH_COMMANDS.map(({ cause }, row) => [cause, row]));
const ALWAYS = SWITCH_COMMANDS.length - 1;

/** The cause's place in the table, from 0. */
export function rowOf(cause: SwitchCause): number {
  return ROWS.get(cause) ?? ALWAYS;
}

export const NO_COMMANDS: ActiveCommands = 0;

export function withCommand(active: ActiveCommands, cause: SwitchCause, isActive: boolean): ActiveCommands {
  const bit = 1 << (ROWS.get(cause) ?? ALWAYS);
  return isActive ? active | bit : active & ~bit;
}

export function hasCommand(active: ActiveCommands, cause: SwitchCause): boolean {
  return cause === 'normal' || (active & (1 << (ROWS.get(cause) ?? ALWAYS))) !== 0;
}

/** The command that decides. */
export function decideSwitch(active: ActiveCommands): (typeof SWITCH_COMMANDS)[number] {
  const found = SWITCH_COMMANDS.find(({ cause }) => hasCommand(active, cause));
  invariant(found !== undefined, 'the last row of the table is always in force');
  return found;
}

/** A decision as it is kept: what was decided, by which command, and when, µs since the world began. */
export interface SwitchDecision {
  readonly at: Micros;
  readonly cause: SwitchCause | 'productionTest';
  readonly position: SwitchPosition;
}

const KEPT_DECISIONS = 16;

/** The commands in force in one meter, and what they decided last. */
export class SwitchBoard {
  readonly #now: () => Micros;
  readonly #decided: (decision: SwitchDecision) => void;
  #active: ActiveCommands = NO_COMMANDS;
  #decision: SwitchDecision | undefined;
  #log: readonly SwitchDecision[] = [];

  /** @param decided - called for every decision with another cause than the one before. */
  constructor(now: () => Micros, decided: (decision: SwitchDecision) => void) {
    this.#now = now;
    this.#decided = decided;
  }

  get active(): ActiveCommands {
    return this.#active;
  }

  /** The last decisions since power-up, oldest first. */
  get log(): readonly SwitchDecision[] {
    return this.#log;
  }

  get decision(): SwitchDecision | undefined {
    return this.#decision;
  }

  /** After a reset: what {@link latchedOf} kept. */
  restore(latched: ActiveCommands): void {
    this.#active |= latched;
  }

  set(cause: SwitchCause, isActive: boolean): void {
    this.#active = withCommand(this.#active, cause, isActive);
  }

  /** Asks the table; a production test stands outside of it and says itself where the switch shall be. */
  decide(productionTest?: SwitchPosition): SwitchPosition {
    const { cause, position } = decideSwitch(this.#active);
    if (productionTest === undefined) this.#keep(cause, position);
    else this.#keep('productionTest', productionTest);
    return productionTest ?? position;
  }

  keep(keeper: Keeper): void {
    this.#active = keeper.value(this.#active);
    this.#decision = keeper.value(this.#decision);
    this.#log = keeper.value(this.#log);
  }

  #keep(cause: SwitchDecision['cause'], position: SwitchPosition): void {
    if (this.#decision?.cause === cause && this.#decision.position === position) return;
    this.#decision = { at: this.#now(), cause, position };
    this.#log = [...this.#log.slice(1 - KEPT_DECISIONS), this.#decision];
    this.#decided(this.#decision);
  }
}

/** Commands that nobody raises again after a power cut; every other one follows from a state that is kept elsewhere. */
const LATCHED: readonly SwitchCause[] = ['remoteClose', 'remoteOpen'];

/** The latched commands through a power cut. */
export const SWITCH_SECTION: Section<ActiveCommands> = {
  bytes: 2,
  initial: NO_COMMANDS,
  encode: (active, into, at) => {
    writeInteger(into, at, 2, latchedOf(active));
  },
  decode: (bytes, at) => latchedOf(readUnsigned(bytes, at, 2)),
};

export function latchedOf(active: ActiveCommands): ActiveCommands {
  return LATCHED.reduce(
    (latched, cause) => withCommand(latched, cause, hasCommand(active, cause)),
    NO_COMMANDS,
  );
}
