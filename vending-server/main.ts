/**
 * The vending server, put together: lock and store, security module, recovery, and only then a port. Real time, real
 * chance and real files enter here.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import { StsFault } from '../lib/faults.ts';
import { buildApp } from './api/app.ts';
import { type HttpServer, listen } from './api/http-server.ts';
import type { Clock, Random } from './clock.ts';
import { DEFAULT_HOST, DEFAULT_LIMITS, pathsOf, type ServerLimits, type ServerOptions } from './config.ts';
import { type Messaging, openMessaging } from './outbound/messaging.ts';
import { addApiKey, newApiKey } from './people/api-keys.ts';
import { PERSONS_DEFAULT } from './people/approvals.ts';
import { startSecurityModule } from './security-module/client.ts';
import type { SecurityModule } from './security-module/contract.ts';
import { superviseModule } from './security-module/supervised-module.ts';
import type { Store } from './store/contract.ts';
import { openSqliteStore } from './store/open.ts';
import type { Vending } from './vending/context.ts';
import { type Recovery, recover } from './vending/recover.ts';
import { UnreleasedTokens } from './vending/unreleased-tokens.ts';

export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string;
  /** What start-up found: tokens that a crash had left issued and never released. */
  readonly recovery: Recovery;
  /** Where the first operator's API key stands. */
  readonly operatorKeyPath: string;
  /**
   * Resolves when the security module has died and is not started again in place: nothing is sold any more, and only a new
   * start can tell what it had made. Never resolves otherwise.
   */
  readonly moduleDied: Promise<string>;
  /** Stops accepting, finishes what runs, closes module and store. A second call waits for the first. */
  close(): Promise<void>;
}

/** Browsers send a secure cookie over TLS alone, which nobody has on his own machine. */
const LOOPBACK = /^(127\.|::1$|localhost$)/;

const systemClock: Clock = { now: () => Date.now() };
const systemRandom: Random = { bytes: (length) => randomBytes(length) };

/**
 * Starts a server; when its promise resolves it sells.
 * @throws StsFault of the store, the key store or the module, `ledger_mismatch`, `port_taken`, `usage` for a log file, host
 *   or port that cannot be used; then nothing is left open.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const log = openLog(options);
  const opened: (() => Promise<void>)[] = [];
  const closeAll = async () => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    const store = await openSqliteStore({ dataFolder: options.dataFolder });
    opened.push(() => store.close());
    const first = await startModule(options);
    opened.push(() => first.close());
    const recovery = await recover({ store, securityModule: first });
    logRecovery(log, recovery);
    const securityModule = supervised(first, { options, store, log });
    opened.push(() => securityModule.close());
    await ensureOperatorKey(store, pathsOf(options).operatorKeyPath);
    // A first start alone decides: later, fewer persons are for two people to agree on.
    await store.people.seedSetting(PERSONS_DEFAULT, String(options.persons ?? 2), systemClock.now());
    const clock = options.clock ?? systemClock;
    const messaging = await openMessaging({ options, store, clock, random: systemRandom, log });
    opened.push(() => messaging.close());
    return await serve({ options, store, securityModule, recovery, log, messaging, closeAll });
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The passphrase never enters this process: the module's own reads it where it is told to. */
function startModule(options: ServerOptions): Promise<SecurityModule> {
  const { keyStorePath, journalPath } = pathsOf(options);
  const { passphraseFile, passphraseFd, onModuleStarted } = options;
  return startSecurityModule({
    keyStorePath,
    journalPath,
    tidWindowMinutes: options.limits?.tidWindowMinutes ?? DEFAULT_LIMITS.tidWindowMinutes,
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(passphraseFd === undefined ? {} : { passphraseFd }),
    ...(onModuleStarted === undefined ? {} : { onStarted: onModuleStarted }),
  });
}

/** A crash leaves a few; a database older than its journal leaves all that was sold since. Somebody should look. */
function logRecovery(log: Logger, recovery: Recovery): void {
  log[recovery.unreleased > 0 ? 'warn' : 'info'](recovery, 'recovered');
}

/** Started again in place where the passphrase can be read again: a terminal or a descriptor gives it once. */
function supervised(
  first: SecurityModule,
  { options, store, log }: Pick<Parts, 'options' | 'store' | 'log'>,
): SecurityModule {
  if (options.restartModule === false || options.passphraseFile === undefined) return first;
  return superviseModule(first, {
    start: () => startModule(options),
    recover: async (securityModule) => logRecovery(log, await recover({ store, securityModule })),
    onDown: (reason) => log.error({ reason }, 'security module died, it is started again'),
    onUp: (attempts) => log.warn({ attempts }, 'security module started again'),
  });
}

interface Parts {
  readonly options: ServerOptions;
  readonly store: Store;
  readonly securityModule: SecurityModule;
  readonly recovery: Recovery;
  readonly log: Logger;
  readonly messaging: Messaging;
  readonly closeAll: () => Promise<void>;
}

async function serve(parts: Parts): Promise<RunningServer> {
  const { options, store, securityModule, recovery, log, messaging, closeAll } = parts;
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const { port: wanted, host = DEFAULT_HOST } = options;
  let stopping = false;
  let moduleGone: string | undefined;
  const moduleDied = new Promise<string>((resolve) => {
    securityModule.onExit((reason) => {
      moduleGone = reason;
      if (stopping) return;
      log.error({ reason }, 'security module gone');
      resolve(reason);
    });
  });
  const vending: Vending = {
    store,
    securityModule,
    clock: options.clock ?? systemClock,
    random: systemRandom,
    unreleased: new UnreleasedTokens(),
    tidAheadMinutes: limits.tidAheadMinutes,
    onSaleClaimed: (requestId) => log.debug({ requestId }, 'sale claimed'),
    notificationsOf: messaging.notificationsOf,
    onNotified: messaging.notifying.wake,
  };
  const assertReady = async () => {
    if (stopping) throw new StsFault('service_not_ready', 'stopping');
    if (moduleGone !== undefined) throw new StsFault('security_module_unavailable');
    await store.ping();
    await vending.unreleased.settle(store);
    const { moduleId, counter } = await securityModule.identity();
    return { moduleId, counter };
  };
  const app = buildApp({
    service: { vending, assertReady, receipts: messaging.receipts, notifying: messaging.notifying },
    log,
    version: packageVersion(),
    bodyLimitBytes: limits.bodyLimitBytes,
    answerTimeoutMillis: limits.requestTimeoutMillis,
    isStopping: () => stopping,
    callsPerSecond: limits.callsPerSecond,
    secureCookies: !LOOPBACK.test(host),
  });
  const { requestTimeoutMillis, shutdownGraceMillis } = limits;
  const http: HttpServer = await listen(app.express, { host, port: wanted, requestTimeoutMillis });
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${http.port}`;
  log.info({ url }, 'listening');
  const stop = async () => {
    stopping = true;
    await http.close(shutdownGraceMillis);
    // A caller may have hung up while its sale goes on: the sale must end before the store does.
    // One that waits for a module that never answers ends when the module is closed.
    await within(app.idle(), shutdownGraceMillis);
    await vending.unreleased.settle(store).catch(() => undefined);
    await closeAll();
    log.info('stopped');
  };
  let stopped: Promise<void> | undefined;
  return {
    url,
    recovery,
    moduleDied,
    operatorKeyPath: pathsOf(options).operatorKeyPath,
    close: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function within(work: Promise<void>, millis: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, millis);
  });
  await Promise.race([work, enough]);
  clearTimeout(timer);
}

/** A first start makes the first operator's key. The file comes first: a key in the database alone would be lost. */
async function ensureOperatorKey(store: Store, path: string): Promise<void> {
  if (await store.hasOperatorKey()) return;
  const apiKey = newApiKey(systemRandom);
  try {
    const file = openSync(path, 'w', 0o600);
    try {
      fchmodSync(file, 0o600); // the mode above counts for a new file alone
      writeSync(file, `${apiKey}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new StsFault('store_unavailable', 'the operator key cannot be written', { cause: error });
  }
  const rights = {
    role: 'operator',
    vendorId: null,
    scopes: null,
    expiresAt: null,
    createdBy: null,
  } as const;
  await addApiKey(store, apiKey, { ...rights, label: 'first operator' }, systemClock.now());
}

/** What a log that cannot be written may hold in memory until it can; further lines are lost. */
const LOG_WAITING_BYTES_MAX = 1024 * 1024;

/**
 * Synchronous, so that a line is on its way before the work it tells of goes on.
 * @throws StsFault `usage` for a log file that cannot be opened.
 */
function openLog({ logLevel = 'info', logFile }: ServerOptions): Logger {
  let destination: ReturnType<typeof pino.destination>;
  try {
    const maxLength = LOG_WAITING_BYTES_MAX;
    destination = pino.destination({ dest: logFile ?? 2, sync: true, mkdir: true, maxLength });
  } catch (error) {
    const options = { param: '--log-file', cause: error };
    throw new StsFault('usage', 'the log file cannot be opened', options);
  }
  // A full disk under the log must not end sales: unheard, the error of a stream ends the process.
  destination.on('error', () => undefined);
  return pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** From package.json beside the sources, or one folder further up from `dist`. */
function packageVersion(): string {
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8'));
      if (name === 'wattoken') return String(version);
    } catch {
      // Not here: look in the next place.
    }
  }
  return '0.0.0';
}
