/**
 * A meter's journal and token path on a memory without a clock, and a walk through its life that tears every write of it: each
 * byte in turn, and any mix of old, new, erased and random bytes (hardware/eeprom.ts). After every tear a new boot must find
 * the state before that write or the one behind it, and then take what was being entered exactly once.
 */
import { bytesFromHex } from '../../../lib/hex.ts';
import type { EncryptionAlgorithm } from '../../../lib/identity/attributes.ts';
import { type KeyChange, keyChangeSections } from '../../../lib/keys/key-change.ts';
import type { MeterState } from '../../../lib/meter/state.ts';
import { createTokenCipher } from '../../../lib/token/cipher.ts';
import type { Token } from '../../../lib/token/kinds.ts';
import { encodeToken } from '../../../lib/token/token.ts';
import { Books } from '../../../meter-sim/firmware/books.ts';
import type { MeterHardware } from '../../../meter-sim/firmware/hardware-interface.ts';
import {
  DEFAULT_SHAPE,
  Journal,
  type JournalShape,
  type LoadedState,
} from '../../../meter-sim/firmware/journal.ts';
import { energyOf } from '../../../meter-sim/firmware/journal-records.ts';
import { MemoryBus } from '../../../meter-sim/firmware/memory-bus.ts';
import { DEFAULT_OPTIONS, type FirmwareOptions } from '../../../meter-sim/firmware/options.ts';
import type { EntryOutcome } from '../../../meter-sim/firmware/outcome.ts';
import { IMAGE_BYTES, StateImage } from '../../../meter-sim/firmware/state-image.ts';
import { TokenDoor } from '../../../meter-sim/firmware/token-door.ts';
import { WornPageList } from '../../../meter-sim/firmware/worn-pages.ts';
import { RandomStream } from '../../../meter-sim/world/random.ts';
import { PUBLIC_FACTORY, tokenOfAnotherMeter } from '../../support/public-meter.ts';
import { LightMemory } from './light-memory.ts';

/** A journal in the memory, booted. */
export class Rig {
  readonly memory: LightMemory;
  readonly books: Books;
  readonly door: TokenDoor;
  readonly clock: { seconds: number; milliJoule: number };

  constructor(memory: LightMemory, clock: Rig['clock'], options: FirmwareOptions, factory = PUBLIC_FACTORY) {
    const rtc = { epochSeconds: () => clock.seconds };
    const metering = { energyMilliJoule: () => clock.milliJoule };
    this.memory = memory;
    this.clock = clock;
    this.books = new Books({ memory, rtc, metering } as unknown as MeterHardware, factory, options);
    this.door = new TokenDoor(this.books, rtc as MeterHardware['rtc'], options, {
      isOpen: () => true,
      charge: () => this.books.charge(),
      vital: () => ({}),
      entered: () => {},
    });
  }

  /** @returns what the journal held; undefined for a blank part, which is formatted. */
  boot(): LoadedState | undefined {
    const contents = this.books.load();
    if (contents.kind === 'damaged') throw new Error('damaged');
    const loaded = contents.kind === 'state' ? contents.state : undefined;
    if (loaded?.format !== 2) {
      this.books.format(loaded, () => {});
      this.memory.run();
    }
    this.books.start(loaded);
    this.books.charge();
    return loaded;
  }

  enter(tokenNo: string): EntryOutcome['result'] | undefined {
    let result: EntryOutcome['result'] | undefined;
    this.door.enter(tokenNo, (outcome) => {
      result = outcome.result;
    });
    this.memory.run();
    return result;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** One thing that happens to a meter, by name; it starts writes and leaves them to the memory. */
interface Deed {
  readonly kind: string;
  readonly tokenNo: string | undefined;
  readonly run: (rig: Rig) => void;
}

export interface CutCounts {
  readonly cuts: Record<string, number>;
  total: number;
  foundOld: number;
  foundNew: number;
  entered: number;
  /** The first few, by name. */
  readonly violations: string[];
  violationCount: number;
  worstWear: number;
}

export interface WalkOptions {
  readonly seed: number;
  readonly cuts: number;
  readonly shape?: Partial<JournalShape>;
  /** Stop at so many violations. */
  readonly stopAt?: number;
  readonly algorithm?: EncryptionAlgorithm;
  readonly mode?: 'kilowattHour' | 'currency';
  /** Random mixes for each write besides its bytes. */
  readonly mixes?: number;
}

/** One in so many cuts goes on to enter the token of the deed again; the state it starts from is checked in each. */
const ENTERED_EVERY = 24;
const EA07_KEY = '87f3ecbb2e46b48f';

export function walkWithCuts(options: WalkOptions): CutCounts {
  return new Walk(options).run();
}

class Walk {
  readonly #random: RandomStream;
  readonly #options: WalkOptions;
  readonly #firmware: FirmwareOptions;
  readonly #factory: typeof PUBLIC_FACTORY;
  readonly #clock = { seconds: 1_790_000_000, milliJoule: 0 };
  readonly #counts: CutCounts = {
    cuts: {},
    total: 0,
    foundOld: 0,
    foundNew: 0,
    entered: 0,
    violations: [],
    violationCount: 0,
    worstWear: 0,
  };
  #tid = 1_000;
  #deedsDone = 0;
  #keyChanges = 0;

  constructor(options: WalkOptions) {
    this.#options = options;
    this.#random = new RandomStream(options.seed, 'torn cuts');
    const mode = options.mode ?? 'kilowattHour';
    this.#firmware = {
      ...DEFAULT_OPTIONS,
      journal: { ...DEFAULT_SHAPE, ...options.shape },
      credit: { ...DEFAULT_OPTIONS.credit, mode },
    };
    this.#factory =
      options.algorithm === 7
        ? { ...PUBLIC_FACTORY, encryptionAlgorithm: 7, decoderKey: EA07_KEY }
        : PUBLIC_FACTORY;
  }

  run(): CutCounts {
    const memory = new LightMemory(new Uint8Array(32_768).fill(0xff));
    const rig = new Rig(memory, this.#clock, this.#firmware, this.#factory);
    rig.boot();
    let waiting: Deed[] = [];
    while (this.#counts.total < this.#options.cuts && !this.#isEnough()) {
      if (waiting.length === 0) waiting = this.#deeds(rig);
      const deed = waiting.shift() as Deed;
      this.#tearAll(rig, deed);
      this.#deedsDone += 1;
    }
    this.#counts.worstWear = Math.max(...memory.wear.values());
    return this.#counts;
  }

  #isEnough(): boolean {
    return this.#counts.violationCount >= (this.#options.stopAt ?? Number.POSITIVE_INFINITY);
  }

  /** Lets the deed happen, and then at each of its writes every way in which it could have been torn. */
  #tearAll(rig: Rig, deed: Deed): void {
    const { memory } = rig;
    this.#clock.seconds += this.#random.integer(0, 400);
    this.#clock.milliJoule += this.#random.integer(0, 3_000_000);
    const before = this.#imageOf(this.#load(memory.cells)).slice();
    const writes: { old: Uint8Array; address: number; bytes: Uint8Array }[] = [];
    deed.run(rig);
    while (memory.pending !== undefined) {
      const { address, bytes } = memory.pending;
      writes.push({ old: memory.cells.slice(), address, bytes });
      memory.step();
    }
    if (writes.length === 0) return;
    const after = this.#presentImage(rig);
    let left: Uint8Array = before;
    for (const write of writes) {
      for (let byte = 0; byte <= write.bytes.length; byte++) {
        const torn = write.bytes.map((value, at) =>
          at < byte ? value : (write.old[write.address + at] as number),
        );
        if (byte < torn.length) torn[byte] = this.#random.integer(0, 255);
        this.#cut(deed, write.old, write.address, torn, left, after);
      }
      const old = write.old.subarray(write.address);
      for (let mix = this.#options.mixes ?? 35; mix > 0; mix--) {
        this.#cut(deed, write.old, write.address, this.#mix(old, write.bytes), left, after);
      }
      // The new state, once it is durable, is so for good.
      this.#whole.set(write.old);
      this.#whole.set(write.bytes, write.address);
      if (equal(this.#imageOf(this.#load(this.#whole)), after)) left = after;
    }
    if (left !== after) this.#violation(deed, 'the new state is not durable');
  }

  readonly #whole = new Uint8Array(32_768);

  /** What the meter itself has now, as its journal would hold it. */
  #presentImage({ books }: Rig): Uint8Array {
    const { creditMilliWh: _credit, lockout, extension, ...rest } = books.state;
    const currencyHundredThousandth = { ...extension.currencyHundredThousandth, electricity: 0 };
    const application = { ...rest, extension: { ...extension, currencyHundredThousandth } };
    const { totalMilliWh } = books.account;
    const { remainderMilliJoule } = books.counter;
    const account = { totalMilliWh, remainderMilliJoule, relayCommand: 'open', lockout } as const;
    const flags = { acceptanceLost: false, unchargedMilliJoule: 0, format: 2 } as const;
    return this.#imageOf({ application, vital: books.vital, account, ...flags }).slice();
  }

  #violation(deed: Deed, what: string): void {
    const counts = this.#counts;
    counts.violationCount += 1;
    if (counts.violations.length < 5) {
      counts.violations.push(`deed ${this.#deedsDone} (${deed.kind}): ${what}`);
    }
  }

  #mix(old: Uint8Array, bytes: Uint8Array): Uint8Array {
    return bytes.map((value, at) => {
      switch (this.#random.integer(0, 3)) {
        case 0:
          return old[at] as number;
        case 1:
          return value;
        case 2:
          return 0xff;
        default:
          return this.#random.integer(0, 255);
      }
    });
  }

  readonly #cells = new Uint8Array(32_768);
  #standing: Uint8Array | undefined;
  readonly #image = new StateImage();
  readonly #found = new Uint8Array(IMAGE_BYTES + 24);
  readonly #numbers = new DataView(this.#found.buffer, IMAGE_BYTES);

  /** Everything durable as bytes, so that two states are equal or not; good until the next call. */
  #imageOf({ application, vital, account, unchargedMilliJoule }: LoadedState): Uint8Array {
    this.#image.update({ application, vital });
    this.#found.set(this.#image.bytes);
    this.#numbers.setFloat64(0, energyOf(account) + unchargedMilliJoule);
    this.#numbers.setFloat64(8, account.lockout.failures);
    this.#numbers.setFloat64(16, account.lockout.untilSeconds);
    return this.#found;
  }

  #cut(
    deed: Deed,
    old: Uint8Array,
    address: number,
    torn: Uint8Array,
    left: Uint8Array,
    right: Uint8Array,
  ): void {
    const cells = this.#cells;
    // All but the page that was torn is still as it was, unless a token was entered since.
    if (this.#standing === old) cells.set(old.subarray(address, address + torn.length), address);
    else cells.set(old);
    this.#standing = old;
    cells.set(torn, address);
    const counts = this.#counts;
    counts.total += 1;
    counts.cuts[deed.kind] = (counts.cuts[deed.kind] ?? 0) + 1;
    try {
      const memory = new LightMemory(cells);
      const contents = new Journal(new MemoryBus(memory), new WornPageList(), this.#firmware.journal).load();
      if (contents.kind !== 'state') throw new Error(contents.kind);
      const image = this.#imageOf(contents.state);
      const isNew = equal(image, right);
      if (!isNew && !equal(image, left)) throw new Error('neither the old state nor the new one');
      if (isNew) counts.foundNew += 1;
      else counts.foundOld += 1;
      if (deed.tokenNo === undefined || counts.total % ENTERED_EVERY !== 0) return;
      const rig = new Rig(memory, this.#clock, this.#firmware, this.#factory);
      this.#standing = undefined;
      rig.boot();
      this.#enterAgain(rig, deed.tokenNo);
    } catch (error) {
      this.#violation(deed, (error as Error).message);
    }
  }

  /** Whatever the tear left, the token of the deed counts once: entered again it is taken, and entered once more it is not. */
  #enterAgain(rig: Rig, tokenNo: string): void {
    this.#counts.entered += 1;
    const wasKnown = rig.books.state;
    const first = rig.enter(tokenNo);
    const between = rig.books.state;
    if (first === 'UsedError') {
      if (between.creditMilliWh !== wasKnown.creditMilliWh)
        throw new Error('a used token changed the credit');
      return;
    }
    if (first !== 'Accept') return;
    const second = rig.enter(tokenNo);
    const after = rig.books.state;
    if (second === 'Accept' && after.tidMemory !== between.tidMemory)
      throw new Error('a token was taken twice');
    if (after.creditMilliWh !== between.creditMilliWh) throw new Error('a token was credited twice');
  }

  #load(cells: Uint8Array): LoadedState {
    const memory = new LightMemory(cells);
    const rig = new Rig(memory, this.#clock, this.#firmware, this.#factory);
    const contents = rig.books.load();
    if (contents.kind !== 'state') throw new Error(contents.kind);
    return contents.state;
  }

  /** Every kind of token once, every shape of key change, a wrong token, a latch, a checkpoint; in another order each time. */
  #deeds(rig: Rig): Deed[] {
    const { state } = rig.books;
    const rnd = this.#random.integer(0, 15);
    const identified = this.#tokens(rnd).map((token) => this.#tokenDeed(token, state));
    const wrong: Deed = this.#entry('wrong token', tokenOfAnotherMeter(this.#random.integer(0, 60_000)));
    const latch: Deed = {
      kind: 'tamper latch',
      tokenNo: undefined,
      run: ({ books }) => {
        books.setState({ extension: { ...books.state.extension, isTampered: true } });
        const { tamper } = books.vital;
        books.keep('tamper', { ...tamper, latched: this.#random.integer(1, 255) });
        books.save();
      },
    };
    const checkpoint: Deed = {
      kind: 'register save',
      tokenNo: undefined,
      run: ({ books }) => {
        books.charge();
        books.save();
        books.saveStatistics();
      },
    };
    const powerFail: Deed = {
      kind: 'power fail',
      tokenNo: undefined,
      run: ({ books }) => {
        books.charge();
        books.powerFailing();
        books.save();
        books.powerIsBack();
      },
    };
    const deeds = this.#shuffled([...identified, wrong, latch, checkpoint, checkpoint, powerFail]);
    return [...deeds, ...this.#keyChange(state)];
  }

  #tokens(rnd: number): Token[] {
    const { random } = { random: this.#random };
    const issue = () => {
      this.#tid += random.integer(1, 50);
      return { tidMinutes: this.#tid, rnd };
    };
    const isMoney = this.#options.mode === 'currency';
    const amount = random.integer(1, 500);
    const bought: Token = isMoney
      ? {
          kind: 'currencyCredit',
          resource: 'electricity',
          tidMinutes: issue().tidMinutes,
          amountHundredThousandth: BigInt(amount) * 100_000n,
        }
      : { kind: 'creditElectricity', amountDeciKwh: amount, ...issue() };
    const water: Token = isMoney
      ? {
          kind: 'currencyCredit',
          resource: 'water',
          tidMinutes: issue().tidMinutes,
          amountHundredThousandth: BigInt(amount) * 100_000n,
        }
      : { kind: 'creditWater', amountDeciCubicMetre: amount, ...issue() };
    return [
      bought,
      water,
      { kind: 'creditGas', amountDeciCubicMetre: amount, ...issue() },
      { kind: 'creditTime', amountDeciMinute: amount, ...issue() },
      { kind: 'setMaximumPowerLimit', limitWatt: random.integer(0, 20_000), ...issue() },
      {
        kind: 'clearCredit',
        registerCode: random.integer(0, 1) === 0 ? random.integer(0, 7) : 0xffff,
        ...issue(),
      },
      { kind: 'setTariffRate', rateRaw: random.integer(0, 65_535), ...issue() },
      { kind: 'clearTamper', ...issue() },
      { kind: 'setMaximumPhasePowerUnbalanceLimit', limitWatt: random.integer(0, 20_000), ...issue() },
      { kind: 'setWaterMeterFactor', factorRaw: random.integer(0, 65_535), ...issue() },
      { kind: 'setFlag', flag: random.integer(0, 511), isSet: random.integer(0, 1) === 0, ...issue() },
      { kind: 'setControl', index: random.integer(0, 62), valueRaw: random.integer(0, 1_023), ...issue() },
    ];
  }

  #tokenDeed(token: Token, state: MeterState): Deed {
    return this.#entry(token.kind, this.#digits(token, state));
  }

  #digits(token: Token, { encryptionAlgorithm, decoderKey }: MeterState): string {
    return encodeToken(token, createTokenCipher(encryptionAlgorithm, bytesFromHex(decoderKey))).tokenNo;
  }

  #entry(kind: string, tokenNo: string): Deed {
    return {
      kind,
      tokenNo,
      run: (rig) => {
        // The lockout of an earlier wrong token is over.
        if (rig.books.lockout.untilSeconds > this.#clock.seconds) {
          this.#clock.seconds = rig.books.lockout.untilSeconds;
        }
        rig.door.enter(tokenNo, () => {});
      },
    };
  }

  #keyChange(state: MeterState): Deed[] {
    const { encryptionAlgorithm } = state;
    const digits = encryptionAlgorithm === 7 ? 16 : 32;
    const newDecoderKey = Array.from({ length: digits }, () => this.#random.integer(0, 15).toString(16)).join(
      '',
    );
    // The shapes take turns, so that a short walk meets each.
    this.#keyChanges += 1;
    const rollOver = this.#keyChanges % 2 === 0;
    const threeSections = encryptionAlgorithm === 7 && this.#keyChanges % 4 > 1;
    const change: KeyChange = {
      newDecoderKey,
      keyExpiry: 255,
      keyRevision: this.#random.integer(1, 9),
      keyType: state.keyType,
      tariffIndex: this.#random.integer(0, 99),
      supplyGroupCode: String(this.#random.integer(0, 999_999)).padStart(6, '0'),
      rollOver,
      threeSections,
    };
    const sections = this.#shuffled(keyChangeSections(encryptionAlgorithm, change));
    const name = `key change of ${sections.length}${rollOver ? ', roll-over' : ''}`;
    return sections.map((section) => this.#entry(name, this.#digits(section, state)));
  }

  #shuffled<T>(list: readonly T[]): T[] {
    const rest = [...list];
    return list.map(() => rest.splice(this.#random.integer(0, rest.length - 1), 1)[0] as T);
  }
}
