/**
 * The journal in the EEPROM: two rings of records that share one rising sequence (meter-hardware.md 4).
 *
 *     page   0 ........ 63   account ring: 64 slots of one page; balance, registers, relay command, delays, lockout
 *     page  64 ........ 95   token ring: 8 slots of four pages; the same and the whole token application
 *     page  96 ....... 511   free
 *
 * A record goes only to the slot after the newest, which is the oldest or holds nothing whole, and counts when it has been
 * read back equal; a slot that does not hold it is skipped. A token acceptance is one token record with its TID memory and
 * its credit, so that a cut at any byte leaves the old state or the new one.
 *
 * At boot the newest token record gives the application and the sum of accepted credit, the newest record of either kind
 * the registers; balance = accepted - total. Should the newest token record ever rot, its credit and its TID are gone
 * together and its token can be keyed again: still never a mix.
 */
import { assertFactorySettings } from '../../lib/meter/check.ts';
import type { NonVolatileMemory } from './hardware-interface.ts';
import { MemoryBus } from './memory-bus.ts';
import {
  ACCOUNT_RECORD_BYTES,
  type AccountFields,
  type AccountRecord,
  decodeAccountRecord,
  decodeTokenRecord,
  encodeAccountRecord,
  encodeTokenRecord,
  TOKEN_RECORD_BYTES,
  type TokenApplication,
  type TokenRecord,
} from './records.ts';

export const ACCOUNT_SLOTS = 64;
export const TOKEN_SLOTS = 8;
const TOKEN_RING_ADDRESS = ACCOUNT_SLOTS * ACCOUNT_RECORD_BYTES;

export interface JournalState {
  readonly application: TokenApplication;
  readonly account: AccountFields;
}

/** What a boot finds. */
export interface LoadedState extends JournalState {
  /** True when the newest token record is gone: its credit and its TID were undone together. */
  readonly acceptanceLost: boolean;
}

/** `blank`: a new part, or one whose very first record was cut. `damaged`: nothing whole is left, or it is newer than this. */
export type JournalContents =
  | { readonly kind: 'state'; readonly state: LoadedState }
  | { readonly kind: 'blank' }
  | { readonly kind: 'damaged' };

interface Ring<T> {
  readonly address: number;
  readonly slots: number;
  readonly bytes: number;
  readonly decode: (bytes: Uint8Array) => T | 'newer' | undefined;
  /** Slot that the next record goes to. */
  next: number;
}

interface Job {
  readonly ring: Ring<AccountRecord>;
  /** Called when the write begins, so that a record that waited still holds the latest figures. */
  readonly encode: (sequence: number) => Uint8Array;
  readonly done: (written: boolean) => void;
}

export class Journal {
  readonly #memory: NonVolatileMemory;
  readonly #bus: MemoryBus;
  readonly #accounts: Ring<AccountRecord>;
  readonly #tokens: Ring<TokenRecord>;
  readonly #waiting: Job[] = [];
  #busy = false;
  #sequence = 0;
  #tokenSequence = 0;

  constructor(memory: NonVolatileMemory, bus = new MemoryBus(memory)) {
    this.#memory = memory;
    this.#bus = bus;
    this.#accounts = {
      address: 0,
      slots: ACCOUNT_SLOTS,
      bytes: ACCOUNT_RECORD_BYTES,
      decode: decodeAccountRecord,
      next: 0,
    };
    this.#tokens = {
      address: TOKEN_RING_ADDRESS,
      slots: TOKEN_SLOTS,
      bytes: TOKEN_RECORD_BYTES,
      decode: decodeTokenRecord,
      next: 0,
    };
  }

  /** Reads both rings and finds where to write next. Call once, before any write. */
  load(): JournalContents {
    const token = this.#newest(this.#tokens);
    const account = this.#newest(this.#accounts);
    if (token === 'newer' || account === 'newer') return { kind: 'damaged' };
    if (token === undefined) return this.#isBlank() ? { kind: 'blank' } : { kind: 'damaged' };
    if (!isApplication(token.application)) return { kind: 'damaged' };
    const latest = account !== undefined && account.sequence > token.sequence ? account : token;
    this.#sequence = latest.sequence;
    this.#tokenSequence = token.sequence;
    const { acceptedMilliWh, application } = token;
    return {
      kind: 'state',
      state: {
        application,
        acceptanceLost: latest.tokenSequence > token.sequence,
        account: {
          acceptedMilliWh,
          balanceMilliWh: acceptedMilliWh - latest.totalMilliWh,
          totalMilliWh: latest.totalMilliWh,
          remainderMilliJoule: latest.remainderMilliJoule,
          relayCommand: latest.relayCommand,
          opening: latest.opening,
          closing: latest.closing,
          lockout: latest.lockout,
        },
      },
    };
  }

  /** Queues an account record; one that already waits will hold the same figures, so that `done` alone is of use then. */
  writeAccount(build: () => AccountFields, done: (written: boolean) => void = () => {}): void {
    const index = this.#waiting.findIndex((job) => job.ring === this.#accounts);
    const waiting = this.#waiting[index];
    if (waiting !== undefined) {
      this.#waiting[index] = { ...waiting, done: both(waiting.done, done) };
      return;
    }
    this.#enqueue({
      ring: this.#accounts,
      encode: (sequence) => encodeAccountRecord({ ...build(), sequence, tokenSequence: this.#tokenSequence }),
      done,
    });
  }

  /** Queues a token record. Nothing it holds is true before `done(true)`. */
  writeToken(build: () => JournalState, done: (written: boolean) => void): void {
    let sequenceWritten = 0;
    this.#enqueue({
      ring: this.#tokens,
      encode: (sequence) => {
        sequenceWritten = sequence;
        const { account, application } = build();
        return encodeTokenRecord({ ...account, sequence, tokenSequence: sequence, application });
      },
      done: (written) => {
        if (written) this.#tokenSequence = sequenceWritten;
        done(written);
      },
    });
  }

  #enqueue(job: Job): void {
    this.#waiting.push(job);
    if (!this.#busy) this.#startNext();
  }

  #startNext(): void {
    const job = this.#waiting.shift();
    this.#busy = job !== undefined;
    if (job === undefined) return;
    const bytes = job.encode(this.#sequence + 1);
    this.#tryFrom(job, bytes, job.ring.next, 0);
  }

  /** Tries slot after slot, but never the one that holds the newest record. */
  #tryFrom(job: Job, bytes: Uint8Array, slot: number, tried: number): void {
    const { ring } = job;
    if (tried === ring.slots - 1) {
      this.#finish(job, false);
      return;
    }
    const address = ring.address + slot * ring.bytes;
    const following = (slot + 1) % ring.slots;
    this.#writePages(address, bytes, 0, () => {
      if (!equal(this.#memory.read(address, bytes.length), bytes)) {
        this.#tryFrom(job, bytes, following, tried + 1);
        return;
      }
      this.#sequence += 1;
      ring.next = following;
      this.#finish(job, true);
    });
  }

  #writePages(address: number, bytes: Uint8Array, from: number, done: () => void): void {
    if (from >= bytes.length) {
      done();
      return;
    }
    const to = Math.min(from + this.#memory.pageSize, bytes.length);
    this.#bus.write(address + from, bytes.subarray(from, to), 'vital', () => {
      this.#writePages(address, bytes, to, done);
    });
  }

  #finish(job: Job, written: boolean): void {
    this.#busy = false;
    job.done(written);
    if (!this.#busy) this.#startNext();
  }

  #newest<T extends AccountRecord>(ring: Ring<T>): T | 'newer' | undefined {
    let newest: T | undefined;
    for (let slot = 0; slot < ring.slots; slot++) {
      const record = ring.decode(this.#memory.read(ring.address + slot * ring.bytes, ring.bytes));
      if (record === 'newer') return 'newer';
      if (record === undefined || (newest !== undefined && record.sequence <= newest.sequence)) continue;
      newest = record;
      ring.next = (slot + 1) % ring.slots;
    }
    return newest;
  }

  /** The first record ever goes to the first token slot: if it was cut, everything else is still as the factory left it. */
  #isBlank(): boolean {
    const end = TOKEN_RING_ADDRESS + TOKEN_SLOTS * TOKEN_RECORD_BYTES;
    const bytes = this.#memory.read(0, end);
    return bytes.every(
      (byte, at) =>
        byte === 0xff || (at >= TOKEN_RING_ADDRESS && at < TOKEN_RING_ADDRESS + TOKEN_RECORD_BYTES),
    );
  }
}

function both(first: (written: boolean) => void, second: (written: boolean) => void) {
  return (written: boolean): void => {
    first(written);
    second(written);
  };
}

function equal(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** A record can be whole and yet hold no meter, when something else has written it: `enterToken` trusts what it is given. */
function isApplication(application: TokenApplication): boolean {
  try {
    assertFactorySettings(application);
  } catch {
    return false;
  }
  return application.tidMemory.length > 0;
}
