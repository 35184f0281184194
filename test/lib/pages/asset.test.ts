import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { answerAsset, assetOf, assetsOf, pathOfAsset } from '../../../lib/pages/asset.ts';

const test = suite('pages: asset');

const bytes = new TextEncoder().encode('<!doctype html>');
const brotli = Uint8Array.of(1, 2, 3);
const page = assetOf('counter.html', bytes, brotli);

test('when a page is the home of its server then it answers at the root, any other at its name', () => {
  assert.is(pathOfAsset('counter.html', 'counter.html'), '/');
  assert.is(pathOfAsset('control.html', 'counter.html'), '/control');
  assert.is(pathOfAsset('counter.js', 'counter.html'), '/counter.js');
});

test('when a folder of built files is read then each answers at its path, with its compressed kind', () => {
  const read = (name: string) => (name.endsWith('.br') ? brotli : bytes);
  const assets = assetsOf(
    ['counter.html', 'counter.html.br', 'icon.svg', 'icon.svg.br'],
    read,
    'counter.html',
  );
  assert.equal([...assets.keys()], ['/', '/icon.svg']);
  assert.is(assets.get('/icon.svg')?.headers['Content-Type'], 'image/svg+xml');
  assert.is(assets.get('/')?.brotli, brotli);
});

test('when a browser takes brotli then it is given that, and plain bytes otherwise', () => {
  const small = answerAsset(page, { 'accept-encoding': 'gzip, br' });
  assert.is(small.body, brotli);
  assert.is(small.headers['Content-Encoding'], 'br');
  const plain = answerAsset(page, {});
  assert.is(plain.body, bytes);
  assert.is(plain.headers['Content-Encoding'], undefined);
});

test('when a browser has this very file then nothing is sent again', () => {
  const answer = answerAsset(page, { 'if-none-match': page.etag, 'accept-encoding': 'br' });
  assert.is(answer.status, 304);
  assert.is(answer.body.length, 0);
  const changed = assetOf('counter.html', Uint8Array.of(...bytes, 10), brotli);
  assert.is(answerAsset(changed, { 'if-none-match': page.etag }).status, 200);
});

test('when a file is answered then its type and its policy go with it', () => {
  assert.is(page.headers['Content-Type'], 'text/html; charset=utf-8');
  assert.match(page.headers['Content-Security-Policy'] ?? '', /default-src 'none'; script-src 'self'/);
  assert.is(assetOf('paper', bytes, brotli).headers['Content-Type'], 'application/octet-stream');
});

test.run();
