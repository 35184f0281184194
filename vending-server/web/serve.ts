/**
 * The pages: bundled and compressed when the program was built, read once at the start. Nothing of them comes from elsewhere,
 * and the policy that goes with them lets nothing else run.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';
import { type Asset, answerAsset, assetsOf } from '../../lib/pages/asset.ts';
import { reply } from '../api/reply.ts';

const ASSETS = new URL('./assets/', import.meta.url);
const HOME = 'counter.html';

/** What answers each path of the pages; empty where they were not built. */
export function pageHandlers(): ReadonlyMap<string, RequestHandler> {
  if (!existsSync(ASSETS)) return new Map();
  const assets = assetsOf(readdirSync(ASSETS), (name) => readFileSync(new URL(name, ASSETS)), HOME);
  return new Map([...assets].map(([path, asset]) => [path, handlerOf(asset)]));
}

function handlerOf(asset: Asset): RequestHandler {
  return (request, response) => {
    const { status, headers, body } = answerAsset(asset, request.headers);
    reply(response, status, headers, body);
  };
}
