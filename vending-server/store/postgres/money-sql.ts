/** The statements of the vendors' money, of limits and of alarms on PostgreSQL. Sums are cast back: they come as decimals. */

const ENTRY = 'entry_id, vendor_id, kind, reference, at, amount_minor, balance_minor';
/** The parts of a reversal are what went back. */
const SIGN = "(CASE kind WHEN 'sale' THEN 1 ELSE -1 END)";
const TOTALS = `coalesce(tender, '') AS tender, coalesce(sale_kind, 'credit') AS sale_kind,
  coalesce(operator_id, '') AS operator_id, count(*) FILTER (WHERE kind = 'sale') AS sales,
  count(*) FILTER (WHERE kind <> 'sale') AS reversals, (-sum(amount_minor))::bigint AS paid_minor,
  sum(${SIGN} * energy_minor)::bigint AS energy_minor, sum(${SIGN} * tax_minor)::bigint AS tax_minor,
  sum(${SIGN} * arrears_minor)::bigint AS arrears_minor, sum(${SIGN} * charges_minor)::bigint AS charges_minor,
  sum(${SIGN} * fees_minor)::bigint AS fees_minor, sum(${SIGN} * amount_deci_kwh)::bigint AS amount_deci_kwh,
  sum(${SIGN} * rounding_minor)::bigint AS rounding_minor`;
/** Sales, and what went back of them. */
const SALES = "kind IN ('sale', 'saleReversal')";
const GROUPED = 'GROUP BY 1, 2, 3 ORDER BY 1, 2, 3';
const SHIFT = 'shift_id, vendor_id, operator_id, till_id, opened_at, closed_at, closed_by, counted_minor';
const BATCH = 'batch_id, kind, vendor_id, closed_at, closed_by, after_entry, through_entry, reference';
const ALARM = `alarm_id, at, rule_id, vendor_id, operator_id, meter_pan, detail, acknowledged_by, acknowledged_at, note`;

export const MONEY_SQL = {
  lockFloat: `SELECT float_minor, credit_limit_minor, reserved_minor FROM vendor WHERE vendor_id = $1 FOR NO KEY UPDATE`,
  setCreditLimit: 'UPDATE vendor SET credit_limit_minor = $2 WHERE vendor_id = $1',
  findDepositRecord: `SELECT d.amount_minor, d.reference, d.deposited_at, EXISTS (
      SELECT 1 FROM float_entry WHERE kind = 'depositReversal' AND vendor_id = $1 AND reference = $2) AS is_reversed
    FROM deposit AS d WHERE d.vendor_id = $1 AND d.request_id = $2`,

  // With the vendor's row locked, right after its float was moved.
  addFloatEntry: `INSERT INTO float_entry (vendor_id, kind, reference, at, amount_minor, balance_minor)
    VALUES ($1, $2, $3, $4, $5, $6)`,
  findFloatChange: `SELECT ${ENTRY} FROM float_entry
    WHERE kind = $1 AND vendor_id = $2 AND reference = $3 AND kind IN ('depositReversal', 'commission')`,
  floatEntries: `SELECT ${ENTRY} FROM float_entry WHERE vendor_id = $1 AND entry_id < $2 ORDER BY entry_id DESC LIMIT $3`,
  lastFloatEntry: 'SELECT coalesce(max(entry_id), 0) AS last FROM float_entry WHERE vendor_id = $1',
  totalsByEntries: `SELECT ${TOTALS} FROM float_entry
    WHERE ${SALES} AND vendor_id = $1 AND entry_id > $2 AND entry_id <= $3 ${GROUPED}`,
  totalsByShift: `SELECT ${TOTALS} FROM float_entry WHERE ${SALES} AND vendor_id = $1 AND shift_id = $2 ${GROUPED}`,
  totalsByTime: `SELECT ${TOTALS} FROM float_entry WHERE ${SALES} AND at >= $1 AND at < $2 ${GROUPED}`,
  salesByMinute: `SELECT at / 60000 * 60000 AS minute, currency, count(*) FILTER (WHERE kind = 'sale') AS sales,
      count(*) FILTER (WHERE kind <> 'sale') AS reversals, (-sum(amount_minor))::bigint AS paid_minor,
      sum(${SIGN} * amount_deci_kwh)::bigint AS amount_deci_kwh
    FROM float_entry JOIN vendor USING (vendor_id)
    WHERE ${SALES} AND at >= $1 AND at < $2 GROUP BY 1, 2 ORDER BY 1, 2`,
  totalsByTimeOfVendor: `SELECT ${TOTALS} FROM float_entry
    WHERE ${SALES} AND vendor_id = $1 AND at >= $2 AND at < $3 ${GROUPED}`,

  findShift: `SELECT ${SHIFT} FROM till_shift WHERE vendor_id = $1 AND shift_id = $2`,
  openShiftOf: `SELECT ${SHIFT} FROM till_shift
    WHERE vendor_id = $1 AND closed_at IS NULL AND (till_id = $2 OR operator_id = $3) LIMIT 1`,
  openShift: `INSERT INTO till_shift (vendor_id, shift_id, operator_id, till_id, opened_at) VALUES ($1, $2, $3, $4, $5)`,
  closeShift: `UPDATE till_shift SET closed_at = $3, closed_by = $4, counted_minor = $5
    WHERE vendor_id = $1 AND shift_id = $2 AND closed_at IS NULL`,

  findBatch: `SELECT ${BATCH} FROM batch WHERE vendor_id = $1 AND kind = $2 AND batch_id = $3`,
  lastBatch: `SELECT coalesce(max(through_entry), 0) AS through FROM batch WHERE vendor_id = $1 AND kind = $2`,
  addBatch: `INSERT INTO batch (vendor_id, kind, batch_id, closed_at, closed_by, after_entry, through_entry, reference)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
  batches: `SELECT ${BATCH} FROM batch WHERE vendor_id = $1 AND kind = $2 AND through_entry < $3
    ORDER BY after_entry DESC LIMIT $4`,

  commissions:
    'SELECT vendor_id, from_month, terms FROM commission_terms WHERE vendor_id = $1 ORDER BY from_month',
  addCommission: 'INSERT INTO commission_terms (vendor_id, from_month, terms) VALUES ($1, $2, $3)',
  commissionFigures: `SELECT coalesce(sum(${SIGN} * amount_deci_kwh), 0)::bigint AS amount_deci_kwh,
      coalesce(sum(${SIGN} * arrears_minor), 0)::bigint AS arrears_minor,
      coalesce(sum(${SIGN} * magnetic_tokens), 0)::bigint AS magnetic_tokens,
      coalesce(sum(${SIGN} * free_basic_tokens), 0)::bigint AS free_basic_tokens
    FROM float_entry WHERE ${SALES} AND vendor_id = $1 AND at >= $2 AND at < $3`,
  accountsBetween: `SELECT account, sum(debit)::bigint AS debit_minor, sum(credit)::bigint AS credit_minor FROM (
      SELECT debit_account AS account, amount_minor AS debit, 0 AS credit FROM transfer
        WHERE booked_at >= $1 AND booked_at < $2
      UNION ALL SELECT credit_account, 0, amount_minor FROM transfer WHERE booked_at >= $1 AND booked_at < $2) AS sides
    GROUP BY account ORDER BY account COLLATE "C"`,

  findDayEnd: 'SELECT day, closed_at, closed_by, figures FROM day_end WHERE day = $1',
  lastDayEnd: 'SELECT day, closed_at, closed_by, figures FROM day_end ORDER BY day DESC LIMIT 1',
  addDayEnd: `INSERT INTO day_end (day, closed_at, closed_by, figures) VALUES ($1, $2, $3, $4) ON CONFLICT (day) DO NOTHING`,

  findCodes: 'SELECT vendor_id, codes FROM supply_group_right WHERE vendor_id = ANY ($1::text[])',
  putCodes: `INSERT INTO supply_group_right (vendor_id, codes) VALUES ($1, $2)
    ON CONFLICT (vendor_id) DO UPDATE SET codes = excluded.codes`,
  removeCodes: 'DELETE FROM supply_group_right WHERE vendor_id = $1',
  limitRules: 'SELECT rule_id, rule FROM limit_rule ORDER BY rule_id',
  putLimitRule: `INSERT INTO limit_rule (rule_id, rule) VALUES ($1, $2) ON CONFLICT (rule_id) DO UPDATE SET rule = excluded.rule`,
  removeLimitRule: 'DELETE FROM limit_rule WHERE rule_id = $1 RETURNING 1',
  dayCounts: `SELECT d.scope, d.subject, d.day, d.sales, d.paid_minor, d.amount_deci_kwh, d.last_at
    FROM unnest($1::text[], $2::text[], $3::text[]) AS w(scope, subject, day)
    JOIN day_count AS d ON d.scope = w.scope AND d.subject = w.subject AND d.day = w.day`,
  // What is tried again every second is one alarm until somebody has looked.
  addAlarm: `INSERT INTO alarm (at, rule_id, vendor_id, operator_id, meter_pan, detail)
    SELECT $1::bigint, $2::text, $3::text, $4::text, $5::text, $6::text
    WHERE NOT EXISTS (
      SELECT 1 FROM alarm WHERE alarm_id > (SELECT coalesce(max(alarm_id), 0) - 100 FROM alarm)
        AND acknowledged_at IS NULL AND rule_id = $2 AND vendor_id = $3
        AND operator_id IS NOT DISTINCT FROM $4 AND meter_pan IS NOT DISTINCT FROM $5 AND at > $1 - 60000)`,
  alarms: `SELECT ${ALARM} FROM alarm WHERE alarm_id < $1 ORDER BY alarm_id DESC LIMIT $2`,
  openAlarms: `SELECT ${ALARM} FROM alarm WHERE acknowledged_at IS NULL AND alarm_id < $1 ORDER BY alarm_id DESC LIMIT $2`,
  findAlarm: `SELECT ${ALARM} FROM alarm WHERE alarm_id = $1`,
  acknowledgeAlarm: `UPDATE alarm SET acknowledged_by = $2, acknowledged_at = $3, note = $4
    WHERE alarm_id = $1 AND acknowledged_at IS NULL`,
} as const;
