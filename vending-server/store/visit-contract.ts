/**
 * Customers without an account: their visits, which a receipt opens, and how they want to be told that little is left.
 * Part of the store's contract. What a customer has chosen is personal: it goes when the meter gets another customer.
 */

export interface VisitRecord {
  /** SHA-256 of the secret in the cookie, hex. */
  readonly visitHash: string;
  readonly meterPan: string;
  /** The sale whose receipt was shown. */
  readonly saleId: string;
  readonly soldAt: number;
  readonly openedAt: number;
  readonly endsAt: number;
}

/** How the customer of a meter wants to be told that little is left on it. */
export interface LowBalanceChoice {
  readonly meterPan: string;
  readonly isTold: boolean;
  /** Told at this or less, whole 0.1 kWh. */
  readonly belowDeciKwh: number;
  readonly channel: 'sms' | 'email';
  /** A number or an address of its own, in no log and no error; null for the one that is registered. */
  readonly target: string | null;
  readonly language: string;
  /** Not in the night. */
  readonly byDay: boolean;
  readonly changedAt: number;
}

export interface VisitStore {
  /** Opens a visit, ends the one that it takes the place of, and forgets those that are over. */
  open(visit: VisitRecord, endsHash: string | null): Promise<void>;
  /** undefined for one that has ended by anything but age. */
  find(visitHash: string): Promise<VisitRecord | undefined>;
  end(visitHash: string): Promise<void>;
  /** Since when the meter is its present customer's; 0 where nobody has ever been registered. */
  heldSince(meterPan: string): Promise<number>;
  /** @returns the sale of a receipt by its number: the beginning of a module's id, and a counter. */
  saleOfReceipt(modulePrefix: string, counter: number): Promise<string | undefined>;

  putChoice(choice: LowBalanceChoice): Promise<void>;
  findChoice(meterPan: string): Promise<LowBalanceChoice | undefined>;
  /**
   * Notes that a report of a low balance is told. The same report again may be told again: its messages have their ids.
   * @returns false when another one was told after `pauseFrom`, or nobody has chosen anything.
   */
  tellLowBalance(told: {
    readonly meterPan: string;
    readonly requestId: string;
    readonly at: number;
    readonly pauseFrom: number;
  }): Promise<boolean>;
}

export interface VisitRow {
  readonly visit_hash: string;
  readonly meter_pan: string;
  readonly sale_id: string;
  readonly sold_at: number;
  readonly opened_at: number;
  readonly ends_at: number;
}

export const VISIT_COLUMNS = 'visit_hash, meter_pan, sale_id, sold_at, opened_at, ends_at';

export function visitOf(row: VisitRow): VisitRecord {
  return {
    visitHash: row.visit_hash,
    meterPan: row.meter_pan,
    saleId: row.sale_id,
    soldAt: row.sold_at,
    openedAt: row.opened_at,
    endsAt: row.ends_at,
  };
}

export interface ChoiceRow {
  readonly meter_pan: string;
  readonly is_told: number | boolean;
  readonly below_deci_kwh: number;
  readonly channel: LowBalanceChoice['channel'];
  readonly target: string | null;
  readonly language: string;
  readonly by_day: number | boolean;
  readonly changed_at: number;
}

export const CHOICE_COLUMNS =
  'meter_pan, is_told, below_deci_kwh, channel, target, language, by_day, changed_at';

export function choiceOf(row: ChoiceRow): LowBalanceChoice {
  return {
    meterPan: row.meter_pan,
    isTold: Boolean(row.is_told),
    belowDeciKwh: row.below_deci_kwh,
    channel: row.channel,
    target: row.target,
    language: row.language,
    byDay: Boolean(row.by_day),
    changedAt: row.changed_at,
  };
}
