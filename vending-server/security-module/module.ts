/**
 * The security module's core: it holds the keys, judges each request by the attributes of its key, makes the token, counts
 * it, links it into the chain and signs. It knows no process and no file but its journal (design.md section 2, step 4).
 */
import { invariant } from '../../lib/assert.ts';
import { isStsFault, StsFault } from '../../lib/faults.ts';
import type { Clock, Random } from '../clock.ts';
import { entryHash, paymentDigest, tokenDigest } from '../ledger/chain.ts';
import { isSignatureOf, readPublicKey, signEntryHash } from '../ledger/signature.ts';
import type {
  IssuedToken,
  JournalledEntry,
  ModuleCounters,
  ModuleIdentity,
  VendingKeyAttributes,
  VerifiedToken,
} from './contract.ts';
import { KeyRing } from './key-ring.ts';
import type { OpenKeyStore } from './key-store.ts';
import type { CountedToken, ModuleJournal } from './module-journal.ts';
import { readChainEntry, readIssueRequest, readVerifyRequest } from './request.ts';
import { type MadeToken, makeTokens, type TokenMakerParts, verifyToken } from './token-maker.ts';

/** The tokens of one request: made, counted and signed; not yet in the journal. */
export type IssueResult =
  | { readonly issued: { readonly tokens: readonly IssuedToken[] } }
  | { readonly fault: StsFault };

export interface IssuedBatch {
  /** One result per request, in order. */
  readonly results: readonly IssueResult[];
  /** Writes the batch to the journal; nothing further is issued before. @throws StsFault when the journal cannot. */
  readonly seal: () => void;
}

export interface ModuleParts {
  readonly keyStore: OpenKeyStore;
  readonly journal: ModuleJournal;
  readonly clock: Clock;
  readonly random: Random;
  /** How far a TID may be from the clock, to both sides, in minutes (open questions C6 and D3). */
  readonly tidWindowMinutes: number;
}

export class ModuleCore {
  readonly #parts: ModuleParts;
  readonly #maker: TokenMakerParts;
  #sealing = false;
  /** Once a token was made on the journal as it stands, a higher counter elsewhere is a fork and no lost tail. */
  #hasIssued = false;

  constructor(parts: ModuleParts) {
    this.#parts = parts;
    const { keyStore, clock, random, tidWindowMinutes } = parts;
    this.#maker = { ring: new KeyRing(keyStore.vendingKeys), clock, random, tidWindowMinutes };
  }

  identity(): ModuleIdentity {
    const { keyStore, journal } = this.#parts;
    return { moduleId: keyStore.moduleId, publicKey: keyStore.publicKey, ...journal.head };
  }

  vendingKeys(): readonly VendingKeyAttributes[] {
    return this.#parts.keyStore.vendingKeys.map(({ attributes }) => attributes);
  }

  counters(): ModuleCounters {
    return this.#parts.journal.counters();
  }

  entriesAfter(counter: number, limit: number): readonly JournalledEntry[] {
    return this.#parts.journal.entriesAfter(counter, limit);
  }

  copyJournal(path: string): Promise<void> {
    return this.#parts.journal.copyTo(path);
  }

  /** See {@link SecurityModule.verify}. */
  verify(value: unknown): readonly VerifiedToken[] {
    return verifyToken(readVerifyRequest(value), this.#maker.ring);
  }

  /**
   * Makes the tokens of a batch. A request that is refused takes no counter for any of its tokens; its fault stands in its
   * place. The caller must call `seal` before the next batch.
   */
  issueBatch(requests: readonly unknown[]): IssuedBatch {
    invariant(!this.#sealing, 'the batch before is in the journal');
    const { keyStore, journal } = this.#parts;
    const entries: JournalledEntry[] = [];
    const counted: CountedToken[] = [];
    let { counter, entryHash: previousHash } = journal.head;
    const link = (made: MadeToken, saleDigest: string): IssuedToken => {
      counter += 1;
      const { tokenNo, carried, statement, meterPan, baseDate, tidMinutes, keyName, units } = made;
      const { moduleId } = keyStore;
      const fields = {
        moduleId,
        counter,
        saleDigest,
        tokenDigest: tokenNo === null ? paymentDigest(saleDigest) : tokenDigest(tokenNo),
        previousHash,
        statement,
      };
      previousHash = entryHash(fields);
      const entry = { entryHash: previousHash, signature: '', ...fields };
      entries.push({ meterPan, baseDate, tidMinutes, ...entry });
      counted.push({ keyName, kind: carried.kind, units });
      return { tokenNo, carried, entry };
    };
    const made = requests.map((value): IssueResult => {
      const result = this.#tryMake(value);
      if ('fault' in result) return result;
      return { issued: { tokens: result.made.map((token) => link(token, result.saleDigest)) } };
    });
    const results = signLast(made, entries, (hash) => signEntryHash(hash, keyStore.signingKey));
    this.#sealing = true;
    this.#hasIssued ||= entries.length > 0;
    const seal = (): void => {
      journal.append(entries, counted);
      this.#sealing = false;
    };
    return { results, seal };
  }

  /** See {@link SecurityModule.reconcile}. @throws StsFault `ledger_mismatch`. */
  reconcile(value: unknown): ModuleIdentity {
    const { keyStore, journal } = this.#parts;
    const held = readChainEntry(value);
    const { counter } = held;
    if (held.moduleId !== keyStore.moduleId) throw mismatch('the ledger belongs to another module');
    if (entryHash(held) !== held.entryHash) throw mismatch(`entry ${counter} of the ledger is altered`);
    if (!isSignatureOf(held.signature, held.entryHash, readPublicKey(keyStore.publicKey))) {
      throw mismatch(`entry ${counter} of the ledger is not signed by this module`);
    }
    const { head } = journal;
    if (counter > head.counter && this.#hasIssued) {
      throw mismatch(`the ledger holds entry ${counter}, and the module has issued since on ${head.counter}`);
    }
    if (counter <= head.counter) {
      const own = journal.hashAt(counter);
      // Undefined stands in a gap that an earlier adoption closed: there the signature is all that can be checked.
      if (own !== undefined && own !== held.entryHash) throw mismatch(`entry ${counter} differs`);
      return this.identity();
    }
    if (counter === head.counter + 1 && held.previousHash !== head.entryHash) {
      throw mismatch(`entry ${counter} of the ledger does not follow entry ${head.counter} of the module`);
    }
    // The journal lost its tail to a power cut, the ledger did not. The counter goes on behind what was released.
    journal.adopt(held);
    return this.identity();
  }

  #tryMake(
    value: unknown,
  ): { readonly saleDigest: string; readonly made: readonly MadeToken[] } | { readonly fault: StsFault } {
    try {
      const { orders, saleDigest } = readIssueRequest(value);
      return { saleDigest, made: orders.flatMap((order) => makeTokens(order, this.#maker)) };
    } catch (error) {
      // A fault without its message: an unforeseen error may quote anything.
      return { fault: isStsFault(error) ? error : new StsFault('internal_error') };
    }
  }
}

/** Puts the batch's one signature on its last entry, in the results and in the journal's rows alike. */
function signLast(
  results: readonly IssueResult[],
  entries: JournalledEntry[],
  sign: (entryHash: string) => string,
): readonly IssueResult[] {
  const last = entries.pop();
  if (last === undefined) return results;
  const signature = sign(last.entryHash);
  entries.push({ ...last, signature });
  return results.map((result) => {
    if ('fault' in result || result.issued.tokens.at(-1)?.entry.counter !== last.counter) return result;
    const tokens = result.issued.tokens.map((token) =>
      token.entry.counter === last.counter ? { ...token, entry: { ...token.entry, signature } } : token,
    );
    return { issued: { tokens } };
  });
}

function mismatch(detail: string): StsFault {
  return new StsFault('ledger_mismatch', detail);
}
