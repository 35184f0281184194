/** Secrets of this server that stand in its data folder: one text a file, readable by its owner alone. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { StsFault } from '../../lib/faults.ts';

/**
 * The secret of a file, made and durable there when there is none. Of two processes that start at once both get the same.
 * @throws StsFault `data_folder_unusable`; the secret is in no message.
 */
export function readOrMakeSecret(path: string, make: () => string): string {
  return (
    attempt(() => readIfThere(path)) ??
    attempt(() => {
      write(path, make(), 'create');
      return readFileSync(path, 'utf8');
    })
  );
}

/** @throws StsFault `data_folder_unusable`; then the old secret stands. */
export function replaceSecret(path: string, secret: string): void {
  attempt(() => write(path, secret, 'replace'));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Beside the file first, so that a power cut leaves the old one or the new one. */
function write(path: string, secret: string, mode: 'create' | 'replace'): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, secret);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (mode === 'create') linkUnlessThere(temporary, path);
    else renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function linkUnlessThere(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new StsFault('data_folder_unusable', codeOf(error), { cause: error });
  }
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
