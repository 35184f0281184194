/** What a browser measures of one visit to a page: when something was seen first, what moved after that, and what was sent. */
import type { Browser } from 'playwright-core';

export interface Visit {
  /** From the navigation to the first content on the screen, ms. */
  readonly firstPaintMillis: number;
  /** Sum of what moved without being asked to, by the measure of browsers: 0 when nothing did. */
  readonly layoutShift: number;
  /** Scripts as they came over the wire, bytes. */
  readonly scriptBytes: number;
  /** Addresses of other servers that were asked for anything. */
  readonly elsewhere: readonly string[];
  readonly problems: readonly string[];
}

export async function visit(browser: Browser, url: string, settleMillis: number): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1_200, height: 800 } });
  try {
    const page = await context.newPage();
    const problems: string[] = [];
    const elsewhere: string[] = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) problems.push(message.text());
    });
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol !== 'data:' && origin !== new URL(url).origin) elsewhere.push(request.url());
    });
    await page.addInitScript(WATCH);
    await page.goto(url, { waitUntil: 'load' });
    await page.evaluate(PAINTED);
    await page.waitForTimeout(settleMillis);
    const seen = (await page.evaluate(READ)) as Omit<Visit, 'elsewhere' | 'problems'>;
    return { ...seen, elsewhere, problems };
  } finally {
    await context.close();
  }
}

const WATCH = `
  globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) globalThis.shifted += value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries())
      if (name === 'first-contentful-paint') globalThis.firstPaint = startTime;
  }).observe({ type: 'paint', buffered: true });`;

/** As one expression: a function to be polled would be code that the page's own policy forbids to make. */
const PAINTED = `new Promise((painted) => {
  const look = () => (globalThis.firstPaint === undefined ? setTimeout(look, 10) : painted());
  look();
})`;

const READ = `({
  firstPaintMillis: globalThis.firstPaint,
  layoutShift: globalThis.shifted,
  scriptBytes: performance.getEntriesByType('resource')
    .filter(({ initiatorType, name }) => initiatorType === 'script' || name.endsWith('.js'))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0),
})`;
