/** The OpenAPI 3.1 document, made of the route table and of the schemas that check the requests. */
import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { FAULTS, type FaultCode } from '../../lib/faults.ts';
import { SESSION_COOKIE, VISIT_COOKIE } from './admission.ts';
import type { Route } from './route.ts';
import { ProblemAnswer } from './schemas.ts';

/** Refusals of every route. */
const COMMON_FAULTS: readonly FaultCode[] = [
  'service_not_ready',
  'rate_limited',
  'clock_set_back',
  'store_unavailable',
  'store_damaged',
  'request_timed_out',
  'internal_error',
];
const KEY_FAULTS: readonly FaultCode[] = [
  'authentication_required',
  'permission_denied',
  'client_certificate_wrong',
];
const BODY_FAULTS: readonly FaultCode[] = [
  'request_malformed',
  'request_too_large',
  'media_type_unsupported',
];

const TITLE = 'Wattoken vending server';

export function openApiDocument(routes: readonly Route[], version: string): string {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'apiKey', { type: 'http', scheme: 'bearer' });
  for (const [scheme, name] of [
    ['session', SESSION_COOKIE],
    ['visit', VISIT_COOKIE],
  ] as const) {
    registry.registerComponent('securitySchemes', scheme, { type: 'apiKey', in: 'cookie', name });
  }
  for (const route of routes) registry.registerPath(pathOf(route));
  const generator = new OpenApiGeneratorV31(registry.definitions);
  const document = generator.generateDocument({ openapi: '3.1.0', info: { title: TITLE, version } });
  return JSON.stringify(document, (name, value: unknown) => (name === 'pattern' ? bare(value) : value));
}

/** The generator prints a pattern with its flags behind it, which no text would match; JSON Schema reads it as `u` anyway. */
function bare(pattern: unknown): unknown {
  return typeof pattern === 'string' ? pattern.replace(/\/u$/, '') : pattern;
}

/** All refusals that a route can answer with. */
export function faultsOf(route: Route): readonly FaultCode[] {
  const all: readonly FaultCode[] = [
    ...(route.permission === undefined ? [] : KEY_FAULTS),
    ...(route.visitor === true ? (['visit_required'] as const) : []),
    ...(isClosed(route) && route.method !== 'get' ? (['csrf_token_wrong'] as const) : []),
    ...(route.query === undefined || route.body !== undefined ? [] : (['request_malformed'] as const)),
    ...(route.body === undefined ? [] : BODY_FAULTS),
    ...route.faults,
    ...COMMON_FAULTS,
  ];
  return [...new Set(all)];
}

function isClosed({ permission, visitor }: Route): boolean {
  return permission !== undefined || visitor === true;
}

function securityOf(route: Route): { [name: string]: string[] }[] {
  if (route.visitor === true) return [{ visit: [] }];
  return isClosed(route) ? [{ apiKey: [] }, { session: [] }] : [];
}

function pathOf(route: Route): RouteConfig {
  const names = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  return {
    method: route.method,
    path: route.path,
    summary: route.summary,
    security: securityOf(route),
    request: {
      params,
      ...(route.query === undefined ? {} : { query: route.query }),
      ...(route.body === undefined
        ? {}
        : { body: { required: true, content: { 'application/json': { schema: route.body } } } }),
    },
    responses: { ...answersOf(route), ...problemsOf(route) },
  };
}

function answersOf(route: Route): RouteConfig['responses'] {
  const answers: RouteConfig['responses'] = {};
  for (const { status, description, schema, contentType = 'application/json' } of route.answers) {
    const before = answers[status];
    const content = { ...(before && 'content' in before ? before.content : {}), [contentType]: { schema } };
    answers[status] = { description, content };
  }
  return answers;
}

function problemsOf(route: Route): RouteConfig['responses'] {
  const codes = new Map<number, FaultCode[]>();
  for (const code of faultsOf(route)) {
    const { http } = FAULTS[code];
    codes.set(http, [...(codes.get(http) ?? []), code]);
  }
  return Object.fromEntries(
    [...codes].map(([status, of]) => [
      status,
      {
        description: of.join(', '),
        content: { 'application/problem+json': { schema: ProblemAnswer } },
      },
    ]),
  );
}
