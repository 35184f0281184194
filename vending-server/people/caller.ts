/** Who calls: a person signed in, or a machine with an API key. */
import { StsFault } from '../../lib/faults.ts';
import { holds, type Permission, type Role } from './roles.ts';

export interface Caller {
  readonly kind: 'user' | 'key';
  /** Stands in the books for who it was: `user:<id>` or `key:<id>`. */
  readonly principal: string;
  /** null for a machine. */
  readonly userId: string | null;
  /** Which session or key it came by; not the secret itself. */
  readonly credentialId: string;
  readonly roles: readonly Role[];
  /** null for the utility's own people and machines. */
  readonly vendorId: string | null;
  /** What a key is limited to; null for all that its roles hold. */
  readonly scopes: readonly Permission[] | null;
}

/** Of routes that are open to all: nothing may depend on who it is. */
export const NOBODY: Caller = {
  kind: 'key',
  principal: 'nobody',
  userId: null,
  credentialId: '',
  roles: [],
  vendorId: '',
  scopes: [],
};

export function may(caller: Caller, permission: Permission): boolean {
  if (caller.scopes !== null && !caller.scopes.includes(permission)) return false;
  return holds(caller.roles, caller.vendorId !== null, permission);
}

/** @throws StsFault `permission_denied`. */
export function assertMay(caller: Caller, permission: Permission): void {
  if (!may(caller, permission)) throw new StsFault('permission_denied', permission);
}

/** @throws StsFault `permission_denied` when the caller belongs to another vendor. */
export function assertOwn(caller: Caller, vendorId: string): void {
  if (caller.vendorId !== null && caller.vendorId !== vendorId) throw new StsFault('permission_denied');
}
