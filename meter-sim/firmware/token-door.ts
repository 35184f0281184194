/**
 * Where tokens come in, keyed or over a wire: `lib/meter` judges, one record makes the outcome durable, and only then is it
 * credited, shown and answered.
 */
import type { MeterConfiguration } from '../../lib/meter/configuration.ts';
import { enterToken } from '../../lib/meter/enter-token.ts';
import type { Books, TokenChange } from './books.ts';
import { creditChangeOf } from './credit.ts';
import type { RealTimeClock } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import type { FirmwareOptions } from './options.ts';
import { ACCOUNT_LOW, type EntryOutcome, MEMORY_FAULT, NOT_READY } from './outcome.ts';
import type { VitalState } from './records.ts';
import { remembered } from './token-history.ts';

export interface TokenDoorHooks {
  /** Whether tokens are taken at all. */
  isOpen(): boolean;
  /** Charges what the load has drawn up to now. */
  charge(): void;
  /** What an accepted token changes of what the parts keep: it goes into the token's own record. */
  vital(outcome: EntryOutcome): Partial<VitalState>;
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
    const now = this.#rtc.epochSeconds();
    const { outcome, state } = enterToken(before, tokenNo, now, this.#meter());
    const credit = creditChangeOf(outcome, before, state, this.#options.credit);
    if (this.#books.account.isTooSmall(credit)) {
      this.#finish(ACCOUNT_LOW, done);
      return;
    }
    const tokenHistory = remembered(this.#books.vital.tokenHistory, tokenNo, outcome, now);
    if (outcome.result === 'Lockout') {
      // Nothing was even decrypted, and a guesser shall not push true entries out of the history.
      this.#finish(outcome, done);
    } else if (state === before) {
      this.#books.keep('tokenHistory', tokenHistory);
      this.#finish(outcome, done);
    } else if (isRefusal(outcome)) {
      // A wrong token changes the lockout alone. It counts at once, even where the memory takes nothing, and is durable before
      // the customer knows, or a power cut would be free.
      this.#books.keep('tokenHistory', tokenHistory);
      this.#books.setState({
        lockout: state.lockout,
        tidMemory: state.tidMemory,
        extension: state.extension,
      });
      this.#books.save(() => this.#finish(outcome, done));
    } else {
      const vital = { tokenHistory, ...this.#hooks.vital(outcome) };
      this.#commit({ before, state, vital, credit }, outcome, done);
    }
  }

  keep(keeper: Keeper): void {
    keeper.idle(!this.#inWork, 'a token is being made durable');
    this.#lastResult = keeper.value(this.#lastResult);
  }

  /** A meter in one mode has no use for the credit of the other: such a token is refused by its function. */
  #meter(): MeterConfiguration {
    const { meter } = this.#options;
    const foreign = this.#books.account.state.mode === 'currency' ? 'creditElectricity' : 'currencyCredit';
    return { ...meter, supported: meter.supported.filter((kind) => kind !== foreign) };
  }

  #commit(change: TokenChange, outcome: EntryOutcome, done: (outcome: EntryOutcome) => void): void {
    this.#books.saveToken(change, (result) => {
      switch (result) {
        case 'written':
          this.#hooks.charge();
          this.#books.adopt(change);
          this.#finish(outcome, done);
          return;
        case 'failed':
          this.#finish(MEMORY_FAULT, done);
          return;
        case 'abandoned':
          this.#finish(NOT_READY, done);
          return;
      }
    });
  }

  #finish(outcome: EntryOutcome, done: (outcome: EntryOutcome) => void): void {
    this.#inWork = false;
    this.#lastResult = outcome;
    this.#note(outcome);
    this.#hooks.entered(outcome);
    done(outcome);
  }

  #note(outcome: EntryOutcome): void {
    const { events, lockout, state } = this.#books;
    if (outcome.stage === 'authentication' && lockout.untilSeconds > this.#rtc.epochSeconds()) {
      events.log('lockedOut', lockout.failures);
    }
    if (outcome.result !== 'Accept') return;
    const { effect } = outcome;
    if (effect.kind === 'keyChanged') events.log('keyChanged', state.keyRevision);
    if (effect.kind === 'creditCleared') events.log('creditCleared', effect.registerCode);
    if (effect.kind === 'tamperCleared') events.log('tamperCleared');
  }
}

function isRefusal(outcome: EntryOutcome): boolean {
  return outcome.result.endsWith('Error');
}
