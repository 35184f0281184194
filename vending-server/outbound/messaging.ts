/** Receipts and messages put together: settings, keys and ports on real files, and the loop that sends. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { isStsFault, StsFault } from '../../lib/faults.ts';
import type { Clock, Random } from '../clock.ts';
import { pathsOf, type ServerOptions } from '../config.ts';
import { DEFAULT_RETRY } from '../notify/backoff.ts';
import { Endpoints, type Notifying } from '../notify/context.ts';
import { type Attempt, Deliverer } from '../notify/deliver.ts';
import { messageOf, webhookBody } from '../notify/message.ts';
import { type Contact, notificationsOf, type SoldForNotice } from '../notify/notification.ts';
import type { ReceiptDesk } from '../receipt/desk.ts';
import { parseReceiptSettings, type ReceiptSettings } from '../receipt/settings.ts';
import type { Store } from '../store/contract.ts';
import type { NewNotification } from '../store/outbox.ts';
import { DeliveryLoop } from './delivery-loop.ts';
import { fileSpool } from './file-spool.ts';
import { whyRefused } from './private-address.ts';
import { ReceiptKeyFile } from './receipt-key-file.ts';
import { readOrMakeSecret } from './secret-file.ts';
import { webhookSender } from './webhook-sender.ts';

export interface Messaging {
  readonly receipts: ReceiptDesk;
  readonly notifying: Notifying;
  readonly notificationsOf: (sale: SoldForNotice, contact: Contact | undefined) => readonly NewNotification[];
  /** Sends nothing more, and resolves when what is being sent has ended. */
  close(): Promise<void>;
}

interface Parts {
  readonly options: ServerOptions;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const WEBHOOK_TIMEOUT_MILLIS = 10_000;
const LOOK_MILLIS = 1000;
/** A message is lent for this much longer than its attempt may take. */
const LEASE_MARGIN_MILLIS = 20_000;

/**
 * Opens what receipts and messages need, and begins to send what waits.
 * @throws StsFault `usage` for settings that cannot be read, `data_folder_unusable`, and those of the store.
 */
export async function openMessaging(parts: Parts): Promise<Messaging> {
  const { options, store, clock, random, log } = parts;
  const paths = pathsOf(options);
  const settings = readSettings(paths.receiptSettingsPath);
  const keys = await ReceiptKeyFile.open(paths.receiptKeyPath, store.receiptKeys, clock.now());
  const receipts: ReceiptDesk = {
    settings,
    font: readFont(settings),
    key: () => keys.current,
    rotate: () => keys.rotate(clock.now()),
    publicKeys: () => store.receiptKeys.list(),
    findKey: (keyId) => store.receiptKeys.find(keyId),
  };
  const newMaster = () => Buffer.from(random.bytes(32)).toString('hex');
  const webhookMaster = masterOf(readOrMakeSecret(paths.webhookMasterPath, newMaster));
  const endpoints = new Endpoints(store.outbox);
  await endpoints.refresh();
  const allowPrivate = options.notify?.allowPrivateWebhooks ?? false;
  const deliverer = delivererOf(parts, { receipts, webhookMaster, allowPrivate });
  const loop = new DeliveryLoop({
    deliverer,
    outbox: store.outbox,
    endpoints,
    clock,
    lookMillis: options.notify?.lookMillis ?? LOOK_MILLIS,
    onTrouble: (error) => {
      log.warn({ code: isStsFault(error) ? error.code : 'internal_error' }, 'outbox not looked at');
    },
  });
  loop.start();
  return {
    receipts,
    notifying: {
      outbox: store.outbox,
      clock,
      random,
      webhookMaster,
      whyRefused: (url) => whyRefused(url, allowPrivate),
      endpoints,
      wake: () => loop.wake(),
    },
    notificationsOf: (sale, contact) => notificationsOf(sale, contact, endpoints.known, settings.language),
    close: () => loop.stop(),
  };
}

function delivererOf(
  { options, store, clock, random, log }: Parts,
  made: { receipts: ReceiptDesk; webhookMaster: Uint8Array; allowPrivate: boolean },
): Deliverer {
  const { receipts, webhookMaster, allowPrivate } = made;
  const { spoolFolder } = pathsOf(options);
  const timeoutMillis = options.notify?.webhookTimeoutMillis ?? WEBHOOK_TIMEOUT_MILLIS;
  const leaseMillis = Math.max(DEFAULT_RETRY.leaseMillis, timeoutMillis + LEASE_MARGIN_MILLIS);
  return new Deliverer({
    outbox: store.outbox,
    clock,
    random,
    policy: { ...DEFAULT_RETRY, leaseMillis, ...options.notify?.retry },
    webhookMaster,
    sms: fileSpool(join(spoolFolder, 'sms')),
    email: fileSpool(join(spoolFolder, 'email')),
    webhook: webhookSender({ timeoutMillis, allowPrivate, userAgent: 'wattoken' }),
    messageOf: (notification) => messageOf({ store, receipts }, notification),
    bodyOf: (notification) => webhookBody({ store }, notification),
    onAttempt: (attempt) => tell(attempt, log),
  });
}

function tell(attempt: Attempt, log: Logger): void {
  if (attempt.isGivenUp) log.warn(attempt, 'message given up');
  else log.debug(attempt, 'message attempted');
}

function readSettings(path: string): ReceiptSettings {
  try {
    return parseReceiptSettings(readIfThere(path) ?? '{}');
  } catch (error) {
    const detail = error instanceof RangeError ? error.message : 'cannot be read';
    throw new StsFault('usage', detail, { param: 'receipt.json', cause: error });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

function readFont({ fontFile }: ReceiptSettings): Uint8Array | undefined {
  if (fontFile === null) return undefined;
  try {
    return readFileSync(fontFile);
  } catch (error) {
    throw new StsFault('usage', 'fontFile cannot be read', { param: 'receipt.json', cause: error });
  }
}

function masterOf(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new StsFault('data_folder_unusable', 'webhook.key holds no key');
  return Buffer.from(text, 'hex');
}
