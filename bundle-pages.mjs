/** Bundles the pages for browsers and compresses them, once, when the program is built: no start pays for it. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

/** Where the sources of pages stand, a folder for each page with its title until it speaks, and where their server reads them. */
const HOUSES = [
  {
    from: 'vending-server/web/client',
    pages: { counter: 'counter', control: 'control room', customer: 'receipt' },
    to: 'vending-server/web/assets',
  },
  { from: 'meter-sim/panel', pages: { face: 'meter' }, to: 'meter-sim/panel/assets' },
];

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

for (const { from, pages, to } of HOUSES) {
  const target = here(`dist/${to}/`);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  await build({
    entryPoints: Object.keys(pages).flatMap((page) => [
      { in: here(`${from}/${page}/main.tsx`), out: page },
      { in: here(`${from}/${page}/${page}.css`), out: page },
    ]),
    outdir: target,
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    logLevel: 'warning',
  });
  for (const [page, title] of Object.entries(pages)) {
    const html = readFileSync(here('lib/pages/page.html'), 'utf8');
    writeFileSync(`${target}${page}.html`, html.replaceAll('{page}', page).replace('{title}', title));
  }
  copyFileSync(here('lib/pages/icon.svg'), `${target}icon.svg`);
  for (const file of readdirSync(target))
    writeFileSync(`${target}${file}.br`, brotliCompressSync(readFileSync(`${target}${file}`)));
}
