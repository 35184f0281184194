/** The control room as those who run the utility use it: two people at two browsers, one of whom may decide. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { complaintsOf, lookingAt } from '../support/page-look.ts';
import { openPerson, put, signInByKeys } from '../support/people.ts';
import { type Running, runCli } from '../support/processes.ts';
import {
  furnish,
  METER_A,
  makeUtility,
  operatorKeyOf,
  post,
  startUtilityServer,
  type Utility,
} from '../support/utility.ts';

const FLOAT = 1_000_000;
const look = lookingAt('control-operation');

interface Room {
  utility: Utility;
  server: Running;
  browser: TestBrowser;
  url: string;
  operatorKey: string;
  vendorKey: string;
  downloads: string;
  page: Page;
}

const test = suite<Room>('e2e: control room, operation');

test.before(async (context) => {
  context.utility = await makeUtility();
  context.downloads = mkdtempSync(join(tmpdir(), 'wattoken-downloads-'));
  context.server = await startUtilityServer(context.utility);
  context.url = context.server.ready['url'] ?? '';
  const vendors = [
    { vendorId: 'shop', floatMinor: FLOAT },
    { vendorId: 'kiosk', floatMinor: 30_000 },
  ];
  const keys = await furnish(context.utility, context.url, vendors, [METER_A]);
  context.vendorKey = keys.get('shop') ?? '';
  context.operatorKey = operatorKeyOf(context.utility);
  await openPeople(context);
  context.browser = await launchBrowser();
});
test.after(async (context) => {
  await context.browser?.close();
  await context.server?.stop();
  context.utility?.remove();
  rmSync(context.downloads, { recursive: true, force: true });
});

async function openPeople(context: Room): Promise<void> {
  for (const [userId, roles] of [
    ['first', ['supervisor', 'administrator']],
    ['second', ['supervisor', 'administrator', 'tariffAdmin', 'engineer']],
    ['auditor', ['auditor']],
  ] as const) {
    await openPerson(context, userId, { name: `Person ${userId}`, roles });
  }
  const largeSale = { kind: 'largeSale', effect: 'alarm', paidMinorMax: 50_000 };
  await put(context, '/v1/limit-rules/large', largeSale);
  await put(context, '/v1/settings/persons.default', { value: '2' });
}

let complaints: string[] = [];

/** A journey also fails by what its pages threw or complained of. */
function journey(name: string, run: (context: Room) => Promise<void>): void {
  test(name, async (context) => {
    await run(context);
    assert.equal(complaints, []);
  });
}

const contexts: Awaited<ReturnType<Browser['newContext']>>[] = [];

/** Another person, at a browser of his own, signed in by the keyboard. */
async function enter({ browser, url }: Room, userId: string, section = ''): Promise<Page> {
  const browsing = await browser.browser.newContext({ viewport: { width: 1_200, height: 800 } });
  contexts.push(browsing);
  const page = await browsing.newPage();
  complaints = complaintsOf(page);
  await page.goto(`${url}/control${section === '' ? '' : `#/${section}`}`);
  await signInByKeys(page, userId);
  await page.locator('.work h1').waitFor();
  return page;
}

test.after.each(async () => {
  for (const browsing of contexts.splice(0)) await browsing.close();
});

let sold = 0;

async function sell({ url, vendorKey }: Room, paidMinor: number): Promise<string> {
  sold += 1;
  const body = { requestId: `sale-${sold}`, meter: METER_A.drn, paidMinor, currency: 'ZAR' };
  const reply = await post(`${url}/v1/sales`, vendorKey, body);
  assert.is(reply.status, 201, reply.text);
  return reply.body.saleId;
}

const goTo = (page: Page, section: string) => page.getByRole('link', { name: section, exact: true }).click();
const heading = (page: Page, name: string, level = 1) =>
  page.getByRole('heading', { level, name, exact: true });

journey(
  'when a sale is made then the supervisor sees it within seconds, and a float that will not last is marked',
  async (context) => {
    const page = await enter(context, 'first');
    await heading(page, 'Now').waitFor();
    await page.getByText('0 sales, 0 refused or failed').waitFor();
    await page.evaluate(`window.shifted = 0; new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifted += entry.value;
  }).observe({ type: 'layout-shift' });`);
    await sell(context, 60_000);
    await page.locator('[data-figure="today-ZAR"]', { hasText: /R\s?600\.00/ }).waitFor({ timeout: 10_000 });
    await page.getByText('1 sales, 0 refused or failed').waitFor();
    const refused = { requestId: 'too-much', meter: METER_A.drn, paidMinor: 999_999, currency: 'ZAR' };
    assert.is((await post(`${context.url}/v1/sales`, context.vendorKey, refused)).status, 402);
    await page.getByText('1 sales, 1 refused or failed').waitFor({ timeout: 10_000 });
    await page.getByRole('link', { name: /Alarms open 1/ }).waitFor({ timeout: 10_000 });
    await page.getByRole('status').filter({ hasText: 'New alarm: 1 open.' }).waitFor({ state: 'attached' });
    assert.is(await page.evaluate('window.shifted'), 0, 'nothing jumped');
    await sell(context, 500_000);
    await page.getByText("Low: less than a day's sales").waitFor({ timeout: 15_000 });
    await page.getByRole('link', { name: /Floats low 1/ }).waitFor();
    await page.getByText('As a table').first().click();
    await look(page, 'now');
    await page.getByRole('link', { name: 'shop', exact: true }).click();
    await page.locator('[data-figure=float]', { hasText: /R\s?4,400\.00/ }).waitFor();
    await page.getByText('Sale', { exact: true }).first().waitFor();
    await look(page, 'vendor');
  },
);

journey('when an alarm is looked at then it says by whom and why, and is open no more', async (context) => {
  const page = await enter(context, 'second', 'alarms');
  const alarm = page.locator('[data-alarm]').first();
  await alarm.getByText('Open', { exact: true }).waitFor();
  await look(page, 'alarms');
  await alarm.getByLabel('Note').fill('a large shop, known');
  await page.keyboard.press('Enter');
  await alarm.getByText(/Looked at by second .* a large shop, known/).waitFor();
  await page.reload();
  await page.getByText('No alarm is open.').waitFor();
  await page.getByLabel('Only those that nobody has looked at').uncheck();
  await page.getByText('a large shop, known').waitFor();
});

journey(
  'when money needs two then the asker is kept from deciding, another person does, and the float has it',
  async (context) => {
    const asker = await enter(context, 'first', 'vendors/shop');
    await asker.getByLabel('Amount in ZAR').fill('250.5');
    const paying = asker.getByRole('region', { name: 'Deposit' });
    await paying.getByLabel('Slip or reference').fill('slip 77');
    await asker.keyboard.press('Enter');
    await asker.getByText('It waits for a second person').waitFor();
    await asker.getByLabel(/New limit in ZAR/).fill('1000');
    await asker.getByRole('region', { name: 'Credit limit' }).getByLabel('Reason').fill('a good payer');
    await asker.keyboard.press('Enter');
    await asker.getByText('It waits for a second person').nth(1).waitFor();
    await goTo(asker, 'Approvals');
    await asker.getByText(/R\s?250\.50 is paid into the float of shop \(slip 77\)\./).waitFor();
    await asker.getByText('You asked for this yourself: another person decides.').first().waitFor();
    assert.is(await asker.getByRole('button', { name: 'Approve' }).count(), 0);
    // Whoever goes past the page is refused by the server.
    const refused = await asker.evaluate(`(async () => {
    const session = await (await fetch('/v1/session')).json();
    const { approvals } = await (await fetch('/v1/approvals?state=pending')).json();
    const reply = await fetch('/v1/approvals/' + approvals[0].approvalId + '/decision', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': session.csrfToken },
      body: JSON.stringify({ approve: true }),
    });
    return (await reply.json()).code;
  })()`);
    assert.is(refused, 'approval_same_person');

    const decider = await enter(context, 'second');
    await decider.getByRole('link', { name: /Approvals waiting 2/ }).click();
    const deposit = decider.getByRole('region', { name: 'Deposit' });
    await deposit.getByRole('row', { name: /Float .*4,400\.00 .*4,650\.50/ }).waitFor();
    const limit = decider.getByRole('region', { name: 'Credit limit' });
    await limit.getByRole('row', { name: /Credit limit .*0\.00 .*1,000\.00/ }).waitFor();
    await look(decider, 'approvals');
    await limit.getByRole('button', { name: 'Refuse' }).click();
    await limit.getByText('Say why you refuse.').waitFor();
    await limit.getByLabel(/Note/).fill('not yet');
    await limit.getByRole('button', { name: 'Refuse' }).click();
    await limit.getByText(/Refused by second .* not yet/).waitFor();
    await deposit.getByRole('button', { name: 'Approve' }).focus();
    await decider.keyboard.press('Enter');
    await deposit.getByText(/Approved by second/).waitFor();
    await asker.goto(`${context.url}/control#/vendors/shop`);
    await asker.locator('[data-figure=float]', { hasText: /R\s?4,650\.50/ }).waitFor();
    await asker.getByRole('row', { name: /Deposit .*250\.50 .*4,650\.50/ }).waitFor();
  },
);

journey(
  'when somebody has seen or done something then the auditor finds it, and the trail is whole',
  async (context) => {
    const page = await enter(context, 'auditor', 'audit');
    await page.getByLabel(/User, or key/).fill('second');
    await page.getByLabel(/Part of the subject/).fill('decision=approve');
    await page.keyboard.press('Enter');
    const row = page.getByRole('row', {
      name: /second .*approvals\/\{approvalId\}\/decision .*decision=approve done/,
    });
    await row.waitFor();
    await look(page, 'audit');
    await page.getByLabel(/Part of the subject/).fill('no such thing');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing found.').waitFor();
    await page.getByRole('button', { name: 'Verify the trail' }).click();
    await page.getByText('The trail is whole').waitFor();
  },
);

journey(
  'when a sale was made then its ledger is proved on the page, and what is downloaded is accepted by the offline verifier',
  async (context) => {
    const page = await enter(context, 'auditor', 'proof');
    const download = async (name: string, press: () => Promise<void>): Promise<string> => {
      const [file] = await Promise.all([page.waitForEvent('download'), press()]);
      const path = join(context.downloads, name);
      await file.saveAs(path);
      return path;
    };
    const takeWitness = () => page.getByRole('button', { name: 'Download the witness' }).click();
    const first = await download('first.json', takeWitness);
    await sell(context, 1_000);
    await page.getByRole('button', { name: 'Prove it now' }).click();
    await page.getByText('The ledger is whole').waitFor({ timeout: 20_000 });
    await page.locator('[data-figure=head]', { hasText: '3' }).waitFor();
    await look(page, 'proof');
    await page.getByLabel('Earlier witness').setInputFiles(first);
    const witness = await download('witness.json', takeWitness);
    await page.getByText('Entry 3 is witnessed; 2 heads in the file.').waitFor();
    const exported = await download('ledger.jsonl', () =>
      page.getByRole('link', { name: 'Download the export' }).click(),
    );
    const { code, stdout, stderr } = await runCli([
      'ledger',
      'verify',
      exported,
      '--witness',
      witness,
      '--json',
    ]);
    assert.is(code, 0, stderr);
    const report = JSON.parse(stdout);
    assert.equal([report.verified, report.entries, report.witnessedHeads], [true, 3, 2]);
    // A witness of another history is found out.
    const forged = JSON.parse(readFileSync(witness, 'utf8'));
    forged.heads[1].entryHash = forged.heads[0].entryHash;
    const file = {
      name: 'forged.json',
      mimeType: 'application/json',
      buffer: Buffer.from(JSON.stringify(forged)),
    };
    await page.getByLabel('A witness that must still hold').setInputFiles(file);
    await page.getByRole('button', { name: 'Prove it now' }).click();
    await page.getByText(/\d findings/).waitFor({ timeout: 20_000 });
    await page.getByText('witnessed_head_differs').waitFor();
  },
);

journey(
  'when an auditor walks through the room then he sees all of it and can change nothing',
  async (context) => {
    const page = await enter(context, 'auditor');
    const links = await page.getByRole('navigation').getByRole('link').allInnerTexts();
    for (const section of [
      'Now',
      'Vendors',
      'Day ends',
      'Alarms',
      'Approvals',
      'Audit trail',
      'Proof',
      'People',
    ])
      assert.ok(links.includes(section), `${section} of ${links}`);
    const sent: string[] = [];
    page.on('request', (request) => sent.push(`${request.method()} ${new URL(request.url()).pathname}`));
    for (const section of links) {
      await goTo(page, section);
      await heading(page, section).waitFor();
      const buttons = await page.getByRole('main').getByRole('button').allInnerTexts();
      const changing = /Pay in|Change|Approve|Refuse|looked at it|New user|Close|Take back|Save/;
      assert.equal(
        buttons.filter((name) => changing.test(name)),
        [],
        section,
      );
    }
    await page.goto(`${context.url}/control#/vendors/shop`);
    await page.locator('[data-figure=float]').waitFor();
    assert.is(await page.getByRole('button', { name: /Pay in|Take back|limit/ }).count(), 0);
    assert.equal(
      sent.filter((request) => !request.startsWith('GET ')),
      [],
    );
  },
);

journey(
  'when only the keyboard is used then the menu, a section and its form are reached and used',
  async (context) => {
    const page = await enter(context, 'second');
    // Come anew, the first key reaches the way past the menu.
    await page.reload();
    await page.locator('.work h1').waitFor();
    await page.keyboard.press('Tab');
    await page.locator('button.skip:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('h1:focus').waitFor();
    await page.getByRole('link', { name: 'People', exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.locator('h1:focus', { hasText: 'People' }).waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByLabel('User', { exact: true }).fill('third');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Person third');
    await page.getByLabel('Auditor').press('Space');
    await page.getByLabel('Reason').fill('an auditor more');
    await page.keyboard.press('Enter');
    await page.getByText('It waits for a second person').waitFor();
    await look(page, 'people');
  },
);

journey(
  'when another language is chosen then the whole room speaks it, also in the dark',
  async (context) => {
    const page = await enter(context, 'first');
    await page.getByLabel('Language').selectOption('fr');
    await heading(page, 'En direct').waitFor();
    await page.getByText('La dernière heure').first().waitFor();
    await page.getByLabel('Langue').selectOption('sw');
    await heading(page, 'Sasa').waitFor();
    await page.emulateMedia({ colorScheme: 'dark' });
    await look(page, 'now-swahili-dark');
    await goTo(page, 'Idhini');
    await page
      .getByText('Wewe ndiye uliyeomba')
      .or(page.getByText('Mtumiaji third atafunguliwa'))
      .first()
      .waitFor();
    await goTo(page, 'Mwisho wa siku');
    await page.getByText('Bado hakuna siku iliyofungwa.').waitFor();
    await look(page, 'days-swahili-dark');
  },
);

test.run();
