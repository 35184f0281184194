/** The three files of TLS as the command line gives them: certificate and key together, the client authority with both. */
import { StsFault } from '../lib/faults.ts';
import type { ServerOptions } from '../vending-server/config.ts';

export interface TlsOptions {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly clientCa?: string;
}

/** @throws StsFault `usage` for one without the other. */
export function tlsFilesOf({ tlsCert, tlsKey, clientCa }: TlsOptions): ServerOptions['tls'] {
  if (tlsCert === undefined && tlsKey === undefined && clientCa === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new StsFault('usage', '--tls-cert and --tls-key go together', { param: '--tls-cert' });
  }
  return {
    certFile: tlsCert,
    keyFile: tlsKey,
    ...(clientCa === undefined ? {} : { clientCaFile: clientCa }),
  };
}
