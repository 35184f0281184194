/**
 * How every answer of the door is written: its own headers, those that helmet gives, and the body. helmet is
 * asked once for what it would set; as fourteen functions before each request it would cost as much as finding the route.
 */
import { pipeline, type Readable } from 'node:stream';
import type { Response } from 'express';
import helmet from 'helmet';

type Headers = Readonly<Record<string, string>>;

const ALWAYS: ReadonlyMap<string, string> = learnHeaders().set('Cache-Control', 'no-store');

function learnHeaders(): Map<string, string> {
  const headers = new Map<string, string>();
  const listening = {
    setHeader: (name: string, value: unknown) => headers.set(name, String(value)),
    removeHeader: () => undefined,
  };
  helmet()({} as never, listening as never, () => undefined);
  return headers;
}

/** Headers that are known before the answer is: of the request's id, and of a connection that is to end. */
export function setHeader(response: Response, name: string, value: string): void {
  const headers = headersOf(response) ?? new Map<string, string>();
  response.locals['headers'] = headers.set(name, value);
}

export function hasHeader(response: Response, name: string): boolean {
  return headersOf(response)?.has(name) ?? false;
}

function headersOf(response: Response): Map<string, string> | undefined {
  return response.locals['headers'] as Map<string, string> | undefined;
}

/** @param headers - over those that were set before. */
export function reply(response: Response, status: number, headers: Headers, body: string | Uint8Array): void {
  const length = Buffer.byteLength(body);
  response.writeHead(status, headerList(response, headers).concat('Content-Length', String(length)));
  // Text leaves in one piece with the headers, bytes would follow them; ASCII, which most answers are, is copied as it is.
  if (typeof body === 'string') response.end(body, length === body.length ? 'latin1' : 'utf8');
  else response.end(body);
}

/** As {@link reply}, with a body that comes piece by piece, as fast as the caller takes it. */
export function replyWith(response: Response, status: number, headers: Headers, body: Readable): void {
  response.writeHead(status, headerList(response, headers));
  // A body that breaks off has destroyed the response, and one that nobody reads any more is destroyed: all is said.
  pipeline(body, response, () => undefined);
}

/** Names and values in turn: such a list is written as it is, where an object would be checked name by name. */
function headerList(response: Response, headers: Headers): string[] {
  const given = new Map(headersOf(response));
  for (const name in headers) given.set(name, headers[name] ?? '');
  const list = [...given].flat();
  for (const [name, value] of ALWAYS) if (!given.has(name)) list.push(name, value);
  return list;
}
