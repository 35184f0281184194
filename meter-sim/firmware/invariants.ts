/**
 * What must hold of a meter at every moment (meter-hardware.md 8), as one check that a test or a world makes after any event
 * and that counts how often it was made. A breach throws: it is a bug of the firmware, never of its input.
 */
import { invariant } from '../../lib/assert.ts';
import type { Account } from './credit/account.ts';
import type { Keeper } from './keeper.ts';
import type { FirmwareVitals } from './readout.ts';

/** Commands that close the switch whatever the balance. */
const GRANTS: ReadonlySet<FirmwareVitals['switchCause']> = new Set([
  'remoteClose',
  'closeTest',
  'productionTest',
]);

export class InvariantChecker {
  #checks = 0;
  #lastTotalMilliWh = 0;
  #lastAcceptedMilliWh = 0;
  #savedTotalMilliWh = 0;

  get checks(): number {
    return this.#checks;
  }

  /**
   * @param vitals - of a meter that is powered.
   * @param contact - where the relay's contact truly stands.
   */
  check(vitals: FirmwareVitals, contact: 'open' | 'closed'): void {
    this.#checks += 1;
    if (vitals.status !== 'running') return;
    const { acceptedMilliWh, creditMilliWh, totalMilliWh, relay, creditState, switchCause } = vitals;
    invariant(
      Number.isSafeInteger(acceptedMilliWh) &&
        Number.isSafeInteger(creditMilliWh) &&
        Number.isSafeInteger(totalMilliWh),
      'registers are integers',
    );
    checkAccount(creditState.energy);
    checkAccount(creditState.money);
    invariant(creditState.energy.charged <= totalMilliWh, 'no energy is charged that did not flow');
    invariant(vitals.bandSumMilliWh === totalMilliWh, 'the bands add up to the total register');
    invariant(totalMilliWh >= this.#lastTotalMilliWh, 'the total register never falls');
    invariant(acceptedMilliWh >= this.#lastAcceptedMilliWh, 'accepted credit is never forgotten');
    invariant(
      contact === 'open' ||
        (switchCause === 'normal' ? vitals.maySupply : GRANTS.has(switchCause)) ||
        relay === 'opening' ||
        relay === 'malfunction' ||
        vitals.relayFired,
      'the relay is closed only with a right to supply or a named grant, or while it opens',
    );
    this.#lastTotalMilliWh = totalMilliWh;
    this.#lastAcceptedMilliWh = acceptedMilliWh;
    this.#savedTotalMilliWh = Math.max(this.#savedTotalMilliWh, vitals.savedTotalMilliWh);
  }

  keep(keeper: Keeper): void {
    this.#checks = keeper.value(this.#checks);
    this.#lastTotalMilliWh = keeper.value(this.#lastTotalMilliWh);
    this.#lastAcceptedMilliWh = keeper.value(this.#lastAcceptedMilliWh);
    this.#savedTotalMilliWh = keeper.value(this.#savedTotalMilliWh);
  }

  /** After a sudden death the total register may stand again where the newest record has it, and not below. */
  powerLost(): void {
    this.#lastTotalMilliWh = this.#savedTotalMilliWh;
  }
}

function checkAccount({ accepted, emergency, charged, cleared, balance }: Account): void {
  invariant(
    accepted + emergency - charged - cleared === balance && Number.isSafeInteger(balance),
    'accepted + emergency - charged - cleared = balance',
  );
}
