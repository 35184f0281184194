/**
 * Witnessed heads: what an outsider keeps so that the history before it can never be rewritten, not even by whoever holds the
 * module's keys. Each head is a whole signed entry; each is chained to the one witnessed before it, so that a series is one
 * hash to remember (README.md in this folder has the formats).
 */
import type { ChainEntry } from '../security-module/contract.ts';
import { sha256 } from '../sha256.ts';
import { entryHash } from './chain.ts';
import type { FindingKind } from './findings.ts';
import { isSignatureOf, readPublicKey } from './signature.ts';

export const WITNESS_FORMAT = 'wattoken-witness-1';

/** The witness hash before the first head. */
const NO_WITNESS = '0'.repeat(64);

export interface WitnessedHead extends Omit<ChainEntry, 'moduleId'> {
  /** ISO 8601 UTC. */
  readonly witnessedAt: string;
  /** 64 lower-case hex digits; of the last head, all that a notary needs to keep. */
  readonly witnessHash: string;
}

export interface Witness {
  readonly format: string;
  readonly moduleId: string;
  /** SPKI DER, base64. */
  readonly publicKey: string;
  /** In the order in which they were witnessed. */
  readonly heads: readonly WitnessedHead[];
}

/** SHA-256 over text lines: the name of the format, the witness hash before, module, counter, entry hash and time. */
function witnessHash(
  previous: string,
  moduleId: string,
  head: Pick<WitnessedHead, 'counter' | 'entryHash' | 'witnessedAt'>,
): string {
  const lines = [WITNESS_FORMAT, previous, moduleId, String(head.counter), head.entryHash, head.witnessedAt];
  return sha256(lines.join('\n'));
}

/** A witness with one head more. */
export function extendWitness(
  earlier: Pick<Witness, 'moduleId' | 'publicKey' | 'heads'>,
  { moduleId, ...entry }: ChainEntry,
  witnessedAt: string,
): Witness {
  const { publicKey, heads } = earlier;
  const previous = heads.at(-1)?.witnessHash ?? NO_WITNESS;
  const { counter, saleDigest, tokenDigest, statement, previousHash, signature } = entry;
  const hashes = { saleDigest, tokenDigest, statement, previousHash, entryHash: entry.entryHash };
  const fields = { counter, ...hashes, signature };
  const head = { ...fields, witnessedAt };
  const next = { ...head, witnessHash: witnessHash(previous, moduleId, head) };
  return { format: WITNESS_FORMAT, moduleId, publicKey, heads: [...heads, next] };
}

export interface WitnessFinding {
  readonly kind: FindingKind;
  readonly counter: number;
  readonly detail: string;
}

/** What is wrong with a witness by itself: its hashes, its series and the module's signatures. */
export function checkWitness(witness: Witness): readonly WitnessFinding[] {
  const { moduleId, heads } = witness;
  const publicKey = readPublicKey(witness.publicKey);
  const findings: WitnessFinding[] = [];
  let previous = NO_WITNESS;
  let lastCounter = 0;
  for (const head of heads) {
    const { counter } = head;
    const add = (detail: string) => findings.push({ kind: 'witness_wrong', counter, detail });
    if (entryHash({ moduleId, ...head }) !== head.entryHash)
      add('the fields of the head do not give its hash');
    if (!isSignatureOf(head.signature, head.entryHash, publicKey))
      add("is not signed by the witness's module");
    if (witnessHash(previous, moduleId, head) !== head.witnessHash)
      add('does not follow the head witnessed before');
    if (counter < lastCounter) add('was witnessed after a higher one');
    previous = head.witnessHash;
    lastCounter = counter;
  }
  return findings;
}

const HEAD_TEXTS = [
  'saleDigest',
  'tokenDigest',
  'statement',
  'previousHash',
  'entryHash',
  'signature',
  'witnessedAt',
  'witnessHash',
] as const;

/** @returns undefined for anything that is no witness of this format. */
export function readWitness(value: unknown): Witness | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { format, moduleId, publicKey, heads } = value as Record<keyof Witness, unknown>;
  if (format !== WITNESS_FORMAT || typeof moduleId !== 'string' || typeof publicKey !== 'string')
    return undefined;
  if (!Array.isArray(heads) || !heads.every(isHead)) return undefined;
  try {
    readPublicKey(publicKey);
  } catch {
    return undefined;
  }
  return value as Witness;
}

function isHead(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const head = value as Record<string, unknown>;
  return Number.isSafeInteger(head['counter']) && HEAD_TEXTS.every((name) => typeof head[name] === 'string');
}
