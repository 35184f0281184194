/** States of the meter in the words of the page. */
import type { Say } from '../../../lib/pages/client/language.tsx';
import type { DisplayIcon } from '../../firmware/hardware-interface.ts';
import type { OutcomeView } from '../bench-view.ts';
import { CommandRefused, type MeterState } from './live.ts';
import { ENGLISH, type TextKey } from './text-english.ts';

type SayIt = Say<TextKey>;

/** A meter works from so little; what is darker has another reason (assumed). */
const LEAST_VOLT = 150;

export function iconWord(icon: DisplayIcon): TextKey {
  return `icon-${icon}`;
}

/** @returns what became of a token, as one says it to a customer. */
export function outcomeWords(say: SayIt, outcome: OutcomeView | null): string {
  if (outcome === null) return say('noToken');
  const { result, creditedKwh } = outcome;
  if (result === 'Accept' && creditedKwh !== undefined && creditedKwh !== '0')
    return say('credited', { units: creditedKwh });
  return say(`result${result}`);
}

/** @returns whether the house has current, and why. */
export function supplyWords(say: SayIt, state: MeterState): string {
  const { powered, relay, grid } = state;
  // Of a supply that dies in a write, its mains stays on: the processor waits for it to come anew.
  if (!powered) return say(grid.volt > LEAST_VOLT ? 'supplyDead' : 'supplyDark');
  const cause = causeWords(say, state);
  switch (relay) {
    case 'closed':
      return say('supplyOn', { cause });
    case 'open':
      return say('supplyOff', { cause });
    default:
      return say(relay === 'malfunction' ? 'relayFault' : 'supplyMoves');
  }
}

/** What decides; where nothing stands against the supply, the right to it. */
function causeWords(say: SayIt, { switchCause, credit }: MeterState): string {
  if (switchCause === null || credit === null) return '';
  const { reason } = credit;
  const hasRight =
    reason === 'credit' || reason === 'emergency' || reason === 'friendly' || reason === 'test';
  return switchCause === 'normal' && hasRight ? say(`right-${reason}`) : say(`cause-${switchCause}`);
}

/** @returns why a command was refused: by its code in the page's language, else as the meter put it. */
export function refusalWords(say: SayIt, error: unknown): string {
  if (!(error instanceof CommandRefused)) return say('lost');
  const key = `fault-${error.code}`;
  return key in ENGLISH ? say(key as TextKey) : error.message;
}

/** Energy of which no more is shown than is there: cut off, never rounded up. @param milliWh - null shows as a dash. */
export function kwhText(milliWh: number | null, locale: string): string {
  if (milliWh === null) return '–';
  // Added to 0, what was cut off to nothing has no sign.
  return numberText(0 + Math.trunc(milliWh / 1_000) / 1_000, 3, locale);
}

/** @returns the number with so many digits behind the point, whatever they are, so that nothing moves while it counts. */
export function numberText(value: number, digits: number, locale: string): string {
  return value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
