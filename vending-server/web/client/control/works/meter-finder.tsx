/** Which meter: by its number, or by the beginnings of words of a name or an address. */
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { useWorks } from './speech.ts';

interface FoundMeter {
  readonly meterPan: string;
  readonly drn: string;
  readonly name: string | null;
  readonly addressLines: readonly string[];
}

interface MeterFinderProps {
  readonly onChosen: (drn: string) => void;
  readonly words: (error: unknown) => string;
  /** Where several stand on a page. */
  readonly label?: string;
}

/** DRN of 11 or 13 digits, MeterPAN of 18. */
const NUMBER = /^(\d{11}|\d{13}|\d{18})$/;

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
    const digits = text.replace(/[\s-]/g, '');
    setProblem('');
    setFound([]);
    if (NUMBER.test(digits)) choose(digits);
    if (text === '' || NUMBER.test(digits)) return;
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
      {found.length > 0 && (
        <ul class="choices">
          {found.map(({ meterPan, drn, name, addressLines }) => (
            <li key={meterPan}>
              <button type="button" onClick={() => choose(drn)}>
                <b>{name ?? say('noCustomer')}</b>
                <span>{addressLines.join(', ')}</span>
                <span class="digits">{drn}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
