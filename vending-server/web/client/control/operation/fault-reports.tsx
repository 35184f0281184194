/** What vendors reported of meters, and what becomes of it. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { Deed, textOf } from '../deed.tsx';
import type { SectionProps } from '../sections.ts';
import { type FaultReport, REPORT_STATES } from './answers.ts';
import { ListEnd, Moment, Who } from './parts.tsx';
import { type TextKey, useFaultWords, useSay } from './speech.ts';
import { usePages } from './use-page.ts';

const STATES: Readonly<Record<FaultReport['state'], TextKey>> = {
  open: 'reportOpen',
  underWay: 'reportUnderWay',
  closed: 'reportClosed',
};
const KINDS: Readonly<Record<FaultReport['kind'], TextKey>> = {
  noSupply: 'reportNoSupply',
  tokenRejected: 'reportTokenRejected',
  displayBlank: 'reportDisplayBlank',
  meterDamaged: 'reportMeterDamaged',
  tampered: 'reportTampered',
  other: 'reportOther',
};

interface ReportsPage {
  readonly reports: readonly FaultReport[];
  readonly next: number | null;
}

export function FaultReports({ session, wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const [state, setState] = useState<FaultReport['state']>('open');
  const [changed, setChanged] = useState<ReadonlyMap<number, FaultReport>>(new Map());
  const path = `/v1/fault-reports?limit=50&state=${state}`;
  const pages = usePages<ReportsPage, FaultReport>(path, 'before', ({ reports }) => reports, words);
  const change = async (reportId: number, fields: FormData) => {
    const body = { state: textOf(fields, 'state'), note: textOf(fields, 'note') };
    const report = await call<FaultReport>('PUT', `/v1/fault-reports/${reportId}/state`, body);
    setChanged(new Map(changed).set(reportId, report));
    return say('reportChanged');
  };
  const choices = (chosen: FaultReport['state']) =>
    REPORT_STATES.map((each) => (
      <option key={each} value={each} selected={each === chosen}>
        {say(STATES[each])}
      </option>
    ));
  return (
    <section class="card" aria-label={say('faultReports')}>
      <label class="choice">
        {say('state')}
        <select onChange={(event) => setState(event.currentTarget.value as FaultReport['state'])}>
          {choices(state)}
        </select>
      </label>
      <ul class="entries">
        {pages.rows?.map((row) => {
          const report = changed.get(row.reportId) ?? row;
          return (
            <li key={report.reportId}>
              <div class="row wrap">
                <b class="grow">{say(KINDS[report.kind])}</b>
                <span class="mark">{say(STATES[report.state])}</span>
              </div>
              <p>{report.text}</p>
              <p class="hint">
                <Moment at={report.reportedAt} /> · {say('meter')} {report.meterPan} · {say('vendor')}{' '}
                {report.vendorId} · <Who principal={report.reportedBy} />
                {report.note !== '' && ` · ${report.note}`}
              </p>
              {session.permissions.includes('faultReport.change') && (
                <Deed
                  action={say('changeState')}
                  onDo={(fields) => change(report.reportId, fields)}
                  wordsOf={words}
                >
                  <label>
                    {say('state')}
                    <select name="state">{choices(report.state)}</select>
                  </label>
                  <label>
                    {say('note')}
                    <input name="note" autocomplete="off" maxLength={200} />
                  </label>
                </Deed>
              )}
            </li>
          );
        })}
      </ul>
      <ListEnd pages={pages} empty={say('noReports')} />
    </section>
  );
}
