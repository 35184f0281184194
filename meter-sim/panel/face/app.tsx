/** The meter and what stands around it on the bench. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Spoken } from '../../../lib/pages/client/language.tsx';
import { neighbourIn } from '../../../lib/pages/client/neighbour.ts';
import type { SupplyTrace, SwitchingTrace } from '../scope.ts';
import type { Act } from './act.ts';
import { Bench } from './bench.tsx';
import { LiveLine, type MeterState } from './live.ts';
import { PulseClock } from './pulse.ts';
import { Sound } from './sound.ts';
import { LANGUAGE_LABEL, useSay } from './speech.ts';
import { refusalWords } from './words.ts';

export function App() {
  return <Spoken label={LANGUAGE_LABEL}>{(languages) => <Page languages={languages} />}</Spoken>;
}

function Page({ languages }: { readonly languages: ComponentChildren }) {
  const { say } = useSay();
  const pulses = useMemo(() => new PulseClock(), []);
  const sound = useMemo(() => new Sound(), []);
  const [state, setState] = useState<MeterState | undefined>(undefined);
  const [isOpen, setOpen] = useState(true);
  const [switching, setSwitching] = useState<SwitchingTrace | undefined>(undefined);
  const [supply, setSupply] = useState<SupplyTrace | undefined>(undefined);
  const [refusal, setRefusal] = useState<unknown>(undefined);
  const [line, setLine] = useState<LiveLine | undefined>(undefined);
  useEffect(() => {
    const opened = new LiveLine({
      state: (told) => {
        pulses.tell(told, performance.now());
        sound.hear(told);
        setState(told);
      },
      switching: setSwitching,
      supply: setSupply,
      line: (hasLine) => {
        setOpen(hasLine);
        // What was asked of a meter that did not answer is forgotten with its silence.
        if (hasLine) setRefusal(undefined);
      },
    });
    setLine(opened);
    const touched = () => sound.touched();
    const touches = ['pointerdown', 'keydown'] as const;
    for (const touch of touches) document.addEventListener(touch, touched);
    return () => {
      for (const touch of touches) document.removeEventListener(touch, touched);
    };
  }, []);
  const act: Act = useCallback(
    (command) => {
      line?.command(command).then(() => setRefusal(undefined), setRefusal);
    },
    [line],
  );
  useEffect(() => {
    document.title = `Wattoken – ${say('title')}`;
  });
  const problem = refusal === undefined ? '' : refusalWords(say, refusal);
  return (
    <>
      <a class="skip" href="#household">
        {say('skip')}
      </a>
      <header class="bar">
        <h1>{say('title')}</h1>
        <span class="grow digits">{state?.drn}</span>
        <CounterLink />
        <SoundSwitch sound={sound} />
        {languages}
      </header>
      <p class="problem told" role="alert">
        {isOpen ? problem : say('lost')}
      </p>
      {state !== undefined && line !== undefined && (
        <Bench
          state={state}
          act={act}
          pulses={pulses}
          line={line}
          isStale={!isOpen}
          switching={switching}
          supply={supply}
        />
      )}
    </>
  );
}

function CounterLink() {
  const { say } = useSay();
  const counter = neighbourIn(location, 'counter', 'meter');
  if (counter === undefined) return null;
  return (
    <a href={counter} target="_blank" rel="noreferrer">
      {say('toCounter')}
    </a>
  );
}

function SoundSwitch({ sound }: { readonly sound: Sound }) {
  const { say } = useSay();
  const [isOn, setOn] = useState(sound.isOn);
  const turn = () => {
    sound.switch(!isOn);
    setOn(!isOn);
  };
  return (
    <button
      type="button"
      role="switch"
      class="sound"
      aria-checked={isOn}
      aria-label={say('soundOn')}
      onClick={turn}
    >
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path
          d={
            isOn
              ? 'M4 9H8L13 5V19L8 15H4zM16.5 8.5A5 5 0 0 1 16.5 15.5M19 6A8.5 8.5 0 0 1 19 18'
              : 'M4 9H8L13 5V19L8 15H4zM17 9.5L22 14.5M22 9.5L17 14.5'
          }
        />
      </svg>
    </button>
  );
}
