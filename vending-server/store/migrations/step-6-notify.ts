/** The outbox of messages, the endpoints of webhooks and the public keys of receipts. */
import type { MigrationStep } from './step.ts';

const SQLITE = `
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

const POSTGRES = `
CREATE TABLE webhook (
  webhook_id text COLLATE "C" PRIMARY KEY,
  vendor_id text REFERENCES vendor,
  url text NOT NULL,
  -- Secrets are derived from a file of the data folder; none stands here.
  secret_generation bigint NOT NULL CHECK (secret_generation >= 1),
  secret_digest text NOT NULL CHECK (length(secret_digest) = 64),
  previous_until bigint NOT NULL,
  is_enabled boolean NOT NULL,
  created_at bigint NOT NULL
);

CREATE TABLE notification (
  sequence bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  notification_id text NOT NULL UNIQUE,
  kind text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('sms', 'email', 'webhook')),
  target text NOT NULL,
  language text NOT NULL,
  sale_id text REFERENCES sale,
  facts text,
  created_at bigint NOT NULL,
  counted_from bigint NOT NULL,
  due_at bigint NOT NULL,
  attempts bigint NOT NULL CHECK (attempts >= 0),
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead')),
  last_outcome text,
  ended_at bigint,
  CHECK ((sale_id IS NULL) <> (facts IS NULL)),
  CHECK ((state = 'waiting') = (ended_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX notification_due ON notification (due_at, sequence) WHERE state = 'waiting';
CREATE INDEX notification_dead ON notification (sequence) WHERE state = 'dead';
CREATE INDEX notification_delivered ON notification (ended_at) WHERE state = 'delivered';
CREATE INDEX notification_of_target ON notification (target, sequence) WHERE channel = 'webhook';

CREATE TABLE receipt_key (
  key_id text COLLATE "C" PRIMARY KEY CHECK (length(key_id) = 16),
  public_key text NOT NULL,
  published_at bigint NOT NULL
);
`;

export const NOTIFY: MigrationStep = { name: 'notify', sqlite: SQLITE, postgres: POSTGRES };
