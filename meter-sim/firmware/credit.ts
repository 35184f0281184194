/**
 * The prepayment account: three integers, each kept on its own, that must always agree (meter-hardware.md 8):
 * accepted - charged = balance. A balance below zero is energy that flowed while the relay was still opening; it is owed
 * and the next token pays it first.
 */
import { assertInteger, invariant } from '../../lib/assert.ts';

export class CreditAccount {
  #acceptedMilliWh: number;
  #balanceMilliWh: number;
  #totalMilliWh: number;

  constructor(registers: { acceptedMilliWh: number; balanceMilliWh: number; totalMilliWh: number }) {
    this.#acceptedMilliWh = registers.acceptedMilliWh;
    this.#balanceMilliWh = registers.balanceMilliWh;
    this.#totalMilliWh = registers.totalMilliWh;
    this.#check();
  }

  /** Sum of all tokens, mWh. */
  get acceptedMilliWh(): number {
    return this.#acceptedMilliWh;
  }

  get balanceMilliWh(): number {
    return this.#balanceMilliWh;
  }

  /** The total register: all energy that was ever charged, mWh; it never falls. */
  get totalMilliWh(): number {
    return this.#totalMilliWh;
  }

  accept(creditMilliWh: number): void {
    assertInteger(creditMilliWh, 0, Number.MAX_SAFE_INTEGER, 'creditMilliWh');
    this.#acceptedMilliWh += creditMilliWh;
    this.#balanceMilliWh += creditMilliWh;
    this.#check();
  }

  charge(energyMilliWh: number): void {
    assertInteger(energyMilliWh, 0, Number.MAX_SAFE_INTEGER, 'energyMilliWh');
    this.#totalMilliWh += energyMilliWh;
    this.#balanceMilliWh -= energyMilliWh;
    this.#check();
  }

  #check(): void {
    invariant(
      this.#acceptedMilliWh - this.#totalMilliWh === this.#balanceMilliWh,
      'accepted - charged = balance',
    );
  }
}
