/** A route as data: the server is built from this table, and the OpenAPI document from the same one. */
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import { type FaultCode, StsFault } from '../../lib/faults.ts';
import type { Notifying } from '../notify/context.ts';
import type { Reading } from '../operation/ledger-reader.ts';
import type { Ready } from '../operation/readiness.ts';
import type { Caller } from '../people/caller.ts';
import type { Permission } from '../people/roles.ts';
import type { ReceiptDesk } from '../receipt/desk.ts';
import type { VisitRecord } from '../store/visit-contract.ts';
import type { Vending } from '../vending/context.ts';
import type { SalesWatch } from '../vending/sales-watch.ts';
import type { sell } from '../vending/sell.ts';

export interface Service {
  readonly vending: Vending;
  /** Throws the fault that keeps this server from selling, if there is one. */
  readonly receipts: ReceiptDesk;
  readonly notifying: Notifying;
  readonly assertReady: () => Promise<Ready>;
  readonly salesWatch: SalesWatch;
  /** Reads the whole of a module's chain beside the sales. @throws StsFault `ledger_busy`, and the store's. */
  readonly ledger: (moduleId: string, reading: Omit<Reading, 'source'>) => Promise<Readable>;
  /** The use case behind `POST /v1/sales`; a sandbox puts its scripted meters before it. */
  readonly sell: typeof sell;
  /** Whether all that is sold here is for practice. */
  readonly isSandbox: boolean;
}

export interface Answer {
  readonly status: number;
  /**
   * Sent as it is: JSON text unless `contentType` says otherwise. A stream is sent as it comes; one that breaks off breaks the
   * connection, so that nobody takes a part for the whole.
   */
  readonly body: string | Uint8Array | Readable;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called when the answer was handed to the system. */
  readonly sent?: (() => void) | undefined;
  /** Called instead when no byte of it was handed to the system, and none will be; what it does is nobody's to wait for. */
  readonly lost?: (() => Promise<void>) | undefined;
}

export interface Call<Body, Query = unknown> {
  /** Routes without `permission` are open to all and get no caller. */
  readonly caller: Caller;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Query;
  /** The media types that the caller takes, as it wrote them. */
  readonly accept: string;
  readonly body: Body;
  /** Of routes for visitors. */
  readonly visit?: VisitRecord | undefined;
  /** Of the connection, not of the request: what a browser is and where it calls from. */
  readonly browser: Browser;
}

export interface Browser {
  readonly address: string;
  /** The cookie of a session, as it came. */
  readonly sessionToken: string | undefined;
  /** The header that gives a browser this session, or takes it away with ''. */
  readonly cookieOf: (token: string) => string;
  /** The cookie of a customer's visit, as it came, and the header that gives or takes it. */
  readonly visitSecret: string | undefined;
  readonly visitCookieOf: (secret: string) => string;
}

export interface AnswerSpec {
  readonly status: number;
  readonly description: string;
  readonly schema: z.ZodType;
  /** `application/json` when absent. */
  readonly contentType?: string;
}

export interface Route {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** OpenAPI form: `/v1/sales/{saleId}`. */
  readonly path: string;
  readonly summary: string;
  /** What the caller must be allowed to; undefined when nobody has to be known. */
  readonly permission: Permission | undefined;
  /** Whether it is for whoever has shown a receipt, and nobody else; such a route asks for no permission. */
  readonly visitor?: true;
  readonly body: z.ZodType | undefined;
  /** Parameters behind the question mark; all text, none unless named. */
  readonly query?: z.ZodObject;
  /**
   * Whether the audit trail tells of it: a change is written down before and after, a read before its answer leaves. Changes
   * unless told otherwise for all but GET; sales are not, because they stand in a chain of their own.
   */
  readonly audit?: 'change' | 'read' | 'none';
  /** What the trail shall know of the body besides the parameters: ids, never secrets. */
  readonly about?: (body: Readonly<Record<string, unknown>>) => Record<string, unknown>;
  readonly answers: readonly AnswerSpec[];
  /** Faults of this operation beside those that every route has. */
  readonly faults: readonly FaultCode[];
  readonly handle: (service: Service, call: Call<unknown>) => Promise<Answer>;
}

/** What the trail is told of a route. */
export function auditOf({ method, permission, visitor, audit }: Route): 'change' | 'read' | 'none' {
  const isOpen = permission === undefined && visitor === undefined;
  return audit ?? (method === 'get' || isOpen ? 'none' : 'change');
}

interface RouteWithBody<Schema extends z.ZodType> extends Omit<Route, 'body' | 'handle'> {
  readonly body: Schema;
  readonly handle: (service: Service, call: Call<z.output<Schema>>) => Promise<Answer>;
}

type RouteWithoutBody = Omit<Route, 'body' | 'handle'> & {
  readonly handle: (service: Service, call: Call<undefined>) => Promise<Answer>;
};

type RouteWithQuery<Query extends z.ZodObject> = Omit<Route, 'body' | 'query' | 'handle' | 'method'> & {
  readonly query: Query;
  readonly handle: (service: Service, call: Call<undefined, z.output<Query>>) => Promise<Answer>;
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

/** A list, or a view that can be asked for in several ways: GET with a query. */
export function withQuery<Query extends z.ZodObject>(route: RouteWithQuery<Query>): Route {
  return {
    ...route,
    method: 'get',
    body: undefined,
    handle: (service, call) => route.handle(service, call as Call<undefined, z.output<Query>>),
  };
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, body: JSON.stringify(value), headers };
}

/** The vendor that calls. The utility's own people sell nothing: a sale is on some vendor's float. */
export function vendorOf(caller: Caller): string {
  if (caller.vendorId === null) throw new StsFault('permission_denied');
  return caller.vendorId;
}

/** A path parameter of this route; absent only by a mistake in the table. */
export function param(call: Call<unknown>, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new RangeError(`"${name}" expected a path parameter, got none`);
  return value;
}

/** A path parameter in the form that its schema wants. @throws StsFault `request_malformed`. */
export function checkedParam(call: Call<unknown>, name: string, schema: z.ZodType<string>): string {
  const value = param(call, name);
  if (!schema.safeParse(value).success) {
    throw new StsFault('request_malformed', `not the form of a ${name}`, { param: name });
  }
  return value;
}

/** The header that says that this answer was given before. */
export const REPLAYED = { 'Idempotent-Replayed': 'true' } as const;
