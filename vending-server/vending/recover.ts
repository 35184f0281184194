/**
 * Start-up: the ledger and the security module must agree before anything is sold. A crash between the module's signature
 * and the ledger's commit leaves entries that only the journal has; each is named as issued and never released. Nothing
 * else may explain a difference.
 */
import { StsFault } from '../../lib/faults.ts';
import type { ChainEntry } from '../security-module/contract.ts';
import type { LedgerEntry } from '../store/contract.ts';
import type { Vending } from './context.ts';

export interface Recovery {
  readonly moduleId: string;
  /** Counter of the module and of the ledger, the same from here on. */
  readonly counter: number;
  /** Tokens that this start named as issued and never released. */
  readonly unreleased: number;
}

/** Journal entries read and recorded at a time. */
const PAGE = 1000;

/** @throws StsFault `ledger_mismatch`, and the faults of store and module. */
export async function recover({
  store,
  securityModule,
}: Pick<Vending, 'store' | 'securityModule'>): Promise<Recovery> {
  let identity = await securityModule.identity();
  const { moduleId } = identity;
  await store.bindModule(identity);
  const lastSigned = await store.lastSignedEntry(moduleId);
  if (lastSigned !== undefined) identity = await securityModule.reconcile(chainEntryOf(lastSigned));
  let unreleased = 0;
  // One before the last gapless entry: that entry is compared too, and through its hash all before it.
  let after = Math.max(0, (await store.counterWithoutGap(moduleId)) - 1);
  for (;;) {
    const entries = await securityModule.entriesAfter(after, PAGE);
    const last = entries.at(-1);
    if (last === undefined) break;
    unreleased += await store.recordUnreleased(entries);
    after = last.counter;
  }
  const lastHeld = await store.lastEntry(moduleId);
  const counter = lastHeld?.counter ?? 0;
  const without = await store.counterWithoutGap(moduleId);
  if (counter !== identity.counter || without !== counter) {
    throw mismatch(`the module counts ${identity.counter}, the ledger holds ${without} of ${counter}`);
  }
  if (lastHeld !== undefined && lastHeld.entryHash !== identity.entryHash) {
    throw mismatch(`entry ${counter} differs`);
  }
  return { moduleId, counter, unreleased };
}

function chainEntryOf(entry: LedgerEntry): ChainEntry {
  const { moduleId, counter, saleDigest, tokenDigest, previousHash, entryHash, signature, statement } = entry;
  return { moduleId, counter, saleDigest, tokenDigest, previousHash, entryHash, signature, statement };
}

function mismatch(detail: string): StsFault {
  return new StsFault('ledger_mismatch', detail);
}
