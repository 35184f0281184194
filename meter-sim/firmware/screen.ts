/**
 * The display: a base page, and above it the messages that show for their time (meter-hardware.md 6). The texts are the
 * project's short codes for the results of sts.md 8.1.
 */
import { decimalText } from '../../lib/decimal.ts';
import type { MeterConfiguration } from '../../lib/meter/configuration.ts';
import type {
  Cancellable,
  DisplayGlass,
  DisplayIcon,
  GlassPicture,
  McuTimer,
  Micros,
} from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import type { EntryOutcome } from './outcome.ts';
import { effectText } from './token-pages.ts';

export interface Page {
  /** At most 16 characters. */
  readonly text: string;
  readonly icons?: readonly DisplayIcon[];
  readonly micros: Micros;
}

const SECOND = 1_000_000;
const RESULT_MICROS = 3 * SECOND;
const AMOUNT_MICROS = 5 * SECOND;
const LOCKOUT_PAGE_MICROS = 2 * SECOND;

export class Screen {
  readonly #glass: DisplayGlass;
  readonly #timer: McuTimer;
  readonly #base: () => GlassPicture;
  readonly #picture = (): GlassPicture => this.shown;
  readonly #turnPage = (): void => {
    this.#pages = this.#pages.slice(1);
    this.#paint();
  };
  #pages: readonly Page[] = [];
  #turn: Cancellable | undefined;

  /**
   * @param base - what stands there when no message does; its icons are lit under every message too. Asked whenever somebody
   *   looks at the glass, so it changes nothing.
   */
  constructor(glass: DisplayGlass, timer: McuTimer, base: () => GlassPicture) {
    this.#glass = glass;
    this.#timer = timer;
    this.#base = base;
  }

  /** What somebody who looks at the glass now sees. */
  get shown(): GlassPicture {
    const base = this.#base();
    const page = this.#pages[0];
    return { text: (page?.text ?? base.text).slice(0, 16), icons: [...base.icons, ...(page?.icons ?? [])] };
  }

  /** Shows pages one after another, then the base page; replaces what was showing. */
  show(pages: readonly Page[]): void {
    this.#turn?.cancel();
    this.#pages = pages;
    this.#paint();
  }

  /** Of a screen that has shown something. */
  keep(keeper: Keeper): void {
    this.#pages = keeper.value(this.#pages);
    this.#turn = keeper.handle(this.#turn, () => this.#timer.at(this.#timer.now(), this.#turnPage));
    if (keeper.isWaking) this.#glass.draw(this.#picture);
  }

  #paint(): void {
    const page = this.#pages[0];
    this.#turn = undefined;
    if (page !== undefined) {
      this.#turn = this.#timer.at(this.#timer.now() + page.micros, this.#turnPage);
    }
    this.#glass.draw(this.#picture);
  }
}

/** @returns `12.34 kWh`: two decimals cut off, never rounded up, so that the glass never shows credit that is not there. */
export function kilowattHours(milliWh: number): string {
  return `${decimalText(milliWh, 6, 2)} kWh`;
}

/** The pages that tell a customer what became of the token; a refusal without a word of its own is shown as its number. */
export function outcomePages(
  outcome: EntryOutcome,
  nowSeconds: number,
  { resultCodes }: MeterConfiguration,
  currencyLabel = '',
): readonly Page[] {
  switch (outcome.result) {
    case 'Accept': {
      const accepted: Page = { text: 'Accept', icons: ['accepted'], micros: RESULT_MICROS };
      const text = effectText(outcome.effect, currencyLabel);
      return text === undefined
        ? [accepted]
        : [accepted, { text, icons: ['accepted'], micros: AMOUNT_MICROS }];
    }
    case '1stKCT':
    case '2ndKCT':
    case '3rdKCT':
    case '4thKCT':
      return [{ text: outcome.result.replace('KCT', ' KCT'), icons: ['accepted'], micros: RESULT_MICROS }];
    case 'Lockout':
      return lockoutPages(outcome.untilSeconds - nowSeconds);
    case 'NotReady':
      return [{ text: 'bUSY', icons: ['busy'], micros: RESULT_MICROS }];
    case 'MemoryFault':
      return refusal('EEEEE 02');
    case 'AccountLow':
      return refusal('Account Low');
    case 'CRCError':
      return refusal('rEJEct');
    case 'OldError':
      return refusal('Old');
    case 'UsedError':
      return refusal('USEd');
    case 'KeyExpiredError':
      return refusal('XXXXX');
    case 'DDTKError':
      return refusal('DDDDD');
    case 'OverflowError':
      return refusal('EEEEE 04');
    case 'MfrCodeError':
    case 'KeyTypeError':
    case 'FormatError':
    case 'RangeError':
    case 'FunctionError':
      return refusal(`rEJEct ${String(resultCodes[outcome.result]).padStart(2, '0')}`);
  }
}

/** The words and the seconds left take turns every two seconds. */
export function lockoutPages(secondsLeft: number): readonly Page[] {
  const step = LOCKOUT_PAGE_MICROS / SECOND;
  return [0, 1, 2].flatMap((round): Page[] => [
    { text: 'Loc Out', icons: ['rejected'], micros: LOCKOUT_PAGE_MICROS },
    {
      text: `${Math.max(0, secondsLeft - (2 * round + 1) * step)} S`,
      icons: ['rejected'],
      micros: LOCKOUT_PAGE_MICROS,
    },
  ]);
}

function refusal(text: string): readonly Page[] {
  return [{ text, icons: ['rejected'], micros: RESULT_MICROS }];
}
