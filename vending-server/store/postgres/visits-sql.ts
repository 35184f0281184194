/** The statements of customers' visits on PostgreSQL. */
import { CHOICE_COLUMNS, VISIT_COLUMNS } from '../visit-contract.ts';

export const VISIT_SQL = {
  openVisit: `WITH over AS (DELETE FROM customer_visit WHERE ends_at < $5 OR visit_hash = $7)
    INSERT INTO customer_visit (${VISIT_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)`,
  findVisit: `SELECT ${VISIT_COLUMNS} FROM customer_visit WHERE visit_hash = $1`,
  endVisit: 'DELETE FROM customer_visit WHERE visit_hash = $1',
  heldSince: 'SELECT since FROM meter_holder WHERE meter_pan = $1',
  saleOfReceipt: `SELECT e.sale_id FROM security_module AS m
    JOIN chain_entry AS e ON e.module_id = m.module_id AND e.counter = $2
    WHERE left(m.module_id, length($1::text)) = $1 AND e.sale_id IS NOT NULL`,
  putChoice: `INSERT INTO low_balance_choice (${CHOICE_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (meter_pan) DO UPDATE SET is_told = excluded.is_told, below_deci_kwh = excluded.below_deci_kwh,
      channel = excluded.channel, target = excluded.target, language = excluded.language, by_day = excluded.by_day,
      changed_at = excluded.changed_at`,
  findChoice: `SELECT ${CHOICE_COLUMNS} FROM low_balance_choice WHERE meter_pan = $1`,
  tellLowBalance: `UPDATE low_balance_choice SET told_at = $3, told_request_id = $2
    WHERE meter_pan = $1 AND (told_at IS NULL OR told_at < $4 OR told_request_id = $2) RETURNING 1`,
} as const;
