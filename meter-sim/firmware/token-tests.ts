/**
 * Carries out what a test token asks for (sts.md 2.5): pages on the glass one after another, and the load switch for a moment.
 *
 * Test tokens are the same for every meter and anybody can key them: the switch is only ever opened by one, for closing it would
 * give energy away to whoever has no right to it.
 */
import type { DisplayToken } from '../../lib/token/kinds.ts';
import type { Cancellable, McuTimer, Micros } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import type { Page } from './screen.ts';
import { type TestState, testPage, testsOf } from './token-pages.ts';

export interface TokenTestsHooks {
  state(): TestState;
  /** Whether the contact is closed now. */
  isClosed(): boolean;
  /** Raises or withdraws the command of the test. */
  open(isActive: boolean): void;
}

/** Title and value, 6 s in all (meter-hardware.md 6). */
const PAGE_MICROS = 4_000_000;
const OPEN_MICROS = 3_000_000;
const LOAD_SWITCH = 1;

export class TokenTests {
  readonly #timer: McuTimer;
  readonly #hooks: TokenTestsHooks;
  #opened: Cancellable | undefined;

  constructor(timer: McuTimer, hooks: TokenTestsHooks) {
    this.#timer = timer;
    this.#hooks = hooks;
  }

  /** @returns the pages of the tests, in the order of their numbers. */
  run(token: DisplayToken): readonly Page[] {
    if (token.kind === 'extendedRead') return [{ text: `rEAd ${token.index}`, micros: PAGE_MICROS }];
    const state = this.#hooks.state();
    return testsOf(token).flatMap((test): Page[] => {
      if (test === LOAD_SWITCH) return [this.#testSwitch()];
      const page = testPage(test, state);
      return page === undefined ? [] : [{ ...page, micros: PAGE_MICROS }];
    });
  }

  /** A supply that fails or a reset ends the test: the switch follows the other commands again. */
  stop(): void {
    this.#opened?.cancel();
    this.#opened = undefined;
  }

  keep(keeper: Keeper): void {
    this.#opened = keeper.handle(this.#opened, () => this.#endAt(this.#timer.now()));
  }

  #testSwitch(): Page {
    if (this.#opened !== undefined || !this.#hooks.isClosed()) return { text: 'OPEn', micros: PAGE_MICROS };
    this.#hooks.open(true);
    this.#opened = this.#endAt(this.#timer.now() + OPEN_MICROS);
    return { text: 'SWItCH tESt', micros: OPEN_MICROS as Micros };
  }

  #endAt(time: Micros): Cancellable {
    return this.#timer.at(time, () => {
      this.#opened = undefined;
      this.#hooks.open(false);
    });
  }
}
