/**
 * A customer of a meter in a fault plan: keys what he has bought, one slip after another, and again until the meter says that it
 * has it; keys the sections of a key change in their order; keys an old slip once more to see whether it gives anything; silences
 * the meter when it beeps.
 *
 * He notices what no meter may do: take a slip twice, or refuse one as anything but used.
 */
import type { Firmware } from '../firmware/firmware.ts';
import type { EntryOutcome } from '../firmware/outcome.ts';
import type { MeterWatch } from './meter-watch.ts';
import type { MeterWorld } from './meter-world.ts';
import { Silencer } from './silence.ts';

export interface Slip {
  readonly tokenNo: string;
  readonly milliWh: number;
}

export interface Vendor {
  /** The slip of a purchase, by its number, under the meter's key after so many key changes; each number is another token. */
  purchase(number: number, keyChanges: number): Slip;
  /** The sections that lead from that key to the next. */
  keyChange?(keyChanges: number): readonly string[];
}

type Errand = { readonly kind: 'purchase'; readonly number: number } | { readonly kind: 'key-change' };

const SECOND = 1_000_000;
/** He tries again after so long, and takes the next slip after so long. */
const RETRY_MICROS = 60 * SECOND;
const NEXT_MICROS = 5 * SECOND;

export class Customer {
  readonly #world: MeterWorld;
  readonly #firmware: () => Firmware;
  readonly #watch: MeterWatch;
  readonly #vendor: Vendor;
  readonly #errands: Errand[] = [];
  /** By number: whether it was ever keyed, and whether the meter has it. */
  readonly #tried = new Set<number>();
  readonly #done = new Set<number>();
  #keyChanges = 0;
  /** The section to key next; `probe`: nobody knows whether the last one has changed the key. */
  #section: number | 'probe' = 0;
  #isBusy = false;

  constructor(world: MeterWorld, firmware: () => Firmware, watch: MeterWatch, vendor: Vendor) {
    this.#world = world;
    this.#firmware = firmware;
    this.#watch = watch;
    this.#vendor = vendor;
    new Silencer(world);
  }

  get accepted(): number {
    return this.#done.size;
  }

  get keyChanges(): number {
    return this.#keyChanges;
  }

  /** Whether everything that was asked for has been done. */
  get isContent(): boolean {
    return this.#errands.length === 0;
  }

  purchase(number: number): void {
    this.#add({ kind: 'purchase', number });
  }

  keyChange(): void {
    if (this.#vendor.keyChange !== undefined) this.#add({ kind: 'key-change' });
  }

  #add(errand: Errand): void {
    this.#errands.push(errand);
    if (!this.#isBusy) this.#next();
  }

  #next(): void {
    const errand = this.#errands[0];
    this.#isBusy = errand !== undefined;
    if (errand === undefined) return;
    let isAnswered = false;
    if (this.#world.powered) {
      this.#enter(errand, (outcome) => {
        isAnswered = true;
        const goesOn = this.#answered(errand, outcome);
        this.#after(goesOn ? NEXT_MICROS : RETRY_MICROS, () => this.#next());
      });
    }
    this.#after(RETRY_MICROS, () => {
      if (!isAnswered) this.#unanswered(errand);
    });
  }

  #enter(errand: Errand, done: (outcome: EntryOutcome) => void): void {
    this.#watch.mayUnlock();
    const firmware = this.#firmware();
    if (errand.kind === 'key-change') {
      firmware.enterToken(this.#keyChangeToken(), done);
      return;
    }
    const { number } = errand;
    const slip = this.#vendor.purchase(number, this.#keyChanges);
    if (!this.#tried.has(number)) this.#watch.tried(slip.milliWh);
    this.#tried.add(number);
    firmware.enterToken(slip.tokenNo, done);
  }

  #keyChangeToken(): string {
    if (this.#section !== 'probe') {
      return this.#vendor.keyChange?.(this.#keyChanges)[this.#section] as string;
    }
    // An old slip under the new key: it reads as used when the key is the new one and as garbage when it is not.
    const [old] = this.#done;
    return this.#vendor.purchase(old as number, this.#keyChanges + 1).tokenNo;
  }

  #unanswered(errand: Errand): void {
    if (errand.kind === 'key-change' && this.#section !== 'probe') this.#section = 0;
    this.#next();
  }

  /** @returns whether the customer goes on at once. */
  #answered(errand: Errand, { result }: EntryOutcome): boolean {
    if (result === 'NotReady' || result === 'Lockout' || result === 'MemoryFault') return false;
    if (errand.kind === 'purchase') this.#purchased(errand.number, result);
    else if (!this.#sectionAnswered(result)) return true;
    this.#errands.shift();
    return true;
  }

  #purchased(number: number, result: EntryOutcome['result']): void {
    const isKnown = this.#done.has(number);
    if (result === 'Accept' && isKnown) throw new Error(`purchase ${number} was accepted twice`);
    if (result !== 'Accept' && result !== 'UsedError') {
      throw new Error(`purchase ${number} answered ${result}`);
    }
    if (!isKnown) this.#watch.confirmed(this.#vendor.purchase(number, this.#keyChanges).milliWh);
    this.#done.add(number);
  }

  /** @returns whether the key has changed. */
  #sectionAnswered(result: EntryOutcome['result']): boolean {
    if (this.#section === 'probe') {
      if (result === 'Accept') throw new Error('a used slip was accepted under the next key');
      this.#section = 0;
      if (result !== 'UsedError') return false;
    } else if (result === 'CRCError') {
      this.#section = this.#done.size > 0 ? 'probe' : 0;
      return false;
    } else if (result !== 'Accept') {
      const sections = this.#vendor.keyChange?.(this.#keyChanges).length ?? 1;
      this.#section = (this.#section + 1) % sections;
      return false;
    }
    this.#section = 0;
    this.#keyChanges++;
    return true;
  }

  #after(micros: number, run: () => void): void {
    this.#world.at(this.#world.now() + micros, run);
  }
}
