/** `wattoken server start`: the vending server, until it is told to stop. */

import { StsFault } from '../../lib/faults.ts';
import type { LogLevel } from '../../vending-server/config.ts';
import { startServer } from '../../vending-server/main.ts';
import { untilStopped } from '../lifecycle.ts';
import { type OutputOptions, printResult, tell } from '../output.ts';
import { withProgress } from '../progress.ts';

export interface ServerStartOptions extends OutputOptions {
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly keyStore?: string;
  readonly passphraseFile?: string;
  readonly logLevel: LogLevel;
  readonly logFile?: string;
  readonly persons: 1 | 2;
  readonly moduleRestart: boolean;
  readonly allowPrivateWebhooks?: boolean;
}

export async function startVendingServer(options: ServerStartOptions): Promise<void> {
  process.umask(0o077); // ledger and journals hold token numbers: they are this user's alone
  const server = await withProgress('opening the key store and the ledger', () =>
    startServer({
      dataFolder: options.data,
      host: options.host,
      port: options.port,
      logLevel: options.logLevel,
      persons: options.persons,
      restartModule: options.moduleRestart,
      ...(options.keyStore === undefined ? {} : { keyStorePath: options.keyStore }),
      ...(options.passphraseFile === undefined ? {} : { passphraseFile: options.passphraseFile }),
      ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
      notify: { allowPrivateWebhooks: options.allowPrivateWebhooks ?? false },
    }),
  );
  printResult(options, { url: server.url, pid: process.pid }, `vending server at ${server.url}`);
  const died = server.moduleDied.then(async (reason) => {
    await server.close();
    // A server that cannot sell ends, so that whoever watches it starts it again; the start accounts for every token.
    throw new StsFault('security_module_unavailable', `${reason}; start the server again`);
  });
  await Promise.race([untilStopped(() => server.close()), died]);
  tell('vending server stopped');
}
