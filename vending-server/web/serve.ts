/**
 * The pages: bundled and compressed when the program was built, read once at the start. Nothing of them comes from elsewhere,
 * and the policy that goes with them lets nothing else run.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';
import { answerAsset, assetOf, COMPRESSED, pathOfAsset } from '../../lib/pages/asset.ts';
import { reply } from '../api/reply.ts';

const ASSETS = new URL('./assets/', import.meta.url);
const HOME = 'counter.html';

/** What answers each path of the pages; empty where they were not built. */
export function pageHandlers(): ReadonlyMap<string, RequestHandler> {
  if (!existsSync(ASSETS)) return new Map();
  const names = readdirSync(ASSETS).filter((name) => !name.endsWith(COMPRESSED));
  return new Map(names.map((name) => [pathOfAsset(name, HOME), handlerOf(name)]));
}

function handlerOf(name: string): RequestHandler {
  const [bytes, brotli] = [name, name + COMPRESSED].map((file) => readFileSync(new URL(file, ASSETS)));
  const asset = assetOf(name, bytes as Buffer, brotli as Buffer);
  return (request, response) => {
    const { status, headers, body } = answerAsset(asset, request.headers);
    reply(response, status, headers, body);
  };
}
