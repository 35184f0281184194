/** What stands on the glass when no message does, and what the info codes show (meter-hardware.md 6). Pure. */
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { DisplayIcon } from './hardware-interface.ts';
import type { SwitchState } from './load-switch.ts';
import type { FirmwareStatus } from './readout.ts';
import { kilowattHours, type Page } from './screen.ts';

const CODE_MICROS = 5_000_000;

/** What the home page is made of. */
export interface HomeState {
  readonly status: FirmwareStatus;
  /** Digits being keyed, as the keypad shows them; undefined when none are. */
  readonly keyed: string | undefined;
  readonly balanceMilliWh: number;
  readonly relay: SwitchState;
  /** 0 when no low-credit level is reached. */
  readonly lowCreditLevel: number;
  readonly isBusy: boolean;
  readonly isLocked: boolean;
}

export function homePage(state: HomeState): { text: string; icons: readonly DisplayIcon[] } {
  return { text: homeText(state), icons: homeIcons(state) };
}

function homeText({ status, keyed, balanceMilliWh }: HomeState): string {
  switch (status) {
    case 'memory-fault':
      return 'EEEEE 01';
    case 'starting':
      return '--------';
    case 'power-failing':
    case 'running':
      return keyed ?? kilowattHours(balanceMilliWh);
  }
}

function homeIcons({
  relay,
  balanceMilliWh,
  lowCreditLevel,
  isBusy,
  isLocked,
}: HomeState): readonly DisplayIcon[] {
  const icons: DisplayIcon[] = [relay === 'closed' || relay === 'opening' ? 'connected' : 'disconnected'];
  if (balanceMilliWh <= 0) icons.push('no-credit');
  else if (lowCreditLevel > 0) icons.push('low-credit');
  if (isBusy) icons.push('busy');
  if (isLocked) icons.push('locked');
  return icons;
}

/** The registers that info codes show. */
export interface CodeState {
  readonly balanceMilliWh: number;
  readonly totalMilliWh: number;
  readonly meterPan: string;
}

/** @returns undefined for a code that this meter does not know. */
export function codePage(
  digits: string,
  { balanceMilliWh, totalMilliWh, meterPan }: CodeState,
): Page | undefined {
  const texts: Readonly<Record<string, string>> = {
    '': kilowattHours(balanceMilliWh),
    '800': kilowattHours(totalMilliWh),
    '801': kilowattHours(balanceMilliWh),
    '804': parseMeterNumber(meterPan).drn,
  };
  const text = texts[digits];
  return text === undefined ? undefined : { text, micros: CODE_MICROS };
}
