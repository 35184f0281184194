/**
 * Frames on the serial line between a meter and its communications module (meter-hardware.md 7): sans-io, both ends.
 *
 *     byte 0      start, A5
 *          1-2    length n of the body, 0 to 512, big-endian
 *          3      kind
 *          4-5    sequence
 *          6      body, n bytes
 *          6+n    CRC-16 of bytes 1 to 5+n, big-endian
 *
 * The CRC is the one of HDLC (ISO/IEC 13239: reflected polynomial 8408, start and final value all ones). It guards one line of
 * a metre and no money: what a frame carries has a MAC of its own (peer.ts).
 */

export const FRAME_KINDS = { hello: 1, welcome: 2, ready: 3, data: 4, acknowledge: 5 } as const;
export type FrameKind = (typeof FRAME_KINDS)[keyof typeof FRAME_KINDS];

export interface Frame {
  readonly kind: FrameKind;
  /** 0 to 65,535. */
  readonly sequence: number;
  readonly body: Uint8Array;
}

export const MOST_BODY_BYTES = 512;

const START = 0xa5;
const HEAD = 6;
const TAIL = 2;

/** @returns 16 bits; of the nine ASCII digits `123456789` it is 906e. */
export function crc16(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let remainder = 0xffff;
  for (let index = from; index < to; index++) {
    remainder ^= bytes[index] ?? 0;
    for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x8408 : 0);
  }
  return remainder ^ 0xffff;
}

/** @throws RangeError for a body longer than {@link MOST_BODY_BYTES}. */
export function encodeFrame({ kind, sequence, body }: Frame): Uint8Array {
  if (body.length > MOST_BODY_BYTES) {
    throw new RangeError(`"body" expected at most ${MOST_BODY_BYTES} bytes, got ${body.length}`);
  }
  const bytes = new Uint8Array(HEAD + body.length + TAIL);
  bytes.set([START, body.length >> 8, body.length & 0xff, kind, sequence >> 8, sequence & 0xff]);
  bytes.set(body, HEAD);
  const crc = crc16(bytes, 1, HEAD + body.length);
  bytes.set([crc >> 8, crc & 0xff], HEAD + body.length);
  return bytes;
}

/** Takes bytes as they come, torn and garbled too, and gives the frames that are whole. */
export class FrameReader {
  #held = new Uint8Array(0);
  #rejected = 0;

  /** How many starts led to no frame. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Forgets what was begun: the line was pulled. */
  reset(): void {
    this.#held = new Uint8Array(0);
  }

  take(bytes: Uint8Array): Frame[] {
    const held = new Uint8Array(this.#held.length + bytes.length);
    held.set(this.#held);
    held.set(bytes, this.#held.length);
    const frames: Frame[] = [];
    let at = 0;
    for (;;) {
      at = held.indexOf(START, at);
      if (at < 0) break;
      const frame = readFrame(held, at);
      if (frame === 'more') break;
      if (frame === 'wrong') {
        // A start may stand inside what looked like a frame: nothing but the first byte is given up.
        this.#rejected += 1;
        at += 1;
        continue;
      }
      frames.push(frame);
      at += HEAD + frame.body.length + TAIL;
    }
    this.#held = at < 0 ? new Uint8Array(0) : held.slice(at);
    return frames;
  }
}

function readFrame(held: Uint8Array, at: number): Frame | 'more' | 'wrong' {
  const byte = (offset: number): number => held[at + offset] ?? 0;
  const left = held.length - at;
  if (left < 4) return 'more';
  const length = (byte(1) << 8) | byte(2);
  const kind = byte(3);
  if (length > MOST_BODY_BYTES || kind < FRAME_KINDS.hello || kind > FRAME_KINDS.acknowledge) return 'wrong';
  const end = HEAD + length;
  if (left < end + TAIL) return 'more';
  if (crc16(held, at + 1, at + end) !== ((byte(end) << 8) | byte(end + 1))) return 'wrong';
  return {
    kind: kind as FrameKind,
    sequence: (byte(4) << 8) | byte(5),
    body: held.slice(at + HEAD, at + end),
  };
}
