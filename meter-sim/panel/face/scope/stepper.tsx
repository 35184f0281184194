/** Steps through what was caught: a slider for keys and fingers, with a button at either end. */
import { useSay } from './speech.ts';

interface StepperProps {
  readonly name: string;
  readonly index: number;
  readonly count: number;
  /** What is shown now, in words. */
  readonly said: string;
  readonly onStep: (index: number) => void;
}

export function Stepper({ name, index, count, said, onStep }: StepperProps) {
  const { say } = useSay();
  const place = say('place', { number: count === 0 ? 0 : index + 1, count });
  return (
    <div class="row stepper">
      <button type="button" disabled={index <= 0} onClick={() => onStep(index - 1)}>
        <span aria-hidden="true">◀</span>
        <span class="on-wide">{say('earlier')}</span>
      </button>
      <label class="grow">
        <span class="unseen">{name}</span>
        <input
          type="range"
          min={1}
          max={Math.max(2, count)}
          value={index + 1}
          disabled={count < 2}
          aria-valuetext={`${place}: ${said}`}
          onInput={(event) => onStep(Number(event.currentTarget.value) - 1)}
        />
      </label>
      <span class="digits count">{place}</span>
      <button type="button" disabled={index >= count - 1} onClick={() => onStep(index + 1)}>
        <span class="on-wide">{say('later')}</span>
        <span aria-hidden="true">▶</span>
      </button>
    </div>
  );
}
