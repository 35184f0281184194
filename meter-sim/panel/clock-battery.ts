/**
 * Keeps a live meter's clock going over a restart, as its battery would: a meter that was driven faster than time, or whose clock
 * was set, comes back with its own time and the length of the pause, not with the time of this machine.
 */
import type { DataFolder } from './data-folder.ts';

const LATEST_EPOCH_SECONDS = 4_294_967_295;
const NOTE_MILLIS = 1_000;

export class ClockBattery {
  readonly #folder: DataFolder;
  #noted: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #clock: (() => number) | undefined;

  constructor(folder: DataFolder) {
    this.#folder = folder;
    this.#noted = folder.readClockAhead();
  }

  /** What the clock says as the meter comes on. */
  epochSeconds(): number {
    const epochSeconds = machineSeconds() + (this.#noted ?? 0);
    return Math.min(Math.max(epochSeconds, 0), LATEST_EPOCH_SECONDS);
  }

  /** Notes from now on, every second and at the stop, what has become of the clock. @param clock - gives its epoch seconds. */
  keep(clock: () => number): void {
    this.#clock = clock;
    this.#timer = setInterval(() => this.#note(), NOTE_MILLIS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#note();
  }

  #note(): void {
    if (this.#clock === undefined) return;
    const ahead = Math.floor(this.#clock()) - machineSeconds();
    // A meter in real time strays by a second now and then: that is the rounding of two clocks.
    if (this.#noted !== undefined && Math.abs(ahead - this.#noted) <= 1) return;
    try {
      this.#folder.writeClockAhead(ahead);
      this.#noted = ahead;
    } catch {
      // A disk that is full costs the meter its time and not its life; the next second tries again.
    }
  }
}

function machineSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
