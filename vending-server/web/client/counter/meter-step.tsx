import { useState } from 'preact/hooks';
import { useFocus } from '../../../../lib/pages/client/use-focus.ts';
import { call, Refusal } from '../api.ts';
import { type FoundMeter, FoundMeters, meterNumberIn } from '../found-meters.tsx';
import type { LookUp } from './answers.ts';
import { useSay } from './speech.ts';

interface MeterStepProps {
  readonly problem: string;
  readonly onFound: (lookUp: LookUp) => void;
  readonly wordsOf: (error: unknown) => string;
}

export function MeterStep({ problem: before, onFound, wordsOf }: MeterStepProps) {
  const place = useFocus<HTMLInputElement>();
  const { say } = useSay();
  const [problem, setProblem] = useState(before);
  const [found, setFound] = useState<readonly FoundMeter[]>([]);
  const [busy, setBusy] = useState(false);

  const lookUp = async (meter: string) => {
    onFound(await call<LookUp>('GET', `/v1/meters/${meter}/look-up`));
  };
  const search = async (text: string) => {
    const { meters } = await call<{ meters: FoundMeter[] }>('POST', '/v1/meters/search', { text, limit: 20 });
    setFound(meters);
    if (meters.length === 0) setProblem(say('foundNone'));
  };
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem('');
    setFound([]);
    try {
      await work();
    } catch (error) {
      const code = error instanceof Refusal ? error.code : '';
      if (code === 'meter_number_check_digit' || code === 'meter_number_malformed')
        setProblem(say('numberWrong'));
      else setProblem(code === 'meter_unknown' ? say('meterUnknown') : wordsOf(error));
    }
    setBusy(false);
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get('meter') ?? '').trim();
    const number = meterNumberIn(text);
    if (text !== '') void attempt(() => (number === undefined ? search(text) : lookUp(number)));
  };

  return (
    <form class="card" onSubmit={submit} aria-busy={busy}>
      <label class="big">
        {say('findMeter')}
        <span class="row">
          <input name="meter" autocomplete="off" spellcheck={false} maxLength={200} ref={place} />
          <button type="submit" class="main">
            {say('find')}
          </button>
        </span>
      </label>
      <p class="hint">{say('findMeterHint')}</p>
      <p class="problem" role="alert">
        {problem}
      </p>
      <p role="status" class="hint">
        {found.length > 0 ? say('found', { count: found.length }) : ''}
      </p>
      <FoundMeters
        found={found}
        nobody={say('noCustomer')}
        onChosen={(drn) => void attempt(() => lookUp(drn))}
      />
    </form>
  );
}
