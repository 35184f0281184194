/** What these sections read of the server's answers; the OpenAPI document has the whole of them. */

export interface Sold {
  readonly currency: string;
  readonly sales: number;
  readonly reversals: number;
  readonly paidMinor: number;
  readonly amountDeciKwh: number;
}

export interface Minute {
  readonly at: string;
  readonly sold: readonly Sold[];
  readonly refused: number;
  readonly failed: number;
}

export interface SalesNow {
  readonly at: string;
  readonly day: string;
  readonly timeZone: string;
  readonly minutes: readonly Minute[];
  readonly today: readonly Sold[];
}

export interface Vendor {
  readonly vendorId: string;
  readonly name: string;
  readonly currency: string;
  readonly creditLimitMinor: number;
  readonly floatMinor: number;
}

export interface VendorFloat extends Vendor {
  readonly availableMinor: number;
  readonly soldTodayMinor: number;
  readonly lowBecause: 'creditLimit' | 'day' | null;
}

export interface VendorsPage {
  readonly vendors: readonly VendorFloat[];
  readonly next: string | null;
}

export interface Alarm {
  readonly alarmId: number;
  readonly at: string;
  readonly ruleId: string;
  readonly vendorId: string;
  readonly operatorId: string | null;
  readonly meterPan: string | null;
  readonly detail: string;
  readonly acknowledgedBy: string | null;
  readonly acknowledgedAt: string | null;
  readonly note: string;
}

export interface AlarmsPage {
  readonly alarms: readonly Alarm[];
  readonly next: number | null;
}

export const APPROVAL_KINDS = [
  'tariffVersion',
  'deposit',
  'depositReversal',
  'saleReversal',
  'creditLimit',
  'commissionTerms',
  'commissionPayment',
  'freeIssue',
  'replacement',
  'changeOut',
  'engineeringToken',
  'user',
  'passwordReset',
  'setting',
] as const;

export type ApprovalKind = (typeof APPROVAL_KINDS)[number];

export const APPROVAL_STATES = ['pending', 'approved', 'executed', 'rejected', 'expired'] as const;

export interface Approval {
  readonly approvalId: string;
  readonly kind: ApprovalKind;
  readonly state: (typeof APPROVAL_STATES)[number];
  readonly payload: Readonly<Record<string, unknown>>;
  readonly vendorId: string | null;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
  readonly decidedBy: string | null;
  readonly decidedAt: string | null;
  readonly note: string;
}

export interface ApprovalsPage {
  readonly approvals: readonly Approval[];
  readonly next: string | null;
}

export interface AuditRow {
  readonly sequence: number;
  readonly at: string;
  readonly principal: string;
  readonly roles: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
  readonly requestId: string;
}

export interface AuditPage {
  readonly entries: readonly AuditRow[];
  readonly next: number | null;
}

export interface AuditVerification {
  readonly isWhole: boolean;
  readonly entries: number;
  readonly findings: readonly { readonly kind: string; readonly sequence: number }[];
  readonly head: { readonly sequence: number; readonly entryHash: string };
}

export interface LedgerModule {
  readonly moduleId: string;
  readonly publicKey: string;
  readonly isOwn: boolean;
  readonly head: { readonly counter: number; readonly entryHash: string } | null;
}

export interface LedgerReport {
  readonly verified: boolean;
  readonly entries: number;
  readonly released: number;
  readonly unreleased: { readonly count: number };
  readonly head: { readonly counter: number; readonly entryHash: string };
  readonly sums: Readonly<Record<string, { readonly debitMinor: string; readonly creditMinor: string }>>;
  readonly witnessedHeads: number;
  readonly findings: readonly {
    readonly kind: string;
    readonly counter?: number;
    readonly line?: number;
    readonly detail: string;
  }[];
  readonly findingCounts: Readonly<Record<string, number>>;
}

export type ProofLine =
  | { readonly kind: 'progress'; readonly entries: number }
  | { readonly kind: 'report'; readonly report: LedgerReport };

export interface FloatEntry {
  readonly entryId: number;
  readonly kind: 'sale' | 'saleReversal' | 'deposit' | 'depositReversal' | 'commission';
  readonly reference: string;
  readonly at: string;
  readonly amountMinor: number;
  readonly balanceMinor: number;
}

export interface StatementPage {
  readonly entries: readonly FloatEntry[];
  readonly next: number | null;
}

export interface Batch {
  readonly batchId: string;
  readonly kind: 'sales' | 'banking';
  readonly closedAt: string;
  readonly closedBy: string;
  readonly reference: string;
}

export interface BatchesPage {
  readonly batches: readonly Batch[];
  readonly next: number | null;
}

export interface Commission {
  readonly currency: string;
  readonly isOver: boolean;
  readonly isPaid: boolean;
  readonly lines: readonly { readonly kind: string; readonly amountMinor: number }[];
  readonly totalMinor: number;
}

export interface DayEnd {
  readonly day: string;
  readonly closedAt: string;
  readonly closedBy: string;
  readonly figures: {
    readonly accounts: readonly {
      readonly account: string;
      readonly openingMinor: string;
      readonly lateMinor: string;
      readonly debitMinor: string;
      readonly creditMinor: string;
      readonly closingMinor: string;
    }[];
    readonly sales: { readonly all: { readonly sales: number; readonly reversals: number } };
    readonly ties: { readonly balanced: boolean; readonly salesTie: boolean };
  };
}

export const ROLE_NAMES = [
  'seller',
  'supervisor',
  'engineer',
  'tariffAdmin',
  'keyCustodian',
  'auditor',
  'administrator',
] as const;

export interface User {
  readonly userId: string;
  readonly name: string;
  readonly roles: readonly (typeof ROLE_NAMES)[number][];
  readonly vendorId: string | null;
  readonly isDisabled: boolean;
  readonly version: number;
  readonly hasPassword: boolean;
}

export interface UsersPage {
  readonly users: readonly User[];
  readonly next: string | null;
}

export const REPORT_STATES = ['open', 'underWay', 'closed'] as const;

export const REPORT_KINDS = [
  'noSupply',
  'tokenRejected',
  'displayBlank',
  'meterDamaged',
  'tampered',
  'other',
] as const;

export interface FaultReport {
  readonly reportId: number;
  readonly vendorId: string;
  readonly meterPan: string;
  readonly kind: (typeof REPORT_KINDS)[number];
  readonly text: string;
  readonly reportedAt: string;
  readonly reportedBy: string;
  readonly state: (typeof REPORT_STATES)[number];
  readonly note: string;
}
