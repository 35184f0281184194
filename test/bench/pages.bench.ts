/** How soon a page is seen: from the navigation to the first content, in a browser that has never been here, on this machine. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser } from '../support/browser.ts';
import { visit } from '../support/page-visit.ts';
import { startCli } from '../support/processes.ts';
import { median, printTable } from './harness.ts';

const LIMIT_MILLIS = 300;

export async function pagesBench(rounds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wattoken-pages-bench-'));
  const data = join(folder, 'data');
  const running = await startCli(['sandbox', '--data', data, '--server-port', '0', '--meter-port', '0']);
  const { browser, close, name } = await launchBrowser();
  try {
    const { server = '', meter = '' } = running.ready;
    const rows = [['', 'ms to the first paint', `of ${LIMIT_MILLIS} ms`, 'KiB of script']];
    for (const [page, url] of [
      ['counter', `${server}/`],
      ['customer', `${server}/customer`],
      ['control room', `${server}/control`],
      ['meter', `${meter}/`],
    ] as const) {
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
