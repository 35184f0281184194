/** States of keys, and why some cannot change, in words. */
import type { Say } from '../../../../../lib/pages/client/language.tsx';
import type { KeyState } from './meter-answers.ts';
import type { WorksKey } from './text-english.ts';

export const KEY_STATE_WORDS: Readonly<Record<KeyState, WorksKey>> = {
  due: 'keyStateDue',
  refused: 'keyStateRefused',
  unconfirmed: 'keyStateUnconfirmed',
  confirmed: 'keyStateConfirmed',
  current: 'keyStateCurrent',
};

const REFUSALS = ['noKeyOfGroup', 'keyHeldBefore', 'formerKeyUnknown'] as const;

/** Rare ones by their names in the documentation. */
export function refusalWords(refusal: string, say: Say<WorksKey>): string {
  const known = REFUSALS.find((each) => each === refusal);
  return known === undefined ? say('refusal_other', { code: refusal }) : say(`refusal_${known}`);
}
