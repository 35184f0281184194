import type { Meter } from '../meter-answers.ts';

/** What every card of a meter is given. */
export interface MeterCardProps {
  readonly meter: Meter;
  readonly may: (permission: string) => boolean;
  readonly words: (error: unknown) => string;
}
