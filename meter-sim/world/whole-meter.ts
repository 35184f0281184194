/**
 * A meter's world with the real firmware in it, the invariants watched after every event, and a ledger of what the meter
 * answered to: what two runs of the same story are compared by.
 */
import { invariant } from '../../lib/assert.ts';
import { createFirmware, type FactorySettings, type Firmware } from '../firmware/firmware.ts';
import { InvariantChecker } from '../firmware/invariants.ts';
import type { Keeper, Kept } from '../firmware/keeper.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../firmware/options.ts';
import type { EntryOutcome } from '../firmware/outcome.ts';
import type { Switching } from '../hardware/relay-config.ts';
import { MeterWorld, type MeterWorldOptions } from './meter-world.ts';
import { putAway, takeUp, wordsOf } from './rest.ts';

export interface TokenEntry {
  /** µs since the world began, when the outcome was durable. */
  readonly at: number;
  /** A result of sts.md 8.1; `Lost` where the supply failed first. */
  readonly result: EntryOutcome['result'] | 'Lost';
  /** Of an accepted credit, else 0. */
  readonly creditMilliWh: number;
}

export interface WholeMeterOptions extends Omit<MeterWorldOptions, 'firmware'> {
  readonly factory: FactorySettings;
  readonly firmwareOptions?: FirmwareOptions;
}

/** What most meters remember in the same words, when their owner knows of no better: nothing. */
const NO_WORDS = new Uint8Array(0);

export class WholeMeter implements Kept {
  readonly world: MeterWorld;
  readonly tokens: TokenEntry[] = [];
  readonly #checker = new InvariantChecker();
  #firmware: Firmware | undefined;
  #wasPowered = false;
  #accepted = 0;
  /** Of the tokens in work when the supply fails nobody will hear again. */
  #inWork = 0;

  constructor(options: WholeMeterOptions) {
    const { factory, firmwareOptions = DEFAULT_OPTIONS, ...rest } = options;
    this.world = new MeterWorld({
      ...rest,
      firmware: (hardware) => {
        this.#firmware = createFirmware(hardware, factory, firmwareOptions);
        return this.#firmware;
      },
    });
    this.world.watch(() => this.#look());
  }

  /** How often every invariant was checked. */
  get checks(): number {
    return this.#checker.checks;
  }

  /** Tokens that the meter has accepted; of a key change only the section that completes it. */
  get tokensAccepted(): number {
    return this.#accepted;
  }

  /** The firmware that runs; undefined without power. */
  get firmware(): Firmware | undefined {
    return this.world.powered ? this.#firmware : undefined;
  }

  /** Enters 20 digits by the virtual carrier at this instant; a dead meter hears nothing. */
  enterToken(tokenNo: string, done: (entry: TokenEntry) => void = () => {}): void {
    const { firmware } = this;
    const { resets } = this.world;
    const end = (result: TokenEntry['result'], creditMilliWh: number): void => {
      const entry = { at: this.world.now(), result, creditMilliWh };
      if (result === 'Accept') this.#accepted++;
      this.tokens.push(entry);
      done(entry);
    };
    if (firmware === undefined) {
      end('Lost', 0);
      return;
    }
    this.#inWork++;
    const before = firmware.vitals().acceptedMilliWh;
    firmware.enterToken(tokenNo, (outcome) => {
      if (this.world.resets !== resets) return;
      this.#inWork--;
      end(outcome.result, firmware.vitals().acceptedMilliWh - before);
    });
  }

  /**
   * Puts the meter away as bytes (world/rest.ts), with every record of its watch.
   * @param owner - who has events of its own on this meter's clock: what is told of them.
   * @param words - of a meter like this one ({@link words}), which then need not be put away again.
   * @returns the bytes, or what the meter is in the middle of.
   */
  rest(owner?: Kept, words: Uint8Array = NO_WORDS): Uint8Array | { readonly busy: string } {
    return putAway(this.#with(owner), words);
  }

  /** Takes a meter up that {@link rest} has put away with the same words, in one that was just made with the same options. */
  wake(bytes: Uint8Array, owner?: Kept, words: Uint8Array = NO_WORDS): void {
    invariant(this.world.now() === 0 && !this.world.powered, 'a meter is taken up in one that never lived');
    takeUp(this.#with(owner), bytes, words);
  }

  /** What this meter at rest is written in: other meters that were made and owned alike are put away in a third less with it. */
  words(owner?: Kept): Uint8Array {
    return wordsOf(this.#with(owner));
  }

  /** Hands over what was written down so far and begins anew: what a meter that rests need not carry with it. */
  takeRecords(): { readonly tokens: readonly TokenEntry[]; readonly switchings: readonly Switching[] } {
    return { tokens: this.tokens.splice(0), switchings: this.world.relay.takeLog() };
  }

  #with(owner: Kept | undefined): Kept {
    return {
      keep: (keeper) => {
        owner?.keep(keeper);
        this.keep(keeper);
      },
    };
  }

  keep(keeper: Keeper): void {
    keeper.idle(this.#inWork === 0, 'a token is in work');
    this.tokens.splice(0, this.tokens.length, ...keeper.value(this.tokens));
    this.#checker.keep(keeper);
    this.#wasPowered = keeper.value(this.#wasPowered);
    this.#accepted = keeper.value(this.#accepted);
    this.world.keep(keeper);
  }

  #look(): void {
    const { world } = this;
    if (world.powered) {
      this.#wasPowered = true;
      const { contact } = world.relay;
      if (this.#firmware !== undefined)
        this.#checker.check(this.#firmware.vitals(), contact === 'open' ? 'open' : 'closed');
      return;
    }
    if (!this.#wasPowered) return;
    this.#wasPowered = false;
    this.#checker.powerLost();
    for (; this.#inWork > 0; this.#inWork--)
      this.tokens.push({ at: world.now(), result: 'Lost', creditMilliWh: 0 });
  }
}
