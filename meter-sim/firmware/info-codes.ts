/**
 * What the codes of the keypad show and do (meter-hardware.md 6): a map for each make of meter, and the pages behind it. Pure.
 *
 * A code is digits and `enter`, which stands for the `#` of makes that have one.
 */
import { decimalText } from '../../lib/decimal.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import { type Account, owedCredit } from './credit/account.ts';
import { dateText, localDay, localMinute, minuteText } from './credit/local-day.ts';
import type { CreditMode } from './credit/state.ts';
import { kilowattHours, type Page } from './screen.ts';
import type { PastToken } from './token-history.ts';
import { pastTokenText } from './token-pages.ts';

/** `takeEmergency` and `muteAlarm` also do something; the others only show. */
export type CodeItem =
  | 'totalEnergy'
  | 'balance'
  | 'date'
  | 'time'
  | 'serialNumber'
  | 'maximumLoad'
  | 'lastResult'
  | 'tokenHistory'
  | 'takeEmergency'
  | 'muteAlarm';

export interface CodeProfile {
  readonly name: string;
  /** The empty code is `enter` alone. */
  readonly codes: Readonly<Record<string, CodeItem>>;
}

/** The Hexing family's map, the default (meter-hardware.md 6). */
export const HEXING_CODES: CodeProfile = {
  name: 'Hexing',
  codes: {
    '': 'balance',
    '800': 'totalEnergy',
    '801': 'balance',
    '802': 'date',
    '803': 'time',
    '804': 'serialNumber',
    '811': 'takeEmergency',
    '812': 'muteAlarm',
    // Ours: the family's own code for it is not public.
    '813': 'tokenHistory',
    '869': 'maximumLoad',
  },
};

/** Conlog's `#078#`; what its other codes are is not public. */
export const CONLOG_CODES: CodeProfile = { name: 'Conlog', codes: { '': 'balance', '078': 'lastResult' } };

/** What the pages are made of. */
export interface CodeState {
  readonly mode: CreditMode;
  readonly account: Account;
  readonly currencyLabel: string;
  readonly totalMilliWh: number;
  readonly meterPan: string;
  /** RTC seconds; undefined while the clock is not to be trusted. */
  readonly nowSeconds: number | undefined;
  readonly offsetMinutes: number;
  /** RTC seconds; 0 when no friendly window keeps the supply on. */
  readonly friendlyUntilSeconds: number;
  readonly maximumPowerWatt: number | undefined;
  /** The code of the last token's result (sts.md 8.1); undefined when none was entered since power-up. */
  readonly lastResult: number | undefined;
  /** The newest first. */
  readonly tokens: readonly PastToken[];
}

const PAGE_MICROS = 5_000_000;
const NOTHING = '--------';

/** @returns the page after page that a code shows. */
export function codePages(item: CodeItem, state: CodeState): readonly Page[] {
  return textsOf(item, state).map((text) => ({ text, micros: PAGE_MICROS }));
}

function textsOf(item: CodeItem, state: CodeState): readonly string[] {
  switch (item) {
    case 'totalEnergy':
      return [kilowattHours(state.totalMilliWh)];
    case 'balance':
      return balanceTexts(state);
    case 'date':
      return [
        state.nowSeconds === undefined ? NOTHING : dateText(localDay(state.nowSeconds, state.offsetMinutes)),
      ];
    case 'time':
      return [state.nowSeconds === undefined ? NOTHING : timeText(state.nowSeconds, state.offsetMinutes)];
    case 'serialNumber':
      return [parseMeterNumber(state.meterPan).drn];
    case 'maximumLoad':
      return [state.maximumPowerWatt === undefined ? NOTHING : `${state.maximumPowerWatt} W`];
    case 'lastResult':
      return [state.lastResult === undefined ? NOTHING : String(state.lastResult).padStart(2, '0')];
    case 'tokenHistory':
      return state.tokens.length === 0 ? [NOTHING] : state.tokens.map(pastTokenText);
    case 'takeEmergency':
      return emergencyTexts(state);
    case 'muteAlarm':
      return ['SILEnt'];
  }
}

function balanceTexts(state: CodeState): readonly string[] {
  const { friendlyUntilSeconds, offsetMinutes } = state;
  const balance = amountText(state.account.balance, state);
  if (friendlyUntilSeconds === 0) return [balance];
  return [balance, `F to ${timeText(friendlyUntilSeconds, offsetMinutes)}`];
}

/** What is left of the grant, and what is owed of it. */
function emergencyTexts(state: CodeState): readonly string[] {
  const { account } = state;
  const owed = owedCredit(account);
  const left = account.balance <= 0 ? 'Emer USEd UP' : `E ${amountText(account.balance, state)}`;
  return owed === 0 ? [left] : [left, `OWE ${amountText(owed, state)}`];
}

function timeText(epochSeconds: number, offsetMinutes: number): string {
  return minuteText(localMinute(epochSeconds, offsetMinutes));
}

/** An amount of the account in use, cut off after two decimals. */
export function amountText(
  amount: number,
  { mode, currencyLabel }: { readonly mode: CreditMode; readonly currencyLabel: string },
): string {
  return mode === 'kilowattHour' ? kilowattHours(amount) : `${decimalText(amount, 5, 2)} ${currencyLabel}`;
}
