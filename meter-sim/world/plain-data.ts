/**
 * Plain data as few bytes, and back: numbers, text, bytes, lists, maps, sets, records of them. Equal data gives equal bytes
 * however a program came to hold it: JSON knows no NaN and no maps, and V8's own format writes one integer this way or that. An
 * object that is met twice is one object again. Bytes within the data stand apart: they compress unlike the rest.
 */

export interface PlainBytes {
  readonly values: Uint8Array;
  readonly apart: Uint8Array;
}

/** Tags from here on are whole numbers from 0. */
const SMALL = 32;
const TAGS = {
  undefined: 0,
  null: 1,
  true: 2,
  false: 3,
  whole: 4,
  below: 5,
  float: 6,
  text: 7,
  again: 8,
  bytes: 9,
  list: 10,
  map: 11,
  set: 12,
  newRecord: 13,
  record: 14,
} as const;

/** @throws RangeError for what is no plain data: a function, an object of a class. */
export function writePlain(data: unknown): PlainBytes {
  const writer = new PlainWriter();
  writer.write(data);
  return { values: Uint8Array.from(writer.values), apart: Buffer.concat(writer.apart) };
}

/** @throws RangeError when the bytes are not those of {@link writePlain}. */
export function readPlain({ values, apart }: PlainBytes): unknown {
  const reader = new PlainReader(values, apart);
  const data = reader.read();
  if (!reader.isAtEnd) throw new RangeError('"values" expected to end with the data');
  return data;
}

const FLOAT = new DataView(new ArrayBuffer(8));

class PlainWriter {
  readonly values: number[] = [];
  readonly apart: Uint8Array[] = [];
  readonly #met = new Map<object, number>();
  /** Names of records by the names joined. */
  readonly #shapes = new Map<string, number>();

  write(data: unknown): void {
    switch (typeof data) {
      case 'undefined':
        this.values.push(TAGS.undefined);
        return;
      case 'boolean':
        this.values.push(data ? TAGS.true : TAGS.false);
        return;
      case 'number':
        this.#writeNumber(data);
        return;
      case 'string':
        this.values.push(TAGS.text);
        this.#writeText(data);
        return;
      case 'object':
        this.#writeObject(data);
        return;
      default:
        throw new RangeError(`"data" expected plain data, got a ${typeof data}`);
    }
  }

  #writeNumber(number: number): void {
    const isWhole = Number.isSafeInteger(number) && !Object.is(number, -0);
    if (isWhole && number >= 0 && number < 256 - SMALL) this.values.push(SMALL + number);
    else if (isWhole) {
      this.values.push(number < 0 ? TAGS.below : TAGS.whole);
      this.#writeCount(Math.abs(number));
    } else {
      FLOAT.setFloat64(0, number);
      this.values.push(TAGS.float);
      for (let at = 0; at < 8; at++) this.values.push(FLOAT.getUint8(at));
    }
  }

  /** Seven bits a byte, the low ones first. */
  #writeCount(count: number): void {
    let rest = count;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.values.push(128 + (rest % 128));
    this.values.push(rest);
  }

  #writeText(text: string): void {
    const bytes = Buffer.from(text);
    this.#writeCount(bytes.length);
    for (const byte of bytes) this.values.push(byte);
  }

  #writeObject(object: object | null): void {
    if (object === null) {
      this.values.push(TAGS.null);
      return;
    }
    const met = this.#met.get(object);
    if (met !== undefined) {
      this.values.push(TAGS.again);
      this.#writeCount(met);
      return;
    }
    this.#met.set(object, this.#met.size);
    if (object instanceof Uint8Array) {
      this.values.push(TAGS.bytes);
      this.#writeCount(object.length);
      this.apart.push(object);
    } else if (Array.isArray(object)) this.#writeMany(TAGS.list, object.length, object);
    else if (object instanceof Map) this.#writeMany(TAGS.map, object.size, [...object].flat());
    else if (object instanceof Set) this.#writeMany(TAGS.set, object.size, object);
    else this.#writeRecord(object);
  }

  #writeMany(tag: number, count: number, items: Iterable<unknown>): void {
    this.values.push(tag);
    this.#writeCount(count);
    for (const item of items) this.write(item);
  }

  #writeRecord(record: object): void {
    const prototype = Object.getPrototypeOf(record);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new RangeError(`"data" expected plain data, got a ${prototype.constructor?.name}`);
    }
    const names = Object.keys(record);
    const joined = names.join('\0');
    const shape = this.#shapes.get(joined);
    if (shape === undefined) {
      this.#shapes.set(joined, this.#shapes.size);
      this.values.push(TAGS.newRecord);
      this.#writeText(joined);
    } else {
      this.values.push(TAGS.record);
      this.#writeCount(shape);
    }
    for (const name of names) this.write((record as Record<string, unknown>)[name]);
  }
}

class PlainReader {
  readonly #values: Uint8Array;
  readonly #apart: Uint8Array;
  readonly #met: object[] = [];
  readonly #shapes: string[][] = [];
  #at = 0;
  #apartAt = 0;

  constructor(values: Uint8Array, apart: Uint8Array) {
    this.#values = values;
    this.#apart = apart;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#values.length && this.#apartAt === this.#apart.length;
  }

  read(): unknown {
    const tag = this.#readByte();
    if (tag >= SMALL) return tag - SMALL;
    switch (tag) {
      case TAGS.undefined:
        return undefined;
      case TAGS.null:
        return null;
      case TAGS.true:
        return true;
      case TAGS.false:
        return false;
      case TAGS.whole:
        return this.#readCount();
      case TAGS.below:
        return -this.#readCount();
      case TAGS.float:
        for (let at = 0; at < 8; at++) FLOAT.setUint8(at, this.#readByte());
        return FLOAT.getFloat64(0);
      case TAGS.text:
        return this.#readText();
      case TAGS.again:
        return this.#known(this.#met[this.#readCount()]);
      case TAGS.bytes:
        return this.#readBytes(this.#readCount());
      case TAGS.list:
        return this.#readMany<unknown[]>([], (list) => list.push(this.read()));
      case TAGS.map:
        return this.#readMany(new Map(), (map) => map.set(this.read(), this.read()));
      case TAGS.set:
        return this.#readMany(new Set(), (set) => set.add(this.read()));
      case TAGS.newRecord:
        this.#shapes.push(this.#readText().split('\0'));
        return this.#readRecord(this.#shapes.length - 1);
      case TAGS.record:
        return this.#readRecord(this.#readCount());
      default:
        throw new RangeError(`"values" expected a tag, got ${tag}`);
    }
  }

  #readByte(): number {
    return this.#known(this.#values[this.#at++]);
  }

  #known<T>(value: T | undefined): T {
    if (value === undefined) throw new RangeError('"values" expected the bytes of plain data');
    return value;
  }

  #readCount(): number {
    let count = 0;
    for (let place = 1; ; place *= 128) {
      const byte = this.#readByte();
      count += (byte % 128) * place;
      if (byte < 128) return count;
      if (place > Number.MAX_SAFE_INTEGER) throw new RangeError('"values" expected a number of 53 bits');
    }
  }

  #readText(): string {
    const length = this.#readCount();
    this.#at += length;
    return Buffer.from(this.#values.subarray(this.#at - length, this.#at)).toString();
  }

  /** A copy: a view would hold on to all of them. */
  #readBytes(length: number): Uint8Array {
    this.#apartAt += length;
    const bytes = Uint8Array.from(this.#apart.subarray(this.#apartAt - length, this.#apartAt));
    if (bytes.length !== length) throw new RangeError('"apart" expected more bytes');
    this.#met.push(bytes);
    return bytes;
  }

  #readMany<T extends object>(many: T, readOne: (many: T) => void): T {
    this.#met.push(many);
    for (let left = this.#readCount(); left > 0; left--) readOne(many);
    return many;
  }

  #readRecord(shape: number): object {
    const record: Record<string, unknown> = {};
    this.#met.push(record);
    const names = this.#known(this.#shapes[shape]);
    for (const name of names[0] === '' ? [] : names) record[name] = this.read();
    return record;
  }
}
