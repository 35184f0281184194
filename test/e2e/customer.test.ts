/** The page for customers, as they use it: a real browser, a real server that was built, months of purchases. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TID_MAX } from '../../lib/token/tid.ts';
import type { RunningServer, startServer as StartServer } from '../../vending-server/main.ts';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { report } from '../support/counts.ts';
import { complaintsOf, lookingAt } from '../support/page-look.ts';
import {
  METER_REQUEST,
  newDataFolder,
  passphraseFileOf,
  removeFolder,
  TERMS,
  TestClock,
} from '../vending-server/furnished.ts';

const lookAt = lookingAt('customer');
/** As it was built, with its pages, in this process: months go by in a moment. */
const BUILT = new URL('../../dist/vending-server/main.js', import.meta.url).href;
const DAY = 86_400_000;
const DRN = '04000000002';
const PUBLIC_URL = 'https://vend.example';

interface Sale {
  readonly saleId: string;
  readonly receiptNumber: string;
  readonly tokenNo: string;
  /** As the QR code has it: an address of this page. */
  readonly qrText: string;
}

interface Context {
  dataFolder: string;
  server: RunningServer;
  clock: TestClock;
  browser: TestBrowser;
  page: Page;
  complaints: string[];
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever came.
  ask: (method: string, path: string, body?: unknown, key?: string) => Promise<any>;
  sales: Sale[];
}

const test = suite<Context>('e2e: customer');

test.before(async (context) => {
  const { startServer } = (await import(BUILT)) as { startServer: typeof StartServer };
  const dataFolder = newDataFolder();
  const utility = { name: 'Thaba Municipality', supportNumber: '0800 123 456' };
  writeFileSync(join(dataFolder, 'receipt.json'), JSON.stringify({ utility, publicUrl: PUBLIC_URL }));
  const clock = new TestClock();
  clock.millis = Date.UTC(2026, 7, 5, 9);
  const passphraseFile = passphraseFileOf(dataFolder);
  const what = {
    dataFolder,
    passphraseFile,
    port: 0,
    logLevel: 'silent',
    persons: 1,
    clock,
    sandbox: true,
  } as const;
  const server = await startServer({ ...what, limits: { tidWindowMinutes: TID_MAX } });
  Object.assign(context, { dataFolder, server, clock });
  const operatorKey = readFileSync(server.operatorKeyPath, 'utf8').trim();
  context.ask = async (method, path, body, key = operatorKey) => {
    const reply = await fetch(server.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.text();
    assert.ok(reply.ok, `${method} ${path} ${reply.status} ${text}`);
    return JSON.parse(text);
  };
  context.sales = await furnish(context);
  context.browser = await launchBrowser();
});
test.after(async (context) => {
  await context.browser?.close();
  await context.server?.close();
  if (context.dataFolder !== undefined) removeFolder(context.dataFolder);
});

/** A household with a debt under a tariff of blocks, its purchases of four months, the earliest first. */
async function furnish({ ask, clock }: Context): Promise<Sale[]> {
  const blocks = [
    { untilDeciKwh: 500, pricePerKwh: '1.5' },
    { untilDeciKwh: 1500, pricePerKwh: '2.175' },
    { untilDeciKwh: null, pricePerKwh: '3' },
  ];
  const charge = {
    chargeId: 'network',
    label: 'Network charge',
    amountMinor: 1000,
    per: 'month',
    isTaxed: true,
  };
  const terms = {
    ...TERMS,
    energy: { kind: 'blocks', blocks },
    fixedCharges: [charge],
    paymentFeeMinor: 150,
    freeUnitsDeciKwh: 200,
  };
  await ask('POST', '/v1/tariffs', { tariffId: 'blocks', terms });
  await ask('POST', '/v1/meters', { ...METER_REQUEST, meter: DRN, tariffId: 'blocks' });
  const customer = { name: 'Customer Seven', reference: 'ID-7', phone: '+27820000007' };
  await ask('PUT', `/v1/meters/${DRN}/customer`, customer);
  const recovery = { kind: 'fixed', amountMinor: 1000 };
  const debt = { debtId: 'd1', label: 'Old account', amountMinor: 20_000, currency: 'ZAR', recovery };
  await ask('POST', `/v1/meters/${DRN}/debts`, debt);
  const { apiKey } = await ask('POST', '/v1/vendors', {
    vendorId: 'shop',
    name: 'Corner shop',
    currency: 'ZAR',
  });
  const slip = { requestId: 'first', amountMinor: 1_000_000, currency: 'ZAR', reference: 'slip 1' };
  await ask('POST', '/v1/vendors/shop/deposits', slip);
  const sales: Sale[] = [];
  for (const [index, [days, paidMinor]] of [
    [1, 30_000],
    [17, 15_000],
    [40, 25_000],
    [21, 22_000],
    [20, 12_000],
    [7, 18_050],
  ].entries()) {
    clock.millis += (days ?? 0) * DAY;
    const order = { requestId: `sale-${index}`, meter: DRN, paidMinor, currency: 'ZAR' };
    const sold = await ask('POST', '/v1/sales', order, apiKey);
    const { receipt, qrText } = await ask('GET', `/v1/sales/${sold.saleId}/receipt`);
    const { saleId, tokens } = sold;
    sales.push({ saleId, receiptNumber: receipt.receiptNumber, tokenNo: tokens.at(-1).tokenNo, qrText });
  }
  return sales;
}

/** A journey also fails by what its page threw or complained of. */
function journey(name: string, run: (context: Context) => Promise<void>): void {
  test(name, async (context) => {
    await run(context);
    assert.equal(context.complaints, []);
  });
}

test.before.each(async (context) => {
  const browsing = await context.browser.browser.newContext({ viewport: { width: 1_200, height: 800 } });
  context.page = await browsing.newPage();
  context.complaints = complaintsOf(context.page);
});
test.after.each(async ({ page }) => {
  await page.context().close();
});

const last = ({ sales }: Context): Sale => sales.at(-1) as Sale;
const genuine = (page: Page) => page.getByRole('heading', { name: 'This receipt is genuine' });

/** As a phone opens what it has scanned, on whatever machine this server runs. */
async function scan({ page, server }: Context, qrText: string): Promise<void> {
  await page.goto(qrText.replace(PUBLIC_URL, server.url));
}

/** Of the picture of the money: what its parts sum to, and what was paid. */
async function sumOf(page: Page): Promise<[parts: number, paid: number]> {
  return (await page.evaluate(`[
    [...document.querySelectorAll('[data-minor]')].reduce((sum, { dataset }) => sum + Number(dataset.minor), 0),
    Number(document.querySelector('[data-total]').dataset.total),
  ]`)) as [number, number];
}

journey(
  'when three numbers are typed by the keyboard then the receipt is genuine and its money sums to the cent',
  async (context) => {
    const { page, server } = context;
    const { receiptNumber, tokenNo } = last(context);
    await page.goto(`${server.url}/customer`);
    await lookAt(page, 'door');
    const typed = async (start: string) => {
      for (const text of [DRN, receiptNumber, start]) {
        await page.keyboard.press('ControlOrMeta+A');
        await page.keyboard.type(text);
        await page.keyboard.press('Tab');
      }
      await page.keyboard.press('Enter');
    };
    const first = page.getByLabel('Meter number');
    await page.getByLabel('Language').focus();
    await page.keyboard.press('Tab');
    await page.locator('input[name=meter]:focus').waitFor();
    await typed(tokenNo.startsWith('0000') ? '1111' : '0000');
    await page.getByText('These numbers do not belong together').waitFor();
    await first.focus();
    await typed(tokenNo.slice(0, 4));
    await genuine(page).waitFor();
    await page.locator('#verdict:focus').waitFor();
    await page.getByRole('rowheader', { name: 'Debt: Old account' }).waitFor();
    const [parts, paid] = await sumOf(page);
    assert.equal([parts, paid], [18_050, 18_050]);
    await page.getByText('block 2, R\u00a02.175 a kWh').first().waitFor();
    const text = await page.locator('main').innerText();
    assert.is(/Customer Seven|0000007/.test(text), false, 'whose meter it is stands nowhere');
    assert.is(text.includes(tokenNo.slice(4, 8)), false, 'no token before it is asked for');
    await page.getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('heading', { name: 'Check a receipt' }).waitFor();
    await page.reload();
    await page.getByLabel('Meter number').waitFor();
  },
);

journey(
  'when the QR code is opened then the page keeps it out of its address, and a forged one is refused by name',
  async (context) => {
    const { page } = context;
    const { qrText } = last(context);
    assert.match(qrText, /^https:\/\/vend\.example\/customer#WTR1\./);
    const sent: string[] = [];
    page.on('request', (request) => sent.push(request.url()));
    await scan(context, qrText);
    await genuine(page).waitFor();
    assert.is(await page.evaluate('location.href'), `${context.server.url}/customer`);
    assert.is(
      sent.some((url) => url.includes('WTR1')),
      false,
      'no address that was asked for holds the code',
    );
    assert.equal(await page.evaluate('[sessionStorage.length, Object.keys(localStorage)]'), [
      0,
      ['wattoken.language'],
    ]);
    await page.reload();
    await genuine(page).waitFor();
    await scan(context, qrText.replace('.18050.', '.98050.'));
    await page.getByRole('heading', { name: 'This receipt is forged' }).waitFor();
    await lookAt(page, 'forged');
    await page.getByLabel('Content of the QR code').fill('a cat');
    await page.getByRole('button', { name: 'Check the code' }).click();
    await page.getByText('This is not the code of a receipt.').waitFor();
    await page.getByLabel('Content of the QR code').fill(qrText.replace(/(.{60})/g, '$1\n'));
    await page.getByRole('button', { name: 'Check the code' }).click();
    await genuine(page).waitFor();
  },
);

journey(
  'when a customer looks back then months, days, every purchase and the last tokens are there',
  async (context) => {
    const { page, sales } = context;
    await scan(context, last(context).qrText);
    await page.locator('.months li').first().waitFor();
    assert.equal(
      await page.locator('.months li > span:first-child').allInnerTexts(),
      ['Nov 2026', 'Oct 2026', 'Sept 2026', 'Aug 2026'].map((month) => month.replace('Sept', 'Sep')),
    );
    await page.getByText(/\d+\.\d\d kWh a day on average/).waitFor();
    await page.getByText(/is likely to last \d+ days, until .* 2026/).waitFor();
    let summed = 0;
    for (const [index, why] of (await page.getByRole('button', { name: /^Why did/ }).all()).entries()) {
      await why.focus();
      await page.keyboard.press('Enter');
      await page.locator(`#why:focus`).waitFor();
      const paid = [18_050, 12_000, 22_000, 25_000, 15_000, 30_000][index];
      await page.locator(`[data-total="${paid}"]`).waitFor();
      const [parts, total] = await sumOf(page);
      assert.is(parts, total);
      summed += parts;
    }
    assert.is(summed, 122_050);
    report(`${sales.length} purchases explained, ${summed} cents in parts`);
    await page.getByRole('button', { name: 'Show the tokens' }).click();
    await page.locator('.token').first().waitFor();
    const shown = (await page.locator('.token').allInnerTexts()).map((token) => token.replaceAll(' ', ''));
    for (const { tokenNo } of sales.slice(1)) assert.ok(shown.includes(tokenNo), 'each of the last five');
    assert.is(shown.includes(sales[0]?.tokenNo ?? ''), false);
    await lookAt(page, 'tokens');
  },
);

journey(
  'when a customer chooses how to be told of a low balance then it is kept and obeyed',
  async (context) => {
    const { page, ask, clock } = context;
    await scan(context, last(context).qrText);
    const form = page.getByRole('form', { name: 'When little is left' });
    await form.getByLabel('Tell me').check();
    await form.getByLabel('When so many kWh are left').fill('7,5');
    await form.getByLabel('To this number').check();
    await form.getByLabel(/^Number with country code/).fill('+27 83 000 0123');
    await form.getByLabel('Language of the message').selectOption('sw');
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Saved.').waitFor();
    await lookAt(page, 'low-balance');
    await page.reload();
    await form.getByText('Now …123.').waitFor();
    assert.is(await form.getByLabel('When so many kWh are left').inputValue(), '7.5');
    let reports = 0;
    const tell = async (balanceDeciKwh: number): Promise<number> => {
      const sendTo = { phone: '+27890000009' };
      const body = { requestId: `low-${++reports}`, meter: DRN, balanceDeciKwh, sendTo };
      return (await ask('POST', '/v1/low-balances', body)).messages;
    };
    assert.equal([await tell(76), await tell(75), await tell(20)], [0, 1, 0]);
    const { deliveries } = await ask('GET', '/v1/deliveries');
    assert.is(deliveries[0].target, '…123');
    await form.getByLabel('Tell me').uncheck();
    await form.getByRole('button', { name: 'Save' }).click();
    await form.getByText('Saved.').waitFor();
    clock.millis += DAY;
    assert.is(await tell(10), 0);
  },
);

journey(
  'when a customer buys for practice then it says so, and the page goes on from it',
  async (context) => {
    const { page } = context;
    await scan(context, last(context).qrText);
    const form = page.getByRole('form', { name: 'Buy for practice' });
    await form.getByText('This is a sandbox: no money moves').waitFor();
    await form.getByLabel('Amount in ZAR').fill('2000');
    await page.keyboard.press('Enter');
    await form.getByText('not above 1,000').waitFor();
    await form.getByLabel('Amount in ZAR').fill('50');
    await page.keyboard.press('Enter');
    await form.getByText('Practice: not a real purchase').waitFor();
    assert.match(await form.locator('.token').innerText(), /^(\d{4} ){4}\d{4}$/);
    await page.locator('[data-total="5000"]').waitFor();
    const [parts, paid] = await sumOf(page);
    assert.equal([parts, paid], [5_000, 5_000]);
    assert.is(await page.getByRole('button', { name: /^Why did/ }).count(), 7);
    await lookAt(page, 'practice', 'pictures');
  },
);

journey('when somebody guesses then the page says to wait, and the code still opens', async (context) => {
  const { page, server } = context;
  const { receiptNumber, tokenNo, qrText } = last(context);
  await page.goto(`${server.url}/customer`);
  await page.getByLabel('Meter number').fill(DRN);
  await page.getByLabel('Receipt number').fill(receiptNumber);
  for (let guess = 1; guess <= 8; guess += 1) {
    const start = String((Number(tokenNo.slice(0, 4)) + guess) % 10_000).padStart(4, '0');
    await page.getByLabel('First four digits of a token').fill(start);
    const answer = page.waitForResponse((reply) => reply.url().endsWith('/v1/customer/visits'));
    await page.getByRole('button', { name: 'Check', exact: true }).click();
    await answer;
  }
  await page.getByText('Too many wrong numbers.').waitFor();
  await page.getByLabel('First four digits of a token').fill(tokenNo.slice(0, 4));
  await page.getByRole('button', { name: 'Check', exact: true }).click();
  await page.getByText('Too many wrong numbers.').waitFor();
  await scan(context, qrText);
  await genuine(page).waitFor();
});

journey(
  'when another language is chosen then the page speaks it, by night too, and the half hour ends',
  async (context) => {
    const { page, clock } = context;
    await page.emulateMedia({ colorScheme: 'dark' });
    await scan(context, last(context).qrText);
    await page.getByLabel('Language').selectOption('sw');
    await page.getByText('Risiti hii ni halali').waitFor();
    await lookAt(page, 'swahili-dark');
    await page.getByLabel('Lugha').selectOption('fr');
    await page.getByText('Ce reçu est authentique').waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    await lookAt(page, 'french', 'pictures');
    clock.millis += 31 * 60_000;
    await page.getByRole('button', { name: 'Montrer les jetons' }).click();
    await page.getByText('La demi-heure est passée.').waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    await lookAt(page, 'door-dark', 'pictures');
  },
);

test.run();
