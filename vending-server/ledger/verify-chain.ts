/**
 * Checks an export of the token chain against the module's public key, and names everything that is wrong with it. Pure,
 * and never throws on bad rows: an auditor's tool must survive what it is made to find.
 *
 * What rows alone cannot show is that whole batches are missing at the end: for that the caller brings the head that the
 * module or a witness knows. A signature taken away inside the chain is no finding, because a later one covers the entry.
 */
import { entryHash, GENESIS_HASH } from './chain.ts';
import { isSignatureOf, readPublicKey } from './signature.ts';

export type FindingKind =
  /** The row has not the fields of an entry. */
  | 'malformed'
  /** The row was issued by another module. */
  | 'other_module'
  /** Counters are missing before this one. */
  | 'gap'
  /** This counter stands twice. */
  | 'duplicate'
  /** This counter stands after a higher one. */
  | 'reordered'
  /** The previous hash is not the hash of the entry before. */
  | 'broken_link'
  /** The fields do not give the entry hash. */
  | 'altered'
  /** The signature is not the module's over this entry hash. */
  | 'bad_signature'
  /** The last entries are not covered by any signature. */
  | 'unsigned_tail'
  /** The rows end before the head that the caller knows, or at another hash. */
  | 'not_at_head';

export interface Finding {
  readonly kind: FindingKind;
  /** Counter of the row; of a row without a readable counter, NaN. */
  readonly counter: number;
  /** Place in the list, from 0. */
  readonly index: number;
}

export interface ChainHead {
  readonly counter: number;
  readonly entryHash: string;
}

export interface ChainExpectation {
  readonly moduleId: string;
  /** SPKI DER, base64. */
  readonly publicKey: string;
  /** The entry before the first row, when the rows do not begin with counter 1. */
  readonly after?: ChainHead;
  /** Where the rows must end. */
  readonly head?: ChainHead;
}

interface Row {
  readonly moduleId: string;
  readonly counter: number;
  readonly saleDigest: string;
  readonly tokenDigest: string;
  readonly previousHash: string;
  readonly entryHash: string;
  readonly signature: string;
  readonly statement: string;
}

/**
 * @param rows - in the order of the ledger; anything at all may stand in them.
 * @returns no findings when the chain is whole.
 * @throws TypeError when the public key is none: that is the caller's mistake, not the ledger's.
 */
export function verifyChain(rows: readonly unknown[], expected: ChainExpectation): readonly Finding[] {
  const publicKey = readPublicKey(expected.publicKey);
  const findings: Finding[] = [];
  let last: ChainHead = expected.after ?? { counter: 0, entryHash: GENESIS_HASH };
  let lastIndex = -1;
  let covered = true;
  for (const [index, value] of rows.entries()) {
    const row = readRow(value);
    if (row === undefined) {
      findings.push({ kind: 'malformed', counter: counterOf(value), index });
      continue;
    }
    const add = (kind: FindingKind): void => void findings.push({ kind, counter: row.counter, index });
    if (row.moduleId !== expected.moduleId) add('other_module');
    const place = placeOf(row, last);
    if (place !== undefined) add(place);
    if (entryHash(row) !== row.entryHash) add('altered');
    if (row.signature !== '' && !isSignatureOf(row.signature, row.entryHash, publicKey)) add('bad_signature');
    if (row.counter < last.counter) continue; // a row out of its place must not move the place of the others
    last = row;
    lastIndex = index;
    covered = row.signature !== '';
  }
  if (!covered) findings.push({ kind: 'unsigned_tail', counter: last.counter, index: lastIndex });
  const { head } = expected;
  if (head !== undefined && (head.counter !== last.counter || head.entryHash !== last.entryHash)) {
    findings.push({ kind: 'not_at_head', counter: last.counter, index: lastIndex });
  }
  return findings;
}

function placeOf(row: Row, last: ChainHead): FindingKind | undefined {
  if (row.counter === last.counter) return 'duplicate';
  if (row.counter < last.counter) return 'reordered';
  if (row.counter > last.counter + 1) return 'gap';
  return row.previousHash === last.entryHash ? undefined : 'broken_link';
}

const HASH = /^[0-9a-f]{64}$/;

function readRow(value: unknown): Row | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const row = value as Record<keyof Row, unknown>;
  const { moduleId, counter, saleDigest, tokenDigest, previousHash, signature, statement } = row;
  if (![moduleId, signature, statement].every((text) => typeof text === 'string')) return undefined;
  if (typeof counter !== 'number' || !Number.isSafeInteger(counter) || counter < 1) return undefined;
  const hashes = [saleDigest, tokenDigest, previousHash, row.entryHash];
  if (!hashes.every((hash) => typeof hash === 'string' && HASH.test(hash))) return undefined;
  return value as Row;
}

function counterOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || !('counter' in value)) return Number.NaN;
  return typeof value.counter === 'number' ? value.counter : Number.NaN;
}
