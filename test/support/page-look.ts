/** Looks at a page as a reader would have to: pictures that are kept, no sideways scrolling, and nothing that axe calls serious. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { FULL_COUNTS } from './counts.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const DESKTOP = { width: 1_200, height: 800 };
/** A desktop, one at 200 % zoom, a phone; the second is looked at, not pictured. */
const WIDTHS = [DESKTOP.width, 640, 360];
const UNPICTURED = 640;
/** What axe judges hardly hangs on the width, and each judgement costs a second. */
const JUDGED = FULL_COUNTS ? WIDTHS : [360];

/** What axe found, as far as it is told. */
interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

/** `pictures`: no axe, for another state of a page that it has judged in this language and these colours. */
type Depth = 'whole' | 'pictures';

/** @returns what looks at a page of this folder of pictures, under a name. */
export function lookingAt(folder: string): (page: Page, name: string, depth?: Depth) => Promise<void> {
  const pictures = fileURLToPath(new URL(`../../test-output/${folder}/`, import.meta.url));
  mkdirSync(pictures, { recursive: true });
  return async (page, name, depth = 'whole') => {
    if (depth === 'whole') await page.evaluate(AXE);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: DESKTOP.height });
      const beyond = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      assert.is(beyond, 0, `${name} scrolls sideways at ${width} px`);
      if (width !== UNPICTURED)
        await page.screenshot({ path: join(pictures, `${name}-${width}.png`), fullPage: true });
      if (depth === 'whole' && JUDGED.includes(width)) await judge(page, `${name} at ${width} px`);
    }
    await page.setViewportSize(DESKTOP);
  };
}

async function judge(page: Page, what: string): Promise<void> {
  const { violations } = (await page.evaluate("axe.run({ resultTypes: ['violations'] })")) as {
    violations: Finding[];
  };
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.equal(
    serious.map(({ id, nodes }) => `${id} at ${nodes.map(({ target }) => target.join(' '))}`),
    [],
    what,
  );
}

/** What the page threw or complained of. The browser’s own word on a failed call is none: the page says it to its reader. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    const isOfLine = /Failed to load resource|WebSocket connection to/.test(text);
    if (message.type() === 'error' && !isOfLine) complaints.push(text);
  });
  return complaints;
}
