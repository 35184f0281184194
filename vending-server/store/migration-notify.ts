/** The step that brings the outbox of messages, the endpoints of webhooks and the public keys of receipts. */

export const STEP_NOTIFY = `
CREATE TABLE webhook (
  webhook_id TEXT PRIMARY KEY,
  vendor_id TEXT REFERENCES vendor,
  url TEXT NOT NULL,
  -- Secrets are derived from a file of the data folder; none stands here.
  secret_generation INTEGER NOT NULL CHECK (secret_generation >= 1),
  secret_digest TEXT NOT NULL CHECK (length(secret_digest) = 64),
  previous_until INTEGER NOT NULL,
  is_enabled INTEGER NOT NULL CHECK (is_enabled IN (0, 1)),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notification (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  notification_id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('sms', 'email', 'webhook')),
  target TEXT NOT NULL,
  language TEXT NOT NULL,
  sale_id TEXT REFERENCES sale,
  facts TEXT,
  created_at INTEGER NOT NULL,
  counted_from INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL CHECK (attempts >= 0),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
  last_outcome TEXT,
  ended_at INTEGER,
  CHECK ((sale_id IS NULL) <> (facts IS NULL)),
  CHECK ((state = 'waiting') = (ended_at IS NULL))
) STRICT;
CREATE INDEX notification_due ON notification (due_at, sequence) WHERE state = 'waiting';
CREATE INDEX notification_dead ON notification (sequence) WHERE state = 'dead';
CREATE INDEX notification_delivered ON notification (ended_at) WHERE state = 'delivered';
CREATE INDEX notification_of_target ON notification (target, sequence) WHERE channel = 'webhook';

CREATE TABLE receipt_key (
  key_id TEXT PRIMARY KEY CHECK (length(key_id) = 16),
  public_key TEXT NOT NULL,
  published_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;
