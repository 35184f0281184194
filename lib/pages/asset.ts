/** A file of a page as a server answers it: never older than the server that it talks to, compressed where that is understood. */
import { sha256 } from '@noble/hashes/sha2.js';
import { hexFromBytes } from '../hex.ts';

/** Scripts, styles and calls of the page's own server alone; nothing inline, nothing framed, no form that goes elsewhere. */
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

/** What the build puts behind the name of a file for its compressed kind (RFC 7932). */
export const COMPRESSED = '.br';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
};

/** One file of the pages, ready to be answered. */
export interface Asset {
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
  readonly bytes: Uint8Array;
  readonly brotli: Uint8Array;
}

/** What goes out for one request. */
export interface AssetAnswer {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/**
 * @param names - of all files that the build has made.
 * @param read - what stands in one of them.
 * @param home - the page of the root.
 * @returns what answers each path.
 */
export function assetsOf(
  names: readonly string[],
  read: (name: string) => Uint8Array,
  home: string,
): ReadonlyMap<string, Asset> {
  const plain = names.filter((name) => !name.endsWith(COMPRESSED));
  return new Map(
    plain.map((name) => [pathOfAsset(name, home), assetOf(name, read(name), read(name + COMPRESSED))]),
  );
}

/**
 * @param home - the page of the root.
 * @returns the path that a file of this name answers at: a page its name without the ending.
 */
export function pathOfAsset(name: string, home: string): string {
  return name === home ? '/' : `/${name.replace(/\.html$/, '')}`;
}

/** @param name - with the ending that tells its type; an unknown one is answered as plain bytes. */
export function assetOf(name: string, bytes: Uint8Array, brotli: Uint8Array): Asset {
  const etag = `"${hexFromBytes(sha256(bytes))}"`;
  const headers = {
    'Content-Type': TYPES[name.split('.').pop() ?? ''] ?? 'application/octet-stream',
    'Content-Security-Policy': CONTENT_POLICY,
    // Asked again each time, answered in a few bytes.
    'Cache-Control': 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
  return { headers, etag, bytes, brotli };
}

/** @param asked - the request's headers, by their names in small letters (RFC 9110 sections 12.5.3, 13.1.2). */
export function answerAsset(
  asset: Asset,
  asked: Readonly<Record<string, string | readonly string[] | undefined>>,
): AssetAnswer {
  const { headers, etag, bytes, brotli } = asset;
  if (asked['if-none-match'] === etag) return { status: 304, headers, body: new Uint8Array() };
  if (!/\bbr\b/.test(String(asked['accept-encoding'] ?? ''))) return { status: 200, headers, body: bytes };
  return { status: 200, headers: { ...headers, 'Content-Encoding': 'br' }, body: brotli };
}
