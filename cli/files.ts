/** Files named on the command line. */
import { mkdirSync, readFileSync } from 'node:fs';
import type { z } from 'zod';
import { StsFault } from '../lib/faults.ts';

/** @throws StsFault `file_unreadable` naming the flag. */
export function readTextFile(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new StsFault('file_unreadable', `${flag} ${path}`, { param: flag, cause });
  }
}

/** The only line of a file that holds one secret. */
export function readSecretFile(path: string, flag: string): string {
  const secret = readTextFile(path, flag).trim();
  if (secret === '' || secret.includes('\n')) {
    throw new StsFault('file_unreadable', `${flag} ${path} must hold one line`, { param: flag });
  }
  return secret;
}

/** @throws StsFault `file_unreadable` when the file is not JSON; its content, which may be a key, is not quoted. */
export function readJson(path: string, flag: string): unknown {
  const text = readTextFile(path, flag);
  try {
    return JSON.parse(text);
  } catch {
    throw new StsFault('file_unreadable', `${flag} ${path} is not JSON`, { param: flag });
  }
}

/** @throws StsFault `file_unreadable` when the file is not JSON of this shape; its content is not quoted. */
export function readJsonFile<Shape>(path: string, flag: string, shape: z.ZodType<Shape>): Shape {
  const parsed = shape.safeParse(readJson(path, flag));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new StsFault('file_unreadable', `${flag} ${path}: field "${where}" is not as documented`, {
    param: flag,
  });
}

/** @throws StsFault `data_folder_unusable`. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StsFault('data_folder_unusable', path, { param: '--data', cause });
  }
}
