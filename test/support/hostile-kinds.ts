/**
 * What a parameter takes, told as data: a sample, what else is legitimate, and the fields inside. `hostile-exports.ts` says it
 * of every export of the library, and a test feeds each place with everything of `HOSTILE_VALUES`.
 */

export interface Kind {
  /** A fresh legitimate value. */
  readonly sample: () => unknown;
  /** Whether a value is legitimate too; never throws. */
  readonly accepts: (value: unknown) => boolean;
  /** Fields of an object, each fed by itself. */
  readonly fields?: Readonly<Record<string, Kind>>;
  /** What the elements of an array are. */
  readonly items?: Kind;
  /** Other names by which a refusal may call it. */
  readonly alias?: readonly string[];
  /** Why nothing hostile is fed here. */
  readonly trusted?: string;
  /** Why an engine's own TypeError is refusal enough, where no object is given at all. */
  readonly unnamed?: string;
}

export function int(min: number, max: number, sample: number): Kind {
  return {
    sample: () => sample,
    accepts: (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
  };
}

export function number(sample: number): Kind {
  return { sample: () => sample, accepts: (value) => typeof value === 'number' && Number.isFinite(value) };
}

export function big(sample: bigint, most: bigint): Kind {
  return {
    sample: () => sample,
    accepts: (value) => typeof value === 'bigint' && value <= most && value >= -most,
  };
}

export function bool(sample: boolean): Kind {
  return { sample: () => sample, accepts: (value) => typeof value === 'boolean' };
}

export function text(pattern: RegExp, sample: string): Kind {
  return { sample: () => sample, accepts: (value) => typeof value === 'string' && pattern.test(value) };
}

export function oneOf(...values: readonly unknown[]): Kind {
  return { sample: () => values[0], accepts: (value) => values.includes(value) };
}

export function bytes(...samples: readonly string[]): Kind {
  const lengths = samples.map((sample) => sample.length / 2);
  return {
    sample: () => Uint8Array.from(Buffer.from(samples[0] ?? '', 'hex')),
    accepts: (value) =>
      ArrayBuffer.isView(value) && value instanceof Uint8Array && lengths.includes(value.length),
  };
}

export function object(fields: Readonly<Record<string, Kind>>): Kind {
  return {
    sample: () => Object.fromEntries(Object.entries(fields).map(([name, kind]) => [name, kind.sample()])),
    accepts: (value) => {
      if (typeof value !== 'object' || value === null) return false;
      try {
        return Object.entries(fields).every(([name, kind]) => kind.accepts(Reflect.get(value, name)));
      } catch {
        return false;
      }
    },
    fields,
  };
}

export function list(items: Kind, length: number, min = 0): Kind {
  return {
    sample: () => Array.from({ length }, () => items.sample()),
    accepts: (value) => {
      try {
        // Spread, so that holes count as the undefined that they read as.
        return (
          Array.isArray(value) &&
          value.length >= min &&
          value.length < 1000 &&
          [...value].every(items.accepts)
        );
      } catch {
        return false;
      }
    },
    items,
  };
}

export function optional(kind: Kind): Kind {
  return { ...kind, accepts: (value) => value === undefined || kind.accepts(value) };
}

export function anything(sample: unknown): Kind {
  return { sample: () => sample, accepts: () => true };
}

export function trusted(reason: string, sample: () => unknown): Kind {
  return { sample, accepts: () => true, trusted: reason };
}

/** The same, known to refusals under other names too. */
export function named(kind: Kind, ...alias: readonly string[]): Kind {
  return { ...kind, alias };
}

export function unnamed(kind: Kind, reason: string): Kind {
  return { ...kind, unnamed: reason };
}
