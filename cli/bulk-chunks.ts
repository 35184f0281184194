/** Bytes that arrive in pieces, cut at line ends into stretches that are worth a message to another thread. */
import { LINE_LIMIT } from './conformance/lines.ts';

/** Large enough that a message costs little beside its work, small enough that both ends of the input keep all cores busy. */
const CHUNK_BYTES = 32 * 1024;
const LINE_END = 10;

/** Whole lines, or the news that one line was too long and has been thrown away. */
export type Chunk =
  | { readonly kind: 'lines'; readonly bytes: Uint8Array; readonly firstLine: number }
  | { readonly kind: 'tooLong'; readonly firstLine: number };

export class ChunkCutter {
  /** Pieces not given out yet; only the last can hold the beginning of a line that has no end yet. */
  private pieces: Uint8Array[] = [];
  private held = 0;
  /** Bytes held after the last line end. */
  private open = 0;
  /** Line ends held. */
  private ends = 0;
  private line = 1;
  private skipping = false;
  private readonly ready: Chunk[] = [];

  /** Whether enough stands here that reading should wait. */
  get isFull(): boolean {
    return this.ready.length > 0 || this.held - this.open >= CHUNK_BYTES;
  }

  push(piece: Uint8Array): void {
    for (let from = 0; from < piece.length; from += CHUNK_BYTES) {
      this.take(piece.subarray(from, from + CHUNK_BYTES));
    }
  }

  /** The lines that are whole by now; a chunk is given out once. */
  next(): Chunk | undefined {
    const waiting = this.ready.shift();
    if (waiting !== undefined) return waiting;
    return this.ends === 0 ? undefined : this.cut();
  }

  /** What stood after the last line end, when the input is over. */
  end(): Chunk | undefined {
    const waiting = this.ready.shift();
    if (waiting !== undefined) return waiting;
    if (this.held === 0) return undefined;
    this.open = 0;
    return this.cut();
  }

  private take(piece: Uint8Array): void {
    let part = piece;
    if (this.skipping) {
      const end = part.indexOf(LINE_END);
      if (end < 0) return;
      this.skipping = false;
      this.line += 1;
      part = part.subarray(end + 1);
    }
    const last = part.lastIndexOf(LINE_END);
    this.pieces.push(part);
    this.held += part.length;
    this.open = last < 0 ? this.open + part.length : part.length - last - 1;
    for (let at = part.indexOf(LINE_END); at >= 0; at = part.indexOf(LINE_END, at + 1)) this.ends += 1;
    if (this.open > LINE_LIMIT) this.throwAway();
    else if (this.held - this.open >= CHUNK_BYTES) this.ready.push(this.cut());
  }

  private throwAway(): void {
    if (this.ends > 0) this.ready.push(this.cut());
    this.ready.push({ kind: 'tooLong', firstLine: this.line });
    this.pieces = [];
    this.held = 0;
    this.open = 0;
    this.skipping = true;
  }

  /** Everything up to the last line end, as bytes of its own that can be handed to another thread. */
  private cut(): Chunk {
    const all = new Uint8Array(this.held);
    let at = 0;
    for (const piece of this.pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    const whole = this.held - this.open;
    const rest = all.slice(whole);
    const chunk: Chunk = { kind: 'lines', bytes: all.subarray(0, whole), firstLine: this.line };
    this.pieces = rest.length === 0 ? [] : [rest];
    this.held = rest.length;
    this.line += this.ends;
    this.ends = 0;
    return chunk;
  }
}
