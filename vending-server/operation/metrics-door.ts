/**
 * Where Prometheus scrapes: a port of its own, never the public one, with a bearer token of its own when one is set.
 * `/metrics` gives the figures; `/live` and `/ready` answer probes that must not reach the public port.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FaultCode, StsFault, toProblem } from '../../lib/faults.ts';
import type { Metrics } from './metrics.ts';

export interface MetricsDoorOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** What a scraper must send as a bearer token; without it the port alone guards the figures. */
  readonly token?: string;
  readonly assertReady: () => Promise<unknown>;
}

export interface MetricsDoor {
  readonly url: string;
  close(): Promise<void>;
}

/** @throws StsFault `port_taken`, `usage`. */
export async function openMetricsDoor(metrics: Metrics, options: MetricsDoorOptions): Promise<MetricsDoor> {
  const server = http.createServer((request, response) => {
    answer(metrics, options, request, response).catch(() => refuse(response, new StsFault('internal_error')));
  });
  server.requestTimeout = 10_000;
  const { host, port } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: Error & { code?: string }) => {
      const code: FaultCode = error.code === 'EADDRINUSE' ? 'port_taken' : 'usage';
      reject(new StsFault(code, `${host}:${port}`, { param: '--metrics-port', cause: error }));
    });
    server.listen(port, host, resolve);
  });
  const { port: given } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${given}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  metrics: Metrics,
  { token, assertReady }: MetricsDoorOptions,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  if (request.method !== 'GET') return refuse(response, new StsFault('method_not_allowed'));
  const path = request.url?.split('?')[0];
  if (path === '/live') return give(response, 'text/plain; charset=utf-8', 'alive\n');
  if (path === '/ready') {
    return assertReady().then(
      () => give(response, 'text/plain; charset=utf-8', 'ready\n'),
      (error: unknown) => refuse(response, error),
    );
  }
  if (path !== '/metrics') return refuse(response, new StsFault('route_unknown'));
  if (token !== undefined && !isToken(request.headers.authorization, token)) {
    return refuse(response, new StsFault('authentication_required'));
  }
  give(response, metrics.registry.contentType, await metrics.registry.metrics());
}

/** Hashes are compared, so that neither length nor content can be measured. */
function isToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1] ?? '';
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function give(response: http.ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body);
}

function refuse(response: http.ServerResponse, error: unknown): void {
  const problem = toProblem(error, 'metrics');
  response.writeHead(problem.status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
  });
  response.end(JSON.stringify(problem));
}
