/** Which meter: by its number, or by the beginnings of words of a name or an address. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { type FoundMeter, FoundMeters, meterNumberIn } from '../../found-meters.tsx';
import { useWorks } from './speech.ts';

interface MeterFinderProps {
  readonly onChosen: (drn: string) => void;
  readonly words: (error: unknown) => string;
  /** Where several stand on a page. */
  readonly label?: string;
}

export function MeterFinder({ onChosen, words, label }: MeterFinderProps) {
  const { say } = useWorks();
  const [problem, setProblem] = useState('');
  const [found, setFound] = useState<readonly FoundMeter[]>([]);
  const [busy, setBusy] = useState(false);
  const choose = (drn: string) => {
    setFound([]);
    onChosen(drn);
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    const text = String(new FormData(event.target as HTMLFormElement).get('meter') ?? '').trim();
    const number = meterNumberIn(text);
    setProblem('');
    setFound([]);
    if (number !== undefined) choose(number);
    if (text === '' || number !== undefined) return;
    setBusy(true);
    try {
      const { meters } = await call<{ meters: FoundMeter[] }>('POST', '/v1/meters/search', {
        text,
        limit: 20,
      });
      setFound(meters);
      if (meters.length === 0) setProblem(say('foundNone'));
    } catch (error) {
      setProblem(words(error));
    }
    setBusy(false);
  };
  return (
    <form class="finder" onSubmit={(event) => void submit(event)} aria-busy={busy}>
      <label>
        {label ?? say('findMeter')}
        <span class="row">
          <input name="meter" autocomplete="off" spellcheck={false} maxLength={200} />
          <button type="submit" class="main">
            {say('find')}
          </button>
        </span>
        <small>{say('findMeterHint')}</small>
      </label>
      <p class="problem" role="alert">
        {problem}
      </p>
      <p role="status" class={found.length === 0 ? 'unseen' : 'hint'}>
        {found.length > 0 ? say('found', { count: found.length }) : ''}
      </p>
      <FoundMeters found={found} nobody={say('noCustomer')} onChosen={choose} />
    </form>
  );
}
