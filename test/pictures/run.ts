/**
 * `npm run pictures`: the pictures of README, made anew from the real pages of a sandbox: a sale at the counter, the control
 * room while it sells, and the meter as it trips.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../support/browser.ts';
import { signInByKeys } from '../support/people.ts';
import { type Announcement, startSandbox, toldBy } from '../support/sandbox.ts';
import { type PictureSize, pictureOf } from './picture.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MINUTES_OF_SALES = 2;

async function keep(
  page: Page,
  size: PictureSize,
  file: string,
  title: string,
  without?: string,
): Promise<void> {
  const path = join(ROOT, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await pictureOf(page, size, title, without));
  console.error(`${file}: ${title}`);
}

async function open(browser: Browser, url: string, { width, height }: PictureSize): Promise<Page> {
  const context = await browser.newContext({ viewport: { width, height }, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

async function sell(page: Page, drn: string, amount: string): Promise<string> {
  await page.locator('input[name=meter]').fill(drn);
  await page.keyboard.press('Enter');
  await page.locator('input[name=amount]').fill(amount);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: /Sell for/ }).click();
  return (await page.locator('.token').last().innerText()).replace(/\s/g, '');
}

async function counterPicture(browser: Browser, { counter, drn, seller }: Announcement): Promise<Page> {
  const size = { width: 1_100, height: 760 };
  const page = await open(browser, counter, size);
  await signInByKeys(page, seller.userId, seller.password);
  await page.getByRole('button', { name: 'Open shift' }).click();
  await page.getByText(/Shift since/).waitFor();
  await sell(page, drn, '50');
  await keep(page, size, 'vending-server/web/pictures/counter.svg', 'The counter after a sale');
  return page;
}

async function controlPicture(
  browser: Browser,
  counter: Page,
  { control, drn, operator }: Announcement,
): Promise<void> {
  const size = { width: 1_200, height: 800 };
  const page = await open(browser, control, size);
  await signInByKeys(page, operator.userId, operator.password);
  const end = Date.now() + MINUTES_OF_SALES * 60_000;
  for (let amount = 20; Date.now() < end; amount += 5) {
    await counter.getByRole('button', { name: 'Next sale' }).click();
    await sell(counter, drn, String(amount));
    await counter.waitForTimeout(8_000);
  }
  await page.waitForTimeout(6_000);
  await keep(
    page,
    size,
    'vending-server/web/pictures/control.svg',
    'The control room while the counter sells',
  );
}

/** Uses up what the meter has under a kettle, faster and faster, and catches the opening of its relay. */
async function tripPicture(browser: Browser, { face, meter }: Announcement): Promise<void> {
  const size = { width: 1_280, height: 1_540 };
  const page = await open(browser, face, size);
  await page.getByRole('button', { name: /Kettle/ }).click();
  const command = (body: object) =>
    fetch(`${meter}/v1/meter/bench`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  await command({ do: 'speed', speed: 10_000 });
  for (;;) {
    const { balanceMilliWh, relay } = (await (await fetch(`${meter}/v1/meter`)).json()) as {
      balanceMilliWh: number;
      relay: string;
    };
    // The last ten watt-hours at a pace that the page follows.
    if (balanceMilliWh < 2_000_000) await command({ do: 'speed', speed: 200 });
    if (relay === 'open') break;
    await page.waitForTimeout(100);
  }
  await command({ do: 'speed', speed: 1 });
  await page.waitForTimeout(3_000);
  const others = ['time', 'faults', 'module', 'events', 'supply', 'wear'];
  const without = others.map((card) => `.card[aria-labelledby=${card}]`).join(', ');
  const title = 'A meter that has run out of credit under a kettle';
  await keep(page, size, 'meter-sim/panel/pictures/trip.svg', title, without);
}

const folder = mkdtempSync(join(tmpdir(), 'wattoken-pictures-'));
const running = await startSandbox(folder);
const { browser, close } = await launchBrowser();
try {
  const sandbox = toldBy(running);
  const counter = await counterPicture(browser, sandbox);
  await controlPicture(browser, counter, sandbox);
  await tripPicture(browser, sandbox);
} finally {
  await close();
  await running.stop();
  rmSync(folder, { recursive: true, force: true });
}
