import type { Meter, MeterAccount } from '../meter-answers.ts';
import type { Answer } from '../use-answer.ts';

/** What every card of a meter is given. */
export interface MeterCardProps {
  readonly meter: Meter;
  readonly may: (permission: string) => boolean;
  readonly words: (error: unknown) => string;
}

/** Of cards about what a meter owes and has bought. */
export interface AccountCardProps extends MeterCardProps {
  readonly account: Answer<MeterAccount>;
}
