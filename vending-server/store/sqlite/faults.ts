/** What an error of the SQLite driver means to a caller: damage, no service, or a bug of ours. */
import { StsFault } from '../../../lib/faults.ts';

/** Result codes (primary part) that say that the file itself is wrong. */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB|FORMAT)/;

/** Result codes that say that the file is right and cannot be used now: full disk, I/O error, lock, permission. */
const UNAVAILABLE =
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|READONLY|CANTOPEN|PROTOCOL|NOMEM|PERM|AUTH|INTERRUPT|NOLFS)/;

/**
 * @returns StsFault `store_damaged` or `store_unavailable` with the driver's error as its cause; any other error as it is.
 *   The detail is SQLite's result code alone: a message could quote a row.
 */
export function storeFault(error: unknown): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  if (DAMAGED.test(code)) return new StsFault('store_damaged', code, { cause: error });
  if (UNAVAILABLE.test(code)) return new StsFault('store_unavailable', code, { cause: error });
  return error;
}

/** True when the error is about the file or the disk, so that nothing more of the same transaction can succeed. */
export function isStorageError(error: unknown): boolean {
  return storeFault(error) !== error;
}

function sqliteCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'SqliteError') return undefined;
  const { code } = error as Error & { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
