/**
 * The credit of a running meter at its clock, keypad and buzzer: what falls due at a second, the low-credit beep, and the
 * codes and keys that take emergency credit, silence the alarm and bring the supply back (meter-hardware.md 6).
 *
 * One clock alarm stands for the next second at which time alone changes anything; nothing polls.
 */
import type { Books } from './books.ts';
import type { CreditAccount } from './credit.ts';
import type { Cancellable, MeterHardware } from './hardware-interface.ts';
import { type CodeItem, type CodeState, codePages } from './info-codes.ts';
import type { Keeper } from './keeper.ts';
import type { FirmwareOptions } from './options.ts';
import { ENTRY_CODES, type EntryOutcome, MEMORY_FAULT } from './outcome.ts';
import { outcomePages, type Page } from './screen.ts';
import { pastTokens } from './token-history.ts';

export interface CreditDeskHooks {
  isRunning(): boolean;
  /** Charges what the load has drawn up to now. */
  charge(): void;
  /** Makes the books durable. */
  save(done?: (written: boolean) => void): void;
  /** The right to supply or the way to its end may be another: drive the switch, set the energy alarm. */
  changed(): void;
  show(pages: readonly Page[]): void;
  lastResult(): EntryOutcome | undefined;
}

const REFUSAL: readonly Page[] = [{ text: 'rEJEct', icons: ['rejected'], micros: 3_000_000 }];

export class CreditDesk {
  readonly #hardware: MeterHardware;
  readonly #options: FirmwareOptions;
  readonly #books: Books;
  readonly #hooks: CreditDeskHooks;
  #due: Cancellable | undefined;
  #beep: Cancellable | undefined;
  readonly #fallDue = (): void => {
    if (!this.#hooks.isRunning()) return;
    this.#hooks.charge();
    this.#account.passTime(this.#now());
    this.#settle();
    this.charged();
  };
  readonly #soundAgain = (): void => {
    this.#beep = undefined;
    if (this.#beeps()) this.#sound();
  };

  constructor(hardware: MeterHardware, options: FirmwareOptions, books: Books, hooks: CreditDeskHooks) {
    this.#hardware = hardware;
    this.#options = options;
    this.#books = books;
    this.#hooks = hooks;
  }

  /** The meter runs, or runs again: what fell due in the dark. The next record has it; until then it would fall due again. */
  start(): void {
    this.#account.passTime(this.#now());
    this.#arm();
    this.charged();
  }

  /** The clock was set; what it jumped over costs nothing. */
  clockSet(): void {
    this.#hooks.charge();
    this.#account.clockSet(this.#hardware.rtc.epochSeconds());
    this.#settle();
  }

  /** A token was taken into the books: another mode has other times. */
  tokenEntered(): void {
    this.#arm();
  }

  /** Energy was charged: the alarm sounds from the level on that has a beep. */
  charged(): void {
    if (this.#beep === undefined && this.#beeps()) this.#sound();
  }

  /** Digits and `enter`. */
  codeKeyed(digits: string): void {
    const { codes } = this.#options.codes;
    const item = Object.hasOwn(codes, digits) ? codes[digits] : undefined;
    if (digits === '' && this.#account.confirmReconnection()) this.#settle();
    if (item === undefined) this.#refuse();
    else if (item === 'takeEmergency') this.#takeEmergency(item);
    else if (item === 'muteAlarm') this.mute();
    else this.#show(item);
  }

  /** The low-credit beep is silent for a day. */
  mute(): void {
    this.#account.mute(this.#hardware.rtc.epochSeconds());
    this.#beep?.cancel();
    this.#beep = undefined;
    this.#settle();
    this.#show('muteAlarm');
  }

  keep(keeper: Keeper): void {
    const { rtc, timer } = this.#hardware;
    this.#due = keeper.handle(this.#due, () => rtc.alarmAt(0, this.#fallDue));
    this.#beep = keeper.handle(this.#beep, () => timer.at(timer.now(), this.#soundAgain));
  }

  get #account(): CreditAccount {
    return this.#books.account;
  }

  #now(): number | undefined {
    const { rtc } = this.#hardware;
    return rtc.isValid() ? rtc.epochSeconds() : undefined;
  }

  /** Granted at once, shown when it is durable; asked for again, it shows how much is left and owed. */
  #takeEmergency(item: CodeItem): void {
    this.#hooks.charge();
    if (!this.#account.takeEmergency()) {
      if (this.#account.inUse.emergency > 0) this.#show(item);
      else this.#refuse();
      return;
    }
    this.#arm();
    this.#hooks.save((written) => {
      this.#hooks.changed();
      if (written) this.#show(item);
      else this.#hooks.show(outcomePages(MEMORY_FAULT, 0, this.#options.meter));
    });
  }

  #show(item: CodeItem): void {
    this.#hooks.charge();
    this.#hooks.show(codePages(item, this.#codeState()));
  }

  #refuse(): void {
    this.#hardware.beep('reject');
    this.#hooks.show(REFUSAL);
  }

  #settle(): void {
    this.#arm();
    this.#hooks.save();
    this.#hooks.changed();
  }

  #arm(): void {
    this.#due?.cancel();
    this.#due = undefined;
    const now = this.#now();
    const next = now === undefined ? Number.POSITIVE_INFINITY : this.#account.nextChange(now);
    if (next === Number.POSITIVE_INFINITY) return;
    this.#due = this.#hardware.rtc.alarmAt(next, this.#fallDue);
  }

  #beeps(): boolean {
    return this.#hooks.isRunning() && this.#account.lowCredit(this.#hardware.rtc.epochSeconds()).beeps;
  }

  #sound(): void {
    const { timer } = this.#hardware;
    this.#hardware.beep('low-credit');
    this.#beep = timer.at(timer.now() + this.#options.lowCreditBeepMicros, this.#soundAgain);
  }

  #codeState(): CodeState {
    const { mode, friendlyUntilSeconds } = this.#account.state;
    const { offsetMinutes, currencyLabel } = this.#options.credit;
    const { meterPan, extension } = this.#books.state;
    const outcome = this.#hooks.lastResult();
    return {
      mode,
      account: this.#account.inUse,
      currencyLabel,
      totalMilliWh: this.#account.totalMilliWh,
      meterPan,
      nowSeconds: this.#now(),
      offsetMinutes,
      friendlyUntilSeconds,
      maximumPowerWatt: extension.maximumPowerWatt,
      lastResult: outcome === undefined ? undefined : ENTRY_CODES[outcome.result],
      tokens: pastTokens(this.#books.vital.tokenHistory),
    };
  }
}
