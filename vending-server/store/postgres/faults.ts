/** What an error of the PostgreSQL driver means to a caller: damage, no service, or a bug of ours. */
import { StsFault } from '../../../lib/faults.ts';

/** SQLSTATEs that say that a page or an index is wrong. */
const DAMAGED = /^XX00[12]$/;

/**
 * SQLSTATEs that say that the database cannot be used now: connection (08), wrong login or database (28, 3D), rolled back for
 * others (40), read-only standby (25006), resources and full disk (53), cancelled, shut down or starting (57), its own disk
 * (58), a lock that did not come free (55P03).
 */
const UNAVAILABLE = /^(08|28|3D|40|53|57|58|25006|55P03)/;

/** Errors of the socket and of the driver's own pool, which carry no SQLSTATE. */
const SOCKET =
  /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOTFOUND|EAI_|ENOENT|EACCES|SELF_SIGNED|CERT_|DEPTH_|ERR_TLS|ERR_SSL|UNABLE_TO)/;
const DRIVER =
  /connection terminated|timeout exceeded|not queryable|connection ended|Query read timeout|pool after calling end|SSL|SASL/i;

/**
 * @returns StsFault `store_damaged` or `store_unavailable`; for anything else an error that names the SQLSTATE and the broken
 *   rule alone. No cause is kept: PostgreSQL quotes the failing row, and a row holds a token number.
 */
export function postgresFault(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof StsFault) return error;
  const code = codeOf(error);
  if (code !== undefined && DAMAGED.test(code)) return new StsFault('store_damaged', code);
  if (isConnectionError(error)) return new StsFault('store_unavailable', code ?? 'no connection');
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return error;
  if (UNAVAILABLE.test(code)) return new StsFault('store_unavailable', code);
  const { constraint } = error as { constraint?: unknown };
  const rule = typeof constraint === 'string' ? ` (${constraint})` : '';
  return new Error(`the database refused with ${code}${rule}`);
}

/** True when a statement's fate is unknown, or it was never sent: whether it was kept must be asked anew. */
export function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = codeOf(error);
  if (code === undefined) return DRIVER.test(error.message);
  return SOCKET.test(code) || /^(08|57P0[1-5])/.test(code);
}

/** True when the database undid a statement for the sake of another one: the same again will do. */
export function isRolledBackForOthers(error: unknown): boolean {
  return error instanceof Error && /^(40001|40P01)$/.test(codeOf(error) ?? '');
}

/** True when the rows themselves break a rule of the schema, so that a repetition is useless. */
export function isBrokenRule(error: unknown): boolean {
  return error instanceof Error && /^2[23]/.test(codeOf(error) ?? '');
}

/** True when others held what a statement needed: it was undone, and the same again will do when they are done. */
export function isHeldUp(error: unknown): boolean {
  return isLockTimeout(error) || isRolledBackForOthers(error);
}

export function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && codeOf(error) === '55P03';
}

function codeOf(error: Error): string | undefined {
  const { code } = error as Error & { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
