/** A TrueType font with more than Latin, from the browser that the tests bring with them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** Open Sans, out of a tar archive: blocks of 512 bytes, name and octal size in the head of each file. */
export function fontOfTheBrowser(): Uint8Array {
  const main = createRequire(import.meta.url).resolve('@sparticuz/chromium');
  const root = main.slice(0, main.indexOf(join('chromium', 'build')) + 'chromium'.length);
  const archive = brotliDecompressSync(readFileSync(join(dirname(root), 'chromium', 'bin', 'fonts.tar.br')));
  for (let at = 0; at < archive.length; ) {
    const name = archive.toString('utf8', at, archive.indexOf(0, at));
    const size = Number.parseInt(archive.toString('utf8', at + 124, at + 135), 8);
    if (name.endsWith('OpenSans-Regular.ttf')) return archive.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  throw new Error('the archive of fonts holds no Open Sans');
}
