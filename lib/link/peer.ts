/**
 * One end of the line between a meter and its communications module (meter-hardware.md 7): identify, re-key, then one frame at a
 * time until it is acknowledged. Sans-io: bytes in, bytes out through hooks, time from whoever owns it; both ends run this code.
 *
 *     module -> meter  hello    id 8, nonce 8, knows 8, received 2, base 2
 *     meter -> module  welcome  the same of its own, MAC 8 over both under the pairing key
 *     module -> meter  ready    MAC 8 over both, turned round
 *     either           data     body, MAC 4 under the session key over direction, sequence and body
 *     either           acknowledge  MAC 4 over direction and sequence
 *     meter -> module  hello    empty, a knock: no session stands and there is something to say
 *
 * `knows` is the id of the end spoken to last, `received` the last sequence taken from it, `base` the sequence of the oldest frame
 * still to be acknowledged: with these three a line that was pulled goes on where it stopped, and nothing is taken twice.
 */
import type { BlockCipher } from '../crypto/block-cipher.ts';
import { createMisty1 } from '../crypto/misty1.ts';
import { encodeFrame, FRAME_KINDS, type Frame, type FrameKind, FrameReader } from './frame.ts';
import { joined, macOf, sameBytes, sessionCipher } from './session-keys.ts';

export interface PeerClock {
  /** µs. */
  now(): number;
  at(time: number, run: () => void): { cancel(): void };
}

export interface PeerOptions {
  /** 8 bytes, not all zero. */
  readonly id: Uint8Array;
  /** 16 bytes that both ends were given when they were paired. */
  readonly pairingKey: Uint8Array;
  /** The module begins. */
  readonly isInitiator: boolean;
  readonly retryMicros: number;
  /** A frame that nobody acknowledges for so long ends the session. */
  readonly silenceMicros: number;
}

export type LossReason = 'silent' | 'refused';

export interface PeerHooks {
  send(bytes: Uint8Array): void;
  /** 8 bytes that were never given before. */
  nonce(): Uint8Array;
  /** A session stands; the other end's id. */
  opened(peerId: Uint8Array): void;
  /** A body, once and in order. */
  received(body: Uint8Array): void;
  /** The other end has a body that was submitted. */
  acknowledged(body: Uint8Array): void;
  /** `refused`: whoever answers does not know the pairing key. */
  lost(reason: LossReason): void;
}

const GREETING_BYTES = 28;
const MAC_BYTES = 4;
const SEQUENCES = 0x1_0000;
const NOBODY = new Uint8Array(8);

interface Greeting {
  readonly bytes: Uint8Array;
  readonly id: Uint8Array;
  readonly nonce: Uint8Array;
  readonly knows: Uint8Array;
  readonly received: number;
  readonly base: number;
}

export class LinkPeer {
  readonly #options: PeerOptions;
  readonly #clock: PeerClock;
  readonly #hooks: PeerHooks;
  readonly #pairing: BlockCipher;
  readonly #reader = new FrameReader();
  readonly #queue: Uint8Array[] = [];
  #state: 'closed' | 'greeting' | 'open' = 'closed';
  #session: BlockCipher | undefined;
  #mine: Greeting | undefined;
  #theirs: Greeting | undefined;
  /** Sequence of the first frame in the queue, or of the next one. */
  #base: number;
  #peerId: Uint8Array = NOBODY;
  #lastReceived = 0;
  #timer: { cancel(): void } | undefined;
  #waitingSince = 0;
  #resent = 0;

  constructor(options: PeerOptions, clock: PeerClock, hooks: PeerHooks) {
    this.#options = options;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#pairing = createMisty1(options.pairingKey);
    const [high = 0, low = 0] = hooks.nonce().subarray(6);
    this.#base = (high << 8) | low;
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Bodies that the other end has not acknowledged. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Frames sent more than once. */
  get resent(): number {
    return this.#resent;
  }

  /** Starts that led to no whole frame. */
  get rejected(): number {
    return this.#reader.rejected;
  }

  /** The initiator begins a new session. */
  connect(): void {
    this.#close();
    this.#state = 'greeting';
    this.#mine = this.#greet();
    this.#waitingSince = this.#clock.now();
    this.#sayHello();
  }

  /** The line is gone; what waits goes on waiting. */
  disconnect(): void {
    this.#close();
    this.#reader.reset();
  }

  /** Queues a body for the other end. */
  submit(body: Uint8Array): void {
    this.#queue.push(body);
    if (this.#state === 'open' && this.#queue.length === 1) this.#sendFirst();
    if (this.#state === 'closed') this.#knock();
  }

  receive(bytes: Uint8Array): void {
    for (const frame of this.#reader.take(bytes)) this.#take(frame);
  }

  #take(frame: Frame): void {
    switch (frame.kind) {
      case FRAME_KINDS.hello:
        this.#hello(frame.body);
        return;
      case FRAME_KINDS.welcome:
        this.#welcome(frame.body);
        return;
      case FRAME_KINDS.ready:
        this.#ready(frame.body);
        return;
      case FRAME_KINDS.data:
        this.#data(frame);
        return;
      case FRAME_KINDS.acknowledge:
        this.#acknowledge(frame);
        return;
    }
  }

  // The greeting.

  #hello(body: Uint8Array): void {
    if (this.#options.isInitiator) {
      // A knock: the other end has no session and something to say.
      if (body.length === 0 && this.#state === 'open') this.connect();
      return;
    }
    const theirs = readGreeting(body);
    if (theirs === undefined || body.length !== GREETING_BYTES) return;
    const isRepeated = this.#theirs !== undefined && sameBytes(this.#theirs.bytes, theirs.bytes);
    if (!isRepeated) {
      this.#close();
      this.#state = 'greeting';
      this.#mine = this.#greet();
      this.#theirs = theirs;
      this.#session = sessionCipher(this.#pairing, theirs.nonce, this.#mine.nonce);
      this.#waitingSince = this.#clock.now();
    }
    if (this.#state === 'greeting') this.#sayWelcome();
  }

  #welcome(body: Uint8Array): void {
    const mine = this.#mine;
    const theirs = readGreeting(body);
    if (!this.#options.isInitiator || mine === undefined || theirs === undefined) return;
    if (!sameBytes(body.subarray(GREETING_BYTES), macOf(this.#pairing, mine.bytes, theirs.bytes))) {
      const isLate = this.#clock.now() - this.#waitingSince <= this.#options.retryMicros;
      // The answer to an older hello: the next one settles it. In an open session it tells that the other end greets anew.
      if (this.#state === 'open') this.connect();
      else if (this.#state === 'greeting' && !isLate) this.#lose('refused');
      return;
    }
    this.#send(FRAME_KINDS.ready, 0, macOf(this.#pairing, theirs.bytes, mine.bytes));
    if (this.#state !== 'greeting') return;
    this.#theirs = theirs;
    this.#session = sessionCipher(this.#pairing, mine.nonce, theirs.nonce);
    this.#open(theirs);
  }

  #ready(body: Uint8Array): void {
    const { isInitiator } = this.#options;
    if (isInitiator || this.#state !== 'greeting' || this.#mine === undefined || this.#theirs === undefined)
      return;
    if (sameBytes(body, macOf(this.#pairing, this.#mine.bytes, this.#theirs.bytes))) this.#open(this.#theirs);
    else this.#lose('refused');
  }

  #sayHello(): void {
    if (this.#mine === undefined) return;
    this.#send(FRAME_KINDS.hello, 0, this.#mine.bytes);
    this.#again(() => this.#sayHello());
  }

  #sayWelcome(): void {
    if (this.#mine === undefined || this.#theirs === undefined) return;
    const mac = macOf(this.#pairing, this.#theirs.bytes, this.#mine.bytes);
    this.#send(FRAME_KINDS.welcome, 0, joined(this.#mine.bytes, mac));
    this.#again(() => this.#sayWelcome());
  }

  #greet(): Greeting {
    const { id } = this.#options;
    const numbers = Uint8Array.of(
      this.#lastReceived >> 8,
      this.#lastReceived & 0xff,
      this.#base >> 8,
      this.#base & 0xff,
    );
    return readGreeting(joined(id, this.#hooks.nonce(), this.#peerId, numbers)) as Greeting;
  }

  /** The other end has proved itself: both go on from where the line was pulled. */
  #open(theirs: Greeting): void {
    const isKnown = sameBytes(theirs.id, this.#peerId);
    const isNext = theirs.base === (this.#lastReceived + 1) % SEQUENCES;
    const isTaken = theirs.base === this.#lastReceived;
    this.#peerId = theirs.id;
    if (!isKnown || !(isNext || isTaken)) this.#lastReceived = (theirs.base + SEQUENCES - 1) % SEQUENCES;
    this.#timer?.cancel();
    this.#state = 'open';
    const wasTaken = sameBytes(theirs.knows, this.#options.id) && theirs.received === this.#base;
    if (wasTaken && this.#queue.length > 0) this.#shift();
    this.#hooks.opened(theirs.id);
    if (this.#queue.length > 0) this.#sendFirst();
  }

  // The session.

  #data({ sequence, body }: Frame): void {
    const end = body.length - MAC_BYTES;
    if (end < 0 || this.#session === undefined) return;
    const content = body.slice(0, end);
    if (!sameBytes(body.subarray(end), this.#mac(FRAME_KINDS.data, sequence, content, false))) return;
    // Only who knows the session key sends this: its ready was lost on the way.
    if (this.#state === 'greeting' && this.#theirs !== undefined) this.#open(this.#theirs);
    if (this.#state !== 'open') return;
    const isNext = sequence === (this.#lastReceived + 1) % SEQUENCES;
    if (!isNext && sequence !== this.#lastReceived) return;
    this.#lastReceived = sequence;
    this.#send(
      FRAME_KINDS.acknowledge,
      sequence,
      this.#mac(FRAME_KINDS.acknowledge, sequence, NOTHING, true),
    );
    if (isNext) this.#hooks.received(content);
  }

  #acknowledge({ sequence, body }: Frame): void {
    if (this.#state !== 'open' || this.#queue.length === 0 || sequence !== this.#base) return;
    if (!sameBytes(body, this.#mac(FRAME_KINDS.acknowledge, sequence, NOTHING, false))) return;
    this.#timer?.cancel();
    this.#shift();
    if (this.#queue.length > 0 && this.isOpen) this.#sendFirst();
  }

  #shift(): void {
    const body = this.#queue.shift();
    this.#base = (this.#base + 1) % SEQUENCES;
    if (body !== undefined) this.#hooks.acknowledged(body);
  }

  #sendFirst(): void {
    this.#waitingSince = this.#clock.now();
    this.#sendAgain();
  }

  #sendAgain(): void {
    const [body] = this.#queue;
    if (body === undefined || this.#state !== 'open') return;
    const mac = this.#mac(FRAME_KINDS.data, this.#base, body, true);
    this.#send(FRAME_KINDS.data, this.#base, joined(body, mac));
    this.#again(() => this.#sendAgain());
  }

  #mac(kind: FrameKind, sequence: number, body: Uint8Array, isMine: boolean): Uint8Array {
    if (this.#session === undefined) return NOTHING;
    const direction = this.#options.isInitiator === isMine ? 1 : 2;
    const head = Uint8Array.of(direction, kind, sequence >> 8, sequence & 0xff);
    return macOf(this.#session, head, body).slice(0, MAC_BYTES);
  }

  #send(kind: FrameKind, sequence: number, body: Uint8Array): void {
    this.#hooks.send(encodeFrame({ kind, sequence, body }));
  }

  /** Once more after the retry, until the silence is long enough. */
  #again(resend: () => void): void {
    const { retryMicros, silenceMicros } = this.#options;
    const now = this.#clock.now();
    this.#timer?.cancel();
    this.#timer = this.#clock.at(Math.min(now + retryMicros, this.#waitingSince + silenceMicros), () => {
      if (this.#clock.now() - this.#waitingSince >= silenceMicros) {
        this.#lose('silent');
        return;
      }
      this.#resent += 1;
      resend();
    });
  }

  /** Only the initiator greets: the other end asks it to. */
  #knock(): void {
    if (!this.#options.isInitiator) this.#send(FRAME_KINDS.hello, 0, NOTHING);
  }

  #lose(reason: LossReason): void {
    this.#close();
    if (reason === 'silent' && this.#queue.length > 0) this.#knock();
    this.#hooks.lost(reason);
  }

  #close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#state = 'closed';
    this.#session = undefined;
    this.#mine = undefined;
    this.#theirs = undefined;
  }
}

const NOTHING = new Uint8Array(0);

function readGreeting(body: Uint8Array): Greeting | undefined {
  if (body.length < GREETING_BYTES) return undefined;
  const bytes = body.slice(0, GREETING_BYTES);
  const word = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return {
    bytes,
    id: bytes.slice(0, 8),
    nonce: bytes.slice(8, 16),
    knows: bytes.slice(16, 24),
    received: word(24),
    base: word(26),
  };
}
