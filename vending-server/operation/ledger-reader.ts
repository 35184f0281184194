/** Starts the process that reads the whole ledger (ledger-process.ts), and hands on what it writes. */
import { type ChildProcess, fork } from 'node:child_process';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { StsFault } from '../../lib/faults.ts';
import type { BooksSource } from '../audit.ts';
import type { Witness } from '../ledger/witness.ts';
import { faultFromWire, type WireFault } from '../security-module/protocol.ts';

export interface Reading {
  readonly work: 'export' | 'proof';
  readonly source: BooksSource;
  /** Of the module whose chain it is: SPKI DER, base64. */
  readonly publicKey: string;
  /** Its heads must still stand in the ledger. */
  readonly witness: Witness | null;
}

/** Each takes a core of this machine for as long as it reads. */
const AT_ONCE_MAX = 2;
/**
 * SQLite gathers the transfers of all causes before the first line can leave: whoever waits longer than this is told what
 * goes wrong by a text that ends early.
 */
const FIRST_WORD_MILLIS = 5000;

export class LedgerReader {
  readonly #under = new Set<ChildProcess>();

  /**
   * @returns lines of JSON, each ended by a line feed; destroyed with an error when not all of them came.
   * @throws StsFault `ledger_busy`, and what keeps the books from being opened.
   */
  async read(reading: Reading): Promise<Readable> {
    if (this.#under.size >= AT_ONCE_MAX) throw new StsFault('ledger_busy');
    const child = fork(fileURLToPath(program()), [], { stdio: ['ignore', 'pipe', 'ignore', 'ipc'] });
    this.#under.add(child);
    const ended = endOf(child).finally(() => this.#under.delete(child));
    child.send(reading, () => undefined);
    const pieces = piecesOf(child, ended);
    const first = pieces.next();
    first.catch(() => undefined); // whoever reads on is told
    const lines = Readable.from(withFirst(first, pieces));
    // Whoever stops reading ends the work.
    lines.once('close', () => child.kill());
    try {
      await Promise.race([first, sleep(FIRST_WORD_MILLIS, undefined, { ref: false })]);
    } catch (error) {
      lines.destroy();
      throw error;
    }
    return lines;
  }

  close(): void {
    for (const child of this.#under) child.kill();
  }
}

/** Under tsx this file is .ts and so is its neighbour; in the shipped package both are .js. */
function program(): URL {
  return new URL(`./ledger-process${import.meta.url.slice(-3)}`, import.meta.url);
}

/** @returns why the process did not end well, if it did not. */
function endOf(child: ChildProcess): Promise<StsFault | undefined> {
  let told: StsFault | undefined;
  child.on('message', (message) => {
    told = faultFromWire(message as WireFault);
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(new StsFault('internal_error')));
    child.once('close', (code) => resolve(code === 0 ? told : (told ?? new StsFault('internal_error'))));
  });
}

async function* piecesOf(
  { stdout }: ChildProcess,
  ended: Promise<StsFault | undefined>,
): AsyncGenerator<Buffer, void> {
  yield* stdout as AsyncIterable<Buffer>;
  const fault = await ended;
  if (fault !== undefined) throw fault;
}

async function* withFirst(
  first: Promise<IteratorResult<Buffer, void>>,
  rest: AsyncGenerator<Buffer, void>,
): AsyncGenerator<Buffer, void> {
  const { value } = await first;
  if (value !== undefined) yield value;
  yield* rest;
}
