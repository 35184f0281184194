/**
 * Each entry against the sale that stands behind it: the tokens, the facts under the digest, the answer, and no doubles. The
 * first entry of a sale brings it.
 */

import { sha256 } from '../sha256.ts';
import { paymentDigest } from './chain.ts';
import type { EntryLine, ExportedSale } from './export-records.ts';
import type { FindingKind, Findings } from './findings.ts';
import { TripleSet } from './number-set.ts';
import { saleDigest, saleDigestOfFormat1 } from './sale-facts.ts';
import { readStatement } from './token-statement.ts';

const BASE_DATES = { '93': 0, '14': 1, '35': 2 } as const;
const TID_VALUES = 0x100_0000;
/** How the kinds of all sections of a key change begin. */
const SECTION = 'keyChangeSection';

/** A sale of which not all entries have been read. */
interface OpenSale {
  readonly sale: ExportedSale;
  readonly counter: number;
  readonly line: number;
  /** Places whose entries have been read, from 0. */
  readonly read: Set<number>;
}

/** Entries of a sale that are further apart than so many other unfinished sales are not looked for any more. */
const OPEN_KEPT = 1000;

export class SaleCheck {
  readonly #findings: Findings;
  readonly #tids = new TripleSet();
  readonly #tokens = new TripleSet();
  /** Sections of key changes, each with what it is. */
  readonly #sections = new TripleSet();
  readonly #sales = new TripleSet();
  /** By sale id, the longest open first. */
  readonly #open = new Map<string, OpenSale>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  entry(entry: EntryLine, line: number): void {
    const { counter, meterPan, baseDate, tidMinutes, sale } = entry;
    const add = (kind: FindingKind, detail: string) => this.#findings.add({ kind, counter, line, detail });
    if (tidMinutes !== null) {
      const place = BASE_DATES[baseDate] * TID_VALUES + tidMinutes;
      if (!this.#tids.add(Number(meterPan.slice(0, 9)), Number(meterPan.slice(9)), place)) {
        add('duplicate_tid', `meter ${meterPan} has TID ${tidMinutes} twice`);
      }
    }
    if (!isStatementOf(entry)) add('statement_wrong', 'the statement names another meter, base date or TID');
    if (this.#isDoubled(entry)) add('duplicate_token', 'an earlier entry is about this token');
    if (sale !== null) {
      if (!addHash(this.#sales, entry.saleDigest))
        add('sale_doubled', `sale ${sale.saleId} stands behind other tokens too`);
      this.#opened(sale, counter, line);
    }
    const open = this.#open.get(sale?.saleId ?? entry.saleId ?? '');
    if (open !== undefined) this.#sold(entry, open, add);
    else if (entry.state === 'released' || entry.saleId !== null) {
      add('sale_missing', `the token was released for sale ${entry.saleId}, which is not in the books`);
    }
  }

  /** To be called after the last entry. */
  end(): void {
    for (const saleId of [...this.#open.keys()]) this.#close(saleId);
  }

  /** A section carries no identifier: given once more, after a crash or because it was lost, it has the same digits. */
  #isDoubled({ tokenDigest, statement }: EntryLine): boolean {
    if (!statement.startsWith(SECTION)) return !addHash(this.#tokens, tokenDigest);
    const name = sha256(`${tokenDigest}\n${statement}`);
    return addHash(this.#sections, name) && !addHash(this.#tokens, tokenDigest);
  }

  #opened(sale: ExportedSale, counter: number, line: number): void {
    this.#close(sale.saleId);
    this.#open.set(sale.saleId, { sale, counter, line, read: new Set() });
    if (this.#open.size <= OPEN_KEPT) return;
    for (const saleId of this.#open.keys()) {
      this.#close(saleId);
      break;
    }
  }

  #sold(entry: EntryLine, open: OpenSale, add: (kind: FindingKind, detail: string) => void): void {
    const { sale, read } = open;
    const name = `sale ${sale.saleId}`;
    const { answer } = sale;
    // An answer that is damaged beyond reading cannot give its hash: the entry is then accused for the answer alone.
    if (answer === null) {
      this.#open.delete(sale.saleId);
      add('answer_altered', `the stored answer of ${name} is not the one given`);
      return;
    }
    const isSame = entry.meterPan === sale.meterPan && entry.saleId === sale.saleId;
    if (!isDigestOf(entry, sale, answer) || !isSame || entry.state !== 'released') {
      add('sale_altered', `${name} is not what the module signed`);
    }
    const count = Math.max(1, answer.tokens.length);
    const place = placeIn(entry, answer, count, read.size);
    read.add(place);
    const token = answer.tokens[place];
    if (token === undefined) {
      if (entry.tokenDigest !== paymentDigest(entry.saleDigest))
        add('token_altered', `${name} says nothing of the token that was made`);
    } else if (token.tokenDigest !== entry.tokenDigest || token.groupedDigest !== entry.tokenDigest) {
      add('token_altered', `${name} holds another token number than was made`);
    }
    if (place === count - 1 && !isPlaceOf(entry, answer.ledger))
      add('answer_altered', `the stored answer of ${name} is not the one given`);
    if (read.size >= count) this.#open.delete(sale.saleId);
  }

  /** What a sale says of its tokens must all have been read. */
  #close(saleId: string): void {
    const open = this.#open.get(saleId);
    if (open === undefined) return;
    this.#open.delete(saleId);
    const { sale, counter, line, read } = open;
    const count = Math.max(1, sale.answer?.tokens.length ?? 1);
    const detail = `sale ${saleId} has ${count} tokens, and only ${read.size} stand in the ledger`;
    this.#findings.add({ kind: 'token_missing', counter, line, detail });
  }
}

type Answer = NonNullable<ExportedSale['answer']>;

/** Of its sale's tokens, from 0: by the counter of the last one, which the answer names, else in the order of reading. */
function placeIn({ counter }: EntryLine, { ledger }: Answer, count: number, read: number): number {
  const last = (ledger as { readonly counter?: unknown } | null)?.counter;
  const place = typeof last === 'number' ? count - 1 - (last - counter) : -1;
  return Number.isInteger(place) && place >= 0 && place < count ? place : Math.min(read, count - 1);
}

/** Entries made before there were statements have none. */
function isStatementOf({ statement, meterPan, baseDate, tidMinutes }: EntryLine): boolean {
  if (statement === '') return true;
  const said = readStatement(statement);
  if (said === undefined || said.meterPan !== meterPan || said.tidMinutes !== tidMinutes) return false;
  return said.key.split('/')[3] === baseDate;
}

/** In format 2, or for a sale of one token in format 1. */
function isDigestOf(entry: EntryLine, sale: ExportedSale, answer: Answer): boolean {
  const facts = { ...sale, answerHash: answer.hash };
  if (saleDigest(facts) === entry.saleDigest) return true;
  return answer.tokens.length === 1 && saleDigestOfFormat1(facts, entry) === entry.saleDigest;
}

function isPlaceOf({ moduleId, counter, entryHash }: EntryLine, ledger: unknown): boolean {
  return JSON.stringify(ledger) === JSON.stringify({ moduleId, counter, entryHash });
}

/** The first 96 bits of a hash stand for it: two of ten million hashes share them once in 10^15 ledgers. */
function addHash(set: TripleSet, hash: string): boolean {
  return set.add(
    Number.parseInt(hash.slice(0, 8), 16),
    Number.parseInt(hash.slice(8, 16), 16),
    Number.parseInt(hash.slice(16, 24), 16),
  );
}
