/**
 * The meter's front panel over HTTP: keypad, display, and the hands of whoever stands before it. Each route parses, asks the
 * host one thing and prints the answer; every refusal is a problem document of lib/faults.ts.
 */
import { randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import { isStsFault, StsFault, toProblem } from '../../lib/faults.ts';
import { parseTokenNo } from '../../lib/token/token-no.ts';
import { EVENT_GROUPS } from '../firmware/events.ts';
import { MOST_KEYS, MOST_WATTS, parseCommand, parseKeys } from './commands.ts';
import type { Controls } from './controls.ts';
import { faceHandlers } from './face-assets.ts';
import type { MeterHost } from './host.ts';
import type { LiveMeter } from './live-meter.ts';
import { kilowattHours, meterView, outcomeView, wearView, workbenchView } from './views.ts';

const BODY_LIMIT = '16kb';
const MOST_SWITCHINGS = 100;

const keysBody = z.strictObject({ keys: z.string().min(1).max(MOST_KEYS) });
const tokenBody = z.strictObject({ tokenNo: z.string().max(64) });
const loadBody = z.strictObject({ watts: z.int().min(0).max(MOST_WATTS) });
const powerBody = z.strictObject({ on: z.boolean() });

/** @param log - one line for each fault that is ours; never a token number or a key. */
export function createPanel(
  host: MeterHost,
  log: (line: string) => void = () => {},
  bench?: { readonly meter: LiveMeter; readonly controls: Controls },
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(helmet());
  app.use(requestId);
  app.use(requireJson);
  // Any JSON value is let through to its schema, so that a bare number is refused for its shape like everything else.
  app.use(express.json({ limit: BODY_LIMIT, strict: false }));

  route(app, '/health', {
    get: (_request, response) => {
      response.json({ status: 'up' });
    },
  });
  route(app, '/v1/meter', {
    get: (_request, response) => {
      response.json(meterView(host.status()));
    },
  });
  route(app, '/v1/meter/keys', {
    post: (request, response) => {
      host.pressKeys(parseKeys(parse(keysBody, request.body).keys));
      response.json(meterView(host.status()));
    },
  });
  route(app, '/v1/meter/tokens', {
    post: async (request, response) => {
      const tokenNo = parseTokenNo(parse(tokenBody, request.body).tokenNo);
      const { outcome, balanceMilliWh } = await host.enterToken(tokenNo);
      response.json({
        ...outcomeView(outcome),
        balanceMilliWh,
        balanceKwh: kilowattHours(balanceMilliWh),
      });
    },
  });
  route(app, '/v1/meter/load', {
    put: (request, response) => {
      host.setLoad(parse(loadBody, request.body).watts);
      response.json(meterView(host.status()));
    },
  });
  route(app, '/v1/meter/power', {
    post: (request, response) => {
      host.setMains(parse(powerBody, request.body).on);
      response.json(meterView(host.status()));
    },
  });
  route(app, '/v1/meter/switchings', {
    get: (_request, response) => {
      response.json({ switchings: host.switchings(MOST_SWITCHINGS) });
    },
  });

  if (bench !== undefined) {
    benchRoutes(app, bench.meter, bench.controls);
    for (const [path, page] of faceHandlers()) app.get(path, page);
  }

  app.use((request) => {
    // A token number pasted into the address is not echoed whole.
    const path = request.path.slice(0, 80).replace(/[0-9]{5,}/g, (digits) => `…${digits.slice(-4)}`);
    throw new StsFault('route_unknown', `${request.method} ${path}`);
  });
  app.use(problems(log));
  return app;
}

/** What stands only at a meter on the bench: hands, faults, the scope, time. */
function benchRoutes(app: Express, meter: LiveMeter, controls: Controls): void {
  route(app, '/v1/meter/bench', {
    get: (_request, response) => {
      response.json(workbenchView(meter, controls));
    },
    post: (request, response) => {
      controls.carryOut(parseCommand(request.body));
      response.json(workbenchView(meter, controls));
    },
  });
  route(app, '/v1/meter/scope', {
    get: (_request, response) => {
      response.json({ switchings: meter.scope.switchings, supplies: meter.scope.supplies });
    },
  });
  route(app, '/v1/meter/distances', {
    get: (_request, response) => {
      response.json(meter.scope.distances());
    },
  });
  route(app, '/v1/meter/events', {
    get: (_request, response) => {
      response.json(Object.fromEntries(EVENT_GROUPS.map((group) => [group, meter.events(group)])));
    },
  });
  route(app, '/v1/meter/wear', {
    get: (_request, response) => {
      response.json(wearView(meter.world));
    },
  });
}

type Method = 'get' | 'post' | 'put';

function route(app: Express, path: string, methods: Partial<Record<Method, RequestHandler>>): void {
  const place = app.route(path);
  for (const method of ['get', 'post', 'put'] as const) {
    const handler = methods[method];
    if (handler !== undefined) place[method](handler);
  }
  place.all((request, response) => {
    response.set('Allow', Object.keys(methods).join(', ').toUpperCase());
    throw new StsFault('method_not_allowed', request.method);
  });
}

const requestId: RequestHandler = (request, response, next) => {
  const given = request.get('x-request-id');
  const id = given !== undefined && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
  response.locals['requestId'] = id;
  response.set('X-Request-Id', id);
  next();
};

const requireJson: RequestHandler = (request, _response, next) => {
  const hasBody = request.method === 'POST' || request.method === 'PUT';
  if (hasBody && !request.is('application/json')) throw new StsFault('media_type_unsupported');
  next();
};

function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const param = issue?.path.join('.') ?? '';
  throw new StsFault('request_malformed', issue?.message, param === '' ? {} : { param });
}

function problems(log: (line: string) => void): ErrorRequestHandler {
  return (error, _request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = toProblem(bodyFault(error), String(response.locals['requestId'] ?? ''));
    if (problem.code === 'internal_error') {
      log(`panel request ${problem.requestId} failed: ${error instanceof Error ? error.name : typeof error}`);
    }
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}

/** What the body parser and the router throw, by their `status`, as faults of ours. */
function bodyFault(error: unknown): unknown {
  if (isStsFault(error) || typeof error !== 'object' || error === null || !('status' in error)) return error;
  switch (error.status) {
    case 400:
      return new StsFault('request_malformed', 'the body or the address is not well formed');
    case 413:
      return new StsFault('request_too_large');
    case 415:
      return new StsFault('media_type_unsupported');
  }
  return error;
}
