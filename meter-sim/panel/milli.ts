/** A sample as the port sends it: to the thousandth, which is less than a picture shows and half as long to write. */
export function milli(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
