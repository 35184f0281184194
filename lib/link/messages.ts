/**
 * What meter and communications module say to each other, as bytes (big-endian), and back. A body that is none of these reads as
 * undefined: whoever gets it ignores it.
 *
 *     command   1, key 8, what: 1 token and 10 bytes BCD, or 2 read
 *     answer    2, key 8, result code of sts.md 8.1, balance mWh 7 signed
 *     reading   3, number 4, epoch seconds 5, total register mWh 7, balance mWh 7 signed, flags 1, tampers 1
 *     event     4, number 4, epoch seconds 5, code 1, 1 when it begins and 0 when it ends
 */
import { bytesFromHex, hexFromBytes } from '../hex.ts';

/** 16 hex digits that the sender of a command never uses twice: the same key is the same command. */
export type IdempotencyKey = string;

export type LinkMessage =
  | { readonly kind: 'token'; readonly key: IdempotencyKey; readonly tokenNo: string }
  | { readonly kind: 'read'; readonly key: IdempotencyKey }
  | {
      readonly kind: 'answer';
      readonly key: IdempotencyKey;
      /** The result register of sts.md 8.1. */
      readonly code: number;
      readonly balanceMilliWh: number;
    }
  | {
      readonly kind: 'reading';
      /** Rises by one from reading or event to the next: a gap is something lost. */
      readonly number: number;
      readonly epochSeconds: number;
      readonly totalMilliWh: number;
      readonly balanceMilliWh: number;
      readonly isRelayClosed: boolean;
      /** Bits of firmware/tamper.ts. */
      readonly tampers: number;
    }
  | {
      readonly kind: 'event';
      readonly number: number;
      readonly epochSeconds: number;
      readonly code: number;
      readonly isStart: boolean;
    };

const COMMAND = 1;
const ANSWER = 2;
const READING = 3;
const EVENT = 4;
const WHAT_TOKEN = 1;
const WHAT_READ = 2;

export function encodeMessage(message: LinkMessage): Uint8Array {
  switch (message.kind) {
    case 'token':
      return whole(COMMAND, keyBytes(message.key), [WHAT_TOKEN], bytesFromHex(message.tokenNo));
    case 'read':
      return whole(COMMAND, keyBytes(message.key), [WHAT_READ]);
    case 'answer':
      return whole(ANSWER, keyBytes(message.key), [message.code], integer(7, message.balanceMilliWh));
    case 'reading':
      return whole(
        READING,
        integer(4, message.number),
        integer(5, message.epochSeconds),
        integer(7, message.totalMilliWh),
        integer(7, message.balanceMilliWh),
        [message.isRelayClosed ? 1 : 0, message.tampers],
      );
    case 'event':
      return whole(EVENT, integer(4, message.number), integer(5, message.epochSeconds), [
        message.code,
        message.isStart ? 1 : 0,
      ]);
  }
}

export function decodeMessage(body: Uint8Array): LinkMessage | undefined {
  switch (body[0]) {
    case COMMAND:
      return command(body);
    case ANSWER:
      if (body.length !== 17) return undefined;
      return { kind: 'answer', key: keyAt(body), code: body[9] ?? 0, balanceMilliWh: signed(body, 10, 7) };
    case READING:
      if (body.length !== 26) return undefined;
      return {
        kind: 'reading',
        number: unsigned(body, 1, 4),
        epochSeconds: unsigned(body, 5, 5),
        totalMilliWh: signed(body, 10, 7),
        balanceMilliWh: signed(body, 17, 7),
        isRelayClosed: body[24] === 1,
        tampers: body[25] ?? 0,
      };
    case EVENT:
      if (body.length !== 12) return undefined;
      return {
        kind: 'event',
        number: unsigned(body, 1, 4),
        epochSeconds: unsigned(body, 5, 5),
        code: body[10] ?? 0,
        isStart: body[11] === 1,
      };
    default:
      return undefined;
  }
}

function command(body: Uint8Array): LinkMessage | undefined {
  if (body[9] === WHAT_READ && body.length === 10) return { kind: 'read', key: keyAt(body) };
  if (body[9] !== WHAT_TOKEN || body.length !== 20) return undefined;
  const tokenNo = hexFromBytes(body.subarray(10));
  return /^[0-9]{20}$/.test(tokenNo) ? { kind: 'token', key: keyAt(body), tokenNo } : undefined;
}

function keyAt(body: Uint8Array): IdempotencyKey {
  return hexFromBytes(body.subarray(1, 9));
}

function keyBytes(key: IdempotencyKey): Uint8Array {
  if (!/^[0-9a-f]{16}$/.test(key)) throw new RangeError('"key" expected 16 lower-case hex digits');
  return bytesFromHex(key);
}

function whole(kind: number, ...parts: readonly ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from([kind, ...parts.flatMap((part) => Array.from(part))]);
}

/** Two's complement below zero; exact for safe integers in seven bytes. */
function integer(length: number, value: number): number[] {
  const bytes = new Array<number>(length);
  let rest = value;
  for (let index = length - 1; index >= 0; index--) {
    const byte = ((rest % 256) + 256) % 256;
    bytes[index] = byte;
    rest = (rest - byte) / 256;
  }
  return bytes;
}

function unsigned(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let index = at; index < at + length; index++) value = value * 256 + (bytes[index] ?? 0);
  return value;
}

function signed(bytes: Uint8Array, at: number, length: number): number {
  const top = unsigned(bytes, at, 3);
  const high = top >= 0x800000 ? top - 0x1000000 : top;
  return high * 2 ** (8 * (length - 3)) + unsigned(bytes, at + 3, length - 3);
}
