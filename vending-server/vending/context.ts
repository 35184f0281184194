/** What every use case is given: the rooms below it through their contracts, time, chance, and settings. */
import type { Clock, Random } from '../clock.ts';
import type { Contact, SoldForNotice } from '../notify/notification.ts';
import type { SecurityModule } from '../security-module/contract.ts';
import type { Store } from '../store/contract.ts';
import type { NewNotification } from '../store/outbox.ts';
import type { KeyDirectory } from './key-directory.ts';
import type { SalesUnderWay } from './sale-guard.ts';
import type { UnreleasedTokens } from './unreleased-tokens.ts';
import type { UtilityRules } from './utility-rules.ts';

export interface Vending {
  readonly store: Store;
  readonly securityModule: SecurityModule;
  /** What keys the module holds, and what the utility has set. */
  readonly keys: KeyDirectory;
  readonly rules: UtilityRules;
  /** Sales that limits have admitted and that are not yet durable. */
  readonly underWay: SalesUnderWay;
  readonly clock: Clock;
  readonly random: Random;
  /** Tokens that were made, could not be recorded, and wait for a commit that names them. */
  readonly unreleased: UnreleasedTokens;
  /** How far a TID may run ahead of the clock when one meter buys more than once a minute (open question D3). */
  readonly tidAheadMinutes: number;
  /** Called between the claim of a sale and its token, with the vendor's own request id. */
  readonly onSaleClaimed: (requestId: string) => void;
  /** Messages about a sale, for the sale's own commit; none when nobody is to be told. */
  readonly notificationsOf: (sale: SoldForNotice, contact: Contact | undefined) => readonly NewNotification[];
  /** Called when messages have become durable. */
  readonly onNotified: () => void;
}

/** D3: a day, so that 1,440 sales to one meter may come at once and no TID is burned far into the future. */
export const DEFAULT_TID_AHEAD_MINUTES = 1440;
