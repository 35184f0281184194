/** Why something is given without money: one word of a list that reports can count, and a sentence for whoever asks later. */

export const FREE_ISSUE_REASONS = [
  'faultyMeter',
  'outage',
  'correction',
  'relief',
  'goodwill',
  'test',
  'other',
] as const;
export const REPLACEMENT_REASONS = ['notDelivered', 'lost', 'unreadable', 'refusedByMeter', 'other'] as const;
export const CHANGE_OUT_REASONS = ['faulty', 'tampered', 'upgrade', 'damaged', 'other'] as const;
export const ENGINEERING_REASONS = [
  'commissioning',
  'maintenance',
  'tamper',
  'faultFinding',
  'customerRequest',
  'other',
] as const;

export type ReasonCode =
  | (typeof FREE_ISSUE_REASONS)[number]
  | (typeof REPLACEMENT_REASONS)[number]
  | (typeof CHANGE_OUT_REASONS)[number]
  | (typeof ENGINEERING_REASONS)[number];

export interface Reason {
  readonly reasonCode: ReasonCode;
  /** Free text; it stands on the receipt. */
  readonly reason: string;
}
