/**
 * "Was this token ours?": the entry of the chain that the token stands in with the vendor, the time and the module's counter,
 * and the way from it to a signature of the module; or the statement that no entry of the ledger is about it.
 */
import { StsFault } from '../../lib/faults.ts';
import { parseTokenNo } from '../../lib/token/token-no.ts';
import type { ChainEntry, ModuleIdentity } from '../security-module/contract.ts';
import type { LedgerEntry, Store } from '../store/contract.ts';
import type { SaleResponse } from './sale-response.ts';

export interface LedgerStatement {
  readonly moduleId: string;
  /** SPKI DER, base64. */
  readonly publicKey: string;
  /** How many entries the ledger holds: all counters from 1. */
  readonly entries: number;
  /** 64 zeros when the ledger is empty. */
  readonly headHash: string;
}

export interface TokenSale {
  readonly saleId: string;
  readonly vendorId: string;
  readonly requestId: string;
  /** ISO 8601 UTC. */
  readonly soldAt: string;
  readonly currency: string;
  readonly paidMinor: number;
}

export interface FoundToken {
  readonly ours: true;
  /** `unreleased`: the module made it, a crash came, and nobody was ever given it. */
  readonly state: 'released' | 'unreleased';
  readonly counter: number;
  readonly meterPan: string;
  /** null for a section of a key change, which carries none. */
  readonly tidMinutes: number | null;
  /** null for a token that was never released. */
  readonly sale: TokenSale | null;
  /** The entry and those after it up to the first that the module signed: that signature covers them all. */
  readonly proof: readonly ChainEntry[];
  readonly ledger: LedgerStatement;
}

export interface UnknownToken {
  readonly ours: false;
  readonly ledger: LedgerStatement;
}

export type TokenVerdict = FoundToken | UnknownToken;

export type TokenQuestion = { readonly tokenNo: string } | { readonly saleId: string };

type Books = Pick<
  Store,
  'findEntryByToken' | 'findEntriesBySale' | 'entries' | 'findSale' | 'lastEntry' | 'publicKeyOf'
>;
type Owner = Pick<ModuleIdentity, 'moduleId' | 'publicKey'>;

/** Longest way to a signature that is shown; a module signs the end of every batch, which is far shorter. */
const PROOF_ENTRIES_MAX = 1000;

/**
 * @param asked - whose ledger is told of where no entry is about the token; else it is that of the entry's own module.
 * @throws StsFault `token_number_malformed`, `token_number_too_large`, `store_damaged`.
 */
export async function verifyToken(
  store: Books,
  asked: Owner,
  question: TokenQuestion,
): Promise<TokenVerdict> {
  const entry = await entryOf(store, question);
  const { moduleId, publicKey } = entry === undefined ? asked : await ownerOf(store, asked, entry);
  const last = await store.lastEntry(moduleId);
  const ledger = {
    moduleId,
    publicKey,
    entries: last?.counter ?? 0,
    headHash: last?.entryHash ?? '0'.repeat(64),
  };
  if (entry === undefined) return { ours: false, ledger };
  const { state, counter, meterPan, tidMinutes } = entry;
  const sale = entry.saleId === null ? null : await saleOf(store, entry.saleId);
  const proof = await proofOf(store, entry);
  return { ours: true, state, counter, meterPan, tidMinutes, sale, proof, ledger };
}

/** Where several servers sell, each has a module and a chain of its own. */
async function ownerOf(store: Books, asked: Owner, { moduleId }: LedgerEntry): Promise<Owner> {
  if (moduleId === asked.moduleId) return asked;
  const publicKey = await store.publicKeyOf(moduleId);
  if (publicKey === undefined)
    throw new StsFault('store_damaged', 'an entry is of a module that is not in the books');
  return { moduleId, publicKey };
}

async function entryOf(store: Books, question: TokenQuestion): Promise<LedgerEntry | undefined> {
  if ('saleId' in question) return (await store.findEntriesBySale(question.saleId)).at(-1);
  return store.findEntryByToken(parseTokenNo(question.tokenNo));
}

async function saleOf(store: Books, saleId: string): Promise<TokenSale> {
  const sale = await store.findSale(saleId);
  if (sale === undefined)
    throw new StsFault('store_damaged', 'an entry names a sale that is not in the books');
  const { vendorId, requestId } = sale;
  const { soldAt, currency, paidMinor } = JSON.parse(sale.responseBody) as SaleResponse;
  return { saleId, vendorId, requestId, soldAt, currency, paidMinor };
}

async function proofOf(store: Books, { moduleId, counter }: LedgerEntry): Promise<readonly ChainEntry[]> {
  const from = await store.entries(moduleId, counter - 1, PROOF_ENTRIES_MAX);
  const signed = from.findIndex(({ signature }) => signature !== '');
  return from.slice(0, signed + 1 || undefined).map((entry) => ({
    moduleId: entry.moduleId,
    counter: entry.counter,
    saleDigest: entry.saleDigest,
    tokenDigest: entry.tokenDigest,
    statement: entry.statement,
    previousHash: entry.previousHash,
    entryHash: entry.entryHash,
    signature: entry.signature,
  }));
}
