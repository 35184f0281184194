/** The whole chain of a module and all the money beside it, proved now: how far it is, and what was found. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { callLines } from '../../api.ts';
import { Deed } from '../deed.tsx';
import type { LedgerModule, LedgerReport, ProofLine } from './answers.ts';
import { Moment } from './parts.tsx';
import { useSay } from './speech.ts';
import { witnessIn } from './witness-file.ts';

interface ProofCardProps {
  readonly module: LedgerModule;
  readonly wordsOf: (error: unknown) => string;
  readonly onProved: () => void;
}

interface Proved {
  readonly moduleId: string;
  readonly at: string;
  readonly report: LedgerReport;
}

export function ProofCard({ module: { moduleId, head }, wordsOf, onProved }: ProofCardProps) {
  const { say } = useSay();
  const [entries, setEntries] = useState<number | undefined>(undefined);
  const [proved, setProved] = useState<Proved | undefined>(undefined);
  const leaving = useRef(new AbortController());
  // Whoever goes to another section reads no further, and the server stops.
  useEffect(() => () => leaving.current.abort(), []);
  const prove = async (fields: FormData) => {
    setProved(undefined);
    setEntries(0);
    let report: LedgerReport | undefined;
    try {
      const body = { moduleId, witness: await witnessIn(fields, 'witness') };
      const take = (line: ProofLine) => {
        if (line.kind === 'progress') setEntries(line.entries);
        else report = line.report;
      };
      await callLines<ProofLine>('/v1/ledger/verifications', body, take, leaving.current.signal);
    } finally {
      setEntries(undefined);
    }
    // An answer that ends without the report was cut off, however well it looked until then.
    if (report === undefined) return say('proofCut');
    setProved({ moduleId, at: new Date().toISOString(), report });
    onProved();
    return '';
  };
  const total = Math.max(1, head?.counter ?? 0, entries ?? 0);
  return (
    <section class="card" aria-labelledby="prove">
      <h2 id="prove">{say('prove')}</h2>
      <p class="hint">{say('proveHint')}</p>
      <Deed action={say('proveNow')} isMain onDo={prove} wordsOf={wordsOf} isKept>
        <label>
          {say('witnessToCheck')}
          <input name="witness" type="file" accept="application/json,.json" />
        </label>
      </Deed>
      <div class="proof-state">
        {entries !== undefined && (
          <label>
            {say('proving', { entries, total })}
            <progress max={total} value={entries} />
          </label>
        )}
        {proved?.moduleId === moduleId && <Report proved={proved} />}
      </div>
    </section>
  );
}

const FINDINGS_SHOWN = 50;

function Report({ proved: { at, report } }: { readonly proved: Proved }) {
  const { say } = useSay();
  const found = Object.values(report.findingCounts).reduce((sum, count) => sum + count, 0);
  return (
    <div role="status" class="report">
      <p>
        <span class={report.verified ? 'mark good' : 'mark bad'}>
          {report.verified ? say('ledgerWhole') : say('ledgerBroken', { count: found })}
        </span>{' '}
        <Moment at={at} />
      </p>
      <dl>
        {(
          [
            ['entries', report.entries],
            ['sold', report.released],
            ['unreleased', report.unreleased.count],
            ['witnessedHeads', report.witnessedHeads],
          ] as const
        ).map(([title, value]) => (
          <div key={title}>
            <dt>{say(title)}</dt>
            <dd class="digits">{value}</dd>
          </div>
        ))}
      </dl>
      <p class="hash">
        {say('headHash')}: {report.head.counter} {report.head.entryHash}
      </p>
      {found > 0 && (
        <ul>
          {report.findings.slice(0, FINDINGS_SHOWN).map(({ kind, counter, line, detail }) => (
            <li key={`${kind} ${counter} ${line} ${detail}`}>
              <b>{kind}</b> {counter !== undefined && say('atEntry', { counter })} {detail}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
