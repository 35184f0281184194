/** Checks of a caller's arguments, in one shape: `"key" expected 16 bytes, got 15`. */

export function assertBytes(value: unknown, length: number, name: string): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`"${name}" expected bytes, got ${kindOf(value)}`);
  if (value.length !== length)
    throw new RangeError(`"${name}" expected ${length} bytes, got ${value.length}`);
}

export function assertInteger(
  value: unknown,
  min: number,
  max: number,
  name: string,
): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`"${name}" expected an integer, got ${kindOf(value)}`);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new RangeError(`"${name}" expected an integer from ${min} to ${max}, got ${value}`);
  }
}

export function assertDigits(value: unknown, length: number, name: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`"${name}" expected digits, got ${kindOf(value)}`);
  if (value.length !== length || !/^[0-9]*$/.test(value)) {
    throw new RangeError(`"${name}" expected ${length} decimal digits, got ${value.length} characters`);
  }
}

/** An invariant of ours: a failure is a bug in Wattoken, never in the input. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${what}`);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
