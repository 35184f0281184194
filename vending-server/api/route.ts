/** A route as data: the server is built from this table, and the OpenAPI document from the same one. */
import type { z } from 'zod';
import { type FaultCode, StsFault } from '../../lib/faults.ts';
import type { Ready } from '../operation/readiness.ts';
import type { ApiKeyRole } from '../store/contract.ts';
import type { Caller } from '../vending/api-keys.ts';
import type { Vending } from '../vending/context.ts';
import type { sell } from '../vending/sell.ts';

export interface Service {
  readonly vending: Vending;
  /** Throws the fault that keeps this server from selling, if there is one. */
  readonly assertReady: () => Promise<Ready>;
  /** The use case behind `POST /v1/sales`; a sandbox puts its scripted meters before it. */
  readonly sell: typeof sell;
}

export interface Answer {
  readonly status: number;
  /** JSON text, sent as it is. */
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called when the answer was handed to the system. */
  readonly sent?: (() => void) | undefined;
}

export interface Call<Body> {
  /** Routes without `roles` are open to all and get no caller. */
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly body: Body;
}

export interface AnswerSpec {
  readonly status: number;
  readonly description: string;
  readonly schema: z.ZodType;
}

export interface Route {
  readonly method: 'get' | 'post' | 'put';
  /** OpenAPI form: `/v1/sales/{saleId}`. */
  readonly path: string;
  readonly summary: string;
  /** Roles that may call; undefined when no key is needed. */
  readonly roles: readonly ApiKeyRole[] | undefined;
  readonly body: z.ZodType | undefined;
  readonly answers: readonly AnswerSpec[];
  /** Faults of this operation beside those that every route has. */
  readonly faults: readonly FaultCode[];
  readonly handle: (service: Service, call: Call<unknown>) => Promise<Answer>;
}

interface RouteWithBody<Schema extends z.ZodType> extends Omit<Route, 'body' | 'handle'> {
  readonly body: Schema;
  readonly handle: (service: Service, call: Call<z.output<Schema>>) => Promise<Answer>;
}

type RouteWithoutBody = Omit<Route, 'body' | 'handle'> & {
  readonly handle: (service: Service, call: Call<undefined>) => Promise<Answer>;
};

/** The handler sees the body as its schema parsed it; the app parses with the same schema before it calls. */
export function withBody<Schema extends z.ZodType>(route: RouteWithBody<Schema>): Route {
  return { ...route, handle: (service, call) => route.handle(service, call as Call<z.output<Schema>>) };
}

export function withoutBody(route: RouteWithoutBody): Route {
  return {
    ...route,
    body: undefined,
    handle: (service, call) => route.handle(service, call as Call<undefined>),
  };
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, body: JSON.stringify(value), headers };
}

/** The vendor that calls. Operators sell nothing: a sale is on some vendor's float. */
export function vendorOf(caller: Caller): string {
  if (caller.role !== 'vendor') throw new StsFault('permission_denied');
  return caller.vendorId;
}

/** A path parameter of this route; absent only by a mistake in the table. */
export function param(call: Call<unknown>, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new RangeError(`"${name}" expected a path parameter, got none`);
  return value;
}

/** The header that says that this answer was given before. */
export const REPLAYED = { 'Idempotent-Replayed': 'true' } as const;
