/**
 * The HTTP door: one table of routes made into an Express app. Each request gets an id, a caller, a parsed body, one call
 * of a use case, one answer; whatever goes wrong becomes a problem document of the fault table.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import type { Logger } from 'pino';
import { FAULTS, isStsFault, StsFault, toProblem } from '../../lib/faults.ts';
import type { Answered } from '../operation/metrics.ts';
import { auditTarget } from '../people/audit.ts';
import { assertMay, type Caller, NOBODY } from '../people/caller.ts';
import type { VisitRecord } from '../store/visit-contract.ts';
import { visitPrincipal } from '../vending/visits.ts';
import { ACCOUNT_ROUTES } from './account-routes.ts';
import {
  addressOf,
  callerOf,
  retryAfter,
  sessionCookie,
  sessionTokenOf,
  visitCookie,
  visitorOf,
  visitSecretOf,
} from './admission.ts';
import { ADVICE_ROUTES } from './advice-routes.ts';
import { APPROVAL_ROUTES } from './approval-routes.ts';
import { CERTIFICATE_ROUTES } from './certificate-routes.ts';
import { requireCertificate } from './client-certificate.ts';
import { CUSTOMER_ROUTES } from './customer-routes.ts';
import { DESK_ROUTES } from './desk-routes.ts';
import { FLOAT_ROUTES } from './float-routes.ts';
import { ISSUE_ROUTES } from './issue-routes.ts';
import { KEY_ROUTES } from './key-routes.ts';
import { LEDGER_ROUTES } from './ledger-routes.ts';
import { LIMIT_ROUTES } from './limit-routes.ts';
import { openApiDocument } from './openapi.ts';
import { inputFault, schemaFault } from './problems.ts';
import { RateLimiter, type RateLimits } from './rate-limit.ts';
import { RECEIPT_ROUTES } from './receipt-routes.ts';
import { REGISTRY_ROUTES } from './registry-routes.ts';
import { hasHeader, reply, replyWith, setHeader } from './reply.ts';
import { REPORT_ROUTES } from './report-routes.ts';
import { type Answer, auditOf, type Call, type Route, type Service } from './route.ts';
import { saleRoutes } from './sale-routes.ts';
import { serviceRoutes } from './service-routes.ts';
import { SESSION_ROUTES } from './session-routes.ts';
import { TARIFF_ROUTES } from './tariff-routes.ts';
import { TOKEN_ROUTES } from './token-routes.ts';
import { USER_ROUTES } from './user-routes.ts';
import { VISIT_ROUTES } from './visit-routes.ts';
import { WEBHOOK_ROUTES } from './webhook-routes.ts';

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
  /** What answers the paths of the pages. */
  readonly pages: ReadonlyMap<string, RequestHandler>;
  /** Whether cookies are for TLS alone. */
  readonly secureCookies: boolean;
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
      setHeader(response, 'Allow', allowed(here));
      throw new StsFault('method_not_allowed');
    });
  }
  // Behind the routes: whatever stands before them is tried first at each sale.
  for (const [path, page] of options.pages) app.get(path, page);
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
    ...ISSUE_ROUTES,
    ...ADVICE_ROUTES,
    ...RECEIPT_ROUTES,
    ...VISIT_ROUTES,
    ...WEBHOOK_ROUTES,
    ...TARIFF_ROUTES,
    ...CUSTOMER_ROUTES,
    ...ACCOUNT_ROUTES,
    ...REGISTRY_ROUTES,
    ...KEY_ROUTES,
    ...CERTIFICATE_ROUTES,
    ...SESSION_ROUTES,
    ...USER_ROUTES,
    ...APPROVAL_ROUTES,
    ...FLOAT_ROUTES,
    ...DESK_ROUTES,
    ...LIMIT_ROUTES,
    ...TOKEN_ROUTES,
    ...LEDGER_ROUTES,
    ...REPORT_ROUTES,
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
  setHeader(response, 'X-Request-Id', requestId);
  if (isStopping()) setHeader(response, 'Connection', 'close');
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
    const isReplay = hasHeader(response, 'Idempotent-Replayed');
    onAnswered({ route, method: known, status, code, isReplay, seconds });
  });
}

/** Who calls, may they, and not too often: before a byte of the body is read. */
function admit(route: Route, { service, isStopping }: AppOptions, gate: Gate) {
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    if (isStopping() && route.path !== '/health') throw new StsFault('service_not_ready', 'stopping');
    const { permission } = route;
    if (permission !== undefined) {
      const address = addressOf(request);
      gate.refused.assertLeft(address);
      const caller = await known(service, request, () => gate.refused.spend(address));
      response.locals['caller'] = caller;
      gate.perKey.spend(caller.credentialId);
      try {
        await requireCertificate(service.vending.store.operation, caller, request.socket);
        assertMay(caller, permission);
      } catch (error) {
        await note(route, service, request, response, toProblem(error, '').code);
        throw error;
      }
    } else {
      const isVisitor = route.visitor === true;
      if (isVisitor || auditOf(route) !== 'none') gate.open.spend(addressOf(request));
      if (isVisitor) response.locals['visit'] = await visitorOf(service.vending, request);
    }
    next();
  };
}

interface Gate {
  readonly perKey: RateLimiter;
  readonly perAddress: RateLimiter;
  readonly refused: RateLimiter;
  readonly open: RateLimiter;
}

function gateOf({ perKey, perAddress, refusedPerAddress, openPerAddress }: RateLimits): Gate {
  const now = () => performance.now();
  return {
    perKey: new RateLimiter(perKey, now),
    perAddress: new RateLimiter(perAddress, now),
    refused: new RateLimiter(refusedPerAddress, now),
    open: new RateLimiter(openPerAddress, now),
  };
}

/** @param onRefused - told before the refusal of a key or a session leaves. */
async function known({ vending }: Service, request: Request, onRefused: () => void): Promise<Caller> {
  try {
    return await callerOf(vending, request);
  } catch (error) {
    if (isStsFault(error) && error.code === 'authentication_required') onRefused();
    throw error;
  }
}

/** A row of the audit trail, durable when this returns. */
async function note(
  route: Route,
  { vending }: Service,
  request: Request,
  response: Response,
  outcome: string,
): Promise<void> {
  const caller = (response.locals['caller'] as Caller | undefined) ?? NOBODY;
  const visit = response.locals['visit'] as VisitRecord | undefined;
  await vending.store.audit.append({
    at: vending.clock.now(),
    principal: visit === undefined ? caller.principal : visitPrincipal(visit),
    credentialId: caller.credentialId,
    roles: caller.roles.join(','),
    vendorId: caller.vendorId === '' ? null : caller.vendorId,
    action: `${route.method.toUpperCase()} ${route.path}`,
    target: auditTarget({
      ...(visit === undefined ? {} : { meter: visit.meterPan }),
      ...(request.params as Record<string, string>),
      ...route.about?.((request.body ?? {}) as Record<string, unknown>),
    }),
    outcome,
    requestId: String(response.locals['requestId'] ?? ''),
  });
}

function requireJson(request: Request, _response: Response, next: NextFunction): void {
  const type = request.is('application/json');
  if (type === false) throw new StsFault('media_type_unsupported');
  // The parser takes an empty body for an empty object; a schema without a field that must be there would take that.
  if (type === null || request.headers['content-length'] === '0')
    throw new StsFault('request_malformed', 'a body is needed');
  next();
}

function answer(route: Route, options: AppOptions, running: Set<Promise<unknown>>) {
  const { service, answerTimeoutMillis } = options;
  return async (request: Request, response: Response): Promise<void> => {
    const call = callFrom(route, request, response, options);
    const work = audited(route, service, request, response, () => route.handle(service, call));
    running.add(work);
    const over = () => running.delete(work);
    work.then(over, over);
    let answered: Answer;
    try {
      answered = await inTime(work, answerTimeoutMillis);
    } catch (error) {
      // Too late: the caller is told so, and what the work answers in the end goes nowhere.
      work.then((late) => lose(late, running, options.log)).catch(() => undefined);
      throw error;
    }
    if (isGone(request)) lose(answered, running, options.log);
    else send(answered, response);
  };
}

/**
 * Whether nothing can be written to the caller any more. Asked before the first byte: of an answer that was handed over, nobody
 * knows how much has left, whatever becomes of the connection.
 */
function isGone({ socket }: Request): boolean {
  return socket.destroyed || !socket.writable;
}

function lose({ lost }: Answer, running: Set<Promise<unknown>>, log: Logger): void {
  if (lost === undefined) return;
  const work = lost();
  running.add(work);
  const over = () => running.delete(work);
  // Without the word it counts as seen, which is the safe side.
  work.then(over, (error: unknown) => {
    over();
    log.warn({ code: toProblem(error, '').code }, 'a lost answer was not noted');
  });
}

/** @throws StsFault `request_malformed`. */
function callFrom(
  route: Route,
  request: Request,
  response: Response,
  { secureCookies }: AppOptions,
): Call<unknown> {
  const body = route.body?.safeParse(request.body);
  if (body?.success === false) throw schemaFault(body.error.issues);
  const query = route.query?.safeParse(request.query);
  if (query?.success === false) throw schemaFault(query.error.issues);
  return {
    caller: (response.locals['caller'] as Caller | undefined) ?? NOBODY,
    params: request.params as Record<string, string>,
    query: query?.data,
    accept: request.headers.accept ?? '',
    body: body?.data,
    visit: response.locals['visit'] as VisitRecord | undefined,
    browser: {
      address: addressOf(request),
      sessionToken: sessionTokenOf(request),
      cookieOf: (token) => sessionCookie(token, secureCookies),
      visitSecret: visitSecretOf(request),
      visitCookieOf: (secret) => visitCookie(secret, secureCookies),
    },
  };
}

/**
 * A change is written down before it begins, so that a crash in the middle leaves the name of who began it, and once more
 * when it has ended. What was read is written down before the answer leaves.
 */
async function audited(
  route: Route,
  service: Service,
  request: Request,
  response: Response,
  handle: () => Promise<Answer>,
): Promise<Answer> {
  const kind = auditOf(route);
  if (kind === 'none') return handle();
  const write = (outcome: string) => note(route, service, request, response, outcome);
  if (kind === 'change') await write('begun');
  let answered: Answer;
  try {
    answered = await handle();
  } catch (error) {
    await write(toProblem(error, '').code);
    throw error;
  }
  await write('done');
  return answered;
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
  for (const [name, value] of Object.entries(answer.headers ?? {})) setHeader(response, name, value);
  const headers = { 'Content-Type': answer.contentType ?? 'application/json; charset=utf-8' };
  if (answer.body instanceof Readable) replyWith(response, answer.status, headers, answer.body);
  else reply(response, answer.status, headers, answer.body);
  answer.sent?.();
}

function refuse(error: unknown, response: Response, log: Logger): void {
  const requestId = String(response.locals['requestId'] ?? '');
  const cause = inputFault(error);
  const problem = toProblem(cause, requestId);
  response.locals['code'] = problem.code;
  if (problem.status >= 500)
    log.error({ httpRequestId: requestId, code: problem.code, where: whereOf(cause) });
  if (problem.status === 401) setHeader(response, 'WWW-Authenticate', 'Bearer');
  retryAfter(response, cause, problem.retry);
  // What is left of a body that was refused unread would be taken for the next request.
  if (problem.status === FAULTS.request_too_large.http) setHeader(response, 'Connection', 'close');
  const headers = { 'Content-Type': 'application/problem+json; charset=utf-8' };
  reply(response, problem.status, headers, JSON.stringify(problem));
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
