/** What the glass tells of an accepted token: what it did, or what it asked to be shown (sts.md 2.5). Pure. */
import { decimalText } from '../../lib/decimal.ts';
import { parseMeterNumber } from '../../lib/identity/meter-pan.ts';
import type { TokenEffect } from '../../lib/meter/outcome.ts';
import type { MeterState } from '../../lib/meter/state.ts';
import { testsOfControl } from '../../lib/token/display-tests.ts';
import type { DisplayToken, Resource } from '../../lib/token/kinds.ts';
import type { DisplayIcon } from './hardware-interface.ts';
import type { PastToken } from './token-history.ts';

/** What this firmware calls itself (test 10). */
export const SOFTWARE_VERSION = '0.2';

const UNITS: Readonly<Record<Resource, string>> = {
  electricity: 'kWh',
  water: 'm3',
  gas: 'm3',
  time: 'min',
};

/** @returns what an accepted token did, in 16 characters; undefined for one that only shows or tests. */
export function effectText(effect: TokenEffect, currencyLabel: string): string | undefined {
  switch (effect.kind) {
    case 'credited':
      return effect.resource === 'electricity'
        ? `+${decimalText(effect.units * 100_000, 6, 2)} kWh`
        : `+${decimalText(effect.units, 1, 1)} ${UNITS[effect.resource]}`;
    case 'currencyCredited': {
      const sign = effect.hundredThousandth < 0 ? '' : '+';
      return `${sign}${decimalText(effect.hundredThousandth, 5, 2)} ${currencyLabel}`;
    }
    case 'creditCleared':
      return 'CrEdit 0';
    case 'tamperCleared':
      return 'tAmPEr CLEAr';
    case 'settingChanged':
      return 'SEt';
    case 'keyChanged':
      return effect.rolledOver ? 'nEW KEY, rOLL' : 'nEW KEY';
    case 'display':
      return undefined;
  }
}

/** What the tests show. */
export interface TestState {
  readonly meter: MeterState;
  readonly totalMilliWh: number;
  /** Signed, mW. */
  readonly powerMilliWatt: number;
  readonly isTampered: boolean;
}

/** Tests that test 0 stands for: all that show something and have a use. */
const ALL_TESTS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 18];
const NOTHING = '--------';
export const EVERY_ICON: readonly DisplayIcon[] = [
  'connected',
  'disconnected',
  'low-credit',
  'no-credit',
  'busy',
  'accepted',
  'rejected',
  'locked',
  'tamper',
  'low-credit-lamp',
  'negative-credit',
  'emergency',
  'friendly',
  'ready',
];

/** @returns the tests that a display token asks for, by number (sts.md 2.5); none for one that names no test of the standard. */
export function testsOf(token: DisplayToken): readonly number[] {
  if (token.kind !== 'initiateTest') return [];
  const tests = testsOfControl(token.control, token.manufacturerDigits);
  return tests.includes(0) ? ALL_TESTS : tests;
}

export interface TestPage {
  readonly text: string;
  readonly icons?: readonly DisplayIcon[];
}

/** @returns the page of one test; undefined for the load switch, which the glass cannot show, and for unknown numbers. */
export function testPage(test: number, state: TestState): TestPage | undefined {
  if (test === 2) return { text: '8888888888888888', icons: EVERY_ICON };
  const text = testText(test, state);
  return text === undefined ? undefined : { text };
}

function testText(
  test: number,
  { meter, totalMilliWh, powerMilliWatt, isTampered }: TestState,
): string | undefined {
  const { extension } = meter;
  switch (test) {
    case 3:
      return `${decimalText(totalMilliWh, 6, 2)} kWh`;
    case 4:
      return `KRN ${meter.keyRevision} Kt ${meter.keyType}`;
    case 5:
      return `tI ${String(meter.tariffIndex).padStart(2, '0')}`;
    case 6:
      // The token was keyed or came over the wire: what read it works.
      return 'KEYPAd Good';
    case 7:
      return watts(extension.maximumPowerWatt);
    case 8:
      return isTampered ? 'tAmPEr YES' : 'tAmPEr no';
    case 9:
      return `${decimalText(powerMilliWatt, 3, 0)} W`;
    case 10:
      return `SOFt ${SOFTWARE_VERSION}`;
    case 11:
      return watts(extension.maximumPhaseUnbalanceWatt);
    case 12:
      return raw(extension.waterFactorRaw);
    case 13:
      return raw(extension.tariffRateRaw);
    case 14:
      return `EA ${String(meter.encryptionAlgorithm).padStart(2, '0')}`;
    case 15:
      return `KCt ${meter.encryptionAlgorithm === 11 ? 4 : 3}`;
    case 16:
      return `SGC ${meter.supplyGroupCode}`;
    case 17:
      return `KEN ${meter.keyExpiry}`;
    case 18:
      return parseMeterNumber(meter.meterPan).drn;
    default:
      return undefined;
  }
}

function watts(limit: number | undefined): string {
  return limit === undefined ? NOTHING : `${limit} W`;
}

function raw(value: number | undefined): string {
  return value === undefined ? NOTHING : String(value);
}

/** @returns one line of the token history: the last digits, the result, and what was credited. */
export function pastTokenText({ lastDigits, code, deed, amount }: PastToken): string {
  const head = `${lastDigits} ${String(code).padStart(2, '0')}`;
  switch (deed) {
    case 'electricity':
    case 'water':
    case 'gas':
    case 'time':
      return `${head} ${decimalText(amount, 1, 1)}`;
    case 'currency':
      return `${head} ${decimalText(amount, 2, 2)}`;
    default:
      return head;
  }
}
