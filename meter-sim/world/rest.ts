/**
 * A meter at rest: everything that it, its world and its watch remember, as a few kilobytes. Taken up again it goes on to the bit
 * as if it had never been away, so that a computer holds a hundred thousand meters of which a few live at a time.
 *
 * The bytes are for the program that made them: they are no file format, and a program built otherwise reads them wrongly.
 */
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  deflateRawSync,
  inflateRawSync,
} from 'node:zlib';
import { invariant } from '../../lib/assert.ts';
import type { Cancellable } from '../firmware/hardware-interface.ts';
import type { Keeper, Kept } from '../firmware/keeper.ts';
import { type PlainBytes, readPlain, writePlain } from './plain-data.ts';

/** A higher quality takes ten times as long for a twentieth less. */
const BROTLI = { [constants.BROTLI_PARAM_QUALITY]: 5 };

/** The meter is in the middle of this; a few milliseconds later it may not be. */
class Busy extends Error {}

class Packer implements Keeper {
  readonly isWaking = false;
  readonly values: unknown[] = [];
  readonly #handles = new Map<Cancellable, number>();

  value<T>(value: T): T {
    this.values.push(value);
    return value;
  }

  handle<T extends Cancellable>(handle: T | null | undefined): T | undefined {
    const isSet = handle !== undefined && handle !== null;
    this.values.push(isSet);
    if (!isSet) return undefined;
    this.#handles.set(handle, this.#handles.size);
    return handle;
  }

  order<T extends Cancellable>(waiting: Iterable<T>): T[] {
    const handles = [...waiting];
    this.values.push(
      handles.map((handle) => {
        const place = this.#handles.get(handle);
        if (place === undefined) throw new Busy('somebody waits who is not part of the meter');
        return place;
      }),
    );
    return handles;
  }

  idle(isIdle: boolean, what: string): void {
    if (!isIdle) throw new Busy(what);
  }
}

class Unpacker implements Keeper {
  readonly isWaking = true;
  readonly #values: readonly unknown[];
  readonly #handles: Cancellable[] = [];
  #next = 0;

  constructor(values: readonly unknown[]) {
    this.#values = values;
  }

  get isAtEnd(): boolean {
    return this.#next === this.#values.length;
  }

  value<T>(_value: T): T {
    return this.#take() as T;
  }

  handle<T extends Cancellable>(_handle: T | null | undefined, arm: () => T): T | undefined {
    if (this.#take() !== true) return undefined;
    const handle = arm();
    this.#handles.push(handle);
    return handle;
  }

  order<T extends Cancellable>(_waiting: Iterable<T>): T[] {
    return (this.#take() as number[]).map((place) => this.#handles[place] as T);
  }

  idle(): void {}

  #take(): unknown {
    invariant(this.#next < this.#values.length, 'a meter is taken up as it was put away');
    return this.#values[this.#next++];
  }
}

function written(kept: Kept): PlainBytes {
  const packer = new Packer();
  kept.keep(packer);
  return writePlain(packer.values);
}

/** The words that a meter at rest is written in; whoever puts away and takes up must have the same. */
export function wordsOf(kept: Kept): Uint8Array {
  return written(kept).values;
}

const LENGTH_BYTES = 4;

/** @returns the bytes, or what `kept` is in the middle of. */
export function putAway(kept: Kept, words: Uint8Array): Uint8Array | { readonly busy: string } {
  try {
    const { values, apart } = written(kept);
    const first = deflateRawSync(values, { level: 9, dictionary: words });
    const second = brotliCompressSync(apart, { params: BROTLI });
    const bytes = new Uint8Array(LENGTH_BYTES + first.length + second.length);
    new DataView(bytes.buffer).setUint32(0, first.length);
    bytes.set(first, LENGTH_BYTES);
    bytes.set(second, LENGTH_BYTES + first.length);
    return bytes;
  } catch (error) {
    if (error instanceof Busy) return { busy: error.message };
    throw error;
  }
}

/** @param kept - as its constructor leaves it, with the options of the one that was put away. */
export function takeUp(kept: Kept, bytes: Uint8Array, words: Uint8Array): void {
  const end = LENGTH_BYTES + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const values = inflateRawSync(bytes.subarray(LENGTH_BYTES, end), { dictionary: words });
  const apart = brotliDecompressSync(bytes.subarray(end));
  const unpacker = new Unpacker(readPlain({ values, apart }) as unknown[]);
  kept.keep(unpacker);
  invariant(unpacker.isAtEnd, 'a meter is taken up as it was put away');
}
