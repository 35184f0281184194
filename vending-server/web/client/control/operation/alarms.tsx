/** What the limits noticed: who was at it, and who has looked at it. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { Deed, textOf } from '../deed.tsx';
import type { SectionProps } from '../sections.ts';
import { useLook } from '../use-look.ts';
import type { Alarm, AlarmsPage } from './answers.ts';
import { ListEnd, Moment, Who } from './parts.tsx';
import { useFaultWords, useSay } from './speech.ts';
import { usePages } from './use-page.ts';

interface RulesAnswer {
  readonly rules: readonly {
    readonly ruleId: string;
    readonly rule: { readonly kind: keyof typeof RULES };
  }[];
}

const RULES = {
  dayLimit: 'ruleDayLimit',
  velocity: 'ruleVelocity',
  largeSale: 'ruleLargeSale',
  openHours: 'ruleOpenHours',
} as const;

export function Alarms({ session, wordsOf }: SectionProps) {
  const { say } = useSay();
  const words = useFaultWords(wordsOf);
  const may = (permission: string) => session.permissions.includes(permission);
  const [isOpenOnly, setOpenOnly] = useState(true);
  const [acknowledged, setAcknowledged] = useState<ReadonlyMap<number, Alarm>>(new Map());
  const path = `/v1/alarms?limit=50&open=${isOpenOnly}`;
  const pages = usePages<AlarmsPage, Alarm>(path, 'before', ({ alarms }) => alarms, words);
  const rules = useLook<RulesAnswer>(may('limit.read') ? '/v1/limit-rules' : undefined, { wordsOf: words });
  /** A rule that was taken away since is known by its id alone. */
  const kindOf = (ruleId: string) => {
    const kind = rules.found?.rules.find((each) => each.ruleId === ruleId)?.rule.kind;
    return kind === undefined ? ruleId : say(RULES[kind]);
  };
  const canAcknowledge = may('alarm.acknowledge');
  const acknowledge = async (alarmId: number, fields: FormData) => {
    const body = { note: textOf(fields, 'note') };
    const alarm = await call<Alarm>('POST', `/v1/alarms/${alarmId}/acknowledgement`, body);
    // It stays where it was, so that whoever works down the list keeps his place.
    setAcknowledged(new Map(acknowledged).set(alarmId, alarm));
    return '';
  };
  return (
    <section class="card" aria-label={say('alarms')}>
      <label class="choice">
        <input
          type="checkbox"
          checked={isOpenOnly}
          onChange={(event) => setOpenOnly(event.currentTarget.checked)}
        />
        {say('openOnly')}
      </label>
      <ul class="entries">
        {pages.rows?.map((row) => {
          const alarm = acknowledged.get(row.alarmId) ?? row;
          return (
            <li key={alarm.alarmId} data-alarm={alarm.alarmId}>
              <div class="row wrap">
                <b class="grow">
                  {kindOf(alarm.ruleId)} ({alarm.detail})
                </b>
                <span class={alarm.acknowledgedBy === null ? 'mark bad' : 'mark good'}>
                  {say(alarm.acknowledgedBy === null ? 'alarmOpen' : 'alarmSeen')}
                </span>
              </div>
              <p class="hint">
                <Moment at={alarm.at} /> · {say('rule')} {alarm.ruleId} · {say('vendor')}{' '}
                <a href={`#/vendors/${alarm.vendorId}`}>{alarm.vendorId}</a>
                {alarm.operatorId !== null && ` · ${say('operator')} ${alarm.operatorId}`}
                {alarm.meterPan !== null && ` · ${say('meter')} ${alarm.meterPan}`}
              </p>
              {alarm.acknowledgedBy !== null && alarm.acknowledgedAt !== null && (
                <p role="status">
                  {say('seenBy')} <Who principal={alarm.acknowledgedBy} /> ·{' '}
                  <Moment at={alarm.acknowledgedAt} />
                  {alarm.note !== '' && ` · ${alarm.note}`}
                </p>
              )}
              {alarm.acknowledgedBy === null && canAcknowledge && (
                <Deed
                  action={say('acknowledge')}
                  onDo={(fields) => acknowledge(alarm.alarmId, fields)}
                  wordsOf={words}
                >
                  <label>
                    {say('note')}
                    <input name="note" autocomplete="off" required maxLength={200} />
                  </label>
                </Deed>
              )}
            </li>
          );
        })}
      </ul>
      <ListEnd pages={pages} empty={say(isOpenOnly ? 'noAlarmsOpen' : 'noAlarms')} />
    </section>
  );
}
