/**
 * The one table of faults: every named refusal that a door of Wattoken can answer with.
 *
 * A code is API and never changes its meaning; the text may be reworded. `http` is the status of the problem document
 * (RFC 9457), `exit` the exit code of the command line, `outcome` says what is true of the money and the token after the
 * refusal, `retry` what the caller should do next. Nothing secret ever stands in a fault: no key, no passphrase, and of a
 * token number only its last four digits.
 */

/** What is true after a refusal: nothing happened, it is done already, or the caller cannot know yet. */
export type FaultOutcome = 'none' | 'done' | 'unknown';

/** What to do next: give up, send the same request id again, or wait and send it again. */
export type FaultRetry = 'never' | 'same-key' | 'later';

export interface FaultEntry {
  readonly http: number;
  readonly exit: number;
  readonly outcome: FaultOutcome;
  readonly retry: FaultRetry;
  readonly text: string;
}

/** Exit codes of `wattoken`, in the order in which the README prints them. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  badInput: 3,
  notFound: 4,
  refused: 5,
  unavailable: 6,
  keyStore: 7,
} as const;

const none = { outcome: 'none', retry: 'never' } as const;
const later = { outcome: 'none', retry: 'later' } as const;

export const FAULTS = {
  // Digits and fields.
  token_number_malformed: { http: 422, exit: 3, ...none, text: 'a token number is 20 decimal digits' },
  token_number_too_large: {
    http: 422,
    exit: 3,
    ...none,
    text: 'the 20 digits are 2^66 or more: no token has them',
  },
  meter_number_malformed: {
    http: 422,
    exit: 3,
    ...none,
    text: 'a meter number is a DRN of 11 or 13 digits or a MeterPAN of 18',
  },
  meter_number_check_digit: {
    http: 422,
    exit: 3,
    ...none,
    text: 'a Luhn digit of the meter number is wrong',
  },
  scenario_malformed: { http: 422, exit: 3, ...none, text: 'the scenario is not one that can be played' },
  supply_group_malformed: { http: 422, exit: 3, ...none, text: 'a supply group code is 6 decimal digits' },
  amount_out_of_range: { http: 422, exit: 3, ...none, text: 'the amount is outside what a token can carry' },
  date_out_of_range: {
    http: 422,
    exit: 3,
    ...none,
    text: 'the date lies outside the 24 bits of its base date',
  },
  request_malformed: { http: 400, exit: 3, ...none, text: 'the request is not what this operation takes' },
  request_too_large: {
    http: 413,
    exit: 3,
    ...none,
    text: 'the request body is larger than this operation takes',
  },
  media_type_unsupported: { http: 415, exit: 3, ...none, text: 'send application/json' },
  operation_unsupported: {
    http: 422,
    exit: 5,
    ...none,
    text: 'this operation, or this kind of token, is not built here',
  },
  // Keys and algorithms.
  algorithm_not_supported: {
    http: 422,
    exit: 5,
    ...none,
    text: 'no public vector proves this algorithm, so it is refused',
  },
  key_type_not_supported: {
    http: 422,
    exit: 5,
    ...none,
    text: 'this key type cannot be derived by this algorithm',
  },
  vending_key_unknown: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the key store holds no vending key for this meter',
  },
  vending_key_not_active: { http: 409, exit: 5, ...none, text: 'the vending key is not active yet' },
  vending_key_issue_ended: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the time in which this vending key may issue has ended',
  },
  vending_key_no_credit: { http: 409, exit: 5, ...none, text: 'a default key cannot issue credit' },
  key_expired: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the token identifier lies beyond the key expiry number',
  },
  base_date_ended: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the token identifiers of this base date are used up; the meter needs a key change to a newer one',
  },
  tid_outside_clock_window: {
    http: 409,
    exit: 5,
    ...later,
    text: 'the token identifier is too far from the clock of the security module',
  },
  subclass_not_allowed: {
    http: 409,
    exit: 5,
    ...none,
    text: 'this vending key may not issue this kind of token',
  },
  token_carrier_not_allowed: {
    http: 409,
    exit: 5,
    ...none,
    text: 'a common key is for magnetic cards alone',
  },
  unit_limit_exceeded: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the token would carry more units than its vending key allows',
  },
  currency_limit_exceeded: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the token would carry more money than its vending key allows',
  },
  key_change_not_allowed: {
    http: 409,
    exit: 5,
    ...none,
    text: 'no key change leads from the old key to the new one',
  },
  key_change_not_needed: { http: 409, exit: 5, ...none, text: 'the meter is on the current key already' },
  key_change_unknown: {
    http: 404,
    exit: 4,
    ...none,
    text: 'no key change of this meter came with this sale',
  },
  key_change_revoked: {
    http: 409,
    exit: 5,
    ...none,
    text: 'this key change was taken back: the meter was seen on the key before',
  },
  key_change_used: {
    http: 409,
    exit: 5,
    ...none,
    text: 'more was issued since this key change: the same set once more leads on, and no way back',
  },
  request_withdrawn: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the vendor has taken this request back; nothing is sold under its id any more',
  },
  token_may_be_seen: {
    http: 409,
    exit: 5,
    ...none,
    text: 'a token of this sale may have been seen: fetch it again by the request id, it cannot be taken back',
  },
  sale_confirmed: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the vendor has confirmed that the customer has the token',
  },
  sale_reversed: {
    http: 409,
    exit: 5,
    ...none,
    text: 'this sale was taken back: its money is on the float again and its tokens are given to nobody',
  },
  meter_sold_since: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the meter has bought since, and the tariff has counted on it: only the last sale can be taken back',
  },
  tid_ahead_of_clock: {
    http: 409,
    exit: 5,
    ...later,
    text: 'the next token identifier is too far ahead of the clock',
  },
  // Selling.
  authentication_required: { http: 401, exit: 5, ...none, text: 'send a valid API key as a bearer token' },
  permission_denied: { http: 403, exit: 5, ...none, text: 'this API key may not do this' },
  client_certificate_wrong: {
    http: 403,
    exit: 5,
    ...none,
    text: 'this vendor must come with the client certificate that is bound to it',
  },
  rate_limited: { http: 429, exit: 6, ...later, text: 'too many requests: wait as Retry-After says' },
  route_unknown: { http: 404, exit: 4, ...none, text: 'there is nothing at this address' },
  method_not_allowed: { http: 405, exit: 4, ...none, text: 'this address does not answer this method' },
  meter_unknown: { http: 404, exit: 4, ...none, text: 'no meter with this number is registered' },
  meter_exists: {
    http: 409,
    exit: 5,
    ...none,
    text: 'this meter is registered already with other attributes',
  },
  vendor_unknown: { http: 404, exit: 4, ...none, text: 'no vendor with this id exists' },
  vendor_exists: { http: 409, exit: 5, ...none, text: 'this vendor exists already with other attributes' },
  tariff_unknown: { http: 404, exit: 4, ...none, text: 'no tariff with this id is in force' },
  tariff_not_in_force: { http: 409, exit: 5, ...none, text: 'no version of this tariff has begun yet' },
  tariff_in_the_past: {
    http: 409,
    exit: 5,
    ...none,
    text: 'a further version of a tariff begins in the future: what was sold keeps its terms',
  },
  meter_changed_out: {
    http: 409,
    exit: 5,
    ...none,
    text: 'another meter has taken the place of this one; nothing is sold to it any more',
  },
  change_out_refused: { http: 409, exit: 5, ...none, text: 'one meter cannot take the place of the other' },
  credit_above_sold: {
    http: 409,
    exit: 5,
    ...none,
    text: 'more credit is to be moved than was ever sold to the old meter',
  },
  token_not_replaceable: {
    http: 409,
    exit: 5,
    ...none,
    text: 'only a credit token of a sale that stands is replaced, and once',
  },
  free_units_none: { http: 409, exit: 5, ...none, text: 'this tariff gives no free units' },
  free_units_taken: { http: 409, exit: 5, ...none, text: 'the free units of this month were given' },
  free_units_only_with_sale: {
    http: 409,
    exit: 5,
    ...none,
    text: 'this tariff gives free units only with a purchase',
  },
  debt_unknown: { http: 404, exit: 4, ...none, text: 'the meter has no such debt' },
  debt_exists: { http: 409, exit: 5, ...none, text: 'this debt exists already with other terms' },
  look_up_code_wrong: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the look-up code is not of this meter as it stands now: look the meter up again',
  },
  tariff_exists: { http: 409, exit: 5, ...none, text: 'this tariff exists already with other terms' },
  customer_unknown: { http: 404, exit: 4, ...none, text: 'no customer is registered for this meter' },
  fault_report_unknown: { http: 404, exit: 4, ...none, text: 'no fault report with this id exists' },
  sale_unknown: { http: 404, exit: 4, ...none, text: 'no sale with this id exists' },
  request_id_reused: {
    http: 422,
    exit: 5,
    ...none,
    text: 'this request id was used before with another body; a new sale needs a new id',
  },
  currency_mismatch: {
    http: 422,
    exit: 5,
    ...none,
    text: 'vendor, tariff and payment are not in one currency',
  },
  payment_too_small: { http: 422, exit: 5, ...none, text: 'the payment is below what this tariff sells' },
  payment_too_large: { http: 422, exit: 5, ...none, text: 'the payment is above what one sale may take' },
  float_exhausted: { http: 402, exit: 5, ...none, text: 'the vendor float does not cover this sale' },
  // People and machines.
  login_failed: { http: 401, exit: 5, ...none, text: 'user id or password is wrong' },
  login_throttled: {
    http: 429,
    exit: 5,
    ...later,
    text: 'too many logins have failed; wait before the next',
  },
  login_busy: { http: 503, exit: 6, ...later, text: 'too many logins at this moment' },
  csrf_token_wrong: {
    http: 403,
    exit: 5,
    ...none,
    text: 'a change by a signed-in page needs the X-CSRF-Token of its session',
  },
  password_weak: { http: 422, exit: 5, ...none, text: 'this password is too easy to guess' },
  visit_refused: {
    http: 403,
    exit: 5,
    ...none,
    text: 'meter, receipt number and token do not belong together, or the receipt is from before the present customer',
  },
  visit_throttled: {
    http: 429,
    exit: 5,
    ...later,
    text: 'too many wrong receipts were shown; wait before the next',
  },
  visit_required: { http: 401, exit: 5, ...none, text: 'show a receipt of the meter first' },
  receipt_forged: {
    http: 403,
    exit: 5,
    ...none,
    text: 'this receipt was not made by the utility: it is forged',
  },
  receipt_key_unknown: {
    http: 403,
    exit: 5,
    ...none,
    text: 'this receipt is not signed with a key of this utility',
  },
  receipt_not_current: {
    http: 403,
    exit: 5,
    ...none,
    text: 'the receipt is genuine, and from before the present customer of its meter',
  },
  receipt_too_old: {
    http: 403,
    exit: 5,
    ...none,
    text: 'tokens are shown again to whoever shows a receipt of the last 90 days',
  },
  contact_missing: {
    http: 422,
    exit: 5,
    ...none,
    text: 'no number or address is registered: give one to be told at',
  },
  setup_code_wrong: { http: 401, exit: 5, ...none, text: 'the setup code is wrong, spent or too old' },
  user_unknown: { http: 404, exit: 4, ...none, text: 'no user with this id exists' },
  user_changed: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the user exists in another version than the one that this change is for',
  },
  api_key_unknown: { http: 404, exit: 4, ...none, text: 'no API key with this id exists' },
  approval_unknown: { http: 404, exit: 4, ...none, text: 'no approval with this id exists' },
  approval_closed: { http: 409, exit: 5, ...none, text: 'this approval was decided before, or is too old' },
  approval_same_person: {
    http: 403,
    exit: 5,
    ...none,
    text: 'who asked for it cannot approve it, and only a person who is signed in can',
  },
  approval_required: {
    http: 403,
    exit: 5,
    ...none,
    text: 'this needs the approval of a second person for exactly this request',
  },
  approval_used: { http: 409, exit: 5, ...none, text: 'this approval was used for another request' },
  approvers_missing: {
    http: 409,
    exit: 5,
    ...none,
    text: 'two persons who can decide about this must exist before it needs two',
  },
  // The vendors' money.
  deposit_unknown: { http: 404, exit: 4, ...none, text: 'no deposit with this request id exists' },
  credit_limit_refused: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the credit limit has changed meanwhile, or the float lies below the new one',
  },
  shift_unknown: { http: 404, exit: 4, ...none, text: 'no shift with this id exists' },
  shift_closed: { http: 409, exit: 5, ...none, text: 'this shift is closed; open another one' },
  shift_of_another: { http: 409, exit: 5, ...none, text: 'this shift belongs to another operator or till' },
  tendered_too_little: { http: 422, exit: 3, ...none, text: 'less was handed over than is due' },
  shift_open: { http: 409, exit: 5, ...none, text: 'this till or this operator has another shift open' },
  batch_unknown: { http: 404, exit: 4, ...none, text: 'no batch with this id exists' },
  batch_empty: { http: 409, exit: 5, ...none, text: 'nothing was sold since the last batch' },
  commission_unknown: { http: 404, exit: 4, ...none, text: 'no commission terms stand in this month' },
  commission_exists: {
    http: 409,
    exit: 5,
    ...none,
    text: 'other commission terms stand from this month, or the month has begun',
  },
  period_not_over: { http: 409, exit: 5, ...none, text: 'this day or month is not over yet' },
  day_end_order: { http: 409, exit: 5, ...none, text: 'days are closed one after the other' },
  day_end_unknown: { http: 404, exit: 4, ...none, text: 'this day is not closed' },
  supply_group_not_permitted: {
    http: 403,
    exit: 5,
    ...none,
    text: 'this vendor may not sell to meters of this supply group',
  },
  limit_reached: { http: 409, exit: 5, ...none, text: 'this sale would pass a limit of the day' },
  hours_closed: { http: 409, exit: 5, ...none, text: 'nothing is sold at this hour' },
  limit_rule_unknown: { http: 404, exit: 4, ...none, text: 'no rule with this id exists' },
  alarm_unknown: { http: 404, exit: 4, ...none, text: 'no alarm with this id exists' },
  // Messages.
  webhook_unknown: { http: 404, exit: 4, ...none, text: 'no webhook with this id exists' },
  webhook_url_refused: { http: 422, exit: 3, ...none, text: 'no webhook may be at this address' },
  webhooks_too_many: { http: 409, exit: 5, ...none, text: 'there are as many webhooks as there may be' },
  notification_unknown: { http: 404, exit: 4, ...none, text: 'no message with this id exists' },
  notification_not_dead: {
    http: 409,
    exit: 5,
    outcome: 'done',
    retry: 'never',
    text: 'only a message that was given up is sent again by hand',
  },
  ledger_module_unknown: {
    http: 404,
    exit: 4,
    ...none,
    text: 'no module with this id has a chain in these books',
  },
  ledger_busy: {
    http: 503,
    exit: 6,
    ...later,
    text: 'the whole ledger is being read already, as often as this server can at once',
  },
  // The state of the service.
  service_not_ready: { http: 503, exit: 6, ...later, text: 'the server is starting or stopping' },
  clock_set_back: {
    http: 503,
    exit: 6,
    ...later,
    text: 'the clock shows an earlier time than this ledger has seen; nothing is dated by it',
  },
  disk_nearly_full: {
    http: 503,
    exit: 6,
    ...later,
    text: 'the disk of the data folder has less room left than the floor that was set',
  },
  ledger_kind_wrong: {
    http: 503,
    exit: 6,
    ...none,
    text: 'a data folder is live or a sandbox for ever',
  },
  security_module_unavailable: {
    http: 503,
    exit: 6,
    outcome: 'unknown',
    retry: 'same-key',
    text: 'the security module does not answer',
  },
  request_timed_out: {
    http: 504,
    exit: 6,
    outcome: 'unknown',
    retry: 'same-key',
    text: 'there was no answer within the time allowed',
  },
  store_unavailable: {
    http: 503,
    exit: 6,
    outcome: 'unknown',
    retry: 'same-key',
    text: 'the database does not answer',
  },
  store_damaged: {
    http: 503,
    exit: 6,
    outcome: 'unknown',
    retry: 'same-key',
    text: 'the database file is damaged',
  },
  store_in_use: { http: 503, exit: 6, ...later, text: 'another process has this data folder open' },
  store_newer: { http: 503, exit: 6, ...none, text: 'the database was written by a newer version' },
  store_driver_missing: { http: 503, exit: 6, ...none, text: 'the database driver is not installed' },
  ledger_mismatch: {
    http: 503,
    exit: 6,
    ...none,
    text: 'ledger and security module disagree; nothing is sold until this is explained',
  },
  internal_error: {
    http: 500,
    exit: 1,
    outcome: 'unknown',
    retry: 'same-key',
    text: 'something failed that should not',
  },
  // Key store file.
  key_store_missing: { http: 503, exit: 7, ...none, text: 'there is no key store file at this path' },
  key_store_exists: { http: 409, exit: 7, ...none, text: 'there is a key store at this path already' },
  key_store_damaged: { http: 503, exit: 7, ...none, text: 'the key store file is truncated or altered' },
  key_store_passphrase_wrong: {
    http: 503,
    exit: 7,
    ...none,
    text: 'the passphrase does not open the key store',
  },
  key_store_passphrase_missing: {
    http: 503,
    exit: 7,
    ...none,
    text: 'a passphrase is needed to open the key store',
  },
  vending_key_malformed: {
    http: 422,
    exit: 7,
    ...none,
    text: 'the vending key record is not in the documented format',
  },
  vending_key_exists: {
    http: 409,
    exit: 7,
    ...none,
    text: 'the key store holds another key under this name already',
  },
  key_custodians_required: {
    http: 409,
    exit: 7,
    ...none,
    text: 'this key store takes vending keys only as two components from two custodians',
  },
  key_components_mismatch: {
    http: 409,
    exit: 7,
    ...none,
    text: 'the components are not of one vending key, or one of them is not as it was made',
  },
  key_backup_other_module: {
    http: 409,
    exit: 7,
    ...none,
    text: 'the backup belongs to another security module',
  },
  // The meter and its door.
  meter_not_powered: { http: 503, exit: 6, ...later, text: 'the meter has no power' },
  meter_power_lost: {
    http: 503,
    exit: 6,
    outcome: 'unknown',
    retry: 'same-key',
    text: 'the meter lost its supply before it answered; the same token can be entered again',
  },
  meter_unreachable: { http: 503, exit: 6, ...later, text: 'no meter answers at this address' },
  server_unreachable: {
    http: 503,
    exit: 6,
    outcome: 'unknown',
    retry: 'same-key',
    text: 'no server answers at this address',
  },
  tariff_calendar_malformed: {
    http: 422,
    exit: 3,
    ...none,
    text: 'the tariff calendar has a table that is empty, out of order or points nowhere',
  },
  key_press_unknown: { http: 422, exit: 3, ...none, text: 'the keypad has no such key' },
  module_slot_taken: { http: 409, exit: 5, ...none, text: 'a module is in the slot already' },
  module_slot_empty: { http: 409, exit: 5, ...none, text: 'no module is in the slot' },
  meter_not_paused: { http: 409, exit: 5, ...none, text: 'single steps need a meter that is paused' },
  connections_too_many: {
    http: 503,
    exit: 6,
    ...later,
    text: 'as many connections are open as there may be',
  },
  origin_refused: { http: 403, exit: 5, ...none, text: 'a page of another host may not drive this meter' },
  memory_image_damaged: { http: 503, exit: 6, ...none, text: 'the meter memory image has the wrong size' },
  // The machine.
  usage: { http: 400, exit: 2, ...none, text: 'the command line is not what this command takes' },
  file_unreadable: { http: 400, exit: 3, ...none, text: 'a file named on the command line cannot be read' },
  tls_unusable: { http: 503, exit: 6, ...none, text: 'certificate, key or client authority cannot be used' },
  backup_damaged: { http: 503, exit: 6, ...none, text: 'the backup is truncated or altered' },
  backup_exists: { http: 409, exit: 5, ...none, text: 'there is something at this path already' },
  restore_refused: {
    http: 409,
    exit: 5,
    ...none,
    text: 'the data folder holds what this backup cannot be put beside',
  },
  data_folder_unusable: { http: 503, exit: 6, ...none, text: 'the data folder cannot be made or written' },
  port_taken: { http: 503, exit: 6, ...none, text: 'the port is taken by another program' },
} as const satisfies Record<string, FaultEntry>;

export type FaultCode = keyof typeof FAULTS;

/** A fault of the world or of outside input, by its code in {@link FAULTS}; never an expected outcome. */
export class StsFault extends Error {
  override readonly name = 'StsFault';
  readonly code: FaultCode;
  /** The request field, flag or file that the fault is about. */
  readonly param: string | undefined;
  /** How long to wait before the next try, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: FaultCode,
    detail?: string,
    options: { param?: string; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    const text = FAULTS[code].text;
    super(
      detail === undefined ? text : `${text}: ${detail}`,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.code = code;
    this.param = options.param;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

export function isStsFault(error: unknown): error is StsFault {
  return error instanceof StsFault;
}

/** A problem document (RFC 9457) with the extension members every door of Wattoken adds. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: FaultCode;
  readonly outcome: FaultOutcome;
  readonly retry: FaultRetry;
  readonly requestId: string;
  readonly param?: string;
}

/**
 * Makes the problem document for any thrown value.
 * A value that is no StsFault becomes `internal_error` without its message: an unknown error may quote a secret.
 */
export function toProblem(error: unknown, requestId: string): Problem {
  const fault = isStsFault(error) ? error : new StsFault('internal_error');
  const { http, outcome, retry, text } = FAULTS[fault.code];
  return {
    type: `urn:wattoken:fault:${fault.code}`,
    title: text,
    status: http,
    detail: fault.message,
    code: fault.code,
    outcome,
    retry,
    requestId,
    ...(fault.param === undefined ? {} : { param: fault.param }),
  };
}
