/** The signed head of a module's chain for an outsider to keep, once every head that was kept before is seen to stand yet. */
import { StsFault } from '../../lib/faults.ts';
import { extendWitness, type Witness } from '../ledger/witness.ts';
import type { ModuleIdentity } from '../security-module/contract.ts';
import type { Store } from '../store/contract.ts';

/**
 * @param earlier - the witness to go on from.
 * @param witnessedAt - ISO 8601 UTC.
 * @throws StsFault `ledger_mismatch` when a head that was witnessed does not stand any more, and for an empty ledger.
 */
export async function witnessHead(
  store: Pick<Store, 'lastSignedEntry' | 'entries'>,
  { moduleId, publicKey }: Pick<ModuleIdentity, 'moduleId' | 'publicKey'>,
  earlier: Witness | undefined,
  witnessedAt: string,
): Promise<Witness> {
  const head = await store.lastSignedEntry(moduleId);
  if (head === undefined) throw new StsFault('ledger_mismatch', 'the ledger has no entry to witness yet');
  if (earlier !== undefined && (earlier.moduleId !== moduleId || earlier.publicKey !== publicKey)) {
    throw new StsFault('ledger_mismatch', 'the witness is about another security module');
  }
  for (const { counter, entryHash } of earlier?.heads ?? []) {
    const [held] = await store.entries(moduleId, counter - 1, 1);
    if (held?.counter !== counter || held.entryHash !== entryHash) {
      throw new StsFault('ledger_mismatch', `entry ${counter} is not the one that was witnessed`);
    }
  }
  return extendWitness(earlier ?? { moduleId, publicKey, heads: [] }, head, witnessedAt);
}
