/**
 * A real Chromium for the tests of pages: the system's where there is one, else the one that npm brought, so that a machine
 * with nothing but Node runs them too. It reaches this machine alone, and leaves no file behind.
 */
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';

/** Names under which systems install it; WATTOKEN_CHROMIUM names another, by its path. */
const SYSTEM_NAMES = [
  'chromium-headless-shell',
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
];

/** Every name but those of this machine is unknown, so that no page of ours can come to need the network unseen. */
const LOCAL_ONLY = '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1';

export interface TestBrowser {
  readonly browser: Browser;
  /** Version and origin, for the report. */
  readonly name: string;
  /** Ends the browser and removes what was unpacked for it. */
  close(): Promise<void>;
}

export async function launchBrowser(): Promise<TestBrowser> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-browser-'));
  const clear = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    const system = systemChromium();
    const { executablePath, env } =
      system === undefined ? await unpackChromium(folder) : { executablePath: system, env: {} };
    const browser = await chromium.launch({
      executablePath,
      args: [LOCAL_ONLY],
      // As root, and in containers without user namespaces, Chromium's own sandbox cannot start; the pages are ours.
      chromiumSandbox: false,
      env: { ...definedEnv(), ...env },
    });
    return {
      browser,
      name: `Chromium ${browser.version()} (${system ?? 'npm'})`,
      close: async () => {
        await browser.close();
        clear();
      },
    };
  } catch (error) {
    clear();
    // Said here, because a hook that throws ends its tests without a word.
    console.error(`  no browser could be started: ${error}`);
    throw error;
  }
}

function systemChromium(): string | undefined {
  const named = process.env['WATTOKEN_CHROMIUM'];
  if (named !== undefined && named !== '') return named;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return SYSTEM_NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/**
 * Unpacks the npm browser into a folder of our own. Its package would unpack into the shared temporary folder under a name
 * that anybody can foresee, and run what it finds there.
 */
async function unpackChromium(
  folder: string,
): Promise<{ executablePath: string; env: Record<string, string> }> {
  const bin = join(dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium')), '../../bin');
  const executablePath = join(folder, 'chromium');
  await unbrotli(join(bin, 'chromium.br'), executablePath, 0o700);
  // The libraries that a machine without any browser lacks, and a font.
  for (const archive of ['al2023.tar', 'fonts.tar']) {
    const file = join(folder, archive);
    await unbrotli(join(bin, `${archive}.br`), file, 0o600);
    execFileSync('tar', ['xf', file, '-C', folder, '--no-same-owner']);
    rmSync(file);
  }
  // The package's own list of fonts names folders of the machine that it was made for.
  const fonts = ['fonts', '/usr/share/fonts'].map((name) => `<dir>${resolve(folder, name)}</dir>`).join('');
  const cache = `<cachedir>${join(folder, 'font-cache')}</cachedir>`;
  writeFileSync(join(folder, 'fonts.conf'), `<?xml version="1.0"?><fontconfig>${fonts}${cache}</fontconfig>`);
  return { executablePath, env: { LD_LIBRARY_PATH: join(folder, 'lib'), FONTCONFIG_PATH: folder } };
}

function unbrotli(from: string, to: string, mode: number): Promise<void> {
  return pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to, { mode }));
}

function definedEnv(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
