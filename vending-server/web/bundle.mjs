/** Bundles the pages for browsers, once, when the program is built. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const from = (path) => fileURLToPath(new URL(`./client/${path}`, import.meta.url));
const to = fileURLToPath(new URL('../../dist/vending-server/web/assets/', import.meta.url));

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
