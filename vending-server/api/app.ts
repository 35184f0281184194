/**
 * The HTTP door: one table of routes made into an Express app. Each request gets an id, a caller, a parsed body, one call
 * of a use case, one answer; whatever goes wrong becomes a problem document of the fault table.
 */
import { randomUUID } from 'node:crypto';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { FAULTS, isStsFault, StsFault, toProblem } from '../../lib/faults.ts';
import type { Answered } from '../operation/metrics.ts';
import { authenticate, type Caller, requireRole } from '../vending/api-keys.ts';
import { CERTIFICATE_ROUTES } from './certificate-routes.ts';
import { requireCertificate } from './client-certificate.ts';
import { openApiDocument } from './openapi.ts';
import { inputFault, schemaFault } from './problems.ts';
import { RateLimiter, type RateLimits, waitOf } from './rate-limit.ts';
import { REGISTRY_ROUTES } from './registry-routes.ts';
import type { Answer, Route, Service } from './route.ts';
import { saleRoutes } from './sale-routes.ts';
import { serviceRoutes } from './service-routes.ts';
import { TARIFF_ROUTES } from './tariff-routes.ts';
import { TOKEN_ROUTES } from './token-routes.ts';

export interface AppOptions {
  readonly service: Service;
  readonly log: Logger;
  /** Version of the package, for the OpenAPI document. */
  readonly version: string;
  /** Most bytes of a request body. */
  readonly bodyLimitBytes: number;
  /** How long a use case may take before the caller is told `request_timed_out`, milliseconds; it runs on to its end. */
  readonly answerTimeoutMillis: number;
  /** True while the server is shutting down: new requests are refused by name. */
  readonly isStopping: () => boolean;
  readonly rateLimits: RateLimits;
  /** Told of every request that is over. */
  readonly onAnswered: (answered: Answered) => void;
}

export interface App {
  readonly express: Express;
  readonly routes: readonly Route[];
  /** Resolves when no use case is running any more, whether or not its caller still listens. */
  readonly idle: () => Promise<void>;
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/;
/** Needs no key: for a caller of an open route nothing may depend on who it is. */
const NOBODY: Caller = { role: 'vendor', vendorId: '' };

export function buildApp(options: AppOptions): App {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  // One address for one thing: what is not in the document is not answered.
  app.set('strict routing', true);
  app.set('case sensitive routing', true);
  const running = new Set<Promise<unknown>>();
  const routes = tableOf(options);
  const gate = gateOf(options.rateLimits);
  app.use(helmet());
  app.use((request, response, next) => {
    enter(request, response, options);
    gate.perAddress.spend(addressOf(request));
    if (request.httpVersion === '1.1' && request.headers.host === undefined) {
      throw new StsFault('request_malformed', 'HTTP/1.1 needs a Host header');
    }
    next();
  });
  const parseBody = express.json({ limit: options.bodyLimitBytes, inflate: false });
  for (const path of new Set(routes.map((route) => route.path))) {
    const here = routes.filter((route) => route.path === path);
    const at = app.route(expressPath(path));
    for (const route of here) {
      const steps = route.body === undefined ? [] : [requireJson, parseBody];
      at[route.method](admit(route, options, gate), ...steps, answer(route, options, running));
    }
    at.all((_request, response) => {
      response.setHeader('Allow', allowed(here));
      throw new StsFault('method_not_allowed');
    });
  }
  app.use(() => {
    throw new StsFault('route_unknown');
  });
  app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error);
    else refuse(error, response, options.log);
  });
  return { express: app, routes, idle: () => idle(running) };
}

function tableOf({ log, version }: AppOptions): readonly Route[] {
  let document: string | undefined;
  const routes: Route[] = [
    ...saleRoutes((requestId) => log.debug({ requestId }, 'sale answered')),
    ...TARIFF_ROUTES,
    ...REGISTRY_ROUTES,
    ...CERTIFICATE_ROUTES,
    ...TOKEN_ROUTES,
    ...serviceRoutes(() => {
      document ??= openApiDocument(routes, version);
      return document;
    }),
  ];
  return routes;
}

/** Gives the request its id, and one line in the log when it is over: the route, never the URL, a header or a body. */
function enter(request: Request, response: Response, { log, isStopping, onAnswered }: AppOptions): void {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  response.locals['requestId'] = requestId;
  response.setHeader('X-Request-Id', requestId);
  if (isStopping()) response.setHeader('Connection', 'close');
  const startedAt = performance.now();
  response.once('close', () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const millis = Math.round(seconds * 100_000) / 100;
    const route: string = request.route?.path ?? 'unknown';
    const code = response.locals['code'] as string | undefined;
    const { statusCode: status, writableFinished: finished } = response;
    log.info({ httpRequestId: requestId, method: request.method, route, status, code, millis, finished });
    // Methods are the client's own words: those of no route count as one.
    const known = route === 'unknown' ? 'other' : request.method;
    const isReplay = response.hasHeader('Idempotent-Replayed');
    onAnswered({ route, method: known, status, code, isReplay, seconds });
  });
}

/** Who calls, and may they: before a byte of the body is read. */
function admit(route: Route, { service, isStopping }: AppOptions, gate: Gate) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    if (isStopping() && route.path !== '/health') throw new StsFault('service_not_ready', 'stopping');
    if (route.roles !== undefined) {
      const address = addressOf(request);
      gate.refused.assertLeft(address);
      const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const caller = await known(service, bearer, () => gate.refused.spend(address));
      gate.perKey.spend(bearer);
      await requireCertificate(service.vending.store.operation, caller, request.socket);
      requireRole(caller, route.roles);
      response.locals['caller'] = caller;
    }
    next();
  };
}

function addressOf(request: Request): string {
  return request.socket.remoteAddress ?? '';
}

interface Gate {
  readonly perKey: RateLimiter;
  readonly perAddress: RateLimiter;
  readonly refused: RateLimiter;
}

function gateOf({ perKey, perAddress, refusedPerAddress }: RateLimits): Gate {
  const now = () => performance.now();
  return {
    perKey: new RateLimiter(perKey, now),
    perAddress: new RateLimiter(perAddress, now),
    refused: new RateLimiter(refusedPerAddress, now),
  };
}

/** @param onRefused - told before the refusal of a key leaves. */
async function known({ vending }: Service, apiKey: string, onRefused: () => void): Promise<Caller> {
  try {
    return await authenticate(vending.store, apiKey);
  } catch (error) {
    if (isStsFault(error) && error.code === 'authentication_required') onRefused();
    throw error;
  }
}

function requireJson(request: Request, _response: Response, next: NextFunction): void {
  // `is` gives null when there is no body at all: that is for the schema to refuse.
  if (request.is('application/json') === false) throw new StsFault('media_type_unsupported');
  next();
}

function answer(route: Route, { service, answerTimeoutMillis }: AppOptions, running: Set<Promise<unknown>>) {
  return async (request: Request, response: Response): Promise<void> => {
    const parsed = route.body?.safeParse(request.body);
    if (parsed?.success === false) throw schemaFault(parsed.error.issues);
    const params = request.params as Record<string, string>;
    const caller = (response.locals['caller'] as Caller | undefined) ?? NOBODY;
    const work = route.handle(service, { caller, params, body: parsed?.data });
    running.add(work);
    const over = () => running.delete(work);
    work.then(over, over);
    send(await inTime(work, answerTimeoutMillis), response);
  };
}

/** @throws StsFault `request_timed_out`; the work itself goes on, and a retry under the same id finds what it did. */
async function inTime<T>(work: Promise<T>, millis: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new StsFault('request_timed_out')), millis);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function send(answer: Answer, response: Response): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  response.statusCode = answer.status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  const bytes = Buffer.from(answer.body, 'utf8');
  response.setHeader('Content-Length', bytes.length);
  response.end(bytes);
  answer.sent?.();
}

function refuse(error: unknown, response: Response, log: Logger): void {
  const requestId = String(response.locals['requestId'] ?? '');
  const cause = inputFault(error);
  const problem = toProblem(cause, requestId);
  response.locals['code'] = problem.code;
  if (problem.status >= 500)
    log.error({ httpRequestId: requestId, code: problem.code, where: whereOf(cause) });
  if (problem.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
  if (problem.retry === 'later') response.setHeader('Retry-After', String(waitOf(error)));
  // What is left of a body that was refused unread would be taken for the next request.
  if (problem.status === FAULTS.request_too_large.http) response.setHeader('Connection', 'close');
  response.statusCode = problem.status;
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(JSON.stringify(problem));
}

/** The place of an error in our code. Not its message: that of an unknown error may quote a secret. */
function whereOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => line.startsWith('    at '));
  return `${error.name} ${frames
    .slice(0, 4)
    .map((line) => line.trim())
    .join(' ')}`;
}

function allowed(routes: readonly Route[]): string {
  const methods = routes.map((route) => route.method.toUpperCase());
  return (methods.includes('GET') ? [...methods, 'HEAD'] : methods).join(', ');
}

function expressPath(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

async function idle(running: Set<Promise<unknown>>): Promise<void> {
  while (running.size > 0) await Promise.allSettled(running);
}
