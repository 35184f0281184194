import { KEY_STATE_WORDS } from '../key-words.ts';
import type { GroupReport, KeyState } from '../meter-answers.ts';
import { showCount } from '../show.ts';
import { useSay } from './speech.ts';
import type { TextKey } from './text-english.ts';

/** What is done first, then what is on its way, then what is left. */
const ORDER: readonly KeyState[] = ['current', 'confirmed', 'unconfirmed', 'due', 'refused'];
/** What a state means for whoever runs the campaign. */
const STEPS: Readonly<Record<KeyState, TextKey>> = {
  current: 'finished',
  confirmed: 'finished',
  unconfirmed: 'underWay',
  due: 'due',
  refused: 'stuck',
};

interface ProgressBarProps {
  readonly group: GroupReport;
  readonly shown: KeyState | undefined;
  readonly onShow: (state: KeyState | undefined) => void;
}

/** One bar for a supply group; each part of it opens the list of its meters. */
export function ProgressBar({ group, shown, onShow }: ProgressBarProps) {
  const { say, locale } = useSay();
  const { supplyGroupCode, meters, states } = group;
  const parts = ORDER.filter((state) => states[state] > 0);
  const done = states.current + states.confirmed;
  return (
    <>
      <div class="row wrap">
        <h3 class="grow">
          {say('supplyGroup')} <span class="digits">{supplyGroupCode}</span>
        </h3>
        <span class="digits">
          {meters === 0
            ? say('noMeters')
            : say('doneShare', { done: showCount(done, locale), meters: showCount(meters, locale) })}
        </span>
      </div>
      {meters > 0 && (
        <>
          <div class="progress" aria-hidden="true">
            {parts.map((state) => (
              <span key={state} class={`key-${state}`} style={{ flexGrow: states[state] }} />
            ))}
          </div>
          <ul class="legend">
            {parts.map((state) => (
              <li key={state}>
                <button
                  type="button"
                  aria-expanded={shown === state}
                  onClick={() => onShow(shown === state ? undefined : state)}
                >
                  <span class={`swatch key-${state}`} aria-hidden="true" />
                  <b class="digits">{showCount(states[state], locale)}</b> {say(KEY_STATE_WORDS[state])}{' '}
                  <small>({say(STEPS[state])})</small>
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
