import { useState } from 'preact/hooks';
import type { Asked, Giving } from './giving.ts';
import { useWorks } from './speech.ts';

interface WaitingListProps {
  readonly giving: Giving;
  readonly words: (error: unknown) => string;
}

/** What this person has asked for and another one has still to decide, or has decided and nobody has taken up. */
export function WaitingList({ giving, words }: WaitingListProps) {
  const { say } = useWorks();
  const [problem, setProblem] = useState('');
  if (giving.waiting.length === 0) return null;
  const takeUp = async (asked: Asked) => {
    setProblem('');
    try {
      await giving.takeUp(asked);
    } catch (error) {
      setProblem(words(error));
    }
  };
  return (
    <section class="card" aria-labelledby="waiting">
      <h2 id="waiting">{say('waiting')}</h2>
      <ul class="recent">
        {giving.waiting.map((asked) => (
          <li key={asked.approvalId} class="wrap">
            <span class="grow">
              <b>{asked.said}</b>
              <small>{say('waitsHint', { approval: asked.approvalId })}</small>
            </span>
            <button type="button" class="main" onClick={() => void takeUp(asked)}>
              {say('takeUp')}
            </button>
            <button type="button" onClick={() => giving.forget(asked)}>
              {say('forget')}
            </button>
          </li>
        ))}
      </ul>
      <p class="problem" role="alert">
        {problem}
      </p>
    </section>
  );
}
