/** Checks of a caller's arguments, in one shape: `"key" expected 16 bytes, got 15`. */

export function assertBytes(value: unknown, length: number, name: string): asserts value is Uint8Array {
  if (!isBytes(value)) throw new TypeError(`"${name}" expected bytes, got ${kindOf(value)}`);
  if (value.length !== length)
    throw new RangeError(`"${name}" expected ${length} bytes, got ${value.length}`);
}

/** Not only by its prototype: what borrows that, or stands before bytes as a proxy, cannot be read as bytes. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && value instanceof Uint8Array;
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

export function assertNumber(value: unknown, name: string): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`"${name}" expected a number, got ${kindOf(value)}`);
}

/** A number that is finite; whole or not. */
export function assertFinite(value: unknown, name: string): asserts value is number {
  assertNumber(value, name);
  if (!Number.isFinite(value)) throw new RangeError(`"${name}" expected a finite number, got ${value}`);
}

/** Not only something that counts as true: 'false' would. */
export function assertBoolean(value: unknown, name: string): asserts value is boolean {
  if (typeof value !== 'boolean')
    throw new TypeError(`"${name}" expected true or false, got ${kindOf(value)}`);
}

export function assertText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`"${name}" expected text, got ${kindOf(value)}`);
}

export function assertObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(`"${name}" expected an object, got ${kindOf(value)}`);
  }
}

export function assertArray(value: unknown, name: string): asserts value is readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`"${name}" expected an array, got ${kindOf(value)}`);
}

/** Of so many values that a message cannot list them. */
const MANY = 10;

/** One of a few values; the value itself is not quoted, for it may be a secret put in the wrong place. */
export function assertOneOf<T>(value: unknown, allowed: readonly T[], name: string): asserts value is T {
  if (!allowed.some((one) => one === value)) {
    const list = allowed.length > MANY ? `${allowed.length} values` : allowed.join(', ');
    throw new RangeError(`"${name}" expected one of ${list}, got another ${kindOf(value)}`);
  }
}

export function assertDigits(value: unknown, length: number, name: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`"${name}" expected digits, got ${kindOf(value)}`);
  if (value.length !== length || !isDigits(value)) {
    throw new RangeError(`"${name}" expected ${length} decimal digits, got ${value.length} characters`);
  }
}

/** Whether a text is decimal digits and nothing else; a loop, because keys are derived by the million. */
export function isDigits(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x30 || unit > 0x39) return false;
  }
  return true;
}

/** An invariant of ours: a failure is a bug in Wattoken, never in the input. */
export function invariant(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${what}`);
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
