import type { BrowserContext, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { complaintsOf, lookingAt } from '../support/page-look.ts';
import { openPerson, put, signInByKeys } from '../support/people.ts';
import type { Running } from '../support/processes.ts';
import {
  furnish,
  METER_A,
  METER_B,
  makeUtility,
  operatorKeyOf,
  post,
  publicMeters,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

const lookAt = lookingAt('control-works');
const METERS = [METER_A, METER_B, ...publicMeters(6)];
const BLOCKS = {
  kind: 'blocks',
  blocks: [
    { untilDeciKwh: 1_000, pricePerKwh: '1.8652' },
    { untilDeciKwh: 4_000, pricePerKwh: '2.4310' },
    { untilDeciKwh: null, pricePerKwh: '2.9104' },
  ],
};
const PEOPLE = [
  ['engineer', ['engineer'], null],
  ['tariffs', ['tariffAdmin'], null],
  ['chief', ['supervisor'], null],
  // Two who can decide, before anything can be asked of two.
  ['office', ['administrator'], null],
  ['custodian', ['keyCustodian'], null],
  ['till', ['seller'], 'shop'],
] as const;
type PersonName = (typeof PEOPLE)[number][0];

interface Room {
  utility: Utility;
  server: Running;
  url: string;
  operatorKey: string;
  vendorKey: string;
  browser: TestBrowser;
  contexts: BrowserContext[];
  complaints: string[][];
}

const test = suite<Room>('e2e: control room, works');

test.before(async (context) => {
  context.utility = await makeUtility();
  context.server = await startUtilityServer(context.utility);
  context.url = context.server.ready['url'] ?? '';
  const vendors = [{ vendorId: 'shop', floatMinor: 10_000_000 }];
  const keys = await furnish(context.utility, context.url, vendors, METERS, BLOCKS);
  context.vendorKey = keys.get('shop') ?? '';
  context.operatorKey = operatorKeyOf(context.utility);
  await openPeople(context);
  await furnishMeter(context);
  context.browser = await launchBrowser();
});
test.after(async (context) => {
  await context.browser?.close();
  await context.server?.stop();
  context.utility?.remove();
});

async function openPeople(context: Room): Promise<void> {
  for (const [userId, roles, vendorId] of PEOPLE) await openPerson(context, userId, { roles, vendorId });
  for (const kind of ['tariffVersion', 'engineeringToken'])
    await put(context, `/v1/settings/persons.${kind}`, { value: '2', reason: 'two see more' });
}

/** A customer, a debt, a report of a fault and some purchases, so that no card is empty. */
async function furnishMeter(context: Room): Promise<void> {
  const { url, operatorKey, vendorKey } = context;
  await put(context, `/v1/meters/${METER_A.drn}/customer`, {
    name: 'Customer Seven',
    addressLines: ['7 Test Road', 'Zone 6'],
    account: '700-1417',
    phone: '+27820000000',
    notify: true,
  });
  const debt = {
    debtId: 'loan-7',
    label: 'Connection loan',
    amountMinor: 50_000,
    currency: 'ZAR',
    recovery: { kind: 'percentage', rate: '0.25' },
  };
  assert.is((await post(`${url}/v1/meters/${METER_A.drn}/debts`, operatorKey, debt)).status, 201);
  const report = { requestId: 'f-1', meter: METER_A.drn, kind: 'tokenRejected', text: 'says Reject' };
  assert.is((await post(`${url}/v1/fault-reports`, vendorKey, report)).status, 201);
  for (const [index, paidMinor] of [5_000, 12_000, 8_000, 20_000].entries())
    await sell(context, index, paidMinor);
}

async function sell({ url, vendorKey }: Room, index: number | string, paidMinor: number) {
  const body = { requestId: `sale-${index}`, meter: METER_A.drn, paidMinor, currency: 'ZAR' };
  const sold = await post(`${url}/v1/sales`, vendorKey, body);
  assert.is(sold.status, 201, sold.text);
  return sold.body;
}

test.before.each((context) => {
  context.contexts = [];
  context.complaints = [];
});
test.after.each(async ({ contexts }) => {
  await Promise.all(contexts.map((each) => each.close()));
});

/** A journey also fails by what its pages threw or complained of. */
function journey(name: string, run: (context: Room) => Promise<void>): void {
  test(name, async (context) => {
    await run(context);
    assert.equal(context.complaints.flat(), []);
  });
}

/** Somebody at a browser of his own, signed in by the keyboard. */
async function enter(context: Room, userId: PersonName, hash = ''): Promise<Page> {
  const browsing = await context.browser.browser.newContext({
    viewport: { width: 1_200, height: 800 },
    timezoneId: 'Africa/Johannesburg',
  });
  context.contexts.push(browsing);
  const page = await browsing.newPage();
  page.setDefaultTimeout(10_000);
  context.complaints.push(complaintsOf(page));
  await page.goto(`${context.url}/control${hash}`);
  await signInByKeys(page, userId);
  return page;
}

async function auditOf({ url, operatorKey }: Room): Promise<{ action: string; text: string }[]> {
  const headers = { authorization: `Bearer ${operatorKey}` };
  const rows: { action: string; text: string }[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const reply = await fetch(`${url}/v1/audit?after=${after}&limit=200`, { headers });
    const { entries, next } = (await reply.json()) as { entries: { action: string }[]; next: number | null };
    rows.push(...entries.map((entry) => ({ action: entry.action, text: JSON.stringify(entry) })));
    after = next;
  }
  return rows;
}

/** Approves the one open request, with the session of the page that it runs in. */
const DECIDE = `(async () => {
  const { csrfToken } = await (await fetch('/v1/session')).json();
  const { approvals } = await (await fetch('/v1/approvals?state=pending')).json();
  const reply = await fetch('/v1/approvals/' + approvals[0].approvalId + '/decision', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrfToken },
    body: JSON.stringify({ approve: true, note: 'seen' }),
  });
  return [approvals.length, reply.status];
})()`;

/** A second person decides in a browser of his own. */
async function approve(context: Room, userId: PersonName): Promise<void> {
  const page = await enter(context, userId);
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  const answer = await page.evaluate(DECIDE);
  assert.equal(answer, [1, 200]);
}

journey(
  'when an engineer looks for a customer then the keyboard alone leads to the state of his key',
  async (context) => {
    const page = await enter(context, 'engineer', '#/meters');
    const field = page.getByLabel('Meter number, name or address');
    await field.waitFor();
    await field.focus();
    await page.keyboard.type('seven');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: new RegExp(METER_A.drn) }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('The meter is on its current key.').waitFor();
    const key = page.locator('section', { has: page.getByRole('heading', { name: /^Key On/ }) });
    for (const [name, value] of [
      ['Supply group', '201457'],
      ['Key revision (KRN)', '1'],
      ['Key expiry (KEN)', '255'],
      ['Base date', '2014'],
    ] as const) {
      const row = key.getByRole('row', { name: new RegExp(`^${name.replaceAll(/[()]/g, '\\$&')}`) });
      assert.ok((await row.innerText()).endsWith(value), `${name}: ${await row.innerText()}`);
    }
    await page.getByText('Connection loan').waitFor();
    await page.getByText('says Reject').waitFor();
    await page.getByRole('cell', { name: /R\s?200\.00/ }).waitFor();
    await lookAt(page, 'meter');
    await page.goto(`${context.url}/control#/meters/${'9'.repeat(11)}`);
    await page.getByText('This is no meter number: a digit is wrong.').waitFor();
  },
);

journey(
  'when a key change is asked for with a reason then its set is shown, the report moves, and it is confirmed',
  async (context) => {
    const page = await enter(context, 'engineer', '#/keys');
    await page.getByText(`${METERS.length} of ${METERS.length} done`).waitFor();
    await page.getByText('Want another key for the whole group').first().click();
    await page.getByRole('spinbutton', { name: 'Tariff index', exact: true }).first().fill('7');
    await page.getByRole('button', { name: 'Want it for all of them' }).first().click();
    await page.getByText(`${METERS.length} of ${METERS.length} meters changed, 0 refused.`).waitFor();
    const due = page.getByRole('button', { name: /Key change due/ });
    await due.waitFor();
    await due.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: METER_A.drn }).waitFor();
    await page.getByRole('cell', { name: '1 → 7' }).first().waitFor();
    await lookAt(page, 'keys-due');
    await page.getByRole('link', { name: METER_A.drn }).focus();
    await page.keyboard.press('Enter');
    await page.getByText('A key change is to be made').waitFor();
    await page.getByText('Issue a key change').click();
    await page.getByLabel('Reason').first().fill('moved to another class');
    await page.keyboard.press('Enter');
    await page.getByText('Key change issued').waitFor();
    const tokens = await page.locator('.token').allInnerTexts();
    assert.ok(tokens.length >= 2 && tokens.every((token) => /^(\d{4} ){4}\d{4}$/.test(token)), tokens.join());
    await page.getByText('A key change was issued and nobody has seen').waitFor();
    await lookAt(page, 'key-change', 'pictures');
    await page.getByRole('button', { name: 'The meter has it' }).click();
    await page.getByText('The meter was seen on its current key.').waitFor();
    await page.goto(`${context.url}/control#/keys`);
    await page.getByText(`1 of ${METERS.length} done`).waitFor();
    assert.ok((await auditOf(context)).some(({ text }) => text.includes('moved to another class')));
  },
);

journey(
  'when a tamper state is to be cleared then a second person agrees, the token is shown, and the trail has both',
  async (context) => {
    const page = await enter(context, 'engineer', '#/engineering');
    await page.getByLabel('Meter number, name or address').fill(METER_B.drn);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Add this command' }).click();
    await page.getByLabel('Command', { exact: true }).selectOption('setMaximumPowerLimit');
    await page.getByLabel('Limit in watts').fill('8000');
    await page.keyboard.press('Enter');
    await page.getByText('Set the maximum power limit: 8000 W').waitFor();
    await page.getByLabel('Reason', { exact: true }).fill('cover shut, seal 88 renewed');
    await page.keyboard.press('Enter');
    await page.getByText('Waits for a second person').waitFor();
    await page.getByRole('button', { name: 'Take it up' }).click();
    await page.getByText('Not approved yet').waitFor();
    await approve(context, 'chief');
    await page.reload();
    await page.getByRole('button', { name: 'Take it up' }).click();
    await page.locator('h2:focus', { hasText: 'Tokens made' }).waitFor();
    const tokens = await page.locator('.token').allInnerTexts();
    assert.is(tokens.length, 2 + 2, 'the wanted key comes first, in its sections');
    await page.getByText('Set the maximum power limit: 8000 W').waitFor();
    await lookAt(page, 'engineering-made');
    const trail = await auditOf(context);
    assert.ok(
      trail.some(({ text }) => text.includes('engineering-tokens') && text.includes('user:engineer')),
    );
    assert.ok(trail.some(({ text }) => text.includes('decision') && text.includes('user:chief')));
    assert.not.ok(trail.some(({ text }) => tokens.some((token) => text.includes(token.replaceAll(' ', '')))));
    await page.getByLabel('Test', { exact: true }).selectOption('8');
    await page.getByRole('button', { name: 'Make the test token' }).click();
    await page.getByText('8: tamper status').last().waitFor();
    const kept = await page.evaluate('JSON.stringify(localStorage)');
    assert.not.match(String(kept), /\d{20}|(\d{4} ){4}\d{4}/);
  },
);

journey(
  'when one person asks for a version of a tariff then another approves it, and both stand on the line',
  async (context) => {
    const page = await enter(context, 'tariffs', '#/tariffs');
    await page.getByText('A new version').click();
    await page.getByLabel('Price in block 2').fill('2.6');
    await page.getByRole('button', { name: 'Show what changes' }).click();
    await page.getByRole('heading', { name: 'What changes' }).waitFor();
    await page
      .getByRole('row', { name: /^Energy/ })
      .getByText('2.6')
      .waitFor();
    await lookAt(page, 'tariff-draft');
    await page.getByRole('button', { name: 'Ask for this version' }).click();
    await page.getByText('This waits for a second person.').first().waitFor();
    assert.is(
      await page.getByRole('button', { name: /coming/ }).count(),
      0,
      'nothing stands before it is approved',
    );
    await approve(context, 'chief');
    await page.reload();
    const coming = page.getByRole('button', { name: /coming/ });
    await coming.focus();
    await page.keyboard.press('Enter');
    await page.getByText(/Terms from .*2026/).waitFor();
    await page.getByText('2.6', { exact: true }).first().waitFor();
    await page.getByLabel('Amount', { exact: true }).fill('900');
    await page.getByLabel('Beside it').selectOption({ index: 1 });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText(/^Difference: /).waitFor();
    await lookAt(page, 'tariff-beside', 'pictures');
  },
);

journey(
  'when the calculator reckons as for a meter then it is a trial sale of that meter to the cent',
  async (context) => {
    const page = await enter(context, 'chief', '#/tariffs/home');
    await page.getByLabel('As for a meter').fill('seven');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: new RegExp(METER_A.drn) }).click();
    await page.getByText(/Reckoned with what the books know/).waitFor();
    await page.getByLabel('Amount', { exact: true }).fill('437.77');
    await page.keyboard.press('Enter');
    const table = page.getByRole('table', { name: /Under the version/ });
    await table.waitFor();
    const trial = await post(`${context.url}/v1/trial-sales`, context.vendorKey, {
      meter: METER_A.drn,
      paidMinor: 43_777,
      currency: 'ZAR',
    });
    assert.is(trial.status, 200, trial.text);
    const rand = (minor: number) => `R ${(minor / 100).toFixed(2)}`;
    const shown = (await table.innerText()).replaceAll(/[\u00a0\s]+/g, ' ');
    const { lines, amountDeciKwh } = trial.body as {
      lines: { kind: string; amountMinor: number; taxMinor: number }[];
      amountDeciKwh: number;
    };
    assert.equal(
      lines.map(({ kind }) => kind),
      ['arrears', 'energy'],
    );
    for (const { amountMinor } of lines)
      assert.ok(shown.includes(rand(amountMinor)), `${rand(amountMinor)}: ${shown}`);
    assert.ok(shown.includes(rand(lines.reduce((sum, { taxMinor }) => sum + taxMinor, 0))), shown);
    assert.ok(shown.includes(`${(amountDeciKwh / 10).toFixed(1)} kWh`), shown);
  },
);

journey(
  'when a supervisor gives credit then its token comes with its reason, a lost one is replaced once, and a debt stands',
  async (context) => {
    const page = await enter(context, 'chief', '#/engineering');
    await page.getByLabel('Meter number, name or address').fill(METERS[2]?.drn ?? '');
    await page.keyboard.press('Enter');
    const free = page.locator('section', { has: page.getByRole('heading', { name: 'Free issue' }) });
    await free.getByLabel('Amount').fill('ten');
    await free.getByLabel('Reason', { exact: true }).fill('dark for a day');
    await page.keyboard.press('Enter');
    await free.getByText('Type an amount like 50 or 49.9.').waitFor();
    await free.getByLabel('Amount').fill('10.5');
    await page.keyboard.press('Enter');
    await page.getByText('10.5 kWh', { exact: true }).waitFor();
    const given = await page.locator('.token').first().innerText();
    const lost = page.locator('section', {
      has: page.getByRole('heading', { name: 'Replacement of a token' }),
    });
    await lost.getByLabel('Reason', { exact: true }).fill('slip got wet');
    await page.keyboard.press('Enter');
    // The digits of before are gone when the new ones come.
    await page.locator('.token').filter({ hasNotText: given }).waitFor();
    await page.goto(`${context.url}/control#/meters/${METERS[2]?.drn}`);
    await page.getByText('slip got wet').waitFor();
    await page.locator('summary', { hasText: 'Put a debt on the meter' }).click();
    await page.getByLabel('Name in the books').fill('loan-8');
    await page.getByLabel('What it is for').fill('New fuse');
    await page.getByLabel('Amount in ZAR').fill('120.50');
    await page.getByLabel('Taken from a payment').selectOption('percentage');
    await page.getByLabel('How much').fill('12.5');
    await page.keyboard.press('Enter');
    await page.getByText('loan-8 · 12.5 % of each payment').waitFor();
    await page.getByText(/^R\s?120\.50$/).waitFor();
  },
);

journey(
  'when a token is brought then one that was sold is ours with its proof, and a forged one is not',
  async (context) => {
    const sold = await sell(context, 'brought', 6_000);
    const credit = sold.tokens.at(-1).tokenNoGrouped as string;
    const page = await enter(context, 'engineer', '#/ours');
    const field = page.getByLabel('The 20 digits of the token');
    await field.fill(credit);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Ours', exact: true }).waitFor();
    await page.getByText('shop', { exact: true }).waitFor();
    await page.getByText(String(sold.ledger.counter), { exact: true }).first().waitFor();
    await page.getByText('Evidence').click();
    await lookAt(page, 'ours');
    await field.fill(`${credit.slice(0, -1)}${(Number(credit.at(-1)) + 1) % 10}`);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Not ours' }).waitFor();
    await field.fill('1234');
    await page.keyboard.press('Enter');
    await page.locator('.problem', { hasText: /./ }).waitFor();
    assert.not.match(page.url(), /\d{20}/);
  },
);

journey(
  'when others come then each sees what is his: a custodian keys alone, a seller nothing',
  async (context) => {
    const custodian = await enter(context, 'custodian', '#/keys');
    await custodian.getByText('No key ever leaves it.').waitFor();
    assert.equal(await custodian.locator('nav a').allInnerTexts(), ['Keys and roll-over']);
    const seller = await enter(context, 'till', '#/meters');
    await seller
      .getByText(/nothing in the control room|Sections/)
      .first()
      .waitFor();
    for (const name of [
      'Meters',
      'Keys and roll-over',
      'Tariffs',
      'Tokens without money',
      'Was this token ours?',
    ])
      assert.is(await seller.getByRole('link', { name }).count(), 0, name);
  },
);

journey('when another language is chosen then every section speaks it, in the dark too', async (context) => {
  const page = await enter(context, 'engineer', `#/meters/${METER_A.drn}`);
  await page.getByLabel('Language').selectOption('fr');
  await page.getByText('Signalements de panne').waitFor();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByText('Dettes et charges').waitFor();
  await lookAt(page, 'meter-french-dark');
  await page.getByLabel('Langue').selectOption('sw');
  for (const [hash, text] of [
    ['keys', 'Funguo za kuuzia'],
    ['tariffs', 'Kikokotoo'],
    ['engineering', 'Tokeni za majaribio'],
    ['ours', 'Tarakimu 20 za tokeni'],
  ] as const) {
    await page.goto(`${context.url}/control#/${hash}`);
    await page.getByText(text).first().waitFor();
    if (hash === 'tariffs') await page.getByText('Matoleo').waitFor();
    await lookAt(page, `${hash}-swahili-dark`, hash === 'ours' ? 'pictures' : 'whole');
  }
});

test.run();
