/** When and how the customer is told that little is left. */
import { useEffect, useState } from 'preact/hooks';
import { LANGUAGES } from '../../../../lib/pages/speech.ts';
import { call, Refusal } from '../api.ts';
import type { Choice, Visit } from './answers.ts';
import { useSay } from './speech.ts';

interface LowBalanceCardProps {
  readonly visit: Visit;
  readonly wordsOf: (error: unknown) => string;
}

/** What a field says in kWh as whole 0.1 kWh; undefined for what is none between 0.1 and 10,000. */
function deciKwhOf(text: string): number | undefined {
  const [, whole = '', tenth = '0'] = /^\s*(\d{1,5})(?:[.,](\d))?\s*$/.exec(text) ?? [];
  const deciKwh = whole === '' ? 0 : Number(whole + tenth);
  return deciKwh >= 1 && deciKwh <= 100_000 ? deciKwh : undefined;
}

const DEFAULT_KWH = '10';

export function LowBalanceCard({ visit, wordsOf }: LowBalanceCardProps) {
  const { say, language } = useSay();
  const [held, setHeld] = useState<Choice | null | undefined>(undefined);
  const [isTold, setTold] = useState(false);
  const [channel, setChannel] = useState<Choice['channel']>('sms');
  const [isOwn, setOwn] = useState(false);
  const [problem, setProblem] = useState('');
  const [saved, setSaved] = useState(false);
  const take = (choice: Choice | null) => {
    setHeld(choice);
    setTold(choice?.isTold ?? false);
    setChannel(choice?.channel ?? (visit.hasEmail && !visit.hasPhone ? 'email' : 'sms'));
    setOwn((choice?.maskedTarget ?? null) !== null);
  };
  useEffect(() => {
    call<{ choice: Choice | null }>('GET', '/v1/customer/low-balance').then(
      ({ choice }) => take(choice),
      (error: unknown) => setProblem(wordsOf(error)),
    );
  }, []);
  if (held === undefined) return null;
  const usesOwn = isOwn || !hasRegistered(visit, channel);
  const save = async (event: Event) => {
    event.preventDefault();
    const data = new FormData(event.target as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? '').trim();
    const below = isTold ? deciKwhOf(text('below')) : (held?.belowDeciKwh ?? 100);
    setSaved(false);
    setProblem(below === undefined ? say('tellAtWrong') : '');
    if (below === undefined) return;
    const own = text('target');
    const target = channel === 'sms' ? { phone: own.replace(/[\s()-]/g, '') } : { email: own };
    const choice = {
      isTold,
      belowDeciKwh: below,
      channel,
      isOwnTarget: isTold && usesOwn,
      language: isTold ? text('language') : (held?.language ?? language),
      byDay: data.has('byDay'),
      ...(isTold && usesOwn && own !== '' ? target : {}),
    };
    try {
      take((await call<{ choice: Choice }>('PUT', '/v1/customer/low-balance', choice)).choice);
      setSaved(true);
    } catch (error) {
      const code = error instanceof Refusal ? error.code : '';
      const isWrong = code === 'request_malformed';
      setProblem(
        code === 'contact_missing' ? say('contactMissing') : isWrong ? say('targetWrong') : wordsOf(error),
      );
    }
  };
  return (
    <form
      class="card"
      aria-labelledby="low"
      onSubmit={(event) => void save(event)}
      onInput={() => setSaved(false)}
    >
      <h2 id="low">{say('lowBalance')}</h2>
      <p class="hint">{say('lowHint')}</p>
      <label class="tick">
        <input type="checkbox" checked={isTold} onChange={(event) => setTold(event.currentTarget.checked)} />
        {say('tellMe')}
      </label>
      {isTold && (
        <ChoiceFields
          visit={visit}
          held={held}
          channel={channel}
          onChannel={setChannel}
          isOwn={isOwn}
          onOwn={setOwn}
        />
      )}
      <button type="submit" class="main">
        {say('save')}
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
      <p role="status">{saved && say('saved')}</p>
    </form>
  );
}

function kwhText(deciKwh: number): string {
  const digits = String(deciKwh).padStart(2, '0');
  return digits.endsWith('0') ? digits.slice(0, -1) : `${digits.slice(0, -1)}.${digits.slice(-1)}`;
}

function hasRegistered({ hasPhone, hasEmail }: Visit, channel: Choice['channel']): boolean {
  return channel === 'sms' ? hasPhone : hasEmail;
}

interface ChoiceFieldsProps {
  readonly visit: Visit;
  readonly held: Choice | null;
  readonly channel: Choice['channel'];
  readonly onChannel: (channel: Choice['channel']) => void;
  readonly isOwn: boolean;
  readonly onOwn: (isOwn: boolean) => void;
}

function ChoiceFields({ visit, held, channel, onChannel, isOwn, onOwn }: ChoiceFieldsProps) {
  const { say, language } = useSay();
  const spoken = held?.language ?? language;
  const isSms = channel === 'sms';
  const isRegistered = hasRegistered(visit, channel);
  return (
    <>
      <label>
        {say('tellAt')}
        <input
          name="below"
          inputMode="decimal"
          maxLength={7}
          required
          defaultValue={held === null ? DEFAULT_KWH : kwhText(held.belowDeciKwh)}
        />
      </label>
      <fieldset>
        <legend>{say('how')}</legend>
        {(['sms', 'email'] as const).map((value) => (
          <Radio
            key={value}
            name="channel"
            isOn={channel === value}
            words={say(value)}
            onOn={() => onChannel(value)}
          />
        ))}
      </fieldset>
      {isRegistered && (
        <fieldset>
          <legend>{say('where')}</legend>
          <Radio
            name="own"
            isOn={!isOwn}
            words={say(isSms ? 'registeredSms' : 'registeredEmail')}
            onOn={() => onOwn(false)}
          />
          <Radio
            name="own"
            isOn={isOwn}
            words={say(isSms ? 'ownSms' : 'ownEmail')}
            onOn={() => onOwn(true)}
          />
        </fieldset>
      )}
      {(isOwn || !isRegistered) && (
        <TargetField
          key={channel}
          isSms={isSms}
          kept={held?.channel === channel ? held.maskedTarget : null}
        />
      )}
      <label>
        {say('inLanguage')}
        <select name="language">
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag} selected={tag === spoken}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="tick">
        <input type="checkbox" name="byDay" defaultChecked={held?.byDay ?? true} />
        {say('byDay')}
      </label>
    </>
  );
}

interface RadioProps {
  readonly name: string;
  readonly isOn: boolean;
  readonly words: string;
  readonly onOn: () => void;
}

function Radio({ name, isOn, words, onOn }: RadioProps) {
  return (
    <label class="tick">
      <input type="radio" name={name} checked={isOn} onChange={onOn} />
      {words}
    </label>
  );
}

function TargetField({ isSms, kept }: { readonly isSms: boolean; readonly kept: string | null }) {
  const { say } = useSay();
  const kind = isSms
    ? ({ type: 'tel', autocomplete: 'tel' } as const)
    : ({ type: 'email', autocomplete: 'email' } as const);
  return (
    <label>
      {say(isSms ? 'phone' : 'address')}
      <input
        name="target"
        maxLength={254}
        required={kept === null}
        {...kind}
        {...(kept === null ? {} : { 'aria-describedby': 'kept' })}
      />
      {kept !== null && (
        <span class="hint" id="kept">
          {say('keptTarget', { target: kept })}
        </span>
      )}
    </label>
  );
}
