/** Lengths of time as people write them in scenarios: `90s`, `1.5h`, `1h 30s`, `250ms`, or a number of seconds. */

const UNIT_MICROS: Readonly<Record<string, number>> = {
  us: 1,
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

const PART = /(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/g;
export const DURATION = /^\d+(\.\d+)?(us|ms|s|m|h|d)( \d+(\.\d+)?(us|ms|s|m|h|d))*$/;

/** @returns whole µs. @throws RangeError when the text is no such length. */
export function microsOf(duration: number | string): number {
  if (typeof duration === 'number') return whole(duration * 1e6, duration);
  if (!DURATION.test(duration)) throw notADuration(duration);
  let micros = 0;
  for (const [, amount, unit] of duration.matchAll(PART)) {
    micros += Number(amount) * (UNIT_MICROS[unit as string] as number);
  }
  return whole(micros, duration);
}

/** The shortest text for a moment, such as `1h 2m 3.5s`. */
export function durationText(micros: number): string {
  let rest = micros;
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm']) {
    const size = UNIT_MICROS[unit] as number;
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  if (rest > 0 || parts.length === 0) parts.push(`${rest / 1e6}s`);
  return parts.join(' ');
}

function whole(micros: number, written: number | string): number {
  const rounded = Math.round(micros);
  if (!(rounded >= 0 && rounded <= Number.MAX_SAFE_INTEGER)) throw notADuration(written);
  return rounded;
}

function notADuration(written: number | string): RangeError {
  return new RangeError(`"duration" expected a length such as 90s or 1.5h, got ${JSON.stringify(written)}`);
}
