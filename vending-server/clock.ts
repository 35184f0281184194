/** Time and chance as the server's rooms see them; the real ones are made in `main.ts`, tests bring their own. */

export interface Clock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** The latest moment known, to judge what has ended by then where `now` may refuse to date anything; `now` when absent. */
  latest?(): number;
}

/** @returns the latest moment known, never refused: what was answered stays answered, also while the clock may date nothing. */
export function latestOf(clock: Clock): number {
  return clock.latest?.() ?? clock.now();
}

export interface Random {
  /** Unpredictable bytes: API keys are made of them. */
  bytes(length: number): Uint8Array;
}
