/** What the firmware answers to a token: what `lib/meter` answers, and the two refusals that only a device can give. */
import { RESULT_CODES, type TokenOutcome } from '../../lib/meter/outcome.ts';

export type EntryOutcome =
  | TokenOutcome
  /** Another token is still being made durable, or the supply fails (code 16 of sts.md 8.1). */
  | { readonly stage: 'carrier'; readonly result: 'NotReady' }
  /** The journal did not take the record: nothing changed, the token is as good as before. */
  | { readonly stage: 'device'; readonly result: 'MemoryFault' }
  /** The token leaves something owed, and this make wants it paid at once: nothing changed, the token is as good as before. */
  | { readonly stage: 'device'; readonly result: 'AccountLow' };

export type EntryResult = EntryOutcome['result'];

export const NOT_READY: EntryOutcome = { stage: 'carrier', result: 'NotReady' };
export const ACCOUNT_LOW: EntryOutcome = { stage: 'device', result: 'AccountLow' };
export const MEMORY_FAULT: EntryOutcome = { stage: 'device', result: 'MemoryFault' };

/** The result register of sts.md 8.1; what only a device answers has no code there and reads as reserved 0. */
export const ENTRY_CODES: Readonly<Record<EntryResult, number>> = {
  ...RESULT_CODES,
  NotReady: 16,
  MemoryFault: 0,
  AccountLow: 0,
};
