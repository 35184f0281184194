/** What a verifier of the ledger can find, each kind under one name for ever: scripts and auditors quote them. */

export type FindingKind =
  // The file.
  /** The line is not JSON, or has not the fields of its kind. */
  | 'line_malformed'
  /** The file ends before its trailer. */
  | 'file_truncated'
  /** The bytes are not those whose hash the trailer holds, or something stands behind it. */
  | 'file_altered'
  /** The counts, sums or head of the trailer are not those of the lines. */
  | 'trailer_wrong'
  /** The export names another public key than the one that the verifier was given. */
  | 'public_key_wrong'
  // The chain.
  /** Counters are missing before this line. */
  | 'entry_missing'
  /** This counter stands twice. */
  | 'entry_doubled'
  /** This entry stands behind one with a higher counter. */
  | 'entry_reordered'
  /** The fields of the entry do not give its hash. */
  | 'entry_altered'
  /** The entry is whole under another counter than the one it stands at. */
  | 'counter_swapped'
  /** The entry does not follow the one before it: one of the two was put in another's place. */
  | 'link_broken'
  /** The entry is another module's. */
  | 'other_module'
  /** What the module says that the token is does not fit the rest of its entry. */
  | 'statement_wrong'
  /** The signature is not the module's over this entry. */
  | 'signature_wrong'
  /** The last entries are covered by no signature. */
  | 'tail_unsigned'
  // Tokens and sales.
  /** A released token without a sale. */
  | 'sale_missing'
  /** The facts of the sale do not give the digest that the module signed. */
  | 'sale_altered'
  /** The token number in the answer is not the one that was made. */
  | 'token_altered'
  /** A sale has more tokens than entries stand for it. */
  | 'token_missing'
  /** The stored answer is not the one that was given, by its facts or its place in the chain. */
  | 'answer_altered'
  /** One sale stands behind entries that are not all of its own tokens. */
  | 'sale_doubled'
  /** A sale that no entry names. */
  | 'sale_without_token'
  /** A token that the module made and the ledger does not hold. */
  | 'unsold_token'
  /** Two entries are about the same token, and it is no section of a key change that was given once more. */
  | 'duplicate_token'
  /** A meter has one token identifier twice. */
  | 'duplicate_tid'
  // Money.
  /** What left the vendor's float is not what was paid. */
  | 'money_wrong'
  /** A deposit is not what was asked for, or its transfer is another amount. */
  | 'deposit_altered'
  /** A debt was not opened by its own transfer, or is not what recovery has left of it. */
  | 'debt_altered'
  /** A transfer that no sale, deposit, debt, deposit taken back or month's commission explains. */
  | 'transfer_unexplained'
  /** A vendor's float is not what the transfers leave. */
  | 'float_wrong'
  // The module's journal.
  /** The journal holds another entry under this counter, or another meter for it. */
  | 'journal_differs'
  /** The journal does not hold an entry of the ledger. */
  | 'journal_missing'
  // Witnesses.
  /** A head of the witness is not signed by the module, or the series of heads is broken. */
  | 'witness_wrong'
  /** The ledger ends before a head that was witnessed. */
  | 'witnessed_head_missing'
  /** The ledger holds another entry where a head was witnessed: history was rewritten. */
  | 'witnessed_head_differs';

export interface Finding {
  readonly kind: FindingKind;
  /** Counter of the entry that it is about, if it is about one. */
  readonly counter?: number;
  /** Line of the export, from 1; absent for what no line shows. */
  readonly line?: number;
  readonly detail: string;
}

/** Most findings kept: a file that is wrong everywhere must not fill the memory; all are counted. */
const KEPT = 1000;

export class Findings {
  readonly kept: Finding[] = [];
  readonly #counts = new Map<FindingKind, number>();

  add(finding: Finding): void {
    this.#counts.set(finding.kind, (this.#counts.get(finding.kind) ?? 0) + 1);
    if (this.kept.length < KEPT) this.kept.push(finding);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  counts(): Readonly<Partial<Record<FindingKind, number>>> {
    return Object.fromEntries(this.#counts);
  }
}
