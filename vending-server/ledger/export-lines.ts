/**
 * The books as lines of text that anybody can keep and check: the format of README.md in this folder. Every row is written
 * as it stands; what is wrong with it is the verifier's to say.
 */
import { createHash } from 'node:crypto';
import { sha256 } from '../sha256.ts';
import type { EntryRow, LedgerSnapshot, SaleRow, Transfer } from '../store/contract.ts';
import { GENESIS_HASH, tokenDigest } from './chain.ts';
import { answerHash, answerHashOfFormat1 } from './sale-facts.ts';

export const EXPORT_FORMAT = 'wattoken-ledger-2';

export interface ExportOptions {
  /** ISO 8601 UTC. */
  readonly exportedAt: string;
  /** Token numbers are bearer credit until they are keyed: they are written as digests unless this is true. */
  readonly withTokenNumbers: boolean;
  /** Sales whose numbers are given to nobody any more. */
  readonly withheld?: ReadonlySet<string>;
}

/** Debits and credits of each currency, as text because a country's books may pass 2^53 cents. */
export type Sums = Readonly<Record<string, { readonly debitMinor: string; readonly creditMinor: string }>>;

/** Adds up both sides of transfers by currency, which ends the name of an account. */
export class SumsByCurrency {
  readonly #sums = new Map<string, { debit: bigint; credit: bigint }>();

  add({ debitAccount, creditAccount, amountMinor }: Transfer): void {
    this.#of(debitAccount).debit += BigInt(amountMinor);
    this.#of(creditAccount).credit += BigInt(amountMinor);
  }

  sums(): Sums {
    const byName = [...this.#sums].sort(([left], [right]) => (left < right ? -1 : 1));
    return Object.fromEntries(
      byName.map(([currency, { debit, credit }]) => [
        currency,
        { debitMinor: String(debit), creditMinor: String(credit) },
      ]),
    );
  }

  #of(account: string): { debit: bigint; credit: bigint } {
    const currency = account.slice(account.lastIndexOf(':') + 1);
    let held = this.#sums.get(currency);
    if (held === undefined) {
      held = { debit: 0n, credit: 0n };
      this.#sums.set(currency, held);
    }
    return held;
  }
}

/**
 * @param onEntry - told the number of entries written so far.
 * @returns lines, each with its line feed, one after another: a year of sales never stands in memory.
 */
export async function* exportLines(
  snapshot: LedgerSnapshot,
  options: ExportOptions,
  onEntry: (entries: number) => void = () => undefined,
): AsyncGenerator<string, void> {
  const { module } = snapshot;
  const counts = {
    entries: 0,
    released: 0,
    unreleased: 0,
    sales: 0,
    reversals: 0,
    deposits: 0,
    debts: 0,
    transfers: 0,
    vendors: 0,
  };
  const sums = new SumsByCurrency();
  const whole = createHash('sha256');
  let head = { counter: 0, entryHash: GENESIS_HASH };
  const post = (transfers: readonly Transfer[]) => {
    counts.transfers += transfers.length;
    for (const transfer of transfers) sums.add(transfer);
  };
  const line = (value: object): string => {
    const text = `${JSON.stringify(value)}\n`;
    whole.update(text);
    return text;
  };
  const sold = (sale: SaleRow) => {
    counts.sales += 1;
    post(sale.transfers);
    return saleFields(sale, options);
  };
  const { exportedAt, withTokenNumbers } = options;
  yield line({ kind: 'header', format: EXPORT_FORMAT, ...module, exportedAt, withTokenNumbers });
  // Before the sales, so that whoever reads them one by one knows of each what went back.
  for await (const reversal of snapshot.reversals()) {
    counts.reversals += 1;
    post(reversal.transfers);
    yield line({ kind: 'reversal', ...reversal });
  }
  for await (const { entry, sale } of snapshot.entries()) {
    counts.entries += 1;
    counts[entry.state === 'released' ? 'released' : 'unreleased'] += 1;
    head = { counter: entry.counter, entryHash: entry.entryHash };
    yield line({ ...entryFields(entry), sale: sale === undefined ? null : sold(sale) });
    onEntry(counts.entries);
  }
  for await (const sale of snapshot.salesWithoutEntry()) yield line({ kind: 'sale', sale: sold(sale) });
  let elsewhere = 0;
  for await (const { moduleId, sale } of snapshot.salesElsewhere?.() ?? []) {
    elsewhere += 1;
    post(sale.transfers);
    yield line({ kind: 'elsewhere', moduleId, sale: saleFields(sale, options) });
  }
  for await (const deposit of snapshot.deposits()) {
    counts.deposits += 1;
    post(deposit.transfers);
    yield line({ kind: 'deposit', ...deposit });
  }
  for await (const debt of snapshot.debts()) {
    counts.debts += 1;
    post(debt.transfers);
    yield line({ kind: 'debt', ...debt });
  }
  for await (const transfer of snapshot.otherTransfers()) {
    post([transfer]);
    yield line({ kind: 'transfer', ...transfer });
  }
  for await (const { vendorId, currency, floatMinor } of snapshot.vendors()) {
    counts.vendors += 1;
    yield line({ kind: 'vendor', vendorId, currency, floatMinor });
  }
  const sha256 = whole.digest('hex');
  const others = elsewhere === 0 ? {} : { elsewhere };
  yield `${JSON.stringify({ kind: 'trailer', ...counts, ...others, sums: sums.sums(), head, sha256 })}\n`;
}

function entryFields({ saleId, ...entry }: EntryRow['entry']): object {
  return { kind: 'entry', ...entry, saleId };
}

function saleFields(sale: SaleRow, { withTokenNumbers, withheld }: ExportOptions): object {
  const { responseBody, responseDigest, transfers, ...fields } = sale;
  const { tokenNos, answer } = answerFields(responseBody, responseDigest);
  const shown = withheld?.has(sale.saleId) === true ? [] : tokenNos;
  return { ...fields, ...(withTokenNumbers ? { tokenNos: shown } : {}), transfers, answer };
}

interface StoredAnswer {
  /** Absent from when each sale had one token. */
  readonly kind?: unknown;
  readonly tokens: readonly { readonly tokenNo: string; readonly tokenNoGrouped: string }[];
  readonly ledger: unknown;
}

/**
 * What an answer is checked by, without its digits. null when the stored text is not what was once stored, or not in the one
 * form in which the server writes.
 */
function answerFields(
  responseBody: string,
  responseDigest: string,
): { readonly tokenNos: readonly string[]; readonly answer: object | null } {
  const unreadable = { tokenNos: [], answer: null };
  if (sha256(responseBody) !== responseDigest) return unreadable;
  try {
    const answer = JSON.parse(responseBody) as StoredAnswer;
    if (JSON.stringify(answer) !== responseBody) return unreadable;
    const { tokens, ledger } = answer;
    return {
      tokenNos: tokens.map(({ tokenNo }) => tokenNo),
      answer: {
        hash: answer.kind === undefined ? answerHashOfFormat1(answer) : answerHash(answer),
        tokens: tokens.map((token) => ({
          tokenDigest: tokenDigest(token.tokenNo),
          groupedDigest: tokenDigest(token.tokenNoGrouped.replaceAll(' ', '')),
        })),
        ledger,
      },
    };
  } catch {
    return unreadable;
  }
}
