/** Files of which a power cut leaves the old one or the new one, never a part. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Writes beside the file, readable by its owner alone, makes that durable, and only then gives it the name.
 * @param mode - `create` refuses with EEXIST what stands there already.
 * @throws the system's own error.
 */
export function writeDurableFile(path: string, text: string, mode: 'create' | 'replace'): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (mode === 'create') linkSync(temporary, path);
    else renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncPath(dirname(path));
}

/** A name or a content is durable when the file, or the folder that holds the name, was flushed. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
