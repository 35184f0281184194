/** The public door: the port, with TLS when it is configured, and a look at its files from time to time. */
import type { Express } from 'express';
import type { Logger } from 'pino';
import { isStsFault } from '../../lib/faults.ts';
import { DEFAULT_HOST, type ServerLimits, type ServerOptions } from '../config.ts';
import { listen } from './http-server.ts';
import { readTls } from './tls.ts';

export interface Door {
  readonly url: string;
  readonly reloadTls: () => void;
  readonly close: (graceMillis: number) => Promise<void>;
}

/** Certificates come by rename, by mount and by symbolic link: only looking at what stands there sees all three. */
const LOOK_MILLIS = 10_000;

/** @throws StsFault `tls_unusable`, `port_taken`, `usage`. */
export async function openDoor(
  { host = DEFAULT_HOST, port, tls }: Pick<ServerOptions, 'host' | 'port' | 'tls'>,
  { requestTimeoutMillis }: Pick<ServerLimits, 'requestTimeoutMillis'>,
  app: Express,
  log: Logger,
): Promise<Door> {
  const settings = tls === undefined ? undefined : readTls(tls);
  const context = settings?.context;
  const server = await listen(app, {
    host,
    port,
    requestTimeoutMillis,
    ...(context === undefined ? {} : { tls: context }),
  });
  let digest = settings?.digest;
  const reloadTls = () => {
    if (tls === undefined) return;
    try {
      const next = readTls(tls);
      if (next.digest === digest) return;
      digest = next.digest;
      server.setTls(next.context);
      log.info({ validTo: new Date(next.validTo).toISOString() }, 'certificate read again');
    } catch (error) {
      // The certificate in use stays: a door that closes over a half-written file helps nobody.
      log.error({ code: isStsFault(error) ? error.code : 'internal_error' }, 'certificate not usable');
    }
  };
  const timer = setInterval(reloadTls, LOOK_MILLIS);
  timer.unref();
  const scheme = tls === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${server.port}`,
    reloadTls,
    close: (graceMillis) => {
      clearInterval(timer);
      return server.close(graceMillis);
    },
  };
}
