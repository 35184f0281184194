/**
 * The keypad carrier (sts.md 8.5, meter-hardware.md 6): digits scroll in from the right in groups of four behind a digit
 * counter, twenty seconds without a key drop them, and the twentieth digit is its own enter key.
 */
import type { Cancellable, KeypadKey, McuTimer, Micros } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';

const TOKEN_DIGITS = 20;

export interface KeypadHooks {
  /** What to show while digits are being keyed; undefined when the entry ended. */
  entryChanged(text: string | undefined): void;
  /** Twenty digits. */
  tokenKeyed(tokenNo: string): void;
  /** `enter` after 1 to 19 digits, or after none. */
  codeKeyed(digits: string): void;
}

export class Keypad {
  readonly #timer: McuTimer;
  readonly #timeOutMicros: Micros;
  readonly #hooks: KeypadHooks;
  #digits = '';
  #timeOut: Cancellable | undefined;

  constructor(timer: McuTimer, timeOutMicros: Micros, hooks: KeypadHooks) {
    this.#timer = timer;
    this.#timeOutMicros = timeOutMicros;
    this.#hooks = hooks;
  }

  press(key: KeypadKey): void {
    this.#timeOut?.cancel();
    this.#timeOut = undefined;
    if (key === 'enter') {
      const digits = this.#digits;
      this.clear();
      this.#hooks.codeKeyed(digits);
      return;
    }
    this.#digits = key === 'backspace' ? this.#digits.slice(0, -1) : this.#digits + key;
    if (this.#digits.length === TOKEN_DIGITS) {
      const tokenNo = this.#digits;
      this.clear();
      this.#hooks.tokenKeyed(tokenNo);
      return;
    }
    if (this.#digits === '') {
      this.clear();
      return;
    }
    this.#timeOut = this.#clearAt(this.#timer.now() + this.#timeOutMicros);
    this.#hooks.entryChanged(entryText(this.#digits));
  }

  /** Forgets the digits. */
  clear(): void {
    this.#timeOut?.cancel();
    this.#timeOut = undefined;
    this.#digits = '';
    this.#hooks.entryChanged(undefined);
  }

  keep(keeper: Keeper): void {
    this.#digits = keeper.value(this.#digits);
    this.#timeOut = keeper.handle(this.#timeOut, () => this.#clearAt(this.#timer.now()));
  }

  #clearAt(time: Micros): Cancellable {
    return this.#timer.at(time, () => this.clear());
  }
}

/** @returns 16 characters: the counter in two, a space, the last thirteen of the groups. */
function entryText(digits: string): string {
  const groups = (digits.match(/.{1,4}/g) ?? []).join('-');
  return `${String(digits.length).padStart(2, '0')} ${groups.slice(-13).padStart(13, ' ')}`;
}
