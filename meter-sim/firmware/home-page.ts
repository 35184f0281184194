/** What stands on the glass when no message does (meter-hardware.md 6). Pure. */
import type { CreditGlance } from './credit.ts';
import type { DisplayIcon } from './hardware-interface.ts';
import { amountText } from './info-codes.ts';
import type { SwitchState } from './load-switch.ts';
import type { FirmwareStatus } from './readout.ts';

/** What the home page is made of. */
export interface HomeState extends CreditGlance {
  readonly status: FirmwareStatus;
  /** Digits being keyed, as the keypad shows them; undefined when none are. */
  readonly keyed: string | undefined;
  readonly relay: SwitchState;
  readonly isBusy: boolean;
  readonly isLocked: boolean;
  /** What tampering shows in place of the balance. */
  readonly tamperText: string | undefined;
  readonly isTampered: boolean;
}

export function homePage(state: HomeState): { text: string; icons: readonly DisplayIcon[] } {
  return { text: homeText(state), icons: homeIcons(state) };
}

function homeText(state: HomeState): string {
  switch (state.status) {
    case 'memory-fault':
      return 'EEEEE 01';
    case 'starting':
      return '--------';
    case 'power-failing':
    case 'running':
      return state.keyed ?? state.tamperText ?? amountText(state.account.balance, state);
  }
}

function homeIcons({
  relay,
  account,
  right,
  lowCredit,
  isBusy,
  isLocked,
  isTampered,
}: HomeState): readonly DisplayIcon[] {
  const icons: DisplayIcon[] = [relay === 'closed' || relay === 'opening' ? 'connected' : 'disconnected'];
  if (account.balance <= 0) icons.push('no-credit');
  if (account.balance < 0) icons.push('negative-credit');
  if (lowCredit.hasIcon) icons.push('low-credit');
  if (lowCredit.hasLamp) icons.push('low-credit-lamp');
  if (right.reason === 'emergency') icons.push('emergency');
  if (right.reason === 'friendly') icons.push('friendly');
  if (right.reason === 'ready') icons.push('ready');
  if (isBusy) icons.push('busy');
  if (isLocked) icons.push('locked');
  if (isTampered) icons.push('tamper');
  return icons;
}
