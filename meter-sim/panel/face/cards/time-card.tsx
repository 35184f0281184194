/** Simulated time: how late it is there, how fast it runs, and single steps while it stands. */
import type { CardProps } from '../act.ts';
import type { PulseClock } from '../pulse.ts';
import { useSay } from '../speech.ts';
import { SPEEDS, TOO_FAST_TO_KEY } from '../things.ts';

interface TimeCardProps extends CardProps {
  readonly pulses: PulseClock;
}

const STEPS = [
  { micros: 1_000, label: '1 ms' },
  { micros: 20_000, label: '20 ms' },
  { micros: 1_000_000, label: '1 s' },
  { micros: 60_000_000, label: '1 min' },
] as const;

/** As many digits at any hour of any day, so that what stands beside the clock stays where it is. */
const CLOCK: Intl.DateTimeFormatOptions = {
  timeZone: 'UTC',
  year: 'numeric',
  month: 'short',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
};

/** The step of the slider that is nearest to a speed, by its ratio. */
function stepOf(speed: number | 'max'): number {
  if (speed === 'max') return SPEEDS.length - 1;
  const distances = SPEEDS.map((each) => (each === 'max' ? Infinity : Math.abs(Math.log(each / speed))));
  return distances.indexOf(Math.min(...distances));
}

export function TimeCard({ state, act, pulses }: TimeCardProps) {
  const { say, locale } = useSay();
  const { speed, isPaused } = state;
  const words =
    speed === 'max' ? say('speedMax') : say('speedTimes', { speed: speed.toLocaleString(locale) });
  const now = Number(pulses.speed.toPrecision(2)).toLocaleString(locale);
  const isTooFast = speed === 'max' || speed > TOO_FAST_TO_KEY;
  const clock = new Date(state.simulatedTime).toLocaleString(locale, CLOCK);
  const setSpeed = (step: number) => {
    const chosen = SPEEDS[step];
    if (chosen !== undefined) act({ do: 'speed', speed: chosen });
  };
  return (
    <section class="card whole" aria-labelledby="time">
      <div class="row wrap">
        <h2 id="time">{say('time')}</h2>
        <span class="grow end hint">{say('clock')}</span>
        <time class="digits clock" dateTime={state.simulatedTime}>
          {clock}
        </time>
      </div>
      <label>
        <span class="row wrap">
          <span class="grow">{say('speed')}</span>
          <b class="digits">{words}</b>
          {speed === 'max' && <small class="digits">{say('speedNow', { speed: now })}</small>}
        </span>
        <input
          type="range"
          min={0}
          max={SPEEDS.length - 1}
          step={1}
          value={stepOf(speed)}
          aria-valuetext={words}
          onInput={(event) => setSpeed(Number(event.currentTarget.value))}
        />
      </label>
      <div class="row wrap">
        <button type="button" class="main" onClick={() => act({ do: isPaused ? 'resume' : 'pause' })}>
          {say(isPaused ? 'run' : 'pause')}
        </button>
        <button type="button" disabled={speed === 1} onClick={() => act({ do: 'speed', speed: 1 })}>
          {say('realTime')}
        </button>
        {/* biome-ignore lint/a11y/useSemanticElements: a fieldset has a frame that nobody needs here */}
        <span class="row wrap" role="group" aria-label={say('step')}>
          {STEPS.map(({ micros, label }) => (
            <button
              key={label}
              type="button"
              disabled={!isPaused}
              onClick={() => act({ do: 'step', micros })}
            >
              +{label}
            </button>
          ))}
        </span>
      </div>
      <p class="hint two-lines">{isTooFast ? say('tooFast') : say('hint')}</p>
    </section>
  );
}
