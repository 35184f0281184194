/**
 * The WebSocket of a live meter: its state whenever it has changed, every trace of the scope as it is whole, the running trace to
 * whoever watches it, and commands in. Each message is JSON; each command is answered by its `id` with the state after it or with
 * a problem of lib/faults.ts.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { StsFault, toProblem } from '../../lib/faults.ts';
import type { BenchView } from './bench-view.ts';
import { parseCommand } from './commands.ts';
import type { Controls } from './controls.ts';
import type { LiveMeter } from './live-meter.ts';
import { FASTEST_SWEEP, Sweep } from './sweep.ts';
import { workbenchView } from './views.ts';
import { CLOSE_CODES, handshake, ServerSocket } from './websocket.ts';

export const LIVE_PATH = '/v1/meter/live';

export interface LivePortLimits {
  readonly mostConnections: number;
  readonly mostMessageBytes: number;
  readonly mostUnsentBytes: number;
}

export const DEFAULT_LIMITS: LivePortLimits = {
  mostConnections: 16,
  mostMessageBytes: 16_384,
  mostUnsentBytes: 4_194_304,
};

/** Ten pictures a second are what an eye follows. */
const STATE_MILLIS = 100;
/** A sweep of the running trace in so many of them. */
const STATES_A_SWEEP = 2;

/** The one command that is about the line and not about the meter. */
const watch = z.strictObject({ do: z.literal('watch'), isWatching: z.boolean() });

export class LivePort {
  readonly #meter: LiveMeter;
  readonly #controls: Controls;
  readonly #limits: LivePortLimits;
  readonly #log: (line: string) => void;
  readonly #sockets = new Set<ServerSocket>();
  readonly #sweep: Sweep;
  readonly #watching = new Set<ServerSocket>();
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  #lastSamples = 0;
  #lastState = '';

  constructor(
    meter: LiveMeter,
    controls: Controls,
    log: (line: string) => void = () => {},
    limits: LivePortLimits = DEFAULT_LIMITS,
  ) {
    this.#meter = meter;
    this.#controls = controls;
    this.#limits = limits;
    this.#log = log;
    this.#sweep = new Sweep(meter.world);
    meter.scope.onSwitching = (trace) => this.#tellAll({ type: 'switching', trace });
    meter.scope.onSupply = (trace) => this.#tellAll({ type: 'supply', trace });
  }

  /** Takes the upgrades of a server; every other one is refused. */
  attach(server: Server): void {
    server.on('upgrade', (request, stream) => this.#upgrade(request, stream));
  }

  close(): void {
    for (const socket of this.#sockets) socket.close(CLOSE_CODES.goingAway);
  }

  #upgrade(request: IncomingMessage, stream: Duplex): void {
    stream.on('error', () => stream.destroy());
    const isHere = request.url === LIVE_PATH;
    const isFromElsewhere = !isSameOrigin(request);
    if (!isHere || isFromElsewhere) {
      refuse(stream, isHere ? 403 : 404, new StsFault(isHere ? 'origin_refused' : 'route_unknown'));
      return;
    }
    if (this.#sockets.size >= this.#limits.mostConnections) {
      refuse(stream, 503, new StsFault('connections_too_many'));
      return;
    }
    const answer = handshake(request);
    if (answer === undefined) {
      refuse(stream, 400, new StsFault('request_malformed', 'no WebSocket handshake of version 13'));
      return;
    }
    stream.write(answer);
    this.#welcome(stream);
  }

  #welcome(stream: Duplex): void {
    const { mostMessageBytes: mostBytes, mostUnsentBytes: mostUnsent } = this.#limits;
    const socket = new ServerSocket(
      stream,
      { mostBytes, mostUnsent },
      { message: (text) => this.#message(socket, text), closed: () => this.#closed(socket) },
    );
    this.#sockets.add(socket);
    socket.send(JSON.stringify({ type: 'state', state: this.#state() }));
    this.#timer ??= setInterval(() => this.#tick(), STATE_MILLIS);
  }

  #closed(socket: ServerSocket): void {
    this.#sockets.delete(socket);
    this.#watch(socket, false);
    if (this.#sockets.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #message(socket: ServerSocket, text: string): void {
    let id: string | number | null = null;
    try {
      const { id: given, ...command } = parseMessage(text);
      id = given;
      const watching = watch.safeParse(command);
      if (watching.success) this.#watch(socket, watching.data.isWatching);
      else this.#controls.carryOut(parseCommand(command));
      socket.send(JSON.stringify({ type: 'done', id, state: this.#state() }));
    } catch (error) {
      const problem = toProblem(error, String(id ?? ''));
      if (problem.code === 'internal_error') this.#log('a command over the WebSocket failed');
      socket.send(JSON.stringify({ type: 'refused', id, problem }));
    }
  }

  #state(): BenchView {
    return workbenchView(this.#meter, this.#controls);
  }

  #tick(): void {
    this.#tellState();
    this.#ticks++;
    if (this.#watching.size > 0 && this.#ticks % STATES_A_SWEEP === 0) this.#tellSweep();
  }

  #watch(socket: ServerSocket, isWatching: boolean): void {
    if (isWatching) this.#watching.add(socket);
    else this.#watching.delete(socket);
    if (this.#watching.size === 0) this.#sweep.end();
  }

  /** What has been sampled since the last time, if anything; then the next sweep may begin. */
  #tellSweep(): void {
    const { trace, isRunning } = this.#sweep;
    const samples = trace?.volt.length ?? 0;
    if (trace !== undefined && samples !== this.#lastSamples) {
      const text = JSON.stringify({ type: 'running', trace });
      for (const socket of this.#watching) socket.send(text);
    }
    this.#lastSamples = samples;
    const { speed } = this.#controls;
    if (isRunning || speed === 'max' || speed > FASTEST_SWEEP) return;
    this.#lastSamples = 0;
    this.#sweep.begin();
  }

  #tellState(): void {
    const text = JSON.stringify({ type: 'state', state: this.#state() });
    if (text === this.#lastState) return;
    this.#lastState = text;
    for (const socket of this.#sockets) socket.send(text);
  }

  #tellAll(message: object): void {
    if (this.#sockets.size === 0) return;
    const text = JSON.stringify(message);
    for (const socket of this.#sockets) socket.send(text);
  }
}

/** A page of another host must not play with a meter on this one; what is no browser sends no origin. */
function isSameOrigin({ headers }: IncomingMessage): boolean {
  if (headers.origin === undefined) return true;
  try {
    return new URL(headers.origin).host === headers.host;
  } catch {
    return false;
  }
}

function parseMessage(text: string): { id: string | number } & Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new StsFault('request_malformed', 'the message is no JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StsFault('request_malformed', 'the message is no object');
  }
  const { id } = value as { id?: unknown };
  const isId = Number.isSafeInteger(id) || (typeof id === 'string' && id.length > 0 && id.length <= 64);
  if (!isId) throw new StsFault('request_malformed', 'a command has an id of its own', { param: 'id' });
  return value as { id: string | number } & Record<string, unknown>;
}

function refuse(stream: Duplex, status: number, fault: StsFault): void {
  const body = JSON.stringify(toProblem(fault, ''));
  stream.end(
    [
      `HTTP/1.1 ${status} Refused`,
      'Connection: close',
      'Content-Type: application/problem+json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );
}
