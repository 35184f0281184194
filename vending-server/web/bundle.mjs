/** Bundles the pages for browsers and compresses them, once, when the program is built: no start pays for it. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const from = (path) => fileURLToPath(new URL(`./client/${path}`, import.meta.url));
const to = fileURLToPath(new URL('../../dist/vending-server/web/assets/', import.meta.url));

rmSync(to, { recursive: true, force: true });
mkdirSync(to, { recursive: true });
await build({
  entryPoints: { counter: from('main.tsx'), style: from('style.css') },
  outdir: to,
  bundle: true,
  minify: true,
  format: 'esm',
  target: 'es2022',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  logLevel: 'warning',
});
for (const file of ['index.html', 'icon.svg']) copyFileSync(from(file), `${to}${file}`);
for (const file of readdirSync(to))
  writeFileSync(`${to}${file}.br`, brotliCompressSync(readFileSync(`${to}${file}`)));
