/**
 * The security module's core: it holds the keys, judges each request by the attributes of its key, makes the token, counts
 * it, links it into the chain and signs. It knows no process and no file but its journal (design.md section 2, step 4).
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { invariant } from '../../lib/assert.ts';
import type { BlockCipher } from '../../lib/crypto/block-cipher.ts';
import { isStsFault, StsFault } from '../../lib/faults.ts';
import { type DecoderKeyDerivation, prepareVendingKey } from '../../lib/keys/decoder-key.ts';
import { createTokenCipher } from '../../lib/token/cipher.ts';
import { type EncodedCredit, encodeCreditElectricity } from '../../lib/token/credit.ts';
import { isExpired } from '../../lib/token/tid.ts';
import { decodeToken } from '../../lib/token/token.ts';
import type { Clock, Random } from '../clock.ts';
import { entryHash, tokenDigest } from '../ledger/chain.ts';
import { isSignatureOf, readPublicKey, signEntryHash } from '../ledger/signature.ts';
import type {
  ChainEntry,
  IssueCreditRequest,
  IssuedCredit,
  JournalledEntry,
  MeterKeyAttributes,
  ModuleIdentity,
  VendingKeyAttributes,
} from './contract.ts';
import { keyName, type OpenKeyStore } from './key-store.ts';
import type { ModuleJournal } from './module-journal.ts';

/** Ciphers kept ready, about 1 kB each: a town's meters, or a day's buyers of a city. */
const CIPHERS_KEPT = 4096;

/** A token made, counted and signed; not yet in the journal. */
export type IssuedToken = Omit<IssuedCredit, 'sealed'>;

export type IssueResult = { readonly issued: IssuedToken } | { readonly fault: StsFault };

export interface IssuedBatch {
  /** One result per request, in order. */
  readonly results: readonly IssueResult[];
  /** Writes the batch to the journal; nothing further is issued before. @throws StsFault when the journal cannot. */
  readonly seal: () => void;
}

const HASH = z.string().regex(/^[0-9a-f]{64}$/);
const METER = z.strictObject({
  meterPan: z.string().regex(/^[0-9]{18}$/),
  encryptionAlgorithm: z.literal([7, 11]),
  decoderKeyAlgorithm: z.literal([2, 4]),
  supplyGroupCode: z.string().regex(/^[0-9]{6}$/),
  tariffIndex: z.int().min(0).max(99),
  keyRevision: z.int().min(1).max(9),
  keyType: z.literal([0, 1, 2, 3]),
  baseDate: z.enum(['93', '14', '35']),
});
const REQUEST = z.strictObject({
  meter: METER,
  tidMinutes: z.int().min(0).max(0xffffff),
  amountDeciKwh: z.unknown(), // its range is the coding's to say, by its own fault
  saleDigest: HASH,
});
const CHAIN_ENTRY = z.strictObject({
  moduleId: z.string(),
  counter: z.int().min(1),
  saleDigest: HASH,
  tokenDigest: HASH,
  previousHash: HASH,
  entryHash: HASH,
  signature: z.string(),
});

export interface ModuleParts {
  readonly keyStore: OpenKeyStore;
  readonly journal: ModuleJournal;
  readonly clock: Clock;
  /** The 4 bits of RND come from here (open question B5). */
  readonly random: Random;
}

/** Real unpredictable bytes. */
export const SYSTEM_RANDOM: Random = { bytes: (length) => randomBytes(length) };

/** A vending key made ready once for all its meters. */
interface ReadyVendingKey {
  readonly attributes: VendingKeyAttributes;
  readonly derive: DecoderKeyDerivation;
}

export class ModuleCore {
  readonly #parts: ModuleParts;
  readonly #keys: ReadonlyMap<string, ReadyVendingKey>;
  /** By meter and key attributes, the longest unused first. */
  readonly #ciphers = new Map<string, BlockCipher>();
  #sealing = false;
  /** Once a token was made on the journal as it stands, a higher counter elsewhere is a fork and no lost tail. */
  #hasIssued = false;

  constructor(parts: ModuleParts) {
    this.#parts = parts;
    this.#keys = new Map(
      parts.keyStore.vendingKeys.map(({ attributes, vendingKey }) => [
        keyName(attributes),
        { attributes, derive: prepareVendingKey(attributes.decoderKeyAlgorithm, vendingKey) },
      ]),
    );
  }

  identity(): ModuleIdentity {
    const { keyStore, journal } = this.#parts;
    return { moduleId: keyStore.moduleId, publicKey: keyStore.publicKey, ...journal.head };
  }

  vendingKeys(): readonly VendingKeyAttributes[] {
    return this.#parts.keyStore.vendingKeys.map(({ attributes }) => attributes);
  }

  entriesAfter(counter: number, limit: number): readonly JournalledEntry[] {
    return this.#parts.journal.entriesAfter(counter, limit);
  }

  copyJournal(path: string): Promise<void> {
    return this.#parts.journal.copyTo(path);
  }

  /**
   * Makes the tokens of a batch. A request that is refused takes no counter; its fault stands in its place.
   * The caller must call `seal` before the next batch.
   */
  issueBatch(requests: readonly unknown[]): IssuedBatch {
    invariant(!this.#sealing, 'the batch before is in the journal');
    const { keyStore, journal } = this.#parts;
    const entries: JournalledEntry[] = [];
    let { counter, entryHash: previousHash } = journal.head;
    const made = requests.map((value) => {
      const token = this.#tryMake(value);
      if ('fault' in token) return token;
      const { request, encoded } = token;
      counter += 1;
      const link = {
        moduleId: keyStore.moduleId,
        counter,
        saleDigest: request.saleDigest,
        tokenDigest: tokenDigest(encoded.tokenNo),
        previousHash,
      };
      previousHash = entryHash(link);
      const { meterPan, baseDate } = request.meter;
      const entry = { ...link, entryHash: previousHash, signature: '' };
      entries.push({ ...entry, meterPan, baseDate, tidMinutes: request.tidMinutes });
      return { issued: { ...encoded, entry } };
    });
    const results = signLast(made, entries, (hash) => signEntryHash(hash, keyStore.signingKey));
    this.#sealing = true;
    this.#hasIssued ||= entries.length > 0;
    const seal = (): void => {
      journal.append(entries);
      this.#sealing = false;
    };
    return { results, seal };
  }

  /** See {@link SecurityModule.reconcile}. @throws StsFault `ledger_mismatch`. */
  reconcile(value: unknown): ModuleIdentity {
    const { keyStore, journal } = this.#parts;
    const parsed = CHAIN_ENTRY.safeParse(value);
    if (!parsed.success) throw new StsFault('request_malformed', 'a chain entry', { param: 'lastSigned' });
    const held: ChainEntry = parsed.data;
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

  #tryMake(value: unknown): { request: IssueCreditRequest; encoded: EncodedCredit } | { fault: StsFault } {
    try {
      const request = readRequest(value);
      return { request, encoded: this.#make(request) };
    } catch (error) {
      // A fault without its message: an unforeseen error may quote anything.
      return { fault: isStsFault(error) ? error : new StsFault('internal_error') };
    }
  }

  #make({ meter, tidMinutes, amountDeciKwh }: IssueCreditRequest): EncodedCredit {
    const held = this.#keyFor(meter);
    if (isExpired(tidMinutes, held.attributes.keyExpiry)) throw new StsFault('key_expired', nameOf(meter));
    const cipher = this.#cipherFor(meter, held);
    const rnd = (this.#parts.random.bytes(1)[0] ?? 0) & 15;
    const encoded = encodeCreditElectricity({ tidMinutes, rnd, amountDeciKwh }, cipher);
    // A meter reads what a customer paid for: the token is read back before it is counted.
    const read = decodeToken(encoded.tokenNo, cipher);
    invariant(read.kind === 'creditElectricity', 'a token just made is an electricity credit');
    invariant(read.tidMinutes === tidMinutes && read.rnd === rnd, 'a token just made carries its TID');
    invariant(read.amountDeciKwh === encoded.carriedDeciKwh, 'a token just made carries its amount');
    invariant(read.amountDeciKwh >= amountDeciKwh, 'a token just made carries what was paid for');
    return encoded;
  }

  /** The rules of issuing, in the order of the contract (sts.md 9.3). */
  #keyFor(meter: MeterKeyAttributes): ReadyVendingKey {
    if (meter.keyType === 0 || meter.keyType === 1)
      throw new StsFault('vending_key_no_credit', nameOf(meter));
    const held = this.#keys.get(nameOf(meter));
    if (held === undefined) throw new StsFault('vending_key_unknown', nameOf(meter));
    const { decoderKeyAlgorithm, activeFrom, issueUntil } = held.attributes;
    if (decoderKeyAlgorithm !== meter.decoderKeyAlgorithm) {
      throw new StsFault('vending_key_unknown', `${nameOf(meter)} is a key of DKGA0${decoderKeyAlgorithm}`);
    }
    const now = this.#parts.clock.now();
    if (now < Date.parse(activeFrom) || now >= Date.parse(issueUntil)) {
      throw new StsFault('vending_key_not_active', `${nameOf(meter)} from ${activeFrom} until ${issueUntil}`);
    }
    return held;
  }

  #cipherFor(meter: MeterKeyAttributes, { derive }: ReadyVendingKey): BlockCipher {
    const { encryptionAlgorithm, meterPan, tariffIndex } = meter;
    const name = `${nameOf(meter)} EA ${encryptionAlgorithm} TI ${tariffIndex} ${meterPan}`;
    let cipher = this.#ciphers.get(name);
    if (cipher === undefined) {
      const decoderKey = derive(meter);
      cipher = createTokenCipher(encryptionAlgorithm, decoderKey);
      decoderKey.fill(0);
    } else {
      this.#ciphers.delete(name);
    }
    this.#ciphers.set(name, cipher);
    if (this.#ciphers.size > CIPHERS_KEPT) {
      for (const oldest of this.#ciphers.keys()) {
        this.#ciphers.delete(oldest);
        break;
      }
    }
    return cipher;
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
    if ('fault' in result || result.issued.entry.counter !== last.counter) return result;
    return { issued: { ...result.issued, entry: { ...result.issued.entry, signature } } };
  });
}

function readRequest(value: unknown): IssueCreditRequest {
  const parsed = REQUEST.safeParse(value);
  if (parsed.success) return parsed.data as IssueCreditRequest;
  // The path alone: zod's own text may quote the value.
  const path = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new StsFault('request_malformed', 'to the security module', path === '' ? {} : { param: path });
}

function nameOf(meter: MeterKeyAttributes): string {
  return keyName(meter);
}

function mismatch(detail: string): StsFault {
  return new StsFault('ledger_mismatch', detail);
}
