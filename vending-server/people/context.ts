/** What the use cases about people are given. */
import type { Clock, Random } from '../clock.ts';
import type { Store } from '../store/contract.ts';

export interface PeopleContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
}
