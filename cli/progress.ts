/** Progress on stderr for anything that takes longer than a second; silent before that. */

const QUIET_MILLIS = 1_000;
const FRAME_MILLIS = 250;
/** Between two lines of a tally where no terminal redraws them: logs are read later. */
const LOGGED_MILLIS = 10_000;

/** One line on stderr: drawn again on a terminal and gone at the end, written each time elsewhere. */
export class StatusLine {
  readonly onTerminal = process.stderr.isTTY === true;
  #isDrawn = false;

  get isDrawn(): boolean {
    return this.#isDrawn;
  }

  draw(text: string): void {
    this.#isDrawn = true;
    process.stderr.write(this.onTerminal ? `\r${text}\u001b[K` : `${text}\n`);
  }

  end(): void {
    if (this.#isDrawn && this.onTerminal) process.stderr.write('\r\u001b[K');
  }
}

/**
 * Runs `work` and, from the first second on, shows what it is doing and for how long.
 * On a terminal the line is redrawn; elsewhere it is written once.
 */
export async function withProgress<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const line = new StatusLine();
  const timer = setInterval(() => {
    const elapsed = performance.now() - startedAt;
    if (elapsed < QUIET_MILLIS || (line.isDrawn && !line.onTerminal)) return;
    line.draw(line.onTerminal ? `${what} … ${(elapsed / 1000).toFixed(0)} s` : `${what} …`);
  }, FRAME_MILLIS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    line.end();
  }
}

/** As `withProgress`, for work that knows how far it is. */
export async function withCountedProgress<Result>(
  what: string,
  total: number,
  work: (onProgress: (done: number) => void) => Promise<Result>,
): Promise<Result> {
  const line = new StatusLine();
  let shownAt = performance.now();
  const result = await work((done) => {
    const now = performance.now();
    if (now - shownAt < (line.isDrawn && line.onTerminal ? FRAME_MILLIS : QUIET_MILLIS)) return;
    shownAt = now;
    line.draw(`${what} … ${done} of ${total}`);
  });
  line.end();
  return result;
}

/** As `withProgress`, for work that counts and cannot know how much there is. */
export async function withTally<Result>(
  what: string,
  work: (onCount: (done: number) => void) => Promise<Result>,
): Promise<Result> {
  const line = new StatusLine();
  const between = line.onTerminal ? FRAME_MILLIS : LOGGED_MILLIS;
  let shownAt = performance.now();
  const result = await work((done) => {
    const now = performance.now();
    if (now - shownAt < (line.isDrawn ? between : QUIET_MILLIS)) return;
    shownAt = now;
    line.draw(`${done} ${what} …`);
  });
  line.end();
  return result;
}
