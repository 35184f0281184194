/** Refusals in the page's language where it knows them, else in the server's own words. */
import { Refusal } from '../../api.ts';
import { type TextKey, useSay } from './speech.ts';

const KNOWN: Readonly<Record<string, TextKey>> = {
  permission_denied: 'faultPermission',
  approval_same_person: 'faultSamePerson',
  approval_closed: 'faultClosed',
  approval_required: 'faultApprovalRequired',
  approvers_missing: 'faultApproversMissing',
  credit_limit_refused: 'faultCreditLimit',
  float_exhausted: 'faultFloat',
  request_id_reused: 'faultReused',
  period_not_over: 'faultPeriod',
  day_end_unknown: 'faultDayUnknown',
  commission_unknown: 'faultCommission',
  batch_empty: 'faultBatchEmpty',
  vendor_unknown: 'faultVendor',
  user_changed: 'faultUserChanged',
  ledger_busy: 'faultLedgerBusy',
  rate_limited: 'faultRate',
};

/** @param wordsOf - the frame's own, which ends the page with the session. */
export function useWords(wordsOf: (error: unknown) => string): (error: unknown) => string {
  const { say } = useSay();
  return (error) => {
    const known = error instanceof Refusal ? KNOWN[error.code] : undefined;
    return known === undefined ? wordsOf(error) : say(known);
  };
}
