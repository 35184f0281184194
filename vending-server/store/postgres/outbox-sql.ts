/** The statements of the outbox, the receipt keys and the operator's part on PostgreSQL. */

/** What a new message is, as the columns of a JSON record set. */
export const NOTIFICATION_FIELDS = `notification_id text, kind text, channel text, target text, language text, sale_id text,
      facts text, created_at bigint`;

const COLUMNS = `sequence, notification_id, kind, channel, target, language, sale_id, facts, created_at, counted_from, due_at,
  attempts, state, last_outcome`;
const WEBHOOK = `webhook_id, vendor_id, url, secret_generation, secret_digest, previous_until, is_enabled, created_at`;

export const OUTBOX_SQL = {
  addNotifications: `
    INSERT INTO notification (notification_id, kind, channel, target, language, sale_id, facts, created_at, counted_from,
      due_at, attempts, state)
    SELECT notification_id, kind, channel, target, language, sale_id, facts, created_at, due_at, due_at, 0, 'waiting'
    FROM json_to_recordset($1) AS n(${NOTIFICATION_FIELDS}, due_at bigint)
    ON CONFLICT (notification_id) DO NOTHING`,
  // What another worker takes at this moment is passed by: nobody waits, and nobody gets the same message.
  takeDueNotifications: `
    WITH due AS MATERIALIZED (
      SELECT sequence FROM notification WHERE state = 'waiting' AND due_at <= $1
      ORDER BY due_at, sequence LIMIT $3 FOR UPDATE SKIP LOCKED),
    taken AS (
      UPDATE notification SET attempts = attempts + 1, due_at = $2
      WHERE sequence IN (SELECT sequence FROM due) RETURNING ${COLUMNS})
    SELECT * FROM taken ORDER BY sequence`,
  nextDueNotification: "SELECT min(due_at) AS due_at FROM notification WHERE state = 'waiting'",
  notificationDelivered: `
    UPDATE notification SET state = 'delivered', last_outcome = 'delivered', ended_at = $2
    WHERE notification_id = $1 AND state = 'waiting'`,
  retryNotification: `
    UPDATE notification SET last_outcome = $2, due_at = $3 WHERE notification_id = $1 AND state = 'waiting'`,
  giveUpNotification: `
    UPDATE notification SET state = 'dead', last_outcome = $2, ended_at = due_at
    WHERE notification_id = $1 AND state = 'waiting'`,
  resendNotification: `
    UPDATE notification SET state = 'waiting', ended_at = NULL, due_at = $2, counted_from = $2, attempts = 0
    WHERE notification_id = $1 AND state = 'dead' RETURNING 1`,
  findNotification: `SELECT ${COLUMNS} FROM notification WHERE notification_id = $1`,
  // Each shape of a list has a statement of its own, so that it goes by its own index.
  listNotifications: `
    SELECT ${COLUMNS} FROM notification
    WHERE sequence < $1 AND ($2::text IS NULL OR state = $2) ORDER BY sequence DESC LIMIT $3`,
  listDeadNotifications: `
    SELECT ${COLUMNS} FROM notification WHERE state = 'dead' AND sequence < $1 ORDER BY sequence DESC LIMIT $2`,
  listNotificationsOfVendor: `
    SELECT ${COLUMNS} FROM notification
    WHERE channel = 'webhook' AND target IN (SELECT webhook_id FROM webhook WHERE vendor_id = $4)
      AND sequence < $1 AND ($2::text IS NULL OR state = $2)
    ORDER BY sequence DESC LIMIT $3`,
  forgetDeliveredNotifications: `
    DELETE FROM notification WHERE sequence IN (
      SELECT sequence FROM notification WHERE state = 'delivered' AND ended_at < $1 LIMIT $2) RETURNING 1`,

  addWebhook: `INSERT INTO webhook (${WEBHOOK}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
  putWebhook: `
    UPDATE webhook SET url = $2, secret_generation = $3, secret_digest = $4, previous_until = $5, is_enabled = $6
    WHERE webhook_id = $1 RETURNING 1`,
  removeWebhook: 'DELETE FROM webhook WHERE webhook_id = $1 RETURNING 1',
  giveUpWebhook: `
    UPDATE notification SET state = 'dead', last_outcome = 'webhook_removed', ended_at = due_at
    WHERE channel = 'webhook' AND target = $1 AND state = 'waiting'`,
  findWebhook: `SELECT ${WEBHOOK} FROM webhook WHERE webhook_id = $1`,
  webhooks: `SELECT ${WEBHOOK} FROM webhook ORDER BY created_at, webhook_id`,

  publishReceiptKey: `
    INSERT INTO receipt_key (key_id, public_key, published_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
  findReceiptKey: 'SELECT key_id, public_key, published_at FROM receipt_key WHERE key_id = $1',
  receiptKeys: 'SELECT key_id, public_key, published_at FROM receipt_key ORDER BY published_at, key_id',

  // Counts its looks, so that there is a changed row to make durable even when the moment stays.
  witnessClock: `
    INSERT INTO clock_witness AS c (only_one, highest_at, looks) VALUES (1, $1, 1)
    ON CONFLICT (only_one) DO UPDATE SET highest_at = greatest(c.highest_at, excluded.highest_at), looks = c.looks + 1
    RETURNING highest_at`,
  acceptClock: `
    INSERT INTO clock_witness AS c (only_one, highest_at, looks) VALUES (1, $1, 1)
    ON CONFLICT (only_one) DO UPDATE SET highest_at = excluded.highest_at, looks = c.looks + 1`,
  findLedgerKind: 'SELECT kind FROM ledger_kind',
  addLedgerKind: 'INSERT INTO ledger_kind (only_one, kind) VALUES (1, $1)',
  hasSale: 'SELECT EXISTS (SELECT 1 FROM sale) AS has',
  addCertificate: `
    INSERT INTO vendor_certificate (vendor_id, kind, value) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING 1`,
  dropCertificate:
    'DELETE FROM vendor_certificate WHERE vendor_id = $1 AND kind = $2 AND value = $3 RETURNING 1',
  findCertificates:
    'SELECT vendor_id, kind, value FROM vendor_certificate WHERE vendor_id = ANY ($1::text[]) ORDER BY kind, value',
} as const;
