/** The oscilloscope as an engineer sees it: a real browser, a real meter, and figures that must be the meter's own. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ScopeView, WearView } from '../../meter-sim/panel/bench-view.ts';
import { supplyFigures, switchingFigures } from '../../meter-sim/panel/face/scope/figures.ts';
import type { SupplyTrace, SwitchingTrace } from '../../meter-sim/panel/scope.ts';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { report } from '../support/counts.ts';
import { type Running, startCli } from '../support/processes.ts';
import { ownToken } from '../support/public-meter.ts';

const PICTURES = fileURLToPath(new URL('../../test-output/scope/', import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** 40 A: an arc worth seeing. */
const WATTS = 9_200;

interface Bench {
  folder: string;
  meter: Running;
  url: string;
  browser: TestBrowser;
  page: Page;
}

const test = suite<Bench>('e2e: scope');
const problems: string[] = [];
let tokens = 0;

test.before(async (context) => {
  mkdirSync(PICTURES, { recursive: true });
  context.folder = mkdtempSync(join(tmpdir(), 'wattoken-scope-'));
  // biome-ignore format: flag and value side by side
  context.meter = await startCli(['meter', 'run', '--data', join(context.folder, 'meter'), '--port', '0',
    '--load', String(WATTS), '--seed', '7']);
  context.url = context.meter.ready['url'] ?? '';
  context.browser = await launchBrowser();
  const browsing = await context.browser.browser.newContext({
    viewport: { width: 1_200, height: 900 },
    locale: 'en-GB',
  });
  context.page = await browsing.newPage();
  context.page.on('pageerror', (error) => problems.push(error.message));
  context.page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  context.page.setDefaultTimeout(10_000);
  await context.page.goto(context.url);
});
test.after(async (context) => {
  await context.browser?.close();
  await context.meter?.stop();
  rmSync(context.folder, { recursive: true, force: true });
});

/** A journey also fails by what the page threw or complained of. */
function journey(name: string, run: (context: Bench) => Promise<void>): void {
  test(name, async (context) => {
    await run(context);
    assert.equal(problems, []);
  });
}

const get = async <T>(url: string, path: string): Promise<T> =>
  (await fetch(url + path)).json() as Promise<T>;

async function post(url: string, path: string, body: object): Promise<Record<string, unknown>> {
  const reply = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.ok(reply.ok, `${path} ${reply.status}`);
  return (await reply.json()) as Record<string, unknown>;
}

/** Asked again and again: the page's own rules let no test run code from text in it. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 10_000; !(await isSo()); ) {
    assert.ok(Date.now() < deadline, 'waited 10 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const command = (url: string, body: object) => post(url, '/v1/meter/bench', body);

/** Credit by a token, and so much simulated time; the meter stands still before and after. */
async function buy({ url }: Bench, deciKwh: number): Promise<void> {
  await command(url, { do: 'resume' });
  tokens += 1;
  const entered = await post(url, '/v1/meter/tokens', { tokenNo: ownToken(6_600_000 + tokens, deciKwh) });
  assert.is(entered['result'], 'Accept');
  await command(url, { do: 'pause' });
  await command(url, { do: 'step', micros: 3_000_000 });
}

/** Until nothing is left of 0.1 kWh. */
async function runOut({ url }: Bench): Promise<void> {
  const { relay } = await command(url, { do: 'step', micros: 45_000_000 });
  assert.is(relay, 'open');
}

async function tracesOf({ url }: Bench): Promise<ScopeView> {
  return get<ScopeView>(url, '/v1/meter/scope');
}

const section = (page: Page, id: string): Locator => page.locator(`section[aria-labelledby="${id}"]`);

async function figure(place: Locator, name: string): Promise<string> {
  return (await place.locator('dl.figures div', { hasText: name }).locator('dd').innerText()).trim();
}

/** Names of marks must be readable: none may lie on another. */
async function assertApart(names: Locator): Promise<void> {
  const boxes = await names.evaluateAll((all) =>
    all.map((each) => {
      const { left, right, top, bottom } = each.getBoundingClientRect();
      return { text: each.textContent, left, right, top, bottom };
    }),
  );
  for (const [index, a] of boxes.entries()) {
    for (const b of boxes.slice(index + 1)) {
      const isApart =
        a.right <= b.left || b.right <= a.left || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
      assert.ok(isApart, `"${a.text}" lies on "${b.text}"`);
    }
  }
}

/** Pictures that are kept, names that are apart, and no sideways scrolling. */
async function look(page: Page, name: string, ids: readonly string[]): Promise<void> {
  for (const width of [360, 1_200]) {
    await page.setViewportSize({ width, height: 900 });
    const beyond = await page.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    assert.is(beyond, 0, `${name} scrolls sideways at ${width} px`);
    for (const id of ids) {
      const place = section(page, id);
      await place.screenshot({ path: join(PICTURES, `${name}-${id}-${width}.png`) });
      for (const kind of ['.mark-name', '.level-name']) await assertApart(place.locator(kind));
    }
  }
}

/** Nothing that axe calls serious. */
async function assertFit(page: Page): Promise<void> {
  await page.evaluate(AXE);
  const found = (await page.evaluate("axe.run({ include: [['.instruments']] })")) as {
    violations: { id: string; impact: string }[];
  };
  const serious = found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.equal(
    serious.map(({ id }) => id),
    [],
  );
}

journey(
  'when the meter lives then its last cycles run, and too fast a meter is not sampled',
  async (bench) => {
    const { page, url } = bench;
    const scope = section(page, 'scope');
    const wave = scope.locator('path.trace.volt');
    await scope.scrollIntoViewIfNeeded();
    await wave.waitFor();
    const first = await wave.getAttribute('d');
    await until(async () => (await wave.getAttribute('d')) !== first);
    await look(page, 'running', ['scope', 'supply', 'wear']);
    await assertFit(page);
    await command(url, { do: 'speed', speed: 'max' });
    await scope.getByText('The meter runs too fast to be seen').waitFor();
    await command(url, { do: 'speed', speed: 1 });
  },
);

journey(
  'when a token closes the relay then the closing is frozen with the meter’s own figures',
  async (bench) => {
    const { page } = bench;
    await buy(bench, 1);
    const scope = section(page, 'scope');
    await scope.getByText(/^Closing \d of \d:/).waitFor();
    const trace = (await tracesOf(bench)).switchings.at(-1) as SwitchingTrace;
    assert.is(trace.direction, 'close');
    await assertShown(scope, trace);
    assert.equal((await scope.locator('.mark-name').allTextContents()).sort(), [
      'Aimed touch',
      'Predicted zero',
      'Touched',
      'True zero',
    ]);
    await look(page, 'close', ['scope']);
  },
);

journey(
  'when the credit runs out then the relay parts before the zero, and the arc is shaded',
  async (bench) => {
    const { page } = bench;
    await runOut(bench);
    const scope = section(page, 'scope');
    await scope.getByText(/^Opening \d of \d: .* µs before the zero\. Arc/).waitFor();
    const trace = (await tracesOf(bench)).switchings.at(-1) as SwitchingTrace;
    await assertShown(scope, trace);
    const [parted, zero, arc] = await Promise.all(
      ['.mark-moved', '.mark-zero', 'rect.arc'].map(async (place) =>
        scope.locator(place).first().boundingBox(),
      ),
    );
    assert.ok(parted && zero && arc);
    assert.ok(parted.x < zero.x, 'parted before the zero');
    assert.ok(
      Math.abs(arc.x - parted.x) < 3 && Math.abs(arc.x + arc.width - zero.x) < 3,
      'the arc burns from there to it',
    );
    await look(page, 'trip', ['scope']);
    await assertFit(page);
    await scope.getByLabel('Shown').selectOption('2 ms');
    await look(page, 'trip-close-up', ['scope']);
    const wider = (await scope.locator('rect.arc').boundingBox())?.width ?? 0;
    assert.ok(wider > 5 * arc.width, 'ten times as near');
    await scope.getByLabel('Shown').selectOption('20 ms');
  },
);

/** Compares what stands beside the picture with what the port says. */
async function assertShown(scope: Locator, trace: SwitchingTrace): Promise<void> {
  const { leadMicros, leadDeviations } = switchingFigures(trace);
  if (trace.movedAtMicros === null) {
    // At its first power-up a meter opens what is open.
    assert.is(await figure(scope, 'Distance from zero'), 'The contact did not move');
    return;
  }
  const micros = Math.round(trace.fromZeroMicros ?? 0);
  assert.is(
    await figure(scope, 'Distance from zero'),
    `${Math.abs(micros)} µs ${micros < 0 ? 'before' : 'after'} the zero`,
  );
  const lead = Math.round(leadMicros ?? 0).toLocaleString('en-GB');
  const words =
    lead === '0' || lead === '-0'
      ? 'at the zero'
      : `${lead} µs = ${(leadDeviations ?? 0).toFixed(1)} deviations`;
  assert.is(await figure(scope, 'Lead aimed at'), words);
  const energy = (trace.arcMilliJoule ?? 0).toLocaleString('en-GB', {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  if (trace.arcMilliJoule)
    assert.match(await figure(scope, 'Arc'), new RegExp(`^${energy} mJ in [\\d,.]+ µs$`));
}

journey(
  'when there are several switchings then keys step through them, and the picture of all counts them',
  async (bench) => {
    const { page, url } = bench;
    for (let round = 0; round < 2; round++) {
      await buy(bench, 1);
      await runOut(bench);
    }
    const { switchings } = await tracesOf(bench);
    const count = switchings.length;
    const scope = section(page, 'scope');
    await scope.getByText(`Opening ${count} of ${count}`).waitFor();
    await scope.getByLabel('Which switching').focus();
    for (const [key, index] of [
      ['ArrowLeft', count - 2],
      ['ArrowLeft', count - 3],
      ['Home', 0],
      ['End', count - 1],
      ['ArrowLeft', count - 2],
    ] as const) {
      await page.keyboard.press(key);
      const trace = switchings[index] as SwitchingTrace;
      const direction = trace.direction === 'open' ? 'Opening' : 'Closing';
      await scope.getByText(`${direction} ${index + 1} of ${count}`).waitFor();
      await assertShown(scope, trace);
    }
    await scope.getByText('Every switching in figures').click();
    assert.is(await scope.locator('tbody tr').count(), count);
    await look(page, 'history', ['scope']);
    await scope.getByText('Every switching in figures').click();
    const moves = await get<{ switchings: { direction: string }[] }>(url, '/v1/meter/switchings');
    const openings = moves.switchings.filter(({ direction }) => direction === 'open').length;
    await scope
      .getByText(new RegExp(`^Openings: ${openings}, within 1 ms of a zero: ${openings}\\.`))
      .waitFor();
    report(`${count} switchings stepped through by keys, ${openings} openings counted`);
    await scope.getByRole('button', { name: 'Running' }).click();
    await command(url, { do: 'resume' });
    await scope.locator('path.trace.volt').waitFor();
  },
);

journey(
  'when the mains is cut then the rail, the save and the time left are drawn, cut by cut',
  async (bench) => {
    const { page, url } = bench;
    const supply = section(page, 'supply');
    await supply.scrollIntoViewIfNeeded();
    for (let cut = 1; cut <= 2; cut++) {
      await command(url, { do: 'mains', on: false });
      await supply.getByText(`Power cut ${cut} of ${cut}: saved`).waitFor();
      await command(url, { do: 'mains', on: true });
      await until(async () => (await get<{ powered: boolean }>(url, '/v1/meter')).powered);
    }
    const { supplies } = await tracesOf(bench);
    const trace = supplies.at(-1) as SupplyTrace;
    const figures = supplyFigures(trace);
    assert.ok((figures.leftMicros ?? 0) > 5_000, 'the save left time');
    assert.is(await supply.locator('rect.block').count(), trace.saves.length);
    const saved = `${trace.saves.length}, ${figures.journalPages} of them of the journal`;
    assert.is(await figure(supply, 'Pages saved'), saved);
    assert.ok(figures.journalPages > 0);
    assert.is(
      await figure(supply, 'Time left after it'),
      `${((figures.leftMicros ?? 0) / 1_000).toFixed(1)} ms`,
    );
    const names = (await supply.locator('.mark-name').allTextContents()).sort();
    assert.equal(names, ['MCU reset', 'Mains lost', 'Power fail noticed', 'Save ended']);
    await supply.getByText('Every write of this save in figures').click();
    assert.is(await supply.locator('tbody tr').count(), trace.saves.length);
    await supply.getByText('Every write of this save in figures').click();
    await look(page, 'cut', ['supply']);
    await supply.getByLabel('Which power cut').focus();
    await page.keyboard.press('ArrowLeft');
    await supply.getByText('Power cut 1 of 2').waitFor();
  },
);

journey(
  'when pages wear then the map has the meter’s own counts, and arrow keys tell each page',
  async (bench) => {
    const { page, url } = bench;
    await command(url, { do: 'pause' });
    const wear = section(page, 'wear');
    await wear.scrollIntoViewIfNeeded();
    const truth = await get<WearView>(url, '/v1/meter/wear');
    const cells = wear.getByRole('gridcell');
    await wear
      .locator('dl.figures div', { hasText: 'Writes begun' })
      .getByText(String(truth.writes), { exact: true })
      .waitFor();
    assert.is(await cells.count(), truth.pages.length);
    const names = await cells.evaluateAll((all) => all.map((cell) => cell.getAttribute('aria-label') ?? ''));
    const shown = names.map((name) => Number(/: (\d+) writes?$/.exec(name)?.[1] ?? 0));
    assert.equal(shown, truth.pages);
    assert.is(await figure(wear, 'Torn'), String(truth.tornWrites));
    const first = truth.parts[1]?.firstPage ?? 0;
    await wear.locator('td[tabindex="0"]').focus();
    await wear.getByText(new RegExp(`^Page ${first}, Journal: records`)).waitFor();
    for (const [key, at, part] of [
      ['ArrowRight', first + 1, 'Journal: records'],
      ['ArrowDown', first + 33, 'Journal: records'],
      ['ArrowUp', first + 1, 'Journal: records'],
      ['End', 511, 'Load profile'],
      ['Home', 0, 'Rings of format 1'],
    ] as const) {
      await page.keyboard.press(key);
      await wear.locator('p.said', { hasText: `Page ${at}, ${part}` }).waitFor();
    }
    await look(page, 'wear', ['wear']);
  },
);

journey('when another language is chosen then the scope speaks it, by night too', async ({ page }) => {
  await page.getByLabel('Language').selectOption('fr');
  await section(page, 'supply')
    .getByText(/^Coupure \d sur 2/)
    .waitFor();
  await section(page, 'scope').getByRole('button', { name: 'Manœuvres' }).click();
  await page.emulateMedia({ colorScheme: 'dark' });
  await look(page, 'french-dark', ['scope', 'supply', 'wear']);
  await assertFit(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.getByLabel('Langue').selectOption('sw');
  await section(page, 'supply')
    .getByText(/^Ukatikaji \d kati ya 2/)
    .waitFor();
  await look(page, 'swahili', ['scope', 'supply', 'wear']);
});

test.run();
