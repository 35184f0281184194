/**
 * Where tokens come in, keyed or over a wire: `lib/meter` judges, one record makes the outcome durable, and only then is it
 * credited, shown and answered.
 */
import type { MeterConfiguration } from '../../lib/meter/configuration.ts';
import { enterToken } from '../../lib/meter/enter-token.ts';
import type { TokenOutcome } from '../../lib/meter/outcome.ts';
import type { MeterState } from '../../lib/meter/state.ts';
import type { Books } from './books.ts';
import { type CreditChange, creditChangeOf } from './credit.ts';
import type { RealTimeClock } from './hardware-interface.ts';
import type { FirmwareOptions } from './options.ts';
import { ACCOUNT_LOW, type EntryOutcome, MEMORY_FAULT, NOT_READY } from './outcome.ts';

export interface TokenDoorHooks {
  /** Whether tokens are taken at all. */
  isOpen(): boolean;
  /** Charges what the load has drawn up to now. */
  charge(): void;
  /** The outcome is durable and the books have it. */
  entered(outcome: EntryOutcome): void;
}

export class TokenDoor {
  readonly #books: Books;
  readonly #rtc: RealTimeClock;
  readonly #options: FirmwareOptions;
  readonly #hooks: TokenDoorHooks;
  #inWork = false;
  #lastResult: EntryOutcome | undefined;

  constructor(books: Books, rtc: RealTimeClock, options: FirmwareOptions, hooks: TokenDoorHooks) {
    this.#books = books;
    this.#rtc = rtc;
    this.#options = options;
    this.#hooks = hooks;
  }

  /** Whether a token is being made durable. */
  get isBusy(): boolean {
    return this.#inWork;
  }

  /** What became of the last token since power-up. */
  get lastResult(): EntryOutcome | undefined {
    return this.#lastResult;
  }

  /** `done` is called once, after the outcome is durable; never if the supply is lost first. */
  enter(tokenNo: string, done: (outcome: EntryOutcome) => void): void {
    if (!this.#hooks.isOpen() || this.#inWork) {
      done(NOT_READY);
      return;
    }
    this.#inWork = true;
    this.#hooks.charge();
    const before = this.#books.state;
    const { outcome, state } = enterToken(before, tokenNo, this.#rtc.epochSeconds(), this.#meter());
    const change = creditChangeOf(outcome, before, state, this.#options.credit);
    if (this.#books.account.isTooSmall(change)) {
      this.#refuse(ACCOUNT_LOW, done);
      return;
    }
    const finish = (written: boolean): void => {
      this.#inWork = false;
      if (written) this.#adopt(state, change);
      if (written) this.#note(outcome, state);
      this.#lastResult = written ? outcome : MEMORY_FAULT;
      this.#hooks.entered(this.#lastResult);
      done(this.#lastResult);
    };
    if (state === before) finish(true);
    else if (outcome.result === 'Accept') {
      this.#books.saveToken(state, this.#books.vital, change, finish);
    } else {
      // A wrong token changes the lockout alone. It counts at once, even where the memory takes nothing, and is durable before
      // the customer knows, or a power cut would be free.
      this.#books.setState({ lockout: state.lockout });
      this.#books.save(() => finish(true));
    }
  }

  #note(outcome: TokenOutcome, { lockout, keyRevision }: MeterState): void {
    const { events } = this.#books;
    if (lockout.untilSeconds > this.#rtc.epochSeconds() && outcome.result !== 'Lockout') {
      events.log('lockedOut', lockout.failures);
    }
    if (outcome.result !== 'Accept') return;
    const { effect } = outcome;
    if (effect.kind === 'keyChanged') events.log('keyChanged', keyRevision);
    if (effect.kind === 'creditCleared') events.log('creditCleared', effect.registerCode);
    if (effect.kind === 'tamperCleared') events.log('tamperCleared');
  }

  /** A meter in one mode has no use for the credit of the other: such a token is refused by its function. */
  #meter(): MeterConfiguration {
    const { meter } = this.#options;
    const foreign = this.#books.account.state.mode === 'currency' ? 'creditElectricity' : 'currencyCredit';
    return { ...meter, supported: meter.supported.filter((kind) => kind !== foreign) };
  }

  /** Nothing changed: the token is as good as before. */
  #refuse(outcome: EntryOutcome, done: (outcome: EntryOutcome) => void): void {
    this.#inWork = false;
    this.#lastResult = outcome;
    this.#hooks.entered(outcome);
    done(outcome);
  }

  #adopt(after: MeterState, change: CreditChange): void {
    this.#hooks.charge();
    this.#books.adopt(after, this.#books.vital, change);
  }
}
