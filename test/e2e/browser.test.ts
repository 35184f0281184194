/** The built library in a real browser: in a page as it stands, and bundled in a module worker and in a classic one. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { report } from '../support/counts.ts';
import { readVectors } from '../support/vectors.ts';

const test = suite('e2e: browser');

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NOBLE = 'node_modules/@noble/hashes/';

/** Public names of the library's modules, as in package.json, and where each is built. */
const MODULES = Object.entries(
  (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { exports: Record<string, string> })
    .exports,
)
  .filter(([, target]) => target.startsWith('./dist/lib/'))
  .map(([name, target]) => [name.replace('./', 'wattoken/'), target.slice(1)] as const);

const IMPORT_MAP = JSON.stringify({
  imports: { ...Object.fromEntries(MODULES), '@noble/hashes/': `/${NOBLE}` },
});
const PAGE =
  '<!doctype html><meta charset="utf-8"><title>Wattoken</title>' +
  `<script type="importmap">${IMPORT_MAP}</script><script type="module" src="/test/browser-page.mjs"></script>`;
/** Our own files alone: no eval, no inline script but the import map, which can only stand inline. */
const POLICY =
  "default-src 'none'; connect-src 'self'; worker-src 'self'; " +
  `script-src 'self' 'sha256-${createHash('sha256').update(IMPORT_MAP).digest('base64')}'`;
/** A worker needs no import map, so its policy names nothing but our own files. */
const WORKER_POLICY = "default-src 'none'; connect-src 'self'; script-src 'self'";

/** For a browser: a module that asks for a builtin of Node does not bundle. */
async function bundle(contents: string, format: 'esm' | 'iife'): Promise<string> {
  const result = await build({
    stdin: { contents, resolveDir: join(ROOT, 'test/e2e'), sourcefile: 'entry.js' },
    bundle: true,
    minify: true,
    format,
    platform: 'browser',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
    alias: Object.fromEntries(MODULES.map(([name, target]) => [name, join(ROOT, target)])),
    absWorkingDir: ROOT,
  });
  return result.outputFiles[0]?.text ?? '';
}

const bundles = new Map<string, string>();
const served: string[] = [];
let server: Server;
let address: string;
let browser: TestBrowser;

function contentOf(path: string): string | Buffer | undefined {
  if (path === '/') return PAGE;
  if (bundles.has(path)) return bundles.get(path);
  const file = path.startsWith('/test/') ? path.replace('/test/', '/test/e2e/') : path;
  const open = ['/dist/lib/', `/${NOBLE}`, '/vectors/', '/test/e2e/browser-'];
  if (path.includes('..') || !open.some((folder) => file.startsWith(folder))) return undefined;
  try {
    return readFileSync(join(ROOT, file));
  } catch {
    return undefined;
  }
}

test.before(async () => {
  for (const [name, format] of [
    ['module', 'esm'],
    ['classic', 'iife'],
  ] as const) {
    bundles.set(`/bundle/${name}-worker.js`, await bundle("import './browser-worker.mjs'", format));
  }
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const content = contentOf(pathname);
    served.push(`${content === undefined ? 404 : 200} ${pathname}`);
    const type =
      pathname === '/' ? 'text/html' : pathname.endsWith('.json') ? 'application/json' : 'text/javascript';
    const policy = pathname.startsWith('/bundle/') ? WORKER_POLICY : POLICY;
    response.writeHead(content === undefined ? 404 : 200, {
      'content-type': type,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
    });
    response.end(content);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchBrowser();
  report(browser.name);
});

test.after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

interface Answer {
  readonly failed?: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly algorithms: Readonly<Record<string, number>>;
  readonly mismatches: readonly string[];
}

async function answerOf(
  where: string,
): Promise<{ answer: Answer; complaints: string[]; refusesEval: unknown }> {
  const page = await browser.browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  try {
    await page.goto(`${address}/?where=${where}`);
    // Read as text from the page: the policy forbids the strings that a driver would have evaluated there.
    const text = await page.locator('output').textContent({ timeout: 30_000 });
    const { refusesEval, answer } = JSON.parse(text ?? '') as { refusesEval: boolean; answer: Answer };
    return { answer, complaints, refusesEval };
  } finally {
    await page.close();
  }
}

const valid = (tests: readonly { result: string }[]) =>
  tests.filter(({ result }) => result === 'valid').length;

/** Every vector of the three files, so that none can be passed over in silence. */
function expectedCounts(): Answer['counts'] {
  const keys = readVectors('decoder-key').tests;
  const sales = readVectors('credit-electricity').tests.length;
  const tokens = readVectors('token-fields').tests.length;
  return {
    decoderKeys: valid(keys),
    refusals: keys.length - valid(keys),
    encoded: sales + tokens,
    decoded: sales + tokens,
    entered: sales,
  };
}

for (const [where, what] of [
  ['window', 'a page, unbundled modules'],
  ['module', 'a module worker, bundled'],
  ['classic', 'a classic worker, bundled'],
] as const) {
  test(`when the built library runs in ${what} then every official vector comes out, without eval`, async () => {
    served.length = 0;
    const { answer, complaints, refusesEval } = await answerOf(where);
    assert.is(answer.failed, undefined);
    assert.equal(answer.mismatches, []);
    assert.equal(answer.counts, expectedCounts());
    assert.ok((answer.algorithms['EA07'] ?? 0) > 0 && (answer.algorithms['EA11'] ?? 0) > 0);
    assert.is(refusesEval, true, 'the policy of the page is in force');
    // eval is refused aloud; nothing else may be said.
    assert.equal(
      complaints.filter((text) => !/'?unsafe-eval'?/.test(text)),
      [],
    );
    assert.equal(
      served.filter((line) => line.startsWith('404') && !line.endsWith('/favicon.ico')),
      [],
    );
    const modules = served.filter((line) => line.includes(' /dist/lib/')).length;
    assert.is(modules > 0, where === 'window', 'a page loads the modules as built, a worker its bundle');
    const { decoderKeys, refusals, encoded, decoded, entered } = answer.counts;
    report(
      `${where}: ${decoderKeys} decoder keys, ${refusals} refusals, ${encoded} tokens encoded, ${decoded} decoded, ` +
        `${entered} entered, 0 mismatches${modules > 0 ? `, ${modules} modules loaded` : ''}`,
    );
  });
}

test('when a module of the library is built then it imports nothing that a browser lacks', async () => {
  const folder = join(ROOT, 'dist/lib');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  );
  // What cannot be bundled from the folder itself is named by the bundler as it stands in the import.
  const { metafile } = await build({
    entryPoints: files.map((file) => join(folder, file)),
    outdir: join(ROOT, 'nowhere'),
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'neutral',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  assert.is(Object.keys(metafile.inputs).length, files.length);
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  assert.ok(outside.length > 0);
  assert.equal(
    outside.filter((name) => !name.startsWith('@noble/hashes/')),
    [],
  );
  const everything = MODULES.map(([name], index) => `export * as m${index} from '${name}';`).join('\n');
  const text = await bundle(everything, 'esm');
  const kib = (bytes: number) => (bytes / 1024).toFixed(1);
  report(
    `${files.length} modules, none imports Node; all ${MODULES.length} public ones in one bundle: ` +
      `${kib(text.length)} KiB, gzip ${kib(gzipSync(text).length)}, brotli ${kib(brotliCompressSync(text).length)}`,
  );
});

test.run();
