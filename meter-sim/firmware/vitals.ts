/** The vital signs of a running firmware, read where they stand: a judge of every event must cost the meter nothing. */
import type { Books } from './books.ts';
import type { Keeper } from './keeper.ts';
import type { Metering } from './metering.ts';
import type { FirmwareStatus, FirmwareVitals } from './readout.ts';
import type { SwitchDesk } from './switch-desk.ts';

export class LiveVitals implements FirmwareVitals {
  status: FirmwareStatus = 'starting';
  readonly #books: Books;
  readonly #metering: Metering;
  readonly #switch: SwitchDesk;

  constructor(books: Books, metering: Metering, loadSwitch: SwitchDesk) {
    this.#books = books;
    this.#metering = metering;
    this.#switch = loadSwitch;
  }

  get acceptedMilliWh(): number {
    return this.#books.account.acceptedMilliWh;
  }

  get creditMilliWh(): number {
    return this.#books.account.paidMilliWh;
  }

  get totalMilliWh(): number {
    return this.#books.account.totalMilliWh;
  }

  get savedTotalMilliWh(): number {
    return this.#books.savedTotalMilliWh;
  }

  get relay(): FirmwareVitals['relay'] {
    return this.#switch.state;
  }

  get relayFired(): boolean {
    return this.#switch.fired;
  }

  get creditState(): FirmwareVitals['creditState'] {
    return this.#books.account.state;
  }

  get maySupply(): boolean {
    return this.#books.account.maySupply;
  }

  get bandSumMilliWh(): number {
    return this.#metering.bandSumMilliWh();
  }

  get switchCause(): FirmwareVitals['switchCause'] {
    return this.#switch.cause;
  }

  get lockoutFailures(): number {
    return this.#books.lockout.failures;
  }

  keep(keeper: Keeper): void {
    this.status = keeper.value(this.status);
  }

  /** The same as they are at this moment, for whoever keeps them. */
  taken(): FirmwareVitals {
    return {
      acceptedMilliWh: this.acceptedMilliWh,
      creditMilliWh: this.creditMilliWh,
      totalMilliWh: this.totalMilliWh,
      savedTotalMilliWh: this.savedTotalMilliWh,
      relay: this.relay,
      relayFired: this.relayFired,
      creditState: this.creditState,
      maySupply: this.maySupply,
      bandSumMilliWh: this.bandSumMilliWh,
      switchCause: this.switchCause,
      status: this.status,
      lockoutFailures: this.lockoutFailures,
    };
  }
}
