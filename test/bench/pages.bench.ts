/** How soon a page is seen: from the navigation to the first content, in a browser that has never been here, on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser } from '../support/browser.ts';
import { visit } from '../support/page-visit.ts';
import { pagesOf, startSandbox } from '../support/sandbox.ts';
import { median, printTable } from './harness.ts';

const LIMIT_MILLIS = 300;

export async function pagesBench(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-pages-bench-'));
  const running = await startSandbox(folder);
  const { browser, close, name } = await launchBrowser();
  try {
    const rows = [['', 'ms to the first paint', `of ${LIMIT_MILLIS} ms`, 'KiB of script']];
    for (const [page, url] of pagesOf(running)) {
      const visits = [];
      for (let round = 0; round < rounds; round += 1) visits.push(await visit(browser, url, 0));
      const millis = median(visits.map(({ firstPaintMillis }) => firstPaintMillis));
      const kibibytes = (visits[0]?.scriptBytes ?? 0) / 1_024;
      rows.push([page, millis.toFixed(0), (millis / LIMIT_MILLIS).toFixed(2), kibibytes.toFixed(1)]);
    }
    printTable(`First visits in ${name}`, rows);
  } finally {
    await close();
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
