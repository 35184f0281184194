/** The statements of what is said of sales, of customers and of fault reports on PostgreSQL. */
import { SALE_LIST_SCAN } from '../advice-contract.ts';
import { SEARCH_COUNT, SEARCH_SCAN } from '../customer-contract.ts';
import { CUSTOMER_COLUMNS, FAULT_REPORT_COLUMNS } from '../customer-rows.ts';

const ADVICE = 'state, told_at, told_by, note';
/** What an older server shows is not written down. */
const OLDER_SERVER = `SELECT 1 FROM server AS s
  WHERE s.lease_until > clock_timestamp() AND s.known_steps < (SELECT known_steps FROM server WHERE server_id = $1)`;

export const ADVICE_SQL = {
  findAdvice: `SELECT ${ADVICE} FROM sale_advice WHERE sale_id = $1`,
  lockAdvice: `SELECT ${ADVICE} FROM sale_advice WHERE sale_id = $1 FOR UPDATE`,
  // Whoever takes the sale back at the same moment waits for this, or this for him.
  seeSale: `INSERT INTO sale_advice AS a (sale_id, state, told_at, told_by, note) VALUES ($1, 'seen', $2, '', '')
    ON CONFLICT (sale_id) DO UPDATE SET state = 'seen', told_at = excluded.told_at WHERE a.state = 'unseen'
    RETURNING ${ADVICE}`,
  markUnseen: `INSERT INTO sale_advice (sale_id, state, told_at, told_by, note)
    SELECT $2::text, 'unseen', $3::bigint, '', '' WHERE NOT EXISTS (${OLDER_SERVER})
    ON CONFLICT (sale_id) DO NOTHING RETURNING 1`,
  hasOlderServer: OLDER_SERVER,
  findSaleId: 'SELECT 1 FROM sale WHERE sale_id = $1',
  saySale: `INSERT INTO sale_advice AS a (sale_id, state, told_at, told_by, note) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (sale_id) DO UPDATE SET state = excluded.state, told_at = excluded.told_at, told_by = excluded.told_by,
      note = excluded.note WHERE a.state IN ('unseen', 'seen')
    RETURNING ${ADVICE}`,
  withdrawRequest: `INSERT INTO withdrawn_request (vendor_id, request_id, withdrawn_at, withdrawn_by) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING`,
  withdrawnAt: 'SELECT withdrawn_at FROM withdrawn_request WHERE vendor_id = $1 AND request_id = $2',
  claimOfRequest: 'SELECT claim_id FROM vend_claim WHERE vendor_id = $1 AND request_id = $2',
  claimOfMeter: 'SELECT claim_id FROM vend_claim WHERE meter_pan = $1',
  // A claim that never becomes visible: until the commit no sale to the meter can be claimed.
  holdMeter: `INSERT INTO vend_claim (server_id, vendor_id, request_id, meter_pan, paid_minor) VALUES ($1, $2, $3, $4, 0)
    ON CONFLICT DO NOTHING RETURNING claim_id`,
  freeMeter: 'DELETE FROM vend_claim WHERE claim_id = $1',
  findSaleRow: `SELECT s.sale_id AS sold_id, s.vendor_id, s.request_id, s.request_hash, s.meter_pan AS sold_to,
      s.currency, s.paid_minor, s.amount_deci_kwh, s.sold_at, s.response_body, s.response_digest,
      (SELECT json_agg(json_build_array(t.debit_account, t.credit_account, t.amount_minor) ORDER BY t.transfer_id)::text
        FROM transfer AS t WHERE t.booked_at = s.sold_at AND t.cause = 'sale ' || s.sale_id) AS transfers
    FROM sale AS s WHERE s.sale_id = $1`,
  lockLastSale: 'SELECT last_sale_id, before FROM meter_history WHERE meter_pan = $1 FOR UPDATE',
  restoreHistory: `UPDATE meter_history SET version = version + 1, month = $2, month_units_deci_kwh = $3, free_units_month = $4,
      carried_minor = $5, charges = $6, last_at = $7, last_sale_id = NULL, before = NULL WHERE meter_pan = $1`,
  enterReversal: `INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor, operator_id, till_id,
      shift_id, tender, sale_kind, energy_minor, tax_minor, arrears_minor, charges_minor, fees_minor, amount_deci_kwh,
      magnetic_tokens, free_basic_tokens, rounding_minor)
    SELECT vendor_id, 'saleReversal', reference, $4, -amount_minor, $5, operator_id, till_id,
      (SELECT shift_id FROM till_shift AS t
        WHERE t.vendor_id = sold.vendor_id AND t.till_id = sold.till_id AND t.closed_at IS NULL),
      tender, sale_kind, energy_minor, tax_minor, arrears_minor, charges_minor, fees_minor, amount_deci_kwh,
      magnetic_tokens, free_basic_tokens, rounding_minor
    FROM float_entry AS sold WHERE at = $3 AND kind = 'sale' AND vendor_id = $1 AND reference = $2
    RETURNING operator_id`,
  uncount: `UPDATE day_count SET sales = greatest(sales - 1, 0), paid_minor = greatest(paid_minor - $3, 0),
      amount_deci_kwh = greatest(amount_deci_kwh - $4, 0)
    FROM unnest($1::text[], $2::text[]) AS w(scope, subject)
    WHERE day_count.scope = w.scope AND day_count.subject = w.subject AND day_count.day = $5`,
  addToDebt: 'UPDATE debt SET balance_minor = balance_minor + $2 WHERE debt_id = $1 RETURNING 1',
  earlierKeyChange: `SELECT sale_id, changed_at, from_key, to_key, three_sections FROM key_change
    WHERE meter_pan = $1 AND sale_id <> $2 AND confirmed_at IS NULL AND revoked_at IS NULL
    ORDER BY coalesce(meter_version, -1) DESC, changed_at DESC, sale_id DESC LIMIT 1`,
  forgetKeyChange: 'DELETE FROM key_change WHERE sale_id = $1',
  vendorSales: `SELECT e.entry_id, s.sale_id, s.request_id, s.sold_at, s.meter_pan, m.drn, s.currency, s.paid_minor,
      s.amount_deci_kwh, coalesce(e.sale_kind, 'credit') AS sale_kind, e.operator_id, e.till_id, a.state
    FROM (SELECT entry_id, reference, sale_kind, operator_id, till_id FROM float_entry
      WHERE vendor_id = $1 AND entry_id < $2 AND kind = 'sale' ORDER BY entry_id DESC LIMIT ${SALE_LIST_SCAN}) AS e
    JOIN sale AS s ON s.sale_id = e.reference JOIN meter AS m ON m.meter_pan = s.meter_pan
    LEFT JOIN sale_advice AS a ON a.sale_id = s.sale_id
    WHERE ($3::text IS NULL OR e.operator_id = $3) AND ($4::text IS NULL OR e.till_id = $4)
    ORDER BY e.entry_id DESC LIMIT $5`,
  // The entries of the chain are held by meter, with their sales.
  meterSales: `SELECT s.sale_id, s.vendor_id, s.sold_at, s.response_body, a.state
    FROM (SELECT DISTINCT sale_id FROM chain_entry WHERE meter_pan = $1 AND sale_id IS NOT NULL) AS e
    JOIN sale AS s ON s.sale_id = e.sale_id LEFT JOIN sale_advice AS a ON a.sale_id = s.sale_id
    WHERE $2::text IS NULL OR (s.sold_at, s.sale_id) < (SELECT sold_at, sale_id FROM sale WHERE sale_id = $2)
    ORDER BY s.sold_at DESC, s.sale_id DESC LIMIT $3`,
  lastSaleScanned: `SELECT entry_id FROM float_entry WHERE vendor_id = $1 AND entry_id < $2 AND kind = 'sale'
    ORDER BY entry_id DESC LIMIT 1 OFFSET ${SALE_LIST_SCAN - 1}`,

  findCustomer: `SELECT ${CUSTOMER_COLUMNS} FROM customer WHERE meter_pan = $1`,
  lockCustomer: `SELECT ${CUSTOMER_COLUMNS} FROM customer WHERE meter_pan = $1 FOR UPDATE`,
  putCustomer: `INSERT INTO customer (${CUSTOMER_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (meter_pan) DO UPDATE SET name = excluded.name, address = excluded.address, account = excluded.account,
      location_reference = excluded.location_reference, reference = excluded.reference, phone = excluded.phone,
      email = excluded.email, language = excluded.language, notify = excluded.notify, updated_at = excluded.updated_at`,
  removeWords: 'DELETE FROM customer_word WHERE meter_pan = $1',
  addWords: `INSERT INTO customer_word (word, meter_pan) SELECT w.word, $1 FROM unnest($2::text[]) AS w(word)
    ON CONFLICT DO NOTHING`,
  removeCustomer: 'DELETE FROM customer WHERE meter_pan = $1 RETURNING phone, email',
  removeMessages: `DELETE FROM notification WHERE channel IN ('sms', 'email') AND target = ANY ($1::text[])`,
  countWords: `SELECT count(*) AS n FROM (SELECT 1 FROM customer_word WHERE word >= $1 AND word < $2 LIMIT ${SEARCH_COUNT}) AS w`,
  // Of the words that lead, so many; then what of them is a customer with all the others, each once.
  searchCustomers: `SELECT c.${CUSTOMER_COLUMNS.split(/,\s*/).join(', c.')}, w.word, m.drn
    FROM (SELECT word, meter_pan FROM customer_word
      WHERE word >= $1 AND word < $2 AND (word, meter_pan) > ($3, $4)
      ORDER BY word, meter_pan LIMIT ${SEARCH_SCAN}) AS w
    JOIN customer AS c ON c.meter_pan = w.meter_pan JOIN meter AS m ON m.meter_pan = w.meter_pan
    WHERE NOT EXISTS (SELECT 1 FROM customer_word AS f WHERE f.meter_pan = w.meter_pan AND f.word >= $1 AND f.word < w.word)
      AND NOT EXISTS (SELECT 1 FROM unnest($5::text[], $6::text[]) AS o(first, last) WHERE NOT EXISTS (
        SELECT 1 FROM customer_word AS x WHERE x.meter_pan = w.meter_pan AND x.word >= o.first AND x.word < o.last))
    ORDER BY w.word, w.meter_pan LIMIT $7`,
  lastWordScanned: `SELECT word, meter_pan FROM customer_word
    WHERE word >= $1 AND word < $2 AND (word, meter_pan) > ($3, $4)
    ORDER BY word, meter_pan LIMIT 1 OFFSET ${SEARCH_SCAN - 1}`,

  hasMeter: 'SELECT 1 FROM meter WHERE meter_pan = $1',
  addFaultReport: `INSERT INTO fault_report (vendor_id, request_id, meter_pan, kind, text, reported_at, reported_by, state, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', '') ON CONFLICT (vendor_id, request_id) DO NOTHING
    RETURNING ${FAULT_REPORT_COLUMNS}`,
  faultReportOfRequest: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report WHERE vendor_id = $1 AND request_id = $2`,
  findFaultReport: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report WHERE report_id = $1`,
  faultReports: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report WHERE report_id < $1 ORDER BY report_id DESC LIMIT $2`,
  faultReportsOfState: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report
    WHERE state = $3 AND report_id < $1 ORDER BY report_id DESC LIMIT $2`,
  faultReportsOfMeter: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report
    WHERE meter_pan = $5 AND ($3::text IS NULL OR vendor_id = $3) AND ($4::text IS NULL OR state = $4) AND report_id < $1
    ORDER BY report_id DESC LIMIT $2`,
  faultReportsOfVendor: `SELECT ${FAULT_REPORT_COLUMNS} FROM fault_report
    WHERE vendor_id = $3 AND ($4::text IS NULL OR state = $4) AND report_id < $1 ORDER BY report_id DESC LIMIT $2`,
  changeFaultReport: `UPDATE fault_report SET state = $2, note = $3, changed_at = $4, changed_by = $5 WHERE report_id = $1
    RETURNING ${FAULT_REPORT_COLUMNS}`,
} as const;
