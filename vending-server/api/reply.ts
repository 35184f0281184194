/**
 * How every answer of the door is written: its own headers, those that helmet gives, and the body, in one piece. helmet is
 * asked once for what it would set; as fourteen functions before each request it would cost as much as finding the route.
 */
import type { Response } from 'express';
import helmet from 'helmet';

type Headers = Readonly<Record<string, string>>;

const SECURITY_HEADERS = learnHeaders();

function learnHeaders(): Headers {
  const headers: Record<string, string> = {};
  const listening = {
    setHeader: (name: string, value: unknown) => {
      headers[name] = String(value);
    },
    removeHeader: () => undefined,
  };
  helmet()({} as never, listening as never, () => undefined);
  return headers;
}

/** Headers that are known before the answer is: of the request's id, and of a connection that is to end. */
export function setHeader(response: Response, name: string, value: string): void {
  const { locals } = response;
  locals['headers'] = { ...(locals['headers'] as Headers | undefined), [name]: value };
}

export function hasHeader(response: Response, name: string): boolean {
  return Object.hasOwn((response.locals['headers'] as Headers | undefined) ?? {}, name);
}

/** @param headers - over those that were set before. */
export function reply(response: Response, status: number, headers: Headers, body: string | Uint8Array): void {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
  const all: Headers = {
    ...SECURITY_HEADERS,
    'Cache-Control': 'no-store',
    ...(response.locals['headers'] as Headers | undefined),
    ...headers,
    'Content-Length': String(bytes.length),
  };
  // A list of names and values is written as it is; an object would be checked name by name.
  const flat: string[] = [];
  for (const name in all) flat.push(name, all[name] ?? '');
  response.writeHead(status, flat);
  response.end(bytes);
}
