/** The line to the meter: its state whenever it has changed, the traces of its scope, commands to it. It comes again by itself. */
import type { BenchView } from '../bench-view.ts';
import type { PanelCommand } from '../commands.ts';
import type { SupplyTrace, SwitchingTrace } from '../scope.ts';
import type { RunningTrace } from '../sweep.ts';

/** What the meter answers of itself. */
export type MeterState = BenchView;

/** What was refused, and why: a problem of lib/faults.ts. */
export class CommandRefused extends Error {
  readonly code: string;

  constructor({ code, detail, title }: { code: string; detail?: string; title?: string }) {
    super(detail ?? title ?? code);
    this.code = code;
  }
}

export interface Listener {
  state(state: MeterState): void;
  switching(trace: SwitchingTrace): void;
  supply(trace: SupplyTrace): void;
  /** Whether there is a line. */
  line(isOpen: boolean): void;
}

type Message =
  | { readonly type: 'state'; readonly state: MeterState }
  | { readonly type: 'done'; readonly id: number; readonly state: MeterState }
  | { readonly type: 'refused'; readonly id: number; readonly problem: { code: string; detail?: string } }
  | { readonly type: 'switching'; readonly trace: SwitchingTrace }
  | { readonly type: 'supply'; readonly trace: SupplyTrace }
  | { readonly type: 'running'; readonly trace: RunningTrace };

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

const AGAIN_MILLIS = 1_000;

export class LiveLine {
  readonly #listener: Listener;
  readonly #waiting = new Map<number, Waiting>();
  #socket: WebSocket | undefined;
  #watcher: ((trace: RunningTrace) => void) | undefined;
  #id = 0;

  constructor(listener: Listener) {
    this.#listener = listener;
    this.#open();
  }

  /** @throws CommandRefused, or Error when the line was lost before the answer. */
  command(command: PanelCommand): Promise<void> {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(new Error('no line'));
    const id = ++this.#id;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      socket.send(JSON.stringify({ id, ...command }));
    });
  }

  /** From now on the meter sends its running trace. @returns what ends it: nothing is sampled for nobody. */
  watch(watcher: (trace: RunningTrace) => void): () => void {
    this.#watcher = watcher;
    this.#sendWatch();
    return () => {
      if (this.#watcher !== watcher) return;
      this.#watcher = undefined;
      this.#sendWatch();
    };
  }

  #sendWatch(): void {
    const isWatching = this.#watcher !== undefined;
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#socket.send(JSON.stringify({ id: ++this.#id, do: 'watch', isWatching }));
  }

  #open(): void {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/v1/meter/live`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#listener.line(true);
      if (this.#watcher !== undefined) this.#sendWatch();
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as Message);
    socket.onclose = () => {
      this.#listener.line(false);
      for (const { reject } of this.#waiting.values()) reject(new Error('line lost'));
      this.#waiting.clear();
      setTimeout(() => this.#open(), AGAIN_MILLIS);
    };
  }

  #receive(message: Message): void {
    switch (message.type) {
      case 'state':
        this.#listener.state(message.state);
        return;
      case 'switching':
        this.#listener.switching(message.trace);
        return;
      case 'supply':
        this.#listener.supply(message.trace);
        return;
      case 'running':
        this.#watcher?.(message.trace);
        return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === 'refused') waiting?.reject(new CommandRefused(message.problem));
    else {
      this.#listener.state(message.state);
      waiting?.resolve();
    }
  }
}
