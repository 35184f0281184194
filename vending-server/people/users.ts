/** Users: who they are and which roles they have. Opening and changing them is a matter for two (approval-kinds.ts). */
import { StsFault } from '../../lib/faults.ts';
import type { PutUserResult, UserFields, UserPut, UserRecord } from '../store/people-contract.ts';
import type { PeopleContext } from './context.ts';
import { ROLES, VENDOR_ROLES } from './roles.ts';

export interface UserRequest extends Omit<UserFields, 'isDisabled'> {
  readonly isDisabled?: boolean;
  /** 0 for a new user, else the version that the change is made to. */
  readonly version: number;
}

/**
 * Roles in the order of the table, each once.
 * @throws StsFault `request_malformed` for a user of a vendor with a role of the utility, and for a seller of no vendor.
 */
export function userFieldsOf({ userId, name, roles, vendorId, isDisabled = false }: UserRequest): UserFields {
  const ordered = ROLES.filter((role) => roles.includes(role));
  const wrong =
    vendorId === null
      ? ordered.find((role) => role === 'seller')
      : ordered.find((role) => !VENDOR_ROLES.includes(role));
  if (wrong !== undefined) {
    const who = vendorId === null ? 'a user of the utility' : 'a user of a vendor';
    throw new StsFault('request_malformed', `${who} cannot be ${wrong}`, { param: 'roles' });
  }
  return { userId, name, roles: ordered, vendorId, isDisabled };
}

/** @throws StsFault `user_changed`, `vendor_unknown`. */
export async function putUser({ store }: PeopleContext, put: UserPut): Promise<UserRecord> {
  return userOf(await store.people.putUser(put));
}

/** @throws StsFault `user_changed`, `vendor_unknown`. */
export function userOf(result: PutUserResult): UserRecord {
  switch (result.kind) {
    case 'created':
    case 'changed':
    case 'same':
      return result.user;
    case 'version_differs':
      throw new StsFault('user_changed', `version ${result.version}`, { param: 'version' });
    case 'vendor_unknown':
      throw new StsFault('vendor_unknown', undefined, { param: 'vendorId' });
  }
}

/** How many users of the utility could decide about something that these roles may approve. */
export async function countDeciders(
  { store }: Pick<PeopleContext, 'store'>,
  roles: readonly string[],
): Promise<number> {
  let found = 0;
  let after = '';
  for (;;) {
    const page = await store.people.users(after, 200);
    const last = page.at(-1);
    if (last === undefined) return found;
    found += page.filter(
      (user) =>
        user.vendorId === null &&
        !user.isDisabled &&
        user.hasPassword &&
        user.roles.some((role) => roles.includes(role)),
    ).length;
    after = last.userId;
  }
}
