/** The meter's face: bundled and compressed when the program was built, read once at the start. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';
import { type Asset, answerAsset, assetsOf } from '../../lib/pages/asset.ts';

const ASSETS = new URL('./assets/', import.meta.url);
const HOME = 'face.html';

/** What answers each path of the face; empty where it was not built. */
export function faceHandlers(): ReadonlyMap<string, RequestHandler> {
  if (!existsSync(ASSETS)) return new Map();
  const assets = assetsOf(readdirSync(ASSETS), (name) => readFileSync(new URL(name, ASSETS)), HOME);
  return new Map([...assets].map(([path, asset]) => [path, handlerOf(asset)]));
}

function handlerOf(asset: Asset): RequestHandler {
  return (request, response) => {
    const { status, headers, body } = answerAsset(asset, request.headers);
    response.status(status).set(headers).end(body);
  };
}
