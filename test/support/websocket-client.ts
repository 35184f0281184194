/** A bare WebSocket client over a real TCP socket, which can also send what no client should. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

export class WebSocketClient {
  readonly messages: Record<string, unknown>[] = [];
  /** The answer to the handshake, head and body. */
  answer = '';
  closeCode: number | undefined;
  isClosed = false;
  readonly #socket: Socket;
  #held = Buffer.alloc(0);
  #isOpen = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('error', () => {});
  }

  /** Resolves when the server has answered the handshake, whatever it says. */
  static async open(
    url: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<WebSocketClient> {
    const { hostname, port, host } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new WebSocketClient(socket);
    const all = {
      Host: host,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    socket.write([`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    await client.until(() => client.answer.includes('\r\n\r\n') || client.isClosed);
    return client;
  }

  sendJson(value: unknown): void {
    this.sendFrame(0x81, Buffer.from(JSON.stringify(value)));
  }

  /** @param first - the first byte of the frame: final bit and opcode. */
  sendFrame(first: number, body: Buffer, isMasked = true): void {
    const mask = randomBytes(4);
    const length =
      body.length < 126
        ? Buffer.from([body.length])
        : Buffer.from([126, body.length >> 8, body.length & 0xff]);
    length[0] = (length[0] as number) | (isMasked ? 0x80 : 0);
    const masked = body.map((byte, index) => byte ^ (isMasked ? (mask[index % 4] as number) : 0));
    this.raw(Buffer.concat([Buffer.from([first]), length, isMasked ? mask : Buffer.alloc(0), masked]));
  }

  raw(bytes: Buffer): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }

  async until(condition: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 20_000; !condition(); ) {
      if (Date.now() > deadline) throw new Error('waited 20 s in vain');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Sends a command and waits for its answer. */
  async ask(id: number, command: object): Promise<Record<string, unknown>> {
    this.sendJson({ id, ...command });
    await this.until(() => this.messages.some((message) => message['id'] === id));
    return this.messages.find((message) => message['id'] === id) as Record<string, unknown>;
  }

  #take(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk]);
    if (!this.#isOpen) {
      const end = this.#held.indexOf('\r\n\r\n');
      if (end < 0) return;
      this.#isOpen = this.#held.toString('latin1', 0, 12) === 'HTTP/1.1 101';
      this.answer = this.#held.toString('utf8', 0, this.#isOpen ? end + 4 : undefined);
      if (!this.#isOpen) return;
      this.#held = this.#held.subarray(end + 4);
    }
    while (this.#takeFrame()) {}
  }

  #takeFrame(): boolean {
    const held = this.#held;
    if (held.length < 2) return false;
    const short = (held[1] as number) & 0x7f;
    const head = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (held.length < head) return false;
    const length =
      short < 126 ? short : short === 126 ? held.readUInt16BE(2) : Number(held.readBigUInt64BE(2));
    if (held.length < head + length) return false;
    const body = held.subarray(head, head + length);
    const opcode = (held[0] as number) & 0x0f;
    if (opcode === 1) this.messages.push(JSON.parse(body.toString()) as Record<string, unknown>);
    if (opcode === 8) this.closeCode = body.readUInt16BE(0);
    if (opcode === 10) this.messages.push({ type: 'pong', text: body.toString() });
    this.#held = held.subarray(head + length);
    return true;
  }
}
