import { call } from '../../../api.ts';
import { ActForm } from '../act-form.tsx';
import { showMoment } from '../show.ts';
import { useAnswer } from '../use-answer.ts';
import type { MeterCardProps } from './card-props.ts';
import { useSay } from './speech.ts';

const STATES = ['open', 'underWay', 'closed'] as const;
type Trouble = 'noSupply' | 'tokenRejected' | 'displayBlank' | 'meterDamaged' | 'tampered' | 'other';

interface FaultReport {
  readonly reportId: number;
  readonly vendorId: string;
  readonly kind: Trouble;
  readonly text: string;
  readonly reportedAt: string;
  readonly state: (typeof STATES)[number];
  readonly note: string;
}

export function FaultReportsCard({ meter, may, words }: MeterCardProps) {
  const { say, locale } = useSay();
  const { answer, problem, again } = useAnswer<{ reports: FaultReport[] }>(
    `/v1/fault-reports?meter=${meter.drn}`,
    words,
  );
  const reports = answer?.reports ?? [];
  return (
    <section class="card" aria-labelledby="fault-reports">
      <h2 id="fault-reports">{say('faultReports')}</h2>
      {problem !== '' && <p class="problem">{problem}</p>}
      {answer !== undefined && reports.length === 0 && <p>{say('noReports')}</p>}
      <ul class="recent">
        {reports.map((report) => (
          <li key={report.reportId} class="stack">
            <span>
              <b>{say(`trouble_${report.kind}`)}</b>{' '}
              <span class={`mark ${report.state === 'closed' ? 'good' : 'bad'}`}>
                {say(`report_${report.state}`)}
              </span>
              <small>
                {showMoment(report.reportedAt, locale)}, {report.vendorId}
              </small>
              <span class="block">{report.text}</span>
              {report.note !== '' && <small>{report.note}</small>}
            </span>
            {may('faultReport.change') && (
              <details>
                <summary>{say('changeReport')}</summary>
                <ActForm
                  id={`report-${report.reportId}`}
                  fields={[
                    {
                      name: 'state',
                      label: say('state'),
                      kind: 'select',
                      options: STATES.map((state) => [state, say(`report_${state}`)]),
                      value: report.state,
                    },
                    { name: 'note', label: say('note'), value: report.note, isOptional: true, length: 200 },
                  ]}
                  action={say('save')}
                  act={async ({ state, note }) => {
                    await call('PUT', `/v1/fault-reports/${report.reportId}/state`, { state, note });
                    again();
                    return say('changed');
                  }}
                  words={words}
                />
              </details>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
