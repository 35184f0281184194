/** `wattoken server start`: the vending server, until it is told to stop. */

import { StsFault } from '../../lib/faults.ts';
import {
  DEFAULT_LIMITS,
  type LogLevel,
  type ServerLimits,
  type ServerOptions,
} from '../../vending-server/config.ts';
import { startServer } from '../../vending-server/main.ts';
import { type DatabaseOptions, databaseUrl } from '../database-url.ts';
import { readSecretFile } from '../files.ts';
import { untilStopped } from '../lifecycle.ts';
import { type OutputOptions, printResult, tell } from '../output.ts';
import { withProgress } from '../progress.ts';
import { type TlsOptions, tlsFilesOf } from '../tls-options.ts';

export interface ServerStartOptions extends OutputOptions, DatabaseOptions, TlsOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly keyStore?: string;
  readonly passphraseFile?: string;
  readonly logLevel: LogLevel;
  readonly logFile?: string;
  readonly metricsPort?: number;
  readonly metricsHost: string;
  readonly metricsTokenFile?: string;
  readonly ratePerKey?: number;
  readonly ratePerAddress?: number;
  readonly diskFloor?: number;
  readonly sandbox?: boolean;
  readonly persons: 1 | 2;
  readonly moduleRestart: boolean;
  readonly allowPrivateWebhooks?: boolean;
}

export async function startVendingServer(options: ServerStartOptions): Promise<void> {
  process.umask(0o077); // ledger and journals hold token numbers: they are this user's alone
  const server = await withProgress('opening the key store and the ledger', () =>
    startServer(serverOptionsOf(options)),
  );
  if (options.tlsCert !== undefined) process.on('SIGHUP', () => server.reloadTls());
  const { url, metricsUrl } = server;
  const result = { url, pid: process.pid, ...(metricsUrl === undefined ? {} : { metricsUrl }) };
  printResult(options, result, `vending server at ${url}`);
  const died = server.moduleDied.then(async (reason) => {
    await server.close();
    // A server that cannot sell ends, so that whoever watches it starts it again; the start accounts for every token.
    throw new StsFault('security_module_unavailable', `${reason}; start the server again`);
  });
  await Promise.race([untilStopped(() => server.close()), died]);
  tell('vending server stopped');
}

function serverOptionsOf(options: ServerStartOptions): ServerOptions {
  const tls = tlsFilesOf(options);
  const url = databaseUrl(options);
  const { metricsPort, metricsHost, metricsTokenFile } = options;
  const token =
    metricsTokenFile === undefined ? {} : { token: readSecretFile(metricsTokenFile, '--metrics-token-file') };
  return {
    dataFolder: options.data,
    host: options.host,
    port: options.port,
    logLevel: options.logLevel,
    ...(url === undefined ? {} : { databaseUrl: url }),
    persons: options.persons,
    restartModule: options.moduleRestart,
    ...(options.keyStore === undefined ? {} : { keyStorePath: options.keyStore }),
    ...(options.passphraseFile === undefined ? {} : { passphraseFile: options.passphraseFile }),
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
    ...(tls === undefined ? {} : { tls }),
    ...(metricsPort === undefined ? {} : { metrics: { host: metricsHost, port: metricsPort, ...token } }),
    ...(options.sandbox === true ? { sandbox: true } : {}),
    notify: { allowPrivateWebhooks: options.allowPrivateWebhooks ?? false },
    limits: limitsOf(options),
  };
}

function limitsOf({ ratePerKey, ratePerAddress, diskFloor }: ServerStartOptions): Partial<ServerLimits> {
  const { rateLimits } = DEFAULT_LIMITS;
  // A burst of two seconds' worth: tills open together in the morning.
  const limit = (perSecond: number) => ({ perSecond, burst: 2 * perSecond });
  return {
    ...(diskFloor === undefined ? {} : { diskFloorBytes: diskFloor * 1024 * 1024 }),
    rateLimits: {
      ...rateLimits,
      ...(ratePerKey === undefined ? {} : { perKey: limit(ratePerKey) }),
      ...(ratePerAddress === undefined ? {} : { perAddress: limit(ratePerAddress) }),
    },
  };
}
