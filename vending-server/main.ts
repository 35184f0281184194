/**
 * The vending server, put together: lock and store, security module, recovery, and only then a port. Real time, real
 * chance and real files enter here.
 */
import { closeSync, fchmodSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import pino, { type Logger } from 'pino';
import { StsFault, toProblem } from '../lib/faults.ts';
import { buildApp } from './api/app.ts';
import { openDoor } from './api/door.ts';
import { readTls } from './api/tls.ts';
import type { BooksSource } from './audit.ts';
import type { Clock, Random } from './clock.ts';
import { DEFAULT_HOST, DEFAULT_LIMITS, pathsOf, type ServerLimits, type ServerOptions } from './config.ts';
import { writeBackup } from './operation/backup.ts';
import { ClockGuard } from './operation/clock-guard.ts';
import { openControlSocket } from './operation/control-socket.ts';
import { LedgerReader } from './operation/ledger-reader.ts';
import type { Metrics } from './operation/metrics.ts';
import { openMetricsDoor } from './operation/metrics-door.ts';
import { Readiness } from './operation/readiness.ts';
import { registerScriptedMeters, scriptedSell } from './operation/scripted-meters.ts';
import { type Messaging, openMessaging } from './outbound/messaging.ts';
import { addApiKey, newApiKey } from './people/api-keys.ts';
import { PERSONS_DEFAULT } from './people/approvals.ts';
import { startSecurityModule } from './security-module/client.ts';
import type { SecurityModule } from './security-module/contract.ts';
import { superviseModule } from './security-module/supervised-module.ts';
import type { Store } from './store/contract.ts';
import { openStore } from './store/open.ts';
import { systemRandom } from './system-random.ts';
import type { Vending } from './vending/context.ts';
import { openHouseVendor } from './vending/house.ts';
import { KeyDirectory } from './vending/key-directory.ts';
import { type Recovery, recover } from './vending/recover.ts';
import { SalesUnderWay } from './vending/sale-guard.ts';
import { SalesWatch } from './vending/sales-watch.ts';
import { sell } from './vending/sell.ts';
import { UnreleasedTokens } from './vending/unreleased-tokens.ts';
import { UtilityRules } from './vending/utility-rules.ts';
import { pageHandlers } from './web/serve.ts';

export interface RunningServer {
  /** `http://host:port`. */
  readonly url: string;
  /** What start-up found: tokens that a crash had left issued and never released. */
  readonly recovery: Recovery;
  /** Where Prometheus scrapes, when a port for it was asked for. */
  readonly metricsUrl: string | undefined;
  /** Reads certificate and key again; connections that are open keep theirs. A file that cannot be used is logged and left. */
  reloadTls(): void;
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
const random: Random = systemRandom();

/**
 * Starts a server; when its promise resolves it sells.
 * @throws StsFault of the store, the key store or the module, `ledger_mismatch`, `port_taken`, `usage` for a log file, host
 *   or port that cannot be used; then nothing is left open.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, end } = openLog(options);
  const limits: ServerLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const opened: (() => Promise<void>)[] = [async () => end()];
  try {
    if (options.tls !== undefined) readTls(options.tls);
    const metrics = await makeMetrics(options);
    const opening = await openStore({
      ...options,
      ...(metrics === undefined ? {} : { onCommit: (report) => metrics.commit(report) }),
    });
    opened.push(() => opening.close());
    const store = metrics === undefined ? opening : metrics.watch(opening);
    const first = await startModule(options, metrics);
    opened.push(() => first.close());
    const recovery = await recover({ store, securityModule: first });
    // From here on the folder is known to be sound: a start that is refused before has changed nothing in it.
    await store.operation.bindLedgerKind(options.sandbox === true ? 'sandbox' : 'live');
    const clock = await openClock(store, options.clock ?? systemClock, limits, log);
    opened.push(keepWitnessing(clock, store, log));
    logRecovery(log, recovery);
    const securityModule = supervised(first, { options, store, log, metrics });
    opened.push(() => securityModule.close());
    await ensureOperatorKey(store, pathsOf(options).operatorKeyPath);
    const messaging = await openMessaging({ options, store, clock, random, log });
    opened.push(() => messaging.close());
    const vending: Vending = {
      store,
      securityModule,
      keys: new KeyDirectory(securityModule),
      rules: new UtilityRules(store),
      underWay: new SalesUnderWay(),
      clock,
      random,
      unreleased: new UnreleasedTokens(),
      tidAheadMinutes: limits.tidAheadMinutes,
      onSaleClaimed: (requestId) => log.debug({ requestId }, 'sale claimed'),
      notificationsOf: messaging.notificationsOf,
      onNotified: messaging.notifying.wake,
    };
    // A first start alone decides: later, fewer persons are for two people to agree on.
    await store.people.seedSetting(PERSONS_DEFAULT, String(options.persons ?? 2), systemClock.now());
    await openHouseVendor(vending);
    if (options.sandbox === true) await registerScriptedMeters(vending);
    return await serve({ options, limits, vending, clock, metrics, messaging, recovery, log, opened });
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

async function closeAll(opened: (() => Promise<void>)[]): Promise<void> {
  for (const close of opened.splice(0).reverse()) await close();
}

async function openClock(
  store: Store,
  system: Clock,
  limits: ServerLimits,
  log: Logger,
): Promise<ClockGuard> {
  const highest = await store.operation.witnessClock(system.now());
  const clock = new ClockGuard(system, highest, limits.clockHoldMinutes);
  const { behindMillis, isWorthTelling } = clock.state();
  if (isWorthTelling) log.error({ code: 'clock_set_back', behindMillis }, 'the clock was set back');
  return clock;
}

/** A crash forgets at most this much of the highest moment seen. */
const WITNESS_MILLIS = 5000;

/** @returns what ends it, with a last look. */
function keepWitnessing(clock: ClockGuard, store: Store, log: Logger): () => Promise<void> {
  let wasBack = clock.state().isWorthTelling;
  const look = async () => {
    const { behindMillis, isWorthTelling } = clock.state();
    if (isWorthTelling !== wasBack) {
      wasBack = isWorthTelling;
      log[isWorthTelling ? 'error' : 'info']({ code: 'clock_set_back', behindMillis }, 'the clock has moved');
    }
    await clock.witness(store.operation).catch(() => undefined); // readiness tells of a store that takes nothing
  };
  const timer = setInterval(() => void look(), WITNESS_MILLIS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await look();
  };
}

/** What counts is loaded where somebody scrapes: it is a seventh of all that a start loads. */
async function makeMetrics({ metrics }: ServerOptions): Promise<Metrics | undefined> {
  if (metrics === undefined) return undefined;
  const { Metrics } = await import('./operation/metrics.ts');
  return new Metrics();
}

/** The passphrase never enters this process: the module's own reads it where it is told to. */
function startModule(options: ServerOptions, metrics: Metrics | undefined): Promise<SecurityModule> {
  const { keyStorePath, journalPath } = pathsOf(options);
  const { passphraseFile, passphraseFd, onModuleStarted, moduleProgram } = options;
  return startSecurityModule({
    keyStorePath,
    journalPath,
    tidWindowMinutes: options.limits?.tidWindowMinutes ?? DEFAULT_LIMITS.tidWindowMinutes,
    ...(passphraseFile === undefined ? {} : { passphraseFile }),
    ...(passphraseFd === undefined ? {} : { passphraseFd }),
    ...(onModuleStarted === undefined ? {} : { onStarted: onModuleStarted }),
    ...(moduleProgram === undefined ? {} : { program: moduleProgram }),
    ...(metrics === undefined ? {} : { onBatch: (report) => metrics.batch(report) }),
  });
}

/** A crash leaves a few; a database older than its journal leaves all that was sold since. Somebody should look. */
function logRecovery(log: Logger, recovery: Recovery): void {
  log[recovery.unreleased > 0 ? 'warn' : 'info'](recovery, 'recovered');
}

/** Started again in place where the passphrase can be read again: a terminal or a descriptor gives it once. */
function supervised(
  first: SecurityModule,
  { options, store, log, metrics }: Pick<Parts, 'options' | 'log' | 'metrics'> & { readonly store: Store },
): SecurityModule {
  if (options.restartModule === false || options.passphraseFile === undefined) return first;
  return superviseModule(first, {
    start: () => startModule(options, metrics),
    recover: async (securityModule) => logRecovery(log, await recover({ store, securityModule })),
    onDown: (reason) => log.error({ reason }, 'security module died, it is started again'),
    onUp: (attempts) => log.warn({ attempts }, 'security module started again'),
  });
}

interface Parts {
  readonly options: ServerOptions;
  readonly limits: ServerLimits;
  readonly vending: Vending;
  readonly clock: ClockGuard;
  readonly metrics: Metrics | undefined;
  readonly recovery: Recovery;
  readonly log: Logger;
  readonly messaging: Messaging;
  /** What to close at the end, the last opened first. */
  readonly opened: (() => Promise<void>)[];
}

async function serve(parts: Parts): Promise<RunningServer> {
  const { options, limits, vending, clock, metrics, messaging, recovery, log, opened } = parts;
  const { securityModule } = vending;
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
  const readiness = new Readiness({
    vending,
    clock,
    moduleId: recovery.moduleId,
    dataFolder: options.dataFolder,
    diskFloorBytes: limits.diskFloorBytes,
    ended: () => {
      if (stopping) return new StsFault('service_not_ready', 'stopping');
      return moduleGone === undefined ? undefined : new StsFault('security_module_unavailable');
    },
  });
  const assertReady = () => readiness.assertReady();
  const salesWatch = new SalesWatch(vending.store, clock);
  const ledgerReader = new LedgerReader();
  opened.push(async () => ledgerReader.close());
  const app = buildApp({
    service: {
      vending,
      assertReady,
      sell: options.sandbox === true ? scriptedSell(pause) : sell,
      receipts: messaging.receipts,
      notifying: messaging.notifying,
      salesWatch,
      ledger: (moduleId, reading) => ledgerReader.read({ ...reading, source: booksOf(options, moduleId) }),
      isSandbox: options.sandbox === true,
    },
    log,
    version: packageVersion(),
    bodyLimitBytes: limits.bodyLimitBytes,
    answerTimeoutMillis: limits.requestTimeoutMillis,
    isStopping: () => stopping,
    rateLimits: limits.rateLimits,
    pages: pageHandlers(),
    secureCookies: options.tls !== undefined || !LOOPBACK.test(options.host ?? DEFAULT_HOST),
    onAnswered: (answered) => {
      const { route, method, status, code } = answered;
      if (code !== undefined && method === 'POST' && route === '/v1/sales') salesWatch.refused(status);
      metrics?.answered(answered);
    },
  });
  const metricsUrl = await openMetrics(parts, assertReady);
  await openControl(parts, readiness);
  const door = await openDoor(options, limits, app.express, log);
  log.info({ url: door.url, metricsUrl }, 'listening');
  const stop = async () => {
    stopping = true;
    await door.close(limits.shutdownGraceMillis);
    // A caller may have hung up while its sale goes on: the sale must end before the store does.
    // One that waits for a module that never answers ends when the module is closed.
    await within(app.idle(), limits.shutdownGraceMillis);
    await vending.unreleased.settle(vending.store).catch(() => undefined);
    await closeAll(opened);
    log.info('stopped');
  };
  let stopped: Promise<void> | undefined;
  return {
    url: door.url,
    metricsUrl,
    recovery,
    moduleDied,
    operatorKeyPath: pathsOf(options).operatorKeyPath,
    reloadTls: door.reloadTls,
    close: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function booksOf({ dataFolder, databaseUrl }: ServerOptions, moduleId: string): BooksSource {
  return databaseUrl === undefined ? dataFolder : { databaseUrl, moduleId };
}

const pause = (millis: number) => new Promise<void>((resolve) => void setTimeout(resolve, millis));

async function openMetrics(
  { options, vending, clock, metrics, recovery, opened }: Parts,
  assertReady: () => Promise<unknown>,
): Promise<string | undefined> {
  if (metrics === undefined || options.metrics === undefined) return undefined;
  metrics.gauges({
    vending,
    clock,
    dataFolder: options.dataFolder,
    unreleasedAtStart: recovery.unreleased,
    isReady: () =>
      assertReady().then(
        () => true,
        () => false,
      ),
  });
  const { host = DEFAULT_HOST, port, token } = options.metrics;
  const door = await openMetricsDoor(metrics, {
    host,
    port,
    assertReady,
    ...(token === undefined ? {} : { token }),
  });
  opened.push(door.close);
  return door.url;
}

async function openControl(
  { options, vending, clock, log, opened }: Parts,
  readiness: Readiness,
): Promise<void> {
  const { controlSocketPath, keyStorePath } = pathsOf(options);
  const { store, securityModule } = vending;
  const control = await openControlSocket(controlSocketPath, async (question) => {
    if (question.ask === 'status') {
      const { moduleId, counter, entryHash } = await securityModule.identity();
      const problem = await readiness.assertReady().then(
        () => null,
        (error: unknown) => toProblem(error, 'control').code,
      );
      return { moduleId, counter, entryHash, problem, clockBehindMillis: clock.state().behindMillis };
    }
    const manifest = await writeBackup(
      {
        copyLedger: (path) => store.operation.copyTo(path),
        copyJournal: (path) => securityModule.copyJournal(path),
        ...(question.withKeyStore ? { keyStorePath } : {}),
        dataFolder: options.dataFolder,
        madeAt: clock.now(),
      },
      question.out,
    );
    log.info({ ledger: manifest.ledger.counter, journalAhead: manifest.journalAhead }, 'backed up');
    return manifest;
  });
  if (control === undefined) log.warn('the path of the data folder is too long for a control socket');
  else opened.push(control.close);
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
  const apiKey = newApiKey(random);
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
const LOG_PIECE_BYTES = 15 * 1024;

/**
 * The lines of one turn of the event loop are written in one piece, before it waits for anything: one call of the system for
 * all that ended together, and a process that is killed has lost no more than what it had just done.
 * @throws StsFault `usage` for a log file that cannot be opened.
 */
function openLog({ logLevel = 'info', logFile }: ServerOptions): {
  readonly log: Logger;
  readonly end: () => void;
} {
  let destination: ReturnType<typeof pino.destination>;
  try {
    const maxLength = LOG_WAITING_BYTES_MAX;
    const minLength = LOG_PIECE_BYTES;
    destination = pino.destination({ dest: logFile ?? 2, sync: true, mkdir: true, minLength, maxLength });
  } catch (error) {
    const options = { param: '--log-file', cause: error };
    throw new StsFault('usage', 'the log file cannot be opened', options);
  }
  // A full disk under the log must not end sales: unheard, the error of a stream ends the process.
  destination.on('error', () => undefined);
  let isDue = false;
  const write = (line: string): void => {
    destination.write(line);
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      destination.flush();
    });
  };
  // What was said in the turn in which a process ends.
  const flush = () => destination.flush();
  process.once('exit', flush);
  return {
    log: pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write }),
    end: () => process.off('exit', flush),
  };
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
