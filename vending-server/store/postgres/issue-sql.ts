/** The statements of replacements and change-outs on PostgreSQL. */

/** The index of the TIDs finds the entries of one meter. */
const SOLD_TO = `
  SELECT coalesce(sum(CASE
      WHEN e.statement = '' THEN s.amount_deci_kwh
      WHEN e.statement LIKE 'creditElectricity %' THEN split_part(e.statement, ' ', 2)::bigint
      ELSE 0 END), 0)::bigint AS deci_kwh,
    coalesce(sum(CASE
      WHEN e.statement LIKE 'currencyCredit electricity:%' THEN split_part(split_part(e.statement, ' ', 2), ':', 2)::bigint
      ELSE 0 END), 0)::bigint AS money
  FROM chain_entry AS e JOIN sale AS s ON s.sale_id = e.sale_id
  WHERE e.meter_pan = $1 AND e.state = 'released'
    AND NOT EXISTS (SELECT 1 FROM sale_advice AS a WHERE a.sale_id = s.sale_id AND a.state = 'reversed')
    AND NOT EXISTS (SELECT 1 FROM replaced_token AS r WHERE r.module_id = e.module_id AND r.counter = e.counter)`;

export const ISSUE_SQL = {
  soldTo: SOLD_TO,
  findReplaced: 'SELECT place, by_sale_id FROM replaced_token WHERE sale_id = $1 ORDER BY place',
  findReversed: "SELECT 1 FROM sale_advice WHERE sale_id = $1 AND state = 'reversed'",
  // Whoever takes the sale back waits for this lock, and sees then what was replaced.
  lockSale: 'SELECT 1 FROM sale WHERE sale_id = $1 FOR UPDATE',
  addReplaced: `INSERT INTO replaced_token (sale_id, place, module_id, counter, by_sale_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING RETURNING 1`,
  takeClaim: 'DELETE FROM vend_claim WHERE claim_id = $1 AND vendor_id = $2 RETURNING 1',
  leaveMeter: `INSERT INTO meter_history AS h (meter_pan, version, month, month_units_deci_kwh, free_units_month, carried_minor,
      charges, last_sale_id)
    VALUES ($1, 1, '', 0, '', '0', '{}', $3)
    ON CONFLICT (meter_pan) DO UPDATE SET version = h.version + 1, last_sale_id = excluded.last_sale_id, before = NULL,
      month_units_deci_kwh = 0, carried_minor = '0', charges = '{}' WHERE h.version = $2 RETURNING 1`,
  // A server that does not know of change-outs finds no TID left for the meter.
  useUpTids: `INSERT INTO meter_tid (meter_pan, base_date, tid_minutes)
    SELECT $1, b, $2 FROM unnest(ARRAY['93', '14', '35']) AS b
    ON CONFLICT (meter_pan, base_date) DO UPDATE SET tid_minutes = excluded.tid_minutes`,
  setReplacedBy: 'UPDATE meter SET replaced_by = $2 WHERE meter_pan = $1 AND replaced_by IS NULL RETURNING 1',
  setReplaces: 'UPDATE meter SET replaces = $2 WHERE meter_pan = $1 AND replaces IS NULL RETURNING 1',
  moveDebt: `INSERT INTO debt (debt_id, meter_pan, label, opened_minor, balance_minor, recovery, opened_at)
    SELECT $1, $2, label, balance_minor, balance_minor, recovery, opened_at FROM debt
    WHERE debt_id = $3 AND balance_minor = $4 RETURNING 1`,
  endDebt: 'UPDATE debt SET balance_minor = 0 WHERE debt_id = $1',
} as const;
