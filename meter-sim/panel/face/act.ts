/** How the parts of the page reach the meter. */
import type { PanelCommand } from '../commands.ts';
import type { MeterState } from './live.ts';

/** Sends a command; a refusal is told by the page, so that nobody waits for this. */
export type Act = (command: PanelCommand) => void;

/** What every card of the bench is given. */
export interface CardProps {
  readonly state: MeterState;
  readonly act: Act;
}
