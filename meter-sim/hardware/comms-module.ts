/**
 * The communications module and the slot it sits in (meter-hardware.md 7): a processor of its own on a serial line, fed by the
 * meter, that can be pulled out in the middle of a byte, keeps what it holds in its own flash, and can be put into another meter.
 */
import { hexFromBytes } from '../../lib/hex.ts';
import {
  decodeMessage,
  encodeMessage,
  type IdempotencyKey,
  type LinkMessage,
} from '../../lib/link/messages.ts';
import { LinkPeer, type LossReason } from '../../lib/link/peer.ts';
import type { Cancellable, CommsPort, Micros } from '../firmware/hardware-interface.ts';
import type { Keeper } from '../firmware/keeper.ts';
import type { EventClock, ScheduledEvent } from '../world/event-clock.ts';
import type { RandomStream } from '../world/random.ts';

export interface ModuleConfig {
  /** 8 bytes. */
  readonly id: Uint8Array;
  /** 16 bytes, those of the meters that it was paired with. */
  readonly pairingKey: Uint8Array;
  /** Flash for what waits to be sent on, bytes. */
  readonly outboxBytes: number;
  /** From power to its first hello. */
  readonly startMicros: Micros;
  readonly retryMicros: Micros;
  readonly silenceMicros: Micros;
  /** After a session that was lost, before the next hello; doubled at each loss up to the longest. */
  readonly backoffMicros: Micros;
  readonly longestBackoffMicros: Micros;
}

export const DEFAULT_MODULE: Omit<ModuleConfig, 'id' | 'pairingKey'> = {
  outboxBytes: 2_097_152,
  startMicros: 2_000_000,
  retryMicros: 500_000,
  silenceMicros: 10_000_000,
  backoffMicros: 1_000_000,
  longestBackoffMicros: 300_000_000,
};

export type ModuleCommand = Extract<LinkMessage, { kind: 'token' | 'read' }>;

/** What a slot gives to the module in it. */
interface Line {
  send(bytes: Uint8Array): void;
}

export class SimulatedCommsModule {
  /** Told of every message that goes to the outbox. */
  onOutbox: (message: LinkMessage) => void = () => {};
  readonly #config: ModuleConfig;
  readonly #clock: EventClock;
  readonly #random: RandomStream;
  readonly #peer: LinkPeer;
  /** Commands without an answer, in the order in which they came: they outlive a pulled line and go out again. */
  readonly #commands = new Map<
    IdempotencyKey,
    { command: ModuleCommand; done: (answer: LinkMessage) => void }
  >();
  /** Commands that the meter has not acknowledged; the line itself sends them again. */
  readonly #onLine = new Map<Uint8Array, IdempotencyKey>();
  #outbox: Uint8Array[] = [];
  #outboxBytes = 0;
  #dropped = 0;
  #line: Line | undefined;
  #next: ScheduledEvent | undefined;
  #losses = 0;
  #lastLoss: LossReason | undefined;

  constructor(clock: EventClock, random: RandomStream, config: ModuleConfig) {
    this.#clock = clock;
    this.#random = random;
    this.#config = config;
    const { id, pairingKey, retryMicros, silenceMicros } = config;
    this.#peer = new LinkPeer({ id, pairingKey, isInitiator: true, retryMicros, silenceMicros }, clock, {
      send: (bytes) => this.#line?.send(bytes),
      nonce: () => Uint8Array.from({ length: 8 }, () => this.#random.integer(0, 255)),
      opened: () => this.#opened(),
      received: (body) => this.#received(body),
      acknowledged: (body) => this.#onLine.delete(body),
      lost: (reason) => this.#lost(reason),
    });
  }

  /** 16 hex digits. */
  get id(): string {
    return hexFromBytes(this.#config.id);
  }

  get isLinked(): boolean {
    return this.#peer.isOpen;
  }

  /** Why the last session ended by itself. */
  get lastLoss(): LossReason | undefined {
    return this.#lastLoss;
  }

  /** Commands that wait for their answer. */
  get waiting(): number {
    return this.#commands.size;
  }

  /** Frames that were sent again, and bytes on the line that were no frame. */
  get lineErrors(): { readonly resent: number; readonly rejected: number } {
    return { resent: this.#peer.resent, rejected: this.#peer.rejected };
  }

  /** What waits to be sent on, oldest first. */
  get outbox(): readonly LinkMessage[] {
    return this.#outbox.map((bytes) => decodeMessage(bytes) as LinkMessage);
  }

  /** The newest messages of the outbox, oldest first. */
  latest(count: number): readonly LinkMessage[] {
    return this.#outbox.slice(-count).map((bytes) => decodeMessage(bytes) as LinkMessage);
  }

  /** Messages that a full flash has pushed out, oldest first. */
  get dropped(): number {
    return this.#dropped;
  }

  /** The head-end has the oldest `count` messages. */
  sentOn(count: number): void {
    for (const bytes of this.#outbox.splice(0, count)) this.#outboxBytes -= bytes.length;
  }

  /**
   * Hands a command to the meter, now or when the line stands; it is kept until it is answered.
   * @param done - the answer; a second command under a key that still waits replaces who is told.
   */
  command(command: ModuleCommand, done: (answer: LinkMessage) => void = () => {}): void {
    const isNew = !this.#commands.has(command.key);
    this.#commands.set(command.key, { command, done });
    if (isNew && this.#peer.isOpen) this.#submit(command);
  }

  // What the slot calls.

  powerOn(line: Line): void {
    this.#line = line;
    this.#losses = 0;
    this.#connectAfter(this.#config.startMicros);
  }

  powerOff(): void {
    this.#next?.cancel();
    this.#peer.disconnect();
    this.#line = undefined;
  }

  receive(bytes: Uint8Array): void {
    this.#peer.receive(bytes);
  }

  #opened(): void {
    this.#losses = 0;
    // A meter that was reset may have forgotten what it had acknowledged: its key makes a second time harmless.
    const onLine = new Set(this.#onLine.values());
    for (const { command } of this.#commands.values()) if (!onLine.has(command.key)) this.#submit(command);
  }

  #submit(command: ModuleCommand): void {
    const body = encodeMessage(command);
    this.#onLine.set(body, command.key);
    this.#peer.submit(body);
  }

  #received(body: Uint8Array): void {
    const message = decodeMessage(body);
    if (message === undefined || message.kind === 'token' || message.kind === 'read') return;
    this.#keep(body, message);
    if (message.kind !== 'answer') return;
    const waiting = this.#commands.get(message.key);
    this.#commands.delete(message.key);
    waiting?.done(message);
  }

  #keep(body: Uint8Array, message: LinkMessage): void {
    this.#outbox.push(body);
    this.#outboxBytes += body.length;
    while (this.#outboxBytes > this.#config.outboxBytes) {
      this.#outboxBytes -= this.#outbox.shift()?.length ?? 0;
      this.#dropped++;
    }
    this.onOutbox(message);
  }

  #lost(reason: LossReason): void {
    this.#lastLoss = reason;
    const { backoffMicros, longestBackoffMicros } = this.#config;
    this.#connectAfter(Math.min(backoffMicros * 2 ** this.#losses, longestBackoffMicros));
    this.#losses = Math.min(this.#losses + 1, 16);
  }

  #connectAfter(micros: Micros): void {
    this.#next?.cancel();
    this.#next = this.#clock.at(this.#clock.now() + micros, () => this.#peer.connect());
  }
}

export interface SlotConfig {
  readonly baud: number;
  /** Share of bytes that the line garbles. */
  readonly errorRate: number;
}

export const DEFAULT_SLOT: SlotConfig = { baud: 9_600, errorRate: 0 };

/** Ten bits a byte: start, eight, stop. */
const BITS = 10;

interface Flight {
  readonly from: Micros;
  readonly bytes: Uint8Array;
  readonly deliver: (bytes: Uint8Array) => void;
  readonly event: ScheduledEvent;
}

/** The slot in the meter: a serial line each way, power for the module, and a contact that tells whether one is in. */
export class SimulatedCommsSlot implements CommsPort {
  readonly #clock: EventClock;
  readonly #random: RandomStream;
  readonly #config: SlotConfig;
  readonly #plugListeners = new Set<(isPlugged: boolean) => void>();
  readonly #receivers = new Set<(bytes: Uint8Array) => void>();
  #flights: Flight[] = [];
  #module: SimulatedCommsModule | undefined;
  #isPowered = false;
  #freeAt: readonly [toModule: Micros, toMeter: Micros] = [0, 0];

  constructor(clock: EventClock, random: RandomStream, config: SlotConfig) {
    this.#clock = clock;
    this.#random = random;
    this.#config = config;
  }

  /** A module is a computer of its own, which may sit in another meter tomorrow: a meter rests without one. */
  keep(keeper: Keeper): void {
    keeper.idle(this.#module === undefined, 'a module is in the slot');
    keeper.idle(this.#flights.length === 0, 'bytes are on the line');
    this.#isPowered = keeper.value(this.#isPowered);
    this.#freeAt = keeper.value(this.#freeAt);
  }

  get module(): SimulatedCommsModule | undefined {
    return this.#module;
  }

  isPlugged(): boolean {
    return this.#module !== undefined;
  }

  onPlug(run: (isPlugged: boolean) => void): Cancellable {
    this.#plugListeners.add(run);
    return { cancel: () => this.#plugListeners.delete(run) };
  }

  onReceive(run: (bytes: Uint8Array) => void): Cancellable {
    this.#receivers.add(run);
    return { cancel: () => this.#receivers.delete(run) };
  }

  send(bytes: Uint8Array): void {
    if (this.#module !== undefined) this.#fly(0, bytes, (arrived) => this.#module?.receive(arrived));
  }

  /** A hand pushes a module into the slot; the one that is in must be pulled first. */
  plug(module: SimulatedCommsModule): void {
    if (this.#module !== undefined) throw new RangeError('"module" expected an empty slot');
    this.#module = module;
    if (this.#isPowered) this.#feed();
    for (const run of [...this.#plugListeners]) run(true);
  }

  /** A hand pulls the module out, whatever is on the line. @returns the module, with all it holds. */
  unplug(): SimulatedCommsModule | undefined {
    const module = this.#module;
    if (module === undefined) return undefined;
    this.#tear();
    module.powerOff();
    this.#module = undefined;
    for (const run of [...this.#plugListeners]) run(false);
    return module;
  }

  /** The meter's rail feeds the slot. */
  powerOn(): void {
    this.#isPowered = true;
    this.#feed();
  }

  powerLost(): void {
    this.#isPowered = false;
    this.#plugListeners.clear();
    this.#receivers.clear();
    for (const { event } of this.#flights) event.cancel();
    this.#flights = [];
    this.#module?.powerOff();
  }

  #feed(): void {
    this.#module?.powerOn({
      send: (bytes) => {
        this.#fly(1, bytes, (arrived) => {
          for (const run of [...this.#receivers]) run(arrived);
        });
      },
    });
  }

  /** One byte after the other: what is sent while the line is busy waits for it. */
  #fly(direction: 0 | 1, bytes: Uint8Array, deliver: (bytes: Uint8Array) => void): void {
    const from = Math.max(this.#clock.now(), this.#freeAt[direction]);
    const until = from + Math.ceil((bytes.length * BITS * 1_000_000) / this.#config.baud);
    this.#freeAt = direction === 0 ? [until, this.#freeAt[1]] : [this.#freeAt[0], until];
    const flight: Flight = {
      from,
      bytes: this.#garbled(bytes),
      deliver,
      event: this.#clock.at(until, () => {
        this.#flights = this.#flights.filter((other) => other !== flight);
        deliver(flight.bytes);
      }),
    };
    this.#flights.push(flight);
  }

  #garbled(bytes: Uint8Array): Uint8Array {
    const { errorRate } = this.#config;
    const copy = bytes.slice();
    if (errorRate === 0) return copy;
    for (let index = 0; index < copy.length; index++) {
      if (this.#random.uniform() < errorRate) copy[index] = this.#random.integer(0, 255);
    }
    return copy;
  }

  /** The contacts part: what has crossed has arrived, the rest never will. */
  #tear(): void {
    const flights = this.#flights;
    this.#flights = [];
    for (const { from, bytes, deliver, event } of flights) {
      event.cancel();
      const crossed = Math.floor(((this.#clock.now() - from) * this.#config.baud) / (BITS * 1_000_000));
      if (crossed > 0) deliver(bytes.slice(0, crossed));
    }
    this.#freeAt = [0, 0];
  }
}
