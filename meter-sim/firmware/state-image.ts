/**
 * Everything durable but the registers as one image of fixed length: the token application, then the vital sections in
 * their order. A record holds either the whole image or what differs from the last whole one.
 *
 *     patch  0  offset in the image 2, bit 15: the next byte is repeated     2  length 1, never 0     3  bytes, or one byte
 */

import { APPLICATION_BYTES, decodeApplication, encodeApplication } from './application-image.ts';
import { readUnsigned, type Section, writeInteger } from './bytes.ts';
import type { Keeper } from './keeper.ts';
import { type TokenApplication, VITAL_SECTIONS, type VitalState } from './records.ts';

interface Placed {
  readonly name: string;
  readonly at: number;
  readonly section: Section<unknown>;
}

let end = APPLICATION_BYTES;
const PLACED: readonly Placed[] = Object.entries<Section<unknown>>(VITAL_SECTIONS).map(([name, section]) => {
  const at = end;
  end += section.bytes;
  return { name, at, section };
});

export const IMAGE_BYTES = end;
/** Bytes of a buffer that holds an image: whole words, so that two images are compared word by word. */
const BUFFER_BYTES = Math.ceil(IMAGE_BYTES / 4) * 4;

export interface Imaged {
  readonly application: TokenApplication;
  readonly vital: VitalState;
}

/** Encodes only what is another object than the last time, so that a checkpoint of a meter at rest costs next to nothing. */
export class StateImage {
  readonly bytes = new Uint8Array(new ArrayBuffer(BUFFER_BYTES), 0, IMAGE_BYTES);
  #application: TokenApplication | undefined;
  #values: unknown[] = new Array<unknown>(PLACED.length).fill(undefined);

  /** @returns whether anything was encoded again. */
  update({ application, vital }: Imaged): boolean {
    let isChanged = false;
    if (application !== this.#application) {
      encodeApplication(application, this.bytes, 0);
      this.#application = application;
      isChanged = true;
    }
    const values: Readonly<Record<string, unknown>> = vital;
    for (let index = 0; index < PLACED.length; index++) {
      const placed = PLACED[index];
      if (placed === undefined) continue;
      const value = values[placed.name];
      if (value === this.#values[index]) continue;
      placed.section.encode(value, this.bytes, placed.at);
      this.#values[index] = value;
      isChanged = true;
    }
    return isChanged;
  }

  keep(keeper: Keeper): void {
    const bytes = keeper.value(this.bytes);
    if (keeper.isWaking) this.bytes.set(bytes);
    this.#application = keeper.value(this.#application);
    this.#values = keeper.value(this.#values);
  }
}

export function decodeImage(image: Uint8Array): Imaged {
  const vital: Record<string, unknown> = {};
  for (const { name, at, section } of PLACED) vital[name] = section.decode(image, at);
  return { application: decodeApplication(image, 0), vital: vital as unknown as VitalState };
}

/** Bytes that are alike and cheaper to write again than to begin another patch for. */
const GAP = 3;
const LONGEST = 255;
const REPEATED = 0x8000;

/**
 * Writes what turns `base` into `image` to `into`.
 * @returns how many bytes it took.
 */
export function writePatches(base: Uint8Array, image: Uint8Array, into: Uint8Array): number {
  const { length } = image;
  const words = wordsOf(image);
  const baseWords = wordsOf(base);
  let used = 0;
  let at = 0;
  while (at < length) {
    // Most of an image is as it was: four bytes at a time until one differs.
    if ((at & 3) === 0) {
      let word = at >> 2;
      while (word < baseWords.length && words[word] === baseWords[word]) word += 1;
      at = Math.min(word << 2, length);
      if (at === length) break;
    }
    if (base[at] === image[at]) {
      at += 1;
      continue;
    }
    const from = at;
    let to = at + 1;
    for (let next = to; next < length && next - to <= GAP && next - from < LONGEST; next++) {
      if (base[next] !== image[next]) to = next + 1;
    }
    used = writePatch(image, from, to, into, used);
    at = to;
  }
  return used;
}

/** The whole words of a buffer that begins at a word. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Uint32Array {
  return byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length >> 2) : NO_WORDS;
}

const NO_WORDS = new Uint32Array(0);

function writePatch(image: Uint8Array, from: number, to: number, into: Uint8Array, at: number): number {
  const length = to - from;
  const isRun = length > 2 && isRepeated(image, from, to);
  writeInteger(into, at, 2, isRun ? from | REPEATED : from);
  into[at + 2] = length;
  if (isRun) {
    into[at + 3] = image[from] ?? 0;
    return at + 4;
  }
  for (let index = 0; index < length; index++) into[at + 3 + index] = image[from + index] as number;
  return at + 3 + length;
}

function isRepeated(image: Uint8Array, from: number, to: number): boolean {
  for (let at = from + 1; at < to; at++) if (image[at] !== image[from]) return false;
  return true;
}

/**
 * Applies patches to `image` until one of length 0 or the end.
 * @returns false when they do not fit into it, which no record that this firmware wrote can do.
 */
export function applyPatches(image: Uint8Array, patches: Uint8Array): boolean {
  let at = 0;
  while (at + 3 < patches.length) {
    const offset = readUnsigned(patches, at, 2);
    const length = patches[at + 2] ?? 0;
    if (length === 0) return true;
    const from = offset & ~REPEATED;
    if (from + length > image.length) return false;
    if ((offset & REPEATED) !== 0) {
      image.fill(patches[at + 3] ?? 0, from, from + length);
      at += 4;
      continue;
    }
    if (at + 3 + length > patches.length) return false;
    image.set(patches.subarray(at + 3, at + 3 + length), from);
    at += 3 + length;
  }
  return true;
}
