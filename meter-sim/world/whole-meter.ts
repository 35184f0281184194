/**
 * A meter's world with the real firmware in it, the invariants watched after every event, and a ledger of what the meter
 * answered to: what two runs of the same story are compared by.
 */
import { createFirmware, type FactorySettings, type Firmware } from '../firmware/firmware.ts';
import { InvariantChecker } from '../firmware/invariants.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../firmware/options.ts';
import type { EntryOutcome } from '../firmware/outcome.ts';
import { MeterWorld, type MeterWorldOptions } from './meter-world.ts';

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

export class WholeMeter {
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
