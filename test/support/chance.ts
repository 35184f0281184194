/** A seeded source of whole numbers from 0 up to, but not including, the bound that is asked for. */
export type Draw = (below: number) => number;

/** mulberry32, two words a number. */
export function chance(from: number): Draw {
  let state = from;
  const word = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  return (below) => Math.floor(((word() * 2 ** 21 + (word() >>> 11)) / 2 ** 53) * below);
}
