/** The outbox and the receipt keys in SQLite; writes go through the commits that sales share. */
import type { Database } from 'better-sqlite3';
import type { NewNotification, NotificationFilter, Outbox, ReceiptKeys } from '../outbox.ts';
import {
  type KeyRow,
  keyOf,
  type NotificationRow,
  notificationOf,
  type WebhookRow,
  webhookOf,
} from '../outbox-rows.ts';

/** How the store reads and writes: inside its checks and its commits. */
export interface StoreAccess {
  read<T>(look: () => T): Promise<T>;
  write<T>(change: () => T): Promise<T>;
}

const COLUMNS = `
  sequence, notification_id, kind, channel, target, language, sale_id, facts, created_at, counted_from, due_at, attempts,
  state, last_outcome`;

const ADD = `
  INSERT OR IGNORE INTO notification (notification_id, kind, channel, target, language, sale_id, facts, created_at,
    counted_from, due_at, attempts, state)
  VALUES (?, ?, ?, ?, ?, ?, ?, @createdAt, @dueAt, @dueAt, 0, 'waiting')`;
const TAKE_DUE = `
  UPDATE notification SET attempts = attempts + 1, due_at = @until
  WHERE sequence IN (
    SELECT sequence FROM notification WHERE state = 'waiting' AND due_at <= @now ORDER BY due_at, sequence LIMIT @limit)
  RETURNING ${COLUMNS}`;
const NEXT_DUE = "SELECT min(due_at) AS due_at FROM notification WHERE state = 'waiting'";
const DELIVERED = `
  UPDATE notification SET state = 'delivered', last_outcome = 'delivered', ended_at = ?
  WHERE notification_id = ? AND state = 'waiting'`;
const RETRY = `
  UPDATE notification SET last_outcome = ?, due_at = ? WHERE notification_id = ? AND state = 'waiting'`;
const GIVE_UP = `
  UPDATE notification SET state = 'dead', last_outcome = ?, ended_at = due_at
  WHERE notification_id = ? AND state = 'waiting'`;
const RESEND = `
  UPDATE notification SET state = 'waiting', ended_at = NULL, due_at = @now, counted_from = @now, attempts = 0
  WHERE notification_id = @notificationId AND state = 'dead'`;
const FIND = `SELECT ${COLUMNS} FROM notification WHERE notification_id = ?`;
const LIST = `
  SELECT ${COLUMNS} FROM notification
  WHERE sequence < @before AND (@state IS NULL OR state = @state) ORDER BY sequence DESC LIMIT @limit`;
const LIST_DEAD = `
  SELECT ${COLUMNS} FROM notification
  WHERE state = 'dead' AND sequence < @before ORDER BY sequence DESC LIMIT @limit`;
const LIST_OF_VENDOR = `
  SELECT ${COLUMNS} FROM notification
  WHERE channel = 'webhook' AND target IN (SELECT webhook_id FROM webhook WHERE vendor_id = @vendorId)
    AND sequence < @before AND (@state IS NULL OR state = @state)
  ORDER BY sequence DESC LIMIT @limit`;
const FORGET = `
  DELETE FROM notification WHERE sequence IN (
    SELECT sequence FROM notification WHERE state = 'delivered' AND ended_at < ? LIMIT ?)`;

const WEBHOOK_COLUMNS = `
  webhook_id, vendor_id, url, secret_generation, secret_digest, previous_until, is_enabled, created_at`;
const ADD_WEBHOOK = `INSERT INTO webhook (${WEBHOOK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const PUT_WEBHOOK = `
  UPDATE webhook SET url = ?, secret_generation = ?, secret_digest = ?, previous_until = ?, is_enabled = ?
  WHERE webhook_id = ?`;
const REMOVE_WEBHOOK = 'DELETE FROM webhook WHERE webhook_id = ?';
const GIVE_UP_WEBHOOK = `
  UPDATE notification SET state = 'dead', last_outcome = 'webhook_removed', ended_at = due_at
  WHERE channel = 'webhook' AND target = ? AND state = 'waiting'`;
const FIND_WEBHOOK = `SELECT ${WEBHOOK_COLUMNS} FROM webhook WHERE webhook_id = ?`;
const WEBHOOKS = `SELECT ${WEBHOOK_COLUMNS} FROM webhook ORDER BY created_at, webhook_id`;

const PUBLISH = 'INSERT OR IGNORE INTO receipt_key (key_id, public_key, published_at) VALUES (?, ?, ?)';
const FIND_KEY = 'SELECT key_id, public_key, published_at FROM receipt_key WHERE key_id = ?';
const LIST_KEYS = 'SELECT key_id, public_key, published_at FROM receipt_key ORDER BY published_at, key_id';

/** Prepared once; @returns what adds rows inside a commit that is under way already: that of a sale. */
export function notificationAdder(database: Database): (rows: readonly NewNotification[]) => void {
  const add = database.prepare(ADD);
  return (rows) => {
    for (const row of rows) {
      const { notificationId, kind, channel, target, language, saleId, facts, createdAt } = row;
      const when = { createdAt, dueAt: row.dueAt ?? createdAt };
      add.run(notificationId, kind, channel, target, language, saleId, facts, when);
    }
  };
}

export function sqliteOutbox(database: Database, { read, write }: StoreAccess): Outbox {
  const add = notificationAdder(database);
  const sql = {
    takeDue: database.prepare(TAKE_DUE),
    nextDue: database.prepare(NEXT_DUE),
    delivered: database.prepare(DELIVERED),
    retry: database.prepare(RETRY),
    giveUp: database.prepare(GIVE_UP),
    resend: database.prepare(RESEND),
    find: database.prepare(FIND),
    forget: database.prepare(FORGET),
  };
  return {
    add: (rows) => write(() => add(rows)),
    takeDue: (now, until, limit) =>
      write(() => (sql.takeDue.all({ now, until, limit }) as NotificationRow[]).map(notificationOf)),
    nextDue: () => read(() => (sql.nextDue.get() as { due_at: number | null }).due_at ?? undefined),
    delivered: (notificationId, at) =>
      write(() => {
        sql.delivered.run(at, notificationId);
      }),
    failed: (notificationId, outcome, dueAt) =>
      write(() => {
        if (dueAt === null) sql.giveUp.run(outcome, notificationId);
        else sql.retry.run(outcome, dueAt, notificationId);
      }),
    resend: (notificationId, now) => write(() => sql.resend.run({ notificationId, now }).changes === 1),
    find: (notificationId) =>
      read(() => {
        const row = sql.find.get(notificationId) as NotificationRow | undefined;
        return row && notificationOf(row);
      }),
    list: listReader(database, read),
    forgetDelivered: (before, limit) => write(() => sql.forget.run(before, limit).changes),
    ...webhookOperations(database, { read, write }),
  };
}

/** Each shape of a list has a statement of its own, so that it goes by its own index. */
function listReader(database: Database, read: StoreAccess['read']): Outbox['list'] {
  const all = database.prepare(LIST);
  const dead = database.prepare(LIST_DEAD);
  const ofVendor = database.prepare(LIST_OF_VENDOR);
  return ({ vendorId, state, before, limit }: NotificationFilter) =>
    read(() => {
      const rows =
        vendorId !== null
          ? ofVendor.all({ vendorId, state, before, limit })
          : state === 'dead'
            ? dead.all({ before, limit })
            : all.all({ state, before, limit });
      return (rows as NotificationRow[]).map(notificationOf);
    });
}

type WebhookOperations = Pick<
  Outbox,
  'addWebhook' | 'putWebhook' | 'removeWebhook' | 'findWebhook' | 'webhooks'
>;

function webhookOperations(database: Database, { read, write }: StoreAccess): WebhookOperations {
  const sql = {
    add: database.prepare(ADD_WEBHOOK),
    put: database.prepare(PUT_WEBHOOK),
    remove: database.prepare(REMOVE_WEBHOOK),
    giveUp: database.prepare(GIVE_UP_WEBHOOK),
    find: database.prepare(FIND_WEBHOOK),
    list: database.prepare(WEBHOOKS),
  };
  return {
    addWebhook: (hook) =>
      write(() => {
        const { webhookId, vendorId, url, secretGeneration, secretDigest, previousUntil } = hook;
        const isEnabled = hook.isEnabled ? 1 : 0;
        const { createdAt } = hook;
        sql.add.run(
          webhookId,
          vendorId,
          url,
          secretGeneration,
          secretDigest,
          previousUntil,
          isEnabled,
          createdAt,
        );
      }),
    putWebhook: (hook) =>
      write(() => {
        const { webhookId, url, secretGeneration, secretDigest, previousUntil } = hook;
        const isEnabled = hook.isEnabled ? 1 : 0;
        return (
          sql.put.run(url, secretGeneration, secretDigest, previousUntil, isEnabled, webhookId).changes === 1
        );
      }),
    removeWebhook: (webhookId) =>
      write(() => {
        sql.giveUp.run(webhookId);
        return sql.remove.run(webhookId).changes === 1;
      }),
    findWebhook: (webhookId) =>
      read(() => {
        const row = sql.find.get(webhookId) as WebhookRow | undefined;
        return row && webhookOf(row);
      }),
    webhooks: () => read(() => (sql.list.all() as WebhookRow[]).map(webhookOf)),
  };
}

export function sqliteReceiptKeys(database: Database, { read, write }: StoreAccess): ReceiptKeys {
  const publish = database.prepare(PUBLISH);
  const find = database.prepare(FIND_KEY);
  const list = database.prepare(LIST_KEYS);
  return {
    publish: ({ keyId, publicKey, publishedAt }) =>
      write(() => {
        publish.run(keyId, publicKey, publishedAt);
      }),
    find: (keyId) =>
      read(() => {
        const row = find.get(keyId) as KeyRow | undefined;
        return row && keyOf(row);
      }),
    list: () => read(() => (list.all() as KeyRow[]).map(keyOf)),
  };
}
