/**
 * The ledger against the module's own journal, counter by counter: a token that the module made is in the ledger, sold or
 * named unreleased, or it is found here. Both sides come in the order of their counters and are read once.
 */
import type { JournalledEntry } from '../security-module/contract.ts';
import type { EntryRow, Rows } from '../store/contract.ts';
import type { Findings } from './findings.ts';

export interface Journal {
  entries(): Iterable<JournalledEntry>;
  /** Heads that it took over from the ledger after it had lost its tail: what it lost ends at each of them. */
  readonly adopted: readonly { readonly counter: number }[];
}

export async function compareJournal(
  ledger: Rows<EntryRow>,
  journal: Journal,
  findings: Findings,
): Promise<void> {
  const journalled = journal.entries()[Symbol.iterator]();
  let own = journalled.next();
  const unsold = ({ counter, meterPan, tidMinutes }: JournalledEntry) => {
    const detail = `the module made it for meter ${meterPan}, TID ${tidMinutes}; the ledger does not hold it`;
    findings.add({ kind: 'unsold_token', counter, detail });
  };
  for await (const { entry } of ledger) {
    const { counter } = entry;
    for (; own.done !== true && own.value.counter < counter; own = journalled.next()) unsold(own.value);
    if (own.done === true || own.value.counter > counter) {
      const next = own.done === true ? Number.POSITIVE_INFINITY : own.value.counter;
      // What stands before an adopted head was lost in a power cut and taken over from the ledger.
      if (journal.adopted.some((head) => head.counter >= counter && head.counter < next)) continue;
      findings.add({ kind: 'journal_missing', counter, detail: 'the module has no record of this token' });
      continue;
    }
    const { value } = own;
    const differing = FIELDS.filter((name) => entry[name] !== value[name]);
    if (differing.length > 0) {
      const detail = `ledger and journal differ in ${differing.join(', ')}`;
      findings.add({ kind: 'journal_differs', counter, detail });
    }
    own = journalled.next();
  }
  for (; own.done !== true; own = journalled.next()) unsold(own.value);
}

const FIELDS = [
  'moduleId',
  'saleDigest',
  'tokenDigest',
  'statement',
  'previousHash',
  'entryHash',
  'signature',
  'meterPan',
  'baseDate',
  'tidMinutes',
] as const;
