/** The words of the oscilloscope, and how it writes figures. */
import { speakingOf } from '../../../../lib/pages/client/language.tsx';
import { ENGLISH, type TextKey } from './text-english.ts';
import { FRENCH } from './text-french.ts';
import { SWAHILI } from './text-swahili.ts';

const useWords = speakingOf<TextKey>({ en: ENGLISH, fr: FRENCH, sw: SWAHILI });

const DAYS_A_YEAR = 365.25;
const MICROS_A_DAY = 86_400e6;
/** Beyond a thousand years a figure says no more than that. */
const LONGEST_DAYS = 1_000 * DAYS_A_YEAR;

/** @returns the words, and figures as this language and place write them. */
export function useSay() {
  const { say, locale } = useWords();
  const digits = (value: number, decimals = 0): string =>
    // A plus zero, for a rounded -0.04 shall not be written "-0".
    (Math.round(value * 10 ** decimals) / 10 ** decimals + 0).toLocaleString(locale, {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  /** Below 10 ms in µs: what is close to a zero is counted in them. */
  const span = (micros: number): string =>
    Math.abs(micros) < 9_999.5
      ? say('microseconds', { time: digits(micros) })
      : say('milliseconds', { time: digits(micros / 1_000, 1) });
  const unit = (value: number, name: 'day' | 'hour' | 'minute' | 'second' | 'year'): string =>
    value.toLocaleString(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: 'long',
      maximumFractionDigits: value < 10 ? 1 : 0,
    });
  /** A long time in the largest unit that it fills twice. */
  const age = (micros: number): string => {
    const seconds = micros / 1e6;
    if (seconds < 120) return unit(seconds, 'second');
    if (seconds < 7_200) return unit(seconds / 60, 'minute');
    const days = seconds / 86_400;
    if (days < 2) return unit(seconds / 3_600, 'hour');
    return days < 2 * DAYS_A_YEAR ? unit(days, 'day') : unit(days / DAYS_A_YEAR, 'year');
  };
  return {
    say,
    digits,
    span,
    age,
    /** Of a part that wears, in words. */
    life: (days: number | null): string => {
      if (days === null) return '–';
      return days > LONGEST_DAYS ? say('lifeOver') : age(days * MICROS_A_DAY);
    },
    /** How long before the zero a movement was aimed at, in words. */
    lead: (micros: number | null, deviations: number | null): string => {
      if (micros === null) return say('withoutZero');
      if (Math.round(micros) === 0) return say('exactly');
      return say('leadValue', { time: span(micros), deviations: digits(deviations ?? 0, 1) });
    },
    /** A signed distance in words. */
    beside: (micros: number, [before, at, after]: readonly [TextKey, TextKey, TextKey]): string => {
      const whole = Math.round(micros);
      if (whole === 0) return say(at);
      return say(whole < 0 ? before : after, { time: span(Math.abs(whole)) });
    },
  };
}

export type Saying = ReturnType<typeof useSay>;

export const FROM_ZERO = ['before', 'exactly', 'after'] as const;
export const FROM_AIM = ['early', 'onTime', 'late'] as const;
