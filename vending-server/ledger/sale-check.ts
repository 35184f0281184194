/** One entry against the sale that stands behind it: the token, the facts under the digest, the answer, and no doubles. */
import type { EntryLine, ExportedSale } from './export-records.ts';
import type { FindingKind, Findings } from './findings.ts';
import { TripleSet } from './number-set.ts';
import { saleDigest } from './sale-facts.ts';
import { readStatement } from './token-statement.ts';

const BASE_DATES = { '93': 0, '14': 1, '35': 2 } as const;
const TID_VALUES = 0x100_0000;

export class SaleCheck {
  readonly #findings: Findings;
  readonly #tids = new TripleSet();
  readonly #tokens = new TripleSet();
  readonly #sales = new TripleSet();

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
    if (!addHash(this.#tokens, entry.tokenDigest))
      add('duplicate_token', 'an earlier entry is about this token');
    if (sale !== null) this.#sold(entry, sale, add);
    else if (entry.state === 'released' || entry.saleId !== null) {
      add('sale_missing', `the token was released for sale ${entry.saleId}, which is not in the books`);
    }
  }

  #sold(entry: EntryLine, sale: ExportedSale, add: (kind: FindingKind, detail: string) => void): void {
    const { baseDate, tidMinutes } = entry;
    const name = `sale ${sale.saleId}`;
    if (!addHash(this.#sales, entry.saleDigest)) add('sale_doubled', `${name} stands behind two tokens`);
    // An answer that is damaged beyond reading cannot give its hash: the entry is then accused for the answer alone.
    if (sale.answer !== null) {
      const digest = saleDigest({ ...sale, baseDate, tidMinutes, answerHash: sale.answer.hash });
      const isSame = entry.meterPan === sale.meterPan && entry.saleId === sale.saleId;
      if (digest !== entry.saleDigest || !isSame || entry.state !== 'released') {
        add('sale_altered', `${name} is not what the module signed`);
      }
    }
    if (sale.tokenDigest !== entry.tokenDigest) {
      add('token_altered', `${name} holds another token number than was made`);
    }
    if (!isAnswerOf(entry, sale.answer))
      add('answer_altered', `the stored answer of ${name} is not the one given`);
  }
}

/** Entries made before there were statements have none. */
function isStatementOf({ statement, meterPan, baseDate, tidMinutes }: EntryLine): boolean {
  if (statement === '') return true;
  const said = readStatement(statement);
  if (said === undefined || said.meterPan !== meterPan || said.tidMinutes !== tidMinutes) return false;
  return said.key.split('/')[3] === baseDate;
}

function isAnswerOf(entry: EntryLine, answer: ExportedSale['answer']): boolean {
  if (answer === null) return false;
  const { tokenDigest, moduleId, counter, entryHash } = entry;
  const isDigits = answer.tokens.every(
    (token) => token.tokenDigest === tokenDigest && token.groupedDigest === tokenDigest,
  );
  const place = JSON.stringify({ moduleId, counter, entryHash });
  return answer.tokens.length === 1 && isDigits && JSON.stringify(answer.ledger) === place;
}

/** The first 96 bits of a hash stand for it: two of ten million hashes share them once in 10^15 ledgers. */
function addHash(set: TripleSet, hash: string): boolean {
  return set.add(
    Number.parseInt(hash.slice(0, 8), 16),
    Number.parseInt(hash.slice(8, 16), 16),
    Number.parseInt(hash.slice(16, 24), 16),
  );
}
