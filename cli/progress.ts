/** Progress on stderr for anything that takes longer than a second; silent before that. */

const QUIET_MILLIS = 1_000;
const FRAME_MILLIS = 250;
/** Between two lines of a tally where no terminal redraws them: logs are read later. */
const LOGGED_MILLIS = 10_000;

/**
 * Runs `work` and, from the first second on, shows what it is doing and for how long.
 * On a terminal the line is redrawn; elsewhere it is written once.
 */
export async function withProgress<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  const onTerminal = process.stderr.isTTY === true;
  let drawn = false;
  const timer = setInterval(() => {
    const elapsed = performance.now() - startedAt;
    if (elapsed < QUIET_MILLIS || (drawn && !onTerminal)) return;
    process.stderr.write(onTerminal ? `\r${what} … ${(elapsed / 1000).toFixed(0)} s` : `${what} …\n`);
    drawn = true;
  }, FRAME_MILLIS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (drawn && onTerminal) process.stderr.write('\r\u001b[K');
  }
}

/** As `withProgress`, for work that knows how far it is. */
export async function withCountedProgress<Result>(
  what: string,
  total: number,
  work: (onProgress: (done: number) => void) => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const onTerminal = process.stderr.isTTY === true;
  let shownAt = startedAt;
  let drawn = false;
  const result = await work((done) => {
    const now = performance.now();
    if (now - shownAt < (drawn && onTerminal ? FRAME_MILLIS : QUIET_MILLIS)) return;
    shownAt = now;
    drawn = true;
    process.stderr.write(`${onTerminal ? '\r' : ''}${what} … ${done} of ${total}${onTerminal ? '' : '\n'}`);
  });
  if (drawn && onTerminal) process.stderr.write('\r\u001b[K');
  return result;
}

/** As `withProgress`, for work that counts and cannot know how much there is. */
export async function withTally<Result>(
  what: string,
  work: (onCount: (done: number) => void) => Promise<Result>,
): Promise<Result> {
  const onTerminal = process.stderr.isTTY === true;
  const between = onTerminal ? FRAME_MILLIS : LOGGED_MILLIS;
  let shownAt = performance.now();
  let drawn = false;
  const result = await work((done) => {
    const now = performance.now();
    if (now - shownAt < (drawn ? between : QUIET_MILLIS)) return;
    shownAt = now;
    drawn = true;
    process.stderr.write(`${onTerminal ? '\r' : ''}${done} ${what} …${onTerminal ? '' : '\n'}`);
  });
  if (drawn && onTerminal) process.stderr.write('\r\u001b[K');
  return result;
}
