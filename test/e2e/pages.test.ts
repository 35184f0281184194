/** Every page at its first visit: what it may load, how much of it, and that nothing moves under the reader's eyes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CONTENT_POLICY } from '../../lib/pages/asset.ts';
import { launchBrowser } from '../support/browser.ts';
import { report } from '../support/counts.ts';
import { visit } from '../support/page-visit.ts';
import { pagesOf, startSandbox } from '../support/sandbox.ts';

const test = suite('e2e: pages');

const MOST_SCRIPT_BYTES = 150 * 1_024;
/** Long enough for what a page asks for after its first paint. */
const SETTLE_MILLIS = 1_500;

test('when a page is visited for the first time then it is small, comes from one server, and stands still', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-pages-'));
  const running = await startSandbox(folder);
  const { browser, close } = await launchBrowser();
  try {
    for (const [name, url] of pagesOf(running)) {
      const { headers, status } = await fetch(url);
      assert.is(status, 200, name);
      assert.is(headers.get('content-security-policy'), CONTENT_POLICY, name);
      const seen = await visit(browser, url, SETTLE_MILLIS);
      assert.equal(seen.problems, [], name);
      assert.equal(seen.elsewhere, [], name);
      assert.ok(seen.scriptBytes > 0 && seen.scriptBytes < MOST_SCRIPT_BYTES, `${name}: ${seen.scriptBytes}`);
      assert.is(seen.layoutShift, 0, `${name} moved by ${seen.layoutShift}`);
      report(`${name}: ${(seen.scriptBytes / 1_024).toFixed(1)} KiB of script, nothing moved`);
    }
  } finally {
    await close();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
