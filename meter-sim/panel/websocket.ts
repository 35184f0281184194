/**
 * The server's end of a WebSocket (RFC 6455), as much of it as a panel needs: text messages in and out, ping, close; no
 * extensions. Every limit is enforced before anything is kept: a frame's length is refused by its header.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

const TEXT = 1;
const CONTINUATION = 0;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

/** RFC 6455 §7.4.1. */
export const CLOSE_CODES = {
  normal: 1000,
  goingAway: 1001,
  protocol: 1002,
  kind: 1003,
  text: 1007,
  size: 1009,
} as const;

/** Frames of one message: empty ones weigh nothing and could go on for ever. */
const MOST_FRAMES = 64;

export interface SocketLimits {
  /** Bytes of one message, whatever its frames. */
  readonly mostBytes: number;
  /** Bytes that a slow reader may leave unsent before the connection is given up. */
  readonly mostUnsent: number;
}

export interface SocketHandlers {
  message(text: string): void;
  closed(): void;
}

/** @returns the header's answer, or undefined where the request is no WebSocket handshake of version 13. */
export function handshake(request: IncomingMessage): string | undefined {
  const { headers, method } = request;
  const key = headers['sec-websocket-key'];
  const isUpgrade = headers.upgrade?.toLowerCase() === 'websocket' && method === 'GET';
  if (!isUpgrade || headers['sec-websocket-version'] !== '13') return undefined;
  if (key === undefined || !/^[+/0-9A-Za-z]{22}==$/.test(key)) return undefined;
  const accept = createHash('sha1')
    .update(key + MAGIC)
    .digest('base64');
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    '\r\n',
  ].join('\r\n');
}

export class ServerSocket {
  readonly #stream: Duplex;
  readonly #limits: SocketLimits;
  readonly #handlers: SocketHandlers;
  #held: Buffer = Buffer.alloc(0);
  /** Of a message in several frames. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  #isOver = false;

  constructor(stream: Duplex, limits: SocketLimits, handlers: SocketHandlers) {
    this.#stream = stream;
    this.#limits = limits;
    this.#handlers = handlers;
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    stream.on('error', () => this.#end());
    stream.on('close', () => this.#end());
    stream.on('end', () => this.#end());
  }

  get isOpen(): boolean {
    return !this.#isOver;
  }

  send(text: string): void {
    if (this.#isOver) return;
    this.#stream.write(frame(TEXT, Buffer.from(text)));
    if (this.#stream.writableLength > this.#limits.mostUnsent) this.#end();
  }

  close(code: number): void {
    if (this.#isOver) return;
    const body = Buffer.alloc(2);
    body.writeUInt16BE(code);
    this.#stream.write(frame(CLOSE, body));
    this.#end();
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (!this.#isOver && this.#takeFrame()) {}
  }

  /** @returns whether a whole frame was taken. */
  #takeFrame(): boolean {
    const held = this.#held;
    if (held.length < 2) return false;
    const first = held[0] as number;
    const second = held[1] as number;
    const short = second & 0x7f;
    const opcode = first & 0x0f;
    const isControl = opcode >= CLOSE;
    // Reserved bits, a frame without the client's mask, and a control frame that is long or in pieces are errors (§5.2, 5.5).
    if (
      (first & 0x70) !== 0 ||
      (second & 0x80) === 0 ||
      (isControl && (short > 125 || (first & 0x80) === 0))
    ) {
      this.close(CLOSE_CODES.protocol);
      return false;
    }
    const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
    const head = 2 + extra + 4;
    if (held.length < head) return false;
    const length = extra === 0 ? short : extra === 2 ? held.readUInt16BE(2) : Number(held.readBigUInt64BE(2));
    if (length + this.#partBytes > this.#limits.mostBytes) {
      this.close(CLOSE_CODES.size);
      return false;
    }
    if (held.length < head + length) return false;
    const mask = held.subarray(head - 4, head);
    const body = Buffer.alloc(length);
    for (let index = 0; index < length; index++) {
      body[index] = (held[head + index] as number) ^ (mask[index % 4] as number);
    }
    this.#held = held.subarray(head + length);
    this.#frame(opcode, (first & 0x80) !== 0, body);
    return true;
  }

  #frame(opcode: number, isLast: boolean, body: Buffer): void {
    switch (opcode) {
      case CLOSE:
        this.close(CLOSE_CODES.normal);
        return;
      case PING:
        this.#stream.write(frame(PONG, body));
        return;
      case PONG:
        return;
      case TEXT:
      case CONTINUATION:
        if ((opcode === TEXT) !== (this.#parts.length === 0)) this.close(CLOSE_CODES.protocol);
        else this.#part(isLast, body);
        return;
      default:
        this.close(opcode === 2 ? CLOSE_CODES.kind : CLOSE_CODES.protocol);
    }
  }

  #part(isLast: boolean, body: Buffer): void {
    if (this.#parts.length === MOST_FRAMES) {
      this.close(CLOSE_CODES.size);
      return;
    }
    this.#parts.push(body);
    this.#partBytes += body.length;
    if (!isLast) return;
    const whole = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(whole);
    } catch {
      this.close(CLOSE_CODES.text);
      return;
    }
    this.#handlers.message(text);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = Buffer.alloc(0);
    this.#stream.end();
    this.#handlers.closed();
  }
}

/** One unmasked frame, as a server sends. */
function frame(opcode: number, body: Buffer): Buffer {
  const head =
    body.length < 126 ? Buffer.alloc(2) : body.length < 0x1_0000 ? Buffer.alloc(4) : Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  if (head.length === 2) head[1] = body.length;
  else if (head.length === 4) {
    head[1] = 126;
    head.writeUInt16BE(body.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(body.length), 2);
  }
  return Buffer.concat([head, body]);
}
