/**
 * Who may do what, as one table: roles of people, and for each permission the roles that hold it and how far it reaches.
 * No role holds both ends of a money movement's approval alone, and nobody who sells sets prices (vending.md section 10).
 */

export const ROLES = [
  'seller',
  'supervisor',
  'engineer',
  'tariffAdmin',
  'keyCustodian',
  'auditor',
  /** Opens users and API keys and sets policies; sells nothing and moves no money. */
  'administrator',
] as const;

export type Role = (typeof ROLES)[number];

/** Roles that a user of a vendor may have; all others are the utility's own. */
export const VENDOR_ROLES: readonly Role[] = ['seller', 'supervisor'];

/** 'vendor': callers of one vendor alone; 'utility': callers of the utility alone; 'any': both, a vendor for its own. */
export type Reach = 'vendor' | 'utility' | 'any';

interface PermissionEntry {
  readonly roles: readonly Role[];
  readonly reach: Reach;
}

const EVERYBODY = ROLES;
const MONEY: readonly Role[] = ['supervisor', 'auditor'];

export const PERMISSIONS = {
  /** One's own session and password. */
  'self.manage': { roles: EVERYBODY, reach: 'any' },
  'sale.make': { roles: ['seller', 'supervisor'], reach: 'vendor' },
  /** An engineer's own: of what the utility's people gave. */
  'sale.read': { roles: ['seller', 'supervisor', 'engineer', 'auditor'], reach: 'any' },
  'freeIssue.make': { roles: ['supervisor'], reach: 'utility' },
  'replacement.make': { roles: ['supervisor'], reach: 'utility' },
  /** For inspectors: was this token ours. */
  'token.verify': { roles: ['supervisor', 'engineer', 'auditor'], reach: 'utility' },
  'meter.read': { roles: ['seller', 'supervisor', 'engineer', 'auditor'], reach: 'any' },
  'meter.lookUp': { roles: ['seller', 'supervisor'], reach: 'vendor' },
  'meter.register': { roles: ['engineer'], reach: 'utility' },
  'meter.engineer': { roles: ['engineer'], reach: 'utility' },
  /** Whose meter it is: in full for the utility's people, masked for those who sell. */
  'customer.read': { roles: ['supervisor', 'engineer', 'auditor'], reach: 'utility' },
  'customer.put': { roles: ['supervisor', 'engineer'], reach: 'utility' },
  'customer.search': { roles: ['seller', 'supervisor', 'engineer', 'auditor'], reach: 'any' },
  'faultReport.make': { roles: ['seller', 'supervisor'], reach: 'vendor' },
  'faultReport.read': { roles: ['seller', 'supervisor', 'engineer', 'auditor'], reach: 'any' },
  'faultReport.change': { roles: ['supervisor', 'engineer'], reach: 'utility' },
  /** Settings of a meter; each of them asks for the right of its own kind besides. */
  'meter.change': { roles: ['engineer', 'tariffAdmin'], reach: 'utility' },
  /** Which tariff a meter is on. */
  'meter.tariff': { roles: ['tariffAdmin'], reach: 'utility' },
  /** A set because somebody asks for it, and what was seen of the meter since; of the utility its engineers alone. */
  'keyChange.request': { roles: ['seller', 'supervisor', 'engineer'], reach: 'any' },
  'keyChange.confirm': { roles: ['seller', 'supervisor', 'engineer'], reach: 'any' },
  'keyChange.read': { roles: ['supervisor', 'engineer', 'auditor'], reach: 'utility' },
  'debt.open': { roles: ['supervisor'], reach: 'utility' },
  'tariff.read': { roles: EVERYBODY, reach: 'any' },
  'tariff.put': { roles: ['tariffAdmin'], reach: 'utility' },
  'vendor.read': { roles: ['seller', ...MONEY], reach: 'any' },
  'vendor.open': { roles: ['supervisor'], reach: 'utility' },
  'vendor.rights': { roles: ['supervisor'], reach: 'utility' },
  'float.move': { roles: ['supervisor'], reach: 'utility' },
  'statement.read': { roles: MONEY, reach: 'any' },
  'shift.run': { roles: ['seller', 'supervisor'], reach: 'vendor' },
  'shift.read': { roles: ['seller', ...MONEY], reach: 'any' },
  'batch.close': { roles: ['supervisor'], reach: 'any' },
  'commission.read': { roles: MONEY, reach: 'any' },
  'commission.put': { roles: ['supervisor'], reach: 'utility' },
  'dayEnd.read': { roles: MONEY, reach: 'utility' },
  'dayEnd.close': { roles: ['supervisor'], reach: 'utility' },
  'limit.read': { roles: MONEY, reach: 'any' },
  'limit.put': { roles: ['supervisor'], reach: 'utility' },
  /** All vendors' sales of the moment. */
  'report.read': { roles: MONEY, reach: 'utility' },
  /** The whole ledger: its heads, its proof, its export without token numbers, and witnesses of it. */
  'ledger.prove': { roles: MONEY, reach: 'utility' },
  'alarm.read': { roles: MONEY, reach: 'utility' },
  'alarm.acknowledge': { roles: ['supervisor'], reach: 'utility' },
  'approval.read': {
    roles: ['supervisor', 'engineer', 'tariffAdmin', 'auditor', 'administrator'],
    reach: 'utility',
  },
  'approval.request': { roles: ['supervisor', 'engineer'], reach: 'utility' },
  /** The kind of what is decided asks for its own roles besides. */
  'approval.decide': { roles: ['supervisor', 'engineer', 'tariffAdmin', 'administrator'], reach: 'utility' },
  'user.read': { roles: ['administrator', 'auditor'], reach: 'utility' },
  'user.put': { roles: ['administrator'], reach: 'utility' },
  'key.read': { roles: ['administrator', 'auditor'], reach: 'utility' },
  'key.manage': { roles: ['administrator'], reach: 'utility' },
  /** The client certificates that a vendor must come with. */
  'certificate.read': { roles: ['administrator', 'auditor'], reach: 'utility' },
  'certificate.manage': { roles: ['administrator'], reach: 'utility' },
  'setting.read': { roles: ['administrator', 'auditor'], reach: 'utility' },
  'setting.put': { roles: ['administrator'], reach: 'utility' },
  'audit.read': { roles: ['auditor'], reach: 'utility' },
  /** What is sent to whom: webhooks with their secrets, and the list of messages. */
  'webhook.manage': { roles: ['supervisor', 'administrator'], reach: 'any' },
  'delivery.read': { roles: ['supervisor', 'auditor', 'administrator'], reach: 'any' },
  'delivery.resend': { roles: ['supervisor', 'administrator'], reach: 'any' },
  'lowBalance.tell': { roles: ['supervisor'], reach: 'utility' },
  'receiptKey.rotate': { roles: ['administrator'], reach: 'utility' },
  'keyStore.read': { roles: ['keyCustodian', 'auditor'], reach: 'utility' },
} as const satisfies Record<string, PermissionEntry>;

export type Permission = keyof typeof PERMISSIONS;

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as readonly Permission[];

/** The first key of a data folder and its like: a utility that has no people yet is run with it. */
const OPERATOR_KEY_ROLES: readonly Role[] = ROLES.filter((role) => role !== 'seller');

/** What the two kinds of API keys stand for. */
export function rolesOfKey(role: 'operator' | 'vendor'): readonly Role[] {
  return role === 'operator' ? OPERATOR_KEY_ROLES : ['seller', 'supervisor'];
}

/** @param isVendor - whether the caller belongs to one vendor. */
export function holds(roles: readonly Role[], isVendor: boolean, permission: Permission): boolean {
  const { roles: holders, reach }: PermissionEntry = PERMISSIONS[permission];
  if (reach !== 'any' && (reach === 'vendor') !== isVendor) return false;
  return roles.some((role) => holders.includes(role) && (!isVendor || VENDOR_ROLES.includes(role)));
}
