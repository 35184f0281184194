/** A visitor before the face of a sandbox's meter: what he sees and does there, in the words of a test. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import type { TestBrowser } from './browser.ts';
import type { Running } from './processes.ts';
import type { Announcement } from './sandbox.ts';
import { operatorKeyOf, post } from './utility.ts';

export interface Face {
  folder: string;
  sandbox: Running;
  told: Announcement;
  browser: TestBrowser;
  context: BrowserContext;
  page: Page;
}

export const portOf = (url: string): string => new URL(url).port;

export async function openFace({ page, told }: Face): Promise<void> {
  await page.goto(told.face);
  await page.locator('.meter').waitFor();
}

/** A command as from another hand, without the page. */
export async function bench({ told }: Face, command: object): Promise<Record<string, unknown>> {
  const { status, body, text } = await post(`${told.meter}/v1/meter/bench`, '', command);
  assert.is(status, 200, text);
  return body;
}

export async function stateOf({ told }: Face): Promise<{ balanceMilliWh: number; relay: string }> {
  return (await fetch(`${told.meter}/v1/meter/bench`)).json() as never;
}

/** Until the switch has been driven once since the last boot: a cut within its pulse leaves a save no time. */
export async function untilSupplied(face: Face): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  while ((await stateOf(face)).relay !== 'closed') {
    assert.ok(performance.now() < giveUpAt, 'the meter supplies its load');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function clearTamperToken({ folder, told }: Face): Promise<string> {
  const key = operatorKeyOf({ serverFolder: join(folder, 'data/server') });
  const { body, text } = await post(`${told.server}/v1/engineering-tokens`, key, {
    requestId: randomUUID(),
    reason: 'test',
    reasonCode: 'tamper',
    meter: told.drn,
    tokens: [{ kind: 'clearTamper' }],
  });
  const tokenNo: unknown = body.tokens?.[0]?.tokenNo;
  assert.type(tokenNo, 'string', text);
  return tokenNo as string;
}

export const glass = (page: Page, text: string | RegExp) =>
  page.getByRole('img', { name: typeof text === 'string' ? `Display: ${text}` : text });
export const words = (page: Page, of: 'supply' | 'token') => page.locator(`[data-words=${of}]`);

/** Waits until the log of a group, which is chosen for it, has such a row. */
export async function eventIn(page: Page, group: string, row: string): Promise<void> {
  await page.getByRole('button', { name: new RegExp(`^${group}`) }).click();
  await page
    .getByRole('row', { name: new RegExp(row) })
    .first()
    .waitFor();
}

/** @param step - of the slider, from 0 for a hundredth of real time. */
export async function setSpeed(page: Page, step: number): Promise<void> {
  await page.getByLabel('Speed').fill(String(step));
}
export const REAL_TIME = 2;
export const TEN_TIMES = 3;
export const HOUR_A_SECOND = 6;

export interface Watched {
  readonly onsets: number;
  /** By the measure of browsers. */
  readonly shift: number;
  readonly moved: readonly string[];
}

/** Counts for three seconds how often the light goes on, and names what moved by itself, and from where to where. */
export const WATCH_THE_LIGHT = `new Promise((done) => {
  let onsets = 0;
  let shift = 0;
  const moved = [];
  const box = ({ x, y, width, height }) => [x, y, width, height].join(' ');
  const moves = ({ node, previousRect, currentRect }) =>
    (node?.outerHTML ?? node?.nodeName ?? 'gone').slice(0, 200) + ': ' + box(previousRect) + ' to ' + box(currentRect);
  const light = document.querySelector('.lamp.red');
  new MutationObserver(() => { if (light.dataset.light === 'lit') onsets++; }).observe(light, { attributes: true });
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) {
      shift += value;
      moved.push(...sources.map(moves));
    }
  }).observe({ type: 'layout-shift' });
  setTimeout(() => done({ onsets, shift, moved }), 3000);
})`;
