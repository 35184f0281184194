/**
 * The meter's end of the line to its communications module (meter-hardware.md 7). Metering never waits for it: tokens and
 * questions come in and are answered when their outcome is durable; readings and events are numbered, kept while no module takes
 * them, and handed over in order from the last that was acknowledged.
 *
 * A command under a key that was answered before gets the same answer and is not carried out again. What the memory of keys has
 * forgotten at a reset is caught by the token memory: a token that came twice answers Used.
 */
import { bytesFromHex, hexFromBytes } from '../../lib/hex.ts';
import { decodeMessage, encodeMessage, type LinkMessage } from '../../lib/link/messages.ts';
import { LinkPeer, type LossReason } from '../../lib/link/peer.ts';
import { readUnsigned, type Section, writeInteger } from './bytes.ts';
import type { EventName } from './events.ts';
import type { Cancellable, CommsPort, McuTimer, Micros, RealTimeClock } from './hardware-interface.ts';
import type { Keeper } from './keeper.ts';
import { ENTRY_CODES, type EntryOutcome } from './outcome.ts';

export interface CommsOptions {
  /** 32 hex digits that meter and module were given when they were paired. */
  readonly pairingKey: string;
  readonly retryMicros: Micros;
  /** A module that is out, or says nothing, for so long is an event. */
  readonly silenceMicros: Micros;
  /** From one reading for the head-end to the next. */
  readonly reportMicros: Micros;
  /** Readings and events kept while no module takes them; the oldest go first. */
  readonly mostKept: number;
  /** Answers remembered by the key of their command. */
  readonly mostAnswers: number;
}

export const DEFAULT_COMMS: CommsOptions = {
  // Published, as every key of the simulator is: it protects nothing.
  pairingKey: '00112233445566778899aabbccddeeff',
  retryMicros: 500_000,
  silenceMicros: 10_000_000,
  reportMicros: 3_600_000_000,
  mostKept: 256,
  mostAnswers: 16,
};

/** What outlives a power cut. */
export interface CommsState {
  /** Of the next reading or event. */
  readonly nextNumber: number;
  /** 16 hex digits of the module spoken to last; zeros before the first. */
  readonly moduleId: string;
}

const NO_MODULE = '0000000000000000';

export const COMMS_SECTION: Section<CommsState> = {
  bytes: 12,
  initial: { nextNumber: 1, moduleId: NO_MODULE },
  encode({ nextNumber, moduleId }, into, at) {
    writeInteger(into, at, 4, nextNumber);
    into.set(bytesFromHex(moduleId), at + 4);
  },
  decode: (bytes, at) => ({
    nextNumber: readUnsigned(bytes, at, 4),
    moduleId: hexFromBytes(bytes.subarray(at + 4, at + 12)),
  }),
};

/** `swapped`: another module than the last answers. */
export type CommsEvent = 'lost' | 'restored' | 'swapped' | 'refused';

/** Their names in the event log. */
export const COMMS_EVENTS = {
  lost: 'commsLost',
  restored: 'commsRestored',
  swapped: 'commsSwapped',
  refused: 'commsRefused',
} as const satisfies Readonly<Record<CommsEvent, EventName>>;

export interface MeterReading {
  readonly totalMilliWh: number;
  readonly balanceMilliWh: number;
  readonly isRelayClosed: boolean;
  readonly tampers: number;
}

export interface CommsHooks {
  /** 9 bytes in hex, the MeterPAN's 18 digits. */
  meterPan(): string;
  state(): CommsState;
  /** Takes the new state; durable with the next record. */
  keep(state: CommsState): void;
  enterToken(tokenNo: string, done: (outcome: EntryOutcome) => void): void;
  reading(): MeterReading;
  happened(event: CommsEvent): void;
}

export interface CommsHardware {
  readonly timer: McuTimer;
  readonly rtc: RealTimeClock;
  readonly comms: CommsPort;
}

/** What a panel may show of the link. */
export interface CommsReadout {
  readonly isUp: boolean;
  readonly isLost: boolean;
  /** Readings and events that no module has yet. */
  readonly waiting: number;
  readonly dropped: number;
}

export class CommsLink {
  readonly #hardware: CommsHardware;
  readonly #options: CommsOptions;
  readonly #hooks: CommsHooks;
  /** Made when the first module is seen: most meters have none. */
  #peer: LinkPeer | undefined;
  /** Handed to the peer one by one, so that the oldest can still be dropped. */
  #kept: Uint8Array[] = [];
  #handed: Uint8Array | undefined;
  #dropped = 0;
  readonly #answers = new Map<string, Uint8Array>();
  readonly #inWork = new Set<string>();
  #silence: Cancellable | undefined;
  #reporting: Cancellable | undefined;
  #isLost = false;
  #nonces = 0;

  constructor(hardware: CommsHardware, options: CommsOptions, hooks: CommsHooks) {
    this.#hardware = hardware;
    this.#options = options;
    this.#hooks = hooks;
  }

  /** Whether a module answers under the pairing key. */
  get isUp(): boolean {
    return this.#peer?.isOpen ?? false;
  }

  readout(): CommsReadout {
    return { isUp: this.isUp, isLost: this.#isLost, waiting: this.waiting, dropped: this.#dropped };
  }

  /** Readings and events that no module has yet. */
  get waiting(): number {
    return this.#kept.length + (this.#handed === undefined ? 0 : 1);
  }

  /** Once after each reset. */
  start(): void {
    this.#listen();
    if (this.#hasModule()) this.#reportLater();
    if (this.#hardware.comms.isPlugged()) this.#plugged(true);
    else if (this.#hooks.state().moduleId !== NO_MODULE) this.#awaitModule();
  }

  /** Of a link that has been started. One that has met a module stays awake: answers and sessions are not kept. */
  keep(keeper: Keeper): void {
    const { timer } = this.#hardware;
    keeper.idle(this.#peer === undefined, 'a communications module has been plugged in');
    this.#kept = keeper.value(this.#kept);
    this.#dropped = keeper.value(this.#dropped);
    this.#isLost = keeper.value(this.#isLost);
    this.#nonces = keeper.value(this.#nonces);
    this.#silence = keeper.handle(this.#silence, () => this.#lostAt(timer.now()));
    this.#reporting = keeper.handle(this.#reporting, () => this.#reportAt(timer.now()));
    if (keeper.isWaking) this.#listen();
  }

  #listen(): void {
    const { comms } = this.#hardware;
    comms.onPlug((isPlugged) => this.#plugged(isPlugged));
    comms.onReceive((bytes) => this.#peer?.receive(bytes));
  }

  /** A reading for the head-end: every hour, and when asked. */
  report(): void {
    if (!this.#hasModule()) return;
    this.#reportLater();
    const { epochSeconds } = this.#now();
    this.#keep({ kind: 'reading', number: this.#number(), epochSeconds, ...this.#hooks.reading() });
  }

  #reportLater(): void {
    const { timer } = this.#hardware;
    this.#reporting?.cancel();
    this.#reporting = this.#reportAt(timer.now() + this.#options.reportMicros);
  }

  #reportAt(time: Micros): Cancellable {
    return this.#hardware.timer.at(time, () => this.report());
  }

  /** Something that the head-end should hear of now. */
  tell(code: number, isStart: boolean): void {
    if (!this.#hasModule()) return;
    this.#keep({
      kind: 'event',
      number: this.#number(),
      epochSeconds: this.#now().epochSeconds,
      code,
      isStart,
    });
  }

  /** A meter that never had a module keeps nothing for one. */
  #hasModule(): boolean {
    return this.#hardware.comms.isPlugged() || this.#hooks.state().moduleId !== NO_MODULE;
  }

  #plugged(isPlugged: boolean): void {
    if (isPlugged) this.#peer ??= this.#makePeer();
    else this.#peer?.disconnect();
    this.#awaitModule();
  }

  /** From now on a session must come within the time allowed. */
  #awaitModule(): void {
    const { timer } = this.#hardware;
    this.#silence?.cancel();
    if (this.#isLost) return;
    this.#silence = this.#lostAt(timer.now() + this.#options.silenceMicros);
  }

  #lostAt(time: Micros): Cancellable {
    return this.#hardware.timer.at(time, () => this.#lost());
  }

  #lost(): void {
    this.#silence?.cancel();
    if (this.#isLost) return;
    this.#isLost = true;
    this.#hooks.happened('lost');
  }

  #makePeer(): LinkPeer {
    const { retryMicros, silenceMicros, pairingKey } = this.#options;
    const id = bytesFromHex(this.#hooks.meterPan()).subarray(1);
    const options = {
      id,
      pairingKey: bytesFromHex(pairingKey),
      isInitiator: false,
      retryMicros,
      silenceMicros,
    };
    return new LinkPeer(options, this.#hardware.timer, {
      send: (bytes) => this.#hardware.comms.send(bytes),
      nonce: () => this.#nonce(),
      opened: (moduleId) => this.#opened(hexFromBytes(moduleId)),
      received: (body) => this.#received(decodeMessage(body)),
      acknowledged: (body) => this.#acknowledged(body),
      lost: (reason) => this.#sessionLost(reason),
    });
  }

  /** Never the same twice: the clock's second, and a count within it of what the timer shows. */
  #nonce(): Uint8Array {
    const bytes = new Uint8Array(8);
    this.#nonces += 1;
    writeInteger(bytes, 0, 4, this.#hardware.rtc.epochSeconds());
    writeInteger(bytes, 4, 4, this.#hardware.timer.now() + this.#nonces);
    return bytes;
  }

  #opened(moduleId: string): void {
    this.#silence?.cancel();
    if (this.#reporting === undefined) this.#reportLater();
    const state = this.#hooks.state();
    if (state.moduleId !== moduleId) {
      this.#hooks.keep({ nextNumber: state.nextNumber, moduleId });
      if (state.moduleId !== NO_MODULE) this.#hooks.happened('swapped');
    }
    if (this.#isLost) {
      this.#isLost = false;
      this.#hooks.happened('restored');
    }
    this.#handOver();
  }

  #sessionLost(reason: LossReason): void {
    if (reason === 'refused') this.#hooks.happened('refused');
    // The silence that ended the session was as long as the one that is an event.
    else this.#lost();
  }

  #received(message: LinkMessage | undefined): void {
    if (message === undefined || (message.kind !== 'token' && message.kind !== 'read')) return;
    const answered = this.#answers.get(message.key);
    if (answered !== undefined) this.#peer?.submit(answered);
    else if (message.kind === 'read') {
      this.report();
      this.#answer(message.key, 0);
    } else if (!this.#inWork.has(message.key)) {
      const { key } = message;
      this.#inWork.add(key);
      this.#hooks.enterToken(message.tokenNo, (outcome) => {
        this.#inWork.delete(key);
        this.#answer(key, ENTRY_CODES[outcome.result], outcome.result !== 'NotReady');
      });
    }
  }

  /** @param isFinal - whether the same key shall get the same answer; not where nothing was tried. */
  #answer(key: string, code: number, isFinal = true): void {
    const { balanceMilliWh } = this.#hooks.reading();
    const body = encodeMessage({ kind: 'answer', key, code, balanceMilliWh });
    if (isFinal) {
      this.#answers.set(key, body);
      const [oldest] = this.#answers.keys();
      if (this.#answers.size > this.#options.mostAnswers && oldest !== undefined)
        this.#answers.delete(oldest);
    }
    this.#peer?.submit(body);
  }

  #keep(message: LinkMessage): void {
    this.#kept.push(encodeMessage(message));
    if (this.#kept.length > this.#options.mostKept) {
      this.#kept.shift();
      this.#dropped += 1;
    }
    this.#handOver();
  }

  #handOver(): void {
    if (this.#handed !== undefined || this.#peer === undefined || !this.#peer.isOpen) return;
    this.#handed = this.#kept.shift();
    if (this.#handed !== undefined) this.#peer.submit(this.#handed);
  }

  #acknowledged(body: Uint8Array): void {
    if (body !== this.#handed) return;
    this.#handed = undefined;
    this.#handOver();
  }

  #number(): number {
    const { nextNumber, moduleId } = this.#hooks.state();
    this.#hooks.keep({ nextNumber: (nextNumber % 0xffff_ffff) + 1, moduleId });
    return nextNumber;
  }

  #now(): { epochSeconds: number } {
    return { epochSeconds: this.#hardware.rtc.epochSeconds() };
  }
}
