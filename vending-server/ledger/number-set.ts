/** A set of triples of 32-bit numbers, exact, about 24 bytes each: millions of keys where a set of texts would not fit. */
const FIRST_SLOTS = 1 << 12;
/** A free slot holds zeros: the triple of zeros itself is kept aside. */
const WIDTH = 3;

export class TripleSet {
  #slots = new Uint32Array(FIRST_SLOTS * WIDTH);
  #size = 0;
  #hasZero = false;

  /** @returns false when the triple was in the set already. */
  add(a: number, b: number, c: number): boolean {
    if ((a | b | c) === 0) {
      const isNew = !this.#hasZero;
      this.#hasZero = true;
      return isNew;
    }
    if (!insert(this.#slots, a >>> 0, b >>> 0, c >>> 0)) return false;
    this.#size += 1;
    if (this.#size * WIDTH * 2 > this.#slots.length) this.#grow();
    return true;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let i = 0; i < old.length; i += WIDTH) {
      const [a = 0, b = 0, c = 0] = old.subarray(i, i + WIDTH);
      if ((a | b | c) !== 0) insert(this.#slots, a, b, c);
    }
  }
}

function insert(slots: Uint32Array, a: number, b: number, c: number): boolean {
  const mask = slots.length / WIDTH - 1;
  let slot = (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)) >>> 0;
  slot = (slot ^ (slot >>> 15)) & mask;
  for (;;) {
    const at = slot * WIDTH;
    const [x, y, z] = [slots[at], slots[at + 1], slots[at + 2]];
    if (x === a && y === b && z === c) return false;
    if (x === 0 && y === 0 && z === 0) {
      slots[at] = a;
      slots[at + 1] = b;
      slots[at + 2] = c;
      return true;
    }
    slot = (slot + 1) & mask;
  }
}
