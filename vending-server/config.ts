/**
 * What can be set about a server, with its defaults. Nothing here is a secret but the password that a database URL may hold:
 * it goes to the driver and nowhere else.
 */
import { join } from 'node:path';
import type { RateLimits } from './api/rate-limit.ts';
import type { TlsFiles } from './api/tls.ts';
import type { Clock } from './clock.ts';
import type { RetryPolicy } from './notify/backoff.ts';
import { DEFAULT_TID_AHEAD_MINUTES } from './vending/context.ts';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export interface ServerOptions {
  /** Holds the embedded database, the module's journal and, unless told otherwise, the key store. */
  readonly dataFolder: string;
  /** `postgres://user@host/name` for PostgreSQL, which other servers may share; SQLite in the data folder when absent. */
  readonly databaseUrl?: string;
  /** The sealed key store; `key-store.wks` in the data folder by default. */
  readonly keyStorePath?: string;
  /** A file with the passphrase of the key store. Without file and descriptor the module asks on the terminal. */
  readonly passphraseFile?: string;
  /** An open descriptor from which the security module's process reads the passphrase instead. */
  readonly passphraseFd?: number;
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly logLevel?: LogLevel;
  /** Log lines go here, each written before the work goes on; standard error by default. */
  readonly logFile?: string;
  /**
   * How many persons deposits, tariffs and the like need, until the utility sets it otherwise; counts at the first start of a
   * data folder alone. Two by default.
   */
  readonly persons?: 1 | 2;
  readonly clock?: Clock;
  /** Told the process id of the security module, for supervisors and tests. */
  readonly onModuleStarted?: (pid: number) => void;
  /** The program of the security module's process; another one in tests. */
  readonly moduleProgram?: URL;
  /**
   * False ends the server with its security module, so that whoever watches it starts both again. Otherwise a module whose
   * passphrase stands in a file is started again in place.
   */
  readonly restartModule?: boolean;
  readonly limits?: Partial<ServerLimits>;
  readonly notify?: NotifySettings;
  /** TLS on the door; plain HTTP without, for a door behind a proxy on the same machine. */
  readonly tls?: TlsFiles;
  /** A port of its own for Prometheus; none by default. */
  readonly metrics?: MetricsSettings;
  /** Scripted meters, on a ledger that is a sandbox's for ever. */
  readonly sandbox?: boolean;
}

export interface NotifySettings {
  /** Whether webhooks may be at private addresses and without TLS; false by default. */
  readonly allowPrivateWebhooks?: boolean;
  /** How long one call of a webhook may take. */
  readonly webhookTimeoutMillis?: number;
  readonly retry?: Partial<RetryPolicy>;
  /** How often the outbox is looked at when nothing wakes it. */
  readonly lookMillis?: number;
}

export interface MetricsSettings {
  /** The loopback address by default. */
  readonly host?: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** What a scraper must send as a bearer token. */
  readonly token?: string;
}

export interface ServerLimits {
  /** Most bytes of a request body. */
  readonly bodyLimitBytes: number;
  /** A request must have arrived, and a use case must have answered, within this. */
  readonly requestTimeoutMillis: number;
  /** How long requests under way may take to end at a shutdown. */
  readonly shutdownGraceMillis: number;
  /** How far a TID may run ahead of the clock (open question D3). */
  readonly tidAheadMinutes: number;
  /** How far the clock may stand behind the highest moment seen before nothing is dated by it. */
  readonly clockHoldMinutes: number;
  /** Least room on the disk of the data folder with which the server calls itself ready, bytes. */
  readonly diskFloorBytes: number;
  readonly rateLimits: RateLimits;
  /** How far a TID may be from the security module's own clock, to both sides (open question C6). */
  readonly tidWindowMinutes: number;
}

export const DEFAULT_LIMITS: ServerLimits = {
  bodyLimitBytes: 64 * 1024,
  requestTimeoutMillis: 10_000,
  shutdownGraceMillis: 10_000,
  tidAheadMinutes: DEFAULT_TID_AHEAD_MINUTES,
  clockHoldMinutes: DEFAULT_TID_AHEAD_MINUTES,
  diskFloorBytes: 64 * 1024 * 1024,
  rateLimits: {
    // Above what one machine sells: a guard against loops, not a tariff. Set lower ones for a public door.
    perKey: { perSecond: 20_000, burst: 20_000 },
    perAddress: { perSecond: 0, burst: 0 },
    refusedPerAddress: { perSecond: 20, burst: 200 },
    openPerAddress: { perSecond: 50, burst: 100 },
  },
  tidWindowMinutes: DEFAULT_TID_AHEAD_MINUTES,
};

export const DEFAULT_HOST = '127.0.0.1';

export interface ServerPaths {
  readonly keyStorePath: string;
  readonly journalPath: string;
  /** The first operator's API key, written once at the first start, mode 0600. */
  readonly operatorKeyPath: string;
  /** What the utility says about itself on receipts; may be absent. */
  readonly receiptSettingsPath: string;
  /** The private key that signs receipts, mode 0600. */
  readonly receiptKeyPath: string;
  /** The master of all webhook secrets, mode 0600. */
  readonly webhookMasterPath: string;
  /** SMS and e-mail leave as files of the folders `sms` and `email` in here. */
  readonly spoolFolder: string;
  /** Where the commands of this machine's operator reach the running server. */
  readonly controlSocketPath: string;
}

export function pathsOf(options: Pick<ServerOptions, 'dataFolder' | 'keyStorePath'>): ServerPaths {
  const { dataFolder } = options;
  return {
    keyStorePath: options.keyStorePath ?? join(dataFolder, 'key-store.wks'),
    journalPath: join(dataFolder, 'module.journal'),
    operatorKeyPath: join(dataFolder, 'operator.key'),
    receiptSettingsPath: join(dataFolder, 'receipt.json'),
    receiptKeyPath: join(dataFolder, 'receipt.key'),
    webhookMasterPath: join(dataFolder, 'webhook.key'),
    spoolFolder: join(dataFolder, 'spool'),
    controlSocketPath: join(dataFolder, 'control.sock'),
  };
}
