/**
 * The ledger against the module's own journal, counter by counter: a token that the module made is in the ledger, sold or
 * named unreleased, or it is found here. Both sides come in the order of their counters and are read once.
 */
import type { JournalledEntry } from '../security-module/contract.ts';
import type { EntryRow } from '../store/contract.ts';
import type { Findings } from './findings.ts';

export interface Journal {
  entries(): Iterable<JournalledEntry>;
  /** Heads that it took over from the ledger after it had lost its tail: what it lost ends at each of them. */
  readonly adopted: readonly { readonly counter: number }[];
}

export function compareJournal(ledger: Iterable<EntryRow>, journal: Journal, findings: Findings): void {
  const rows = ledger[Symbol.iterator]();
  let row = rows.next();
  const missing = (counter: number, next: number) => {
    // What stands before an adopted head was lost in a power cut and taken over from the ledger.
    if (journal.adopted.some((head) => head.counter >= counter && head.counter < next)) return;
    findings.add({ kind: 'journal_missing', counter, detail: 'the module has no record of this token' });
  };
  for (const own of journal.entries()) {
    while (row.done !== true && row.value.entry.counter < own.counter) {
      missing(row.value.entry.counter, own.counter);
      row = rows.next();
    }
    if (row.done === true || row.value.entry.counter > own.counter) {
      const detail = `the module made it for meter ${own.meterPan}, TID ${own.tidMinutes}; the ledger does not hold it`;
      findings.add({ kind: 'unsold_token', counter: own.counter, detail });
      continue;
    }
    const differing = FIELDS.filter((name) => row.value.entry[name] !== own[name]);
    if (differing.length > 0) {
      const detail = `ledger and journal differ in ${differing.join(', ')}`;
      findings.add({ kind: 'journal_differs', counter: own.counter, detail });
    }
    row = rows.next();
  }
  for (; row.done !== true; row = rows.next()) missing(row.value.entry.counter, Number.POSITIVE_INFINITY);
}

const FIELDS = [
  'moduleId',
  'saleDigest',
  'tokenDigest',
  'previousHash',
  'entryHash',
  'signature',
  'meterPan',
  'baseDate',
  'tidMinutes',
] as const;
