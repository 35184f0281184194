/** Secrets of this server that stand in its data folder: one text a file, readable by its owner alone. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { StsFault } from '../../lib/faults.ts';
import { syncPath, writeDurableFile } from '../durable-file.ts';

/**
 * The secret of a file, made and durable there when there is none. Of two processes that start at once both get the same.
 * @throws StsFault `data_folder_unusable`; the secret is in no message.
 */
export function readOrMakeSecret(path: string, make: () => string): string {
  return (
    attempt(() => readIfThere(path)) ??
    attempt(() => {
      createUnlessThere(path, make());
      return readFileSync(path, 'utf8');
    })
  );
}

/** @throws StsFault `data_folder_unusable`; then the old secret stands. */
export function replaceSecret(path: string, secret: string): void {
  attempt(() => writeDurableFile(path, secret, 'replace'));
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Another process that started at once may have been first: then its secret stands, made durable here too. */
function createUnlessThere(path: string, secret: string): void {
  try {
    writeDurableFile(path, secret, 'create');
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    syncPath(dirname(path));
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
