/**
 * The pages: bundled and compressed when the program was built, read once at the start. Nothing of them comes from elsewhere,
 * and the policy that goes with them lets nothing else run.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Request, RequestHandler, Response } from 'express';
import { reply } from '../api/reply.ts';
import { sha256 } from '../sha256.ts';

const ASSETS = new URL('./assets/', import.meta.url);
/** What the build puts beside each of them. */
const COMPRESSED = '.br';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Scripts, styles and calls of this server alone; nothing inline, nothing framed, no form that goes elsewhere. */
export const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

interface Asset {
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly bytes: Uint8Array;
  readonly brotli: Uint8Array;
}

/** What answers each path of the pages; empty where they were not built. */
export function pageHandlers(): ReadonlyMap<string, RequestHandler> {
  if (!existsSync(ASSETS)) return new Map();
  const names = readdirSync(ASSETS).filter((name) => !name.endsWith(COMPRESSED));
  return new Map(
    names.map((name) => {
      const path = name === 'index.html' ? '/' : `/${name}`;
      return [path, handlerOf(readAsset(name))];
    }),
  );
}

function readAsset(name: string): Asset {
  const bytes = readFileSync(new URL(name, ASSETS));
  const etag = `"${sha256(bytes)}"`;
  const headers = {
    'Content-Type': TYPES[name.split('.').pop() ?? ''] ?? 'application/octet-stream',
    'Content-Security-Policy': CONTENT_POLICY,
    // Asked again each time, answered in a few bytes: a page is never older than the server that it talks to.
    'Cache-Control': 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
  return { headers, etag, bytes, brotli: readFileSync(new URL(name + COMPRESSED, ASSETS)) };
}

function handlerOf({ headers, etag, bytes, brotli }: Asset): RequestHandler {
  return (request: Request, response: Response) => {
    if (request.headers['if-none-match'] === etag) reply(response, 304, headers, '');
    else if (/\bbr\b/.test(String(request.headers['accept-encoding'] ?? '')))
      reply(response, 200, { ...headers, 'Content-Encoding': 'br' }, brotli);
    else reply(response, 200, headers, bytes);
  };
}
