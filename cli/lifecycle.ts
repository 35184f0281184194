/** How a long-running command ends: once, cleanly, on Ctrl-C, on a service manager's signal, or with its parent. */

/**
 * Waits until the process is asked to stop, then runs `stop`. A second signal while stopping is ignored: what is being
 * written gets written, and a caller who cannot wait has SIGKILL.
 */
export function untilStopped(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const begin = () => {
      if (stopping) return;
      stopping = true;
      stop().then(resolve, reject);
    };
    process.on('SIGINT', begin);
    process.on('SIGTERM', begin);
    // A parent that forked us and is gone leaves nobody to stop us later.
    if (process.channel !== undefined) {
      process.on('disconnect', begin);
      process.channel.unref(); // listening must not keep a stopped process alive
    }
  });
}
