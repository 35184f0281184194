/**
 * Tokens that the security module made and that no sale could record. Each must be named in the ledger, or the module's
 * counter would have a gap that nothing explains. They wait here until the store commits again; if the process ends
 * first, recovery finds them in the module's journal.
 */
import type { JournalledEntry } from '../security-module/contract.ts';
import type { Store } from '../store/contract.ts';

export class UnreleasedTokens {
  #waiting: readonly JournalledEntry[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  add(entries: readonly JournalledEntry[]): void {
    this.#waiting = [...this.#waiting, ...entries];
  }

  /**
   * Names all that wait. While this fails nothing more may be sold: each sale would add a token to the list.
   * @throws StsFault of the store; then they wait on.
   */
  async settle(store: Store): Promise<void> {
    if (this.#waiting.length === 0) return;
    const entries = this.#waiting;
    await store.recordUnreleased(entries);
    this.#waiting = this.#waiting.filter((entry) => !entries.includes(entry));
  }
}
