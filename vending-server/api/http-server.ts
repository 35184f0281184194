/** The HTTP server under the app: limits against slow and malformed clients, and a shutdown that finishes what runs. */
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import type { Express } from 'express';
import { FAULTS, type FaultCode, StsFault, toProblem } from '../../lib/faults.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** A request must have arrived whole within this, milliseconds. */
  readonly requestTimeoutMillis: number;
  /** Plain HTTP without. */
  readonly tls?: SecureContextOptions;
}

export interface HttpServer {
  readonly port: number;
  /** New connections get these; those that are open keep theirs. */
  setTls(context: SecureContextOptions): void;
  /** Stops accepting, lets requests under way end, and cuts what is left after `graceMillis`. */
  close(graceMillis: number): Promise<void>;
}

const CONNECTION_CHECK_MILLIS = 1000;
/** How often a closing server looks for connections whose request has ended. */
const CLOSING_CHECK_MILLIS = 25;

/** @throws StsFault `port_taken` for a port in use, `usage` for a host or port that cannot be listened on. */
export async function listen(app: Express, options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer(app, options.tls);
  server.requestTimeout = options.requestTimeoutMillis;
  server.headersTimeout = options.requestTimeoutMillis;
  server.keepAliveTimeout = 60_000;
  const owed: Owed = new WeakMap();
  server.on('request', (request, response) => owe(owed, request.socket, response));
  // Node's own answer to an unknown `Expect` has no body; without the header's promise the request is like any other.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error, duplex) => {
    const socket = duplex as Socket;
    if (!closesAfterLast(owed.get(socket))) refuseConnection(error, socket);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFault(error, options)));
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    setTls: (context) => {
      if (server instanceof https.Server) server.setSecureContext(context);
    },
    close: (graceMillis) => close(server, sockets, graceMillis),
  };
}

/**
 * Express gives each request and response its own prototype by `Object.setPrototypeOf`, which costs two thirds of the speed
 * on Node 20 and 22; objects that are made with that prototype are left as they are. Node 24 needs no help
 * (dependencies.md, Express speed).
 */
function createServer(app: Express, tls: SecureContextOptions | undefined): http.Server {
  const settings = {
    connectionsCheckingInterval: CONNECTION_CHECK_MILLIS,
    requireHostHeader: false, // the app refuses it, as a problem document
    ...tlsSettings(tls),
  };
  const create = (given: object): http.Server =>
    tls === undefined
      ? http.createServer(given, app as http.RequestListener)
      : https.createServer(given, app as http.RequestListener);
  if (Number(process.versions.node.split('.')[0]) >= 24) return create(settings);
  type Constructor<T> = new (...given: never[]) => T;
  function WattokenRequest(this: http.IncomingMessage, socket: Socket): void {
    (http.IncomingMessage as unknown as (socket: Socket) => void).call(this, socket);
  }
  function WattokenResponse(this: http.ServerResponse, request: unknown, given: unknown): void {
    (http.ServerResponse as unknown as (request: unknown, given: unknown) => void).call(this, request, given);
  }
  WattokenRequest.prototype = app.request;
  WattokenResponse.prototype = app.response;
  const classes = {
    IncomingMessage: WattokenRequest as unknown as typeof http.IncomingMessage &
      Constructor<http.IncomingMessage>,
    ServerResponse: WattokenResponse as unknown as typeof http.ServerResponse &
      Constructor<http.ServerResponse>,
  };
  return create({ ...settings, ...classes });
}

/**
 * A certificate is asked for where there is an authority to know it by. Coming without one is no offence: whether a vendor
 * may is decided when its key is known.
 */
function tlsSettings(tls: SecureContextOptions | undefined): object {
  if (tls === undefined) return {};
  return { ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: false, handshakeTimeout: 10_000 };
}

/** The answers that each connection still waits for, in the order of their requests. */
type Owed = WeakMap<Socket, Set<http.ServerResponse>>;

function owe(owed: Owed, socket: Socket, response: http.ServerResponse): void {
  const responses = owed.get(socket) ?? new Set();
  owed.set(socket, responses.add(response));
  response.once('close', () => responses.delete(response));
}

/**
 * Bad bytes may follow whole requests that are still being answered, and a refusal would be taken for the answer to the
 * first of them: a sale would go on whose caller was told that nothing happened. The answers leave, then the connection ends.
 * @returns false when no whole request waits for its answer.
 */
function closesAfterLast(responses: ReadonlySet<http.ServerResponse> = new Set()): boolean {
  const last = [...responses].filter(({ req }) => req.complete).at(-1);
  if (last !== undefined) last.shouldKeepAlive = false;
  return last !== undefined;
}

/** Bytes that are no HTTP request: told in the same form as every refusal, then the connection ends. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code: FaultCode =
    error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? 'request_timed_out'
      : error.code === 'HPE_HEADER_OVERFLOW'
        ? 'request_too_large'
        : 'request_malformed';
  const body = JSON.stringify(toProblem(new StsFault(code), 'none'));
  const status = FAULTS[code].http;
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status] ?? ''}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function listenFault(error: Error & { code?: string }, { host, port }: HttpServerOptions): StsFault {
  if (error.code === 'EADDRINUSE') {
    return new StsFault('port_taken', `${host}:${port}; choose another with --port`, {
      param: '--port',
      cause: error,
    });
  }
  return new StsFault('usage', `cannot listen on ${host}:${port} (${error.code ?? 'unknown'})`, {
    param: '--host',
    cause: error,
  });
}

async function close(server: http.Server, sockets: Set<Socket>, graceMillis: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const closeUnused = () => {
    server.closeIdleConnections();
    // Browsers open connections in advance, and Node counts one that never sent a byte as busy.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  };
  closeUnused();
  const check = setInterval(closeUnused, CLOSING_CHECK_MILLIS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMillis);
  await closed;
  clearInterval(check);
  clearTimeout(cut);
}
