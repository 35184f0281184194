import type { BrowserContext, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { report } from '../support/counts.ts';
import { type CutLine, openCutLine } from '../support/cut-line.ts';
import { complaintsOf, lookingAt } from '../support/page-look.ts';
import { type Office, openPerson, PASSWORD, put, signInByKeys } from '../support/people.ts';
import type { Running } from '../support/processes.ts';
import {
  furnish,
  METER_A,
  makeUtility,
  operatorKeyOf,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

const look = lookingAt('counter');
const BLOCKS = {
  kind: 'blocks',
  blocks: [
    { untilDeciKwh: 1_000, pricePerKwh: '2.0000' },
    { untilDeciKwh: null, pricePerKwh: '3.0000' },
  ],
};
/** A sale must take fewer keys than this after the meter's number. */
const KEYS_LIMIT = 10;

interface Counter {
  utility: Utility;
  server: Running;
  line: CutLine;
  browser: TestBrowser;
  page: Page;
  vendorKey: string;
}

const test = suite<Counter>('e2e: counter');

test.before(async (context) => {
  context.utility = await makeUtility();
  context.server = await startUtilityServer(context.utility);
  const url = context.server.ready['url'] ?? '';
  const keys = await furnish(
    context.utility,
    url,
    [{ vendorId: 'shop', floatMinor: 1_000_000 }],
    [METER_A],
    BLOCKS,
  );
  context.vendorKey = keys.get('shop') ?? '';
  await openPeople({ url, operatorKey: operatorKeyOf(context.utility) });
  context.line = await openCutLine(url);
  context.browser = await launchBrowser();
});
test.after(async (context) => {
  await context.browser?.close();
  await context.line?.close();
  await context.server?.stop();
  context.utility?.remove();
});

async function openPeople(office: Office): Promise<void> {
  const customer = { name: 'Customer Seven', addressLines: ['7 Test Road'] };
  await put(office, `/v1/meters/${METER_A.drn}/customer`, customer);
  await openPerson(office, 'till', { roles: ['seller'], vendorId: 'shop' });
  await openPerson(office, 'looker', { roles: ['auditor'] });
}

let problems: string[] = [];

/** A journey also fails by what its page threw or complained of. */
function journey(name: string, run: (context: Counter) => Promise<void>): void {
  test(name, async (context) => {
    await run(context);
    assert.equal(problems, []);
  });
}

test.before.each(async (context) => {
  const browsing = await context.browser.browser.newContext({ viewport: { width: 1_200, height: 800 } });
  context.page = await browsing.newPage();
  problems = complaintsOf(context.page);
});
test.after.each(async ({ page }) => {
  await (page.context() as BrowserContext).close();
});

async function signIn({ page, line }: Counter, userId = 'till', password = PASSWORD): Promise<void> {
  await page.goto(line.url);
  await signInByKeys(page, userId, password);
}

/** From the meter's number on with the keyboard alone. @returns how many keys it took. */
async function sellByKeys(page: Page, amount: string): Promise<number> {
  await page.locator('input[name=meter]:focus').waitFor();
  await page.keyboard.type(METER_A.drn);
  await page.keyboard.press('Enter');
  await page.locator('input[name=amount]:focus').waitFor();
  await page.keyboard.type(amount);
  await page.keyboard.press('Enter');
  await page.locator('button:focus', { hasText: 'Sell for' }).waitFor();
  await page.keyboard.press('Enter');
  return 1 + amount.length + 2;
}

const tokenOn = async (page: Page): Promise<string> => {
  const token = page.locator('.token');
  await token.first().waitFor();
  return (await token.allInnerTexts()).join(' | ');
};

async function salesOf({ server, vendorKey }: Counter): Promise<{ saleId: string; paidMinor: number }[]> {
  const headers = { authorization: `Bearer ${vendorKey}` };
  const reply = await fetch(`${server.ready['url']}/v1/vendors/shop/sales?limit=100`, { headers });
  return ((await reply.json()) as { sales: { saleId: string; paidMinor: number }[] }).sales;
}

journey(
  'when a seller signs in then wrong words are refused by name, and one who does not sell is sent away',
  async (context) => {
    const { page } = context;
    await signIn(context, 'till', 'not the password');
    await page.getByText('User or password is wrong.').waitFor();
    await look(page, 'sign-in');
    await signIn(context, 'looker');
    await page.getByText('This user does not sell for a vendor.').waitFor();
    await signIn(context);
    await page.getByText(/^R\s?10,000\.00$/).waitFor();
    const { headers } = await fetch(context.line.url).then((reply) => ({ headers: reply.headers }));
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'.*script-src 'self'/);
  },
);

journey(
  'when a seller types a meter and an amount then ten keys sell, and the slip prints on three papers',
  async (context) => {
    const { page } = context;
    await signIn(context);
    await page.getByRole('button', { name: 'Open shift' }).click();
    await page.getByText(/Shift since/).waitFor();
    await page.getByLabel('Meter number, name or address').focus();
    const keys = await sellByKeys(page, '50');
    assert.ok(keys < KEYS_LIMIT, `${keys} keys`);
    const token = await tokenOn(page);
    assert.match(token, /^(\d{4} ){4}\d{4}$/);
    report(`a sale of ${keys} keys after the meter's number`);
    const slip = page.locator('.slip');
    await slip.getByText(token).waitFor();
    await look(page, 'sold');
    for (const [paper, points] of [
      ['58 mm', 164.4],
      ['80 mm', 226.8],
      ['A4', 595.3],
    ] as const) {
      await page.getByLabel('Paper').selectOption(paper);
      await page.locator('.slip[aria-busy=false]', { hasText: token }).waitFor();
      const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
      const width = Number(/\/MediaBox \[0 0 ([\d.]+)/.exec(pdf)?.[1]);
      assert.ok(Math.abs(width - points) < 2, `${paper}: ${width} points wide`);
      assert.is(pdf.match(/\/Type \/Page\b/g)?.length, 1, `${paper} on one sheet`);
    }
    await page.getByText(/^R\s?9,950\.00$/).waitFor();
    await page.getByLabel('Cash counted').fill('49.50');
    await page.getByRole('button', { name: 'End shift' }).click();
    await page.getByText('Shift ended.').waitFor();
    await page.getByText(/^-R\s?0\.50$/).waitFor();
  },
);

journey(
  'when a customer has no number then a name finds the meter, and its picture stands before money is taken',
  async (context) => {
    const { page } = context;
    await signIn(context);
    await page.getByLabel('Meter number, name or address').fill('seven');
    await page.keyboard.press('Enter');
    const choice = page.getByRole('button', { name: new RegExp(METER_A.drn) });
    await choice.waitFor();
    await look(page, 'found');
    await choice.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Block 1: 2.0000 a kWh').waitFor();
    await page.getByLabel('Amount in ZAR').fill('400');
    await page.keyboard.press('Enter');
    await page.getByText(/at 2\.0000 \+ .* at 3\.0000/).waitFor();
    await look(page, 'amount');
    await page.getByLabel('Amount in ZAR').fill('ten');
    await page.keyboard.press('Enter');
    await page.getByText('Type an amount like 50 or 49.90.').waitFor();
    for (const [text, answer] of [
      [`${METER_A.drn.slice(0, -1)}${(Number(METER_A.drn.at(-1)) + 1) % 10}`, 'This is no meter number'],
      ['nobody at all', 'No meter found.'],
    ] as const) {
      await page
        .getByRole('button', { name: 'Another meter' })
        .click({ timeout: 2_000 })
        .catch(() => undefined);
      await page.getByLabel('Meter number, name or address').fill(text);
      await page.keyboard.press('Enter');
      await page.getByText(answer).waitFor();
    }
  },
);

journey(
  'when the line is cut during a sale then the same sale is asked for again, also after the page was closed',
  async (context) => {
    const { page, line } = context;
    await signIn(context);
    const before = (await salesOf(context)).length;
    await page.getByLabel('Meter number, name or address').fill(METER_A.drn);
    await page.keyboard.press('Enter');
    await page.getByLabel('Amount in ZAR').fill('33');
    await page.keyboard.press('Enter');
    const sell = page.getByRole('button', { name: /Sell for/ });
    await sell.waitFor();
    line.cut();
    await sell.click();
    await page.getByText('No answer came').waitFor();
    await look(page, 'lost');
    await page.getByRole('button', { name: 'Money taken? Press here' }).click();
    await page.getByText('Still no answer.').waitFor();
    line.mend();
    await page.reload();
    await page.getByText('No answer came').waitFor();
    await page.getByRole('button', { name: 'Give the money back' }).click();
    await page.getByText('The sale stands').waitFor();
    await page.getByRole('button', { name: 'Money taken? Press here' }).click();
    const token = await tokenOn(page);
    const sales = await salesOf(context);
    assert.is(sales.length, before + 1, 'sold once');
    assert.is(sales[0]?.paidMinor, 3_300);
    assert.is(await page.evaluate("localStorage.getItem('wattoken.pending.shop')"), null);
    await page.getByRole('button', { name: 'Next sale' }).click();
    await page.getByRole('button', { name: 'Print again' }).first().click();
    assert.is(await tokenOn(page), token, 'the same digits');
    await page.locator('.slip', { hasText: /COPY/i }).waitFor();
  },
);

journey('when another language is chosen then the page speaks it, and remembers', async (context) => {
  const { page } = context;
  await signIn(context);
  await page.getByLabel('Language').selectOption('sw');
  await page.getByText('Namba ya mita, jina au anwani').waitFor();
  await look(page, 'swahili');
  await page.getByLabel('Namba ya mita, jina au anwani').fill(METER_A.drn);
  await page.keyboard.press('Enter');
  await page.getByLabel('Kiasi').fill('999999');
  await page.keyboard.press('Enter');
  await page.getByText('Kiasi kinazidi kinachoruhusiwa kwa mara moja.').waitFor();
  await page.reload();
  await page.getByText('Namba ya mita, jina au anwani').waitFor();
  await page.getByLabel('Lugha').selectOption('fr');
  await page.getByText('Numéro de compteur, nom ou adresse').waitFor();
  await page.emulateMedia({ colorScheme: 'dark' });
  await look(page, 'french-dark');
  await page.getByRole('button', { name: 'Se déconnecter' }).click();
  await page.getByRole('button', { name: 'Se connecter' }).waitFor();
});

test.run();
