/** The meter's face as a visitor of the sandbox meets it: a real browser, and the server and the meter that `npm start` opens. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { launchBrowser } from '../support/browser.ts';
import { report } from '../support/counts.ts';
import {
  bench,
  clearTamperToken,
  eventIn,
  type Face,
  glass,
  HOUR_A_SECOND,
  openFace,
  portOf,
  REAL_TIME,
  setSpeed,
  stateOf,
  TEN_TIMES,
  untilSupplied,
  WATCH_THE_LIGHT,
  type Watched,
  words,
} from '../support/face-visitor.ts';
import { complaintsOf, lookingAt } from '../support/page-look.ts';
import { startSandbox, toldBy } from '../support/sandbox.ts';

const test = suite<Face>('e2e: face');
const look = lookingAt('face');
test.before(async (face) => {
  face.folder = mkdtempSync(join(tmpdir(), 'wattoken-face-'));
  face.sandbox = await startSandbox(face.folder);
  face.told = toldBy(face.sandbox);
  face.browser = await launchBrowser();
});
test.after(async (face) => {
  await face.browser?.close();
  await face.sandbox?.stop();
  rmSync(face.folder, { recursive: true, force: true });
});

let complaints: string[] = [];
test.before.each(async (face) => {
  face.context = await face.browser.browser.newContext({ viewport: { width: 1_200, height: 800 } });
  face.context.setDefaultTimeout(10_000);
  face.page = await face.context.newPage();
  complaints = complaintsOf(face.page);
});
test.after.each(({ context }) => context.close());

/** A journey also fails by what its page threw or complained of. */
function journey(name: string, run: (face: Face) => Promise<void>): void {
  test(name, async (face) => {
    await run(face);
    assert.equal(complaints, []);
  });
}

journey(
  'when a visitor sells a token, keys it with the mouse and turns the kettle on, then the meter trips and says so',
  async (face) => {
    const { page, told, context } = face;
    await page.goto(told.counter);
    await page.getByLabel('User').fill(told.seller.userId);
    await page.getByLabel('Password').fill(told.seller.password);
    await page.keyboard.press('Enter');
    await page.getByLabel('Meter number, name or address').fill(told.drn);
    await page.keyboard.press('Enter');
    await page.getByLabel('Amount in ZAR').fill('20');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: /Sell for/ }).click();
    const digits = (await page.locator('.token').first().innerText()).replaceAll(' ', '');
    assert.match(digits, /^[0-9]{20}$/);

    const opening = context.waitForEvent('page');
    await page.getByRole('link', { name: 'To the meter' }).click();
    const meter = await opening;
    const said = complaintsOf(meter);
    await meter.locator('.meter').waitFor();
    assert.is(await meter.getByRole('link', { name: 'Buy a token' }).getAttribute('href'), told.counter);
    for (const digit of digits) await meter.getByRole('button', { name: digit, exact: true }).click();
    await glass(meter, 'Accept').waitFor();
    await words(meter, 'token')
      .getByText(/^Accepted: 8(\.\d)? kWh more\.$/)
      .waitFor();
    await glass(meter, /\+8\.\d\d kWh/).waitFor();
    await words(meter, 'supply').getByText('On: there is credit').waitFor();

    await meter.getByRole('button', { name: 'Other load' }).click();
    await meter.getByRole('button', { name: /^Kettle/ }).click();
    await meter.locator('[data-reading=power]', { hasText: /^2,000 W|^1,99\d W/ }).waitFor();
    await meter.getByRole('button', { name: /^Cooker/ }).click();
    await look(meter, 'kettle', 'pictures');
    await setSpeed(meter, HOUR_A_SECOND);
    await words(meter, 'supply').getByText('Off: the credit is used up').waitFor();
    await setSpeed(meter, REAL_TIME);
    await glass(meter, /(0\.00|-0\.0\d) kWh.*disconnected.*no credit/).waitFor();
    assert.equal(await meter.locator('[data-reading=relay]').innerText(), 'open');
    await eventIn(meter, 'Relay', 'Supply decided.*811');
    await look(meter, 'tripped');
    assert.equal(said, []);
  },
);

journey(
  'when a wrong token is keyed by the keyboard then it is refused in words, and emergency credit is taken by its code',
  async (face) => {
    const { page } = face;
    await openFace(face);
    await page.keyboard.type('1234');
    await glass(page, /04 +1234/).waitFor();
    await page.keyboard.press('Backspace');
    await glass(page, /03 +123/).waitFor();
    await page.keyboard.type('45678901234567890');
    await words(page, 'token').getByText('Refused: these digits are no token for this meter.').waitFor();
    await glass(page, /rEJEct/).waitFor();
    await page.keyboard.type('811');
    await page.keyboard.press('Enter');
    await words(page, 'supply').getByText('On: emergency credit').waitFor();
    await glass(page, /emergency credit/).waitFor();
  },
);

journey(
  'when the keypad is worked without a mouse then arrows go from key to key and it is one stop',
  async (face) => {
    const { page } = face;
    await openFace(face);
    const key = (name: string) => page.getByRole('button', { name, exact: true });
    await key('1').focus();
    for (const [press, next] of [
      ['ArrowRight', '2'],
      ['ArrowDown', '5'],
      ['ArrowLeft', '4'],
      ['ArrowUp', '1'],
    ] as const) {
      await page.keyboard.press(press);
      assert.is(await page.evaluate('document.activeElement.dataset.key'), next);
    }
    await page.keyboard.press(' ');
    await page.locator('.key.down[data-key="1"]').waitFor();
    await glass(page, /01 +1/).waitFor();
    await page.keyboard.press('Tab');
    await page.locator('.bay:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Module A1, linked.').waitFor();
    await page.getByRole('switch', { name: /Mains/ }).focus();
    await page.keyboard.press(' ');
    await page.getByRole('img', { name: 'The display is dark.' }).waitFor();
    await page.keyboard.press(' ');
    await page.locator('.bay').press('Enter');
    await page.getByText('The bay is empty.').waitFor();
  },
);

journey('when the mains goes and comes back then the balance is what it was', async (face) => {
  const { page } = face;
  await openFace(face);
  await untilSupplied(face);
  const before = (await stateOf(face)).balanceMilliWh;
  await page.getByRole('switch', { name: /Mains/ }).click();
  await page.getByRole('img', { name: 'The display is dark.' }).waitFor();
  await words(page, 'supply').getByText('The meter is dark: no mains.').waitFor();
  await page.keyboard.press('5');
  await page.getByRole('alert').getByText('The meter has no power.').waitFor();
  await look(page, 'dark', 'pictures');
  await page.getByRole('switch', { name: /Mains/ }).click();
  await glass(page, /kWh/).waitFor();
  const used = before - (await stateOf(face)).balanceMilliWh;
  assert.ok(used >= 0 && used < 30_000, `${used} mWh at 8,000 W`);
});

journey(
  'when a magnet is dragged near then its field, an icon and the log show it, and a clear-tamper token releases it',
  async (face) => {
    const { page } = face;
    await openFace(face);
    const magnet = page.locator('.magnet');
    await magnet.focus();
    for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowLeft');
    await magnet.and(page.locator('[aria-pressed=true]')).waitFor();
    assert.is(await page.locator('[data-icon=tamper].lit').count(), 0, 'too far away to count');
    const from = await magnet.boundingBox();
    const to = await page.locator('.key[data-key="5"]').boundingBox();
    assert.ok(from !== null && to !== null);
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 3);
    await page.mouse.down();
    await page.mouse.move(to.x, to.y, { steps: 8 });
    await page.mouse.up();
    await page.locator('.field.strong').waitFor();
    await glass(page, /DISTU.*tamper/).waitFor();
    await look(page, 'magnet', 'pictures');
    await magnet.press('Escape');
    await magnet.and(page.locator('[aria-pressed=false]')).waitFor();
    await eventIn(page, 'Tamper', 'Magnet ends');
    assert.is(await page.locator('[data-reading=tampers]').innerText(), 'magnet');
    await page.keyboard.type(await clearTamperToken(face));
    await glass(page, /tAmPEr CLEAr/).waitFor();
    await page.locator('[data-reading=tampers]', { hasText: 'none' }).waitFor();
    assert.is(await page.locator('[data-icon=tamper].lit').count(), 0);
  },
);

journey(
  'when covers are opened then it is logged and trips, modules are swapped, and a token comes by way of one',
  async (face) => {
    const { page } = face;
    await openFace(face);
    await page.getByRole('button', { name: 'Terminal cover' }).click();
    await page.getByRole('button', { name: 'Screws of the meter cover' }).press('Enter');
    await glass(page, /OPEN.*tamper/).waitFor();
    await words(page, 'supply').getByText('Off: the meter cover was opened').waitFor();
    await eventIn(page, 'Tamper', 'Terminal cover open begins');
    await look(page, 'open', 'pictures');
    await page.getByRole('button', { name: 'Terminal cover' }).press('Enter');
    await page.getByRole('button', { name: 'Screws of the meter cover' }).click();
    await page.getByRole('button', { name: 'Plug in A1' }).click();
    await page.getByText('Module A1, linked.').waitFor();
    await page.getByRole('button', { name: 'Pull out' }).click();
    await page.getByRole('button', { name: 'Plug in B2' }).click();
    await page.getByText('Module B2, linked.').waitFor();
    await eventIn(page, 'Standard', 'Another module');
    await page.getByLabel('Token by the module').fill('12345');
    await page.keyboard.press('Enter');
    await page.getByText('A token has 20 digits.').waitFor();
    await page.getByLabel('Token by the module').fill(await clearTamperToken(face));
    await page.keyboard.press('Enter');
    await page.getByText(/^token Accept, balance/).waitFor();
    await words(page, 'supply').getByText('On: emergency credit').waitFor();
  },
);

journey(
  'when power flows then the light pulses at the true rate, and nothing on the page moves',
  async (face) => {
    const { page } = face;
    await openFace(face);
    await bench(face, { do: 'load', watts: 1_800 });
    await setSpeed(page, TEN_TIMES);
    await page.locator('[data-reading=pulses]', { hasText: /^5\.0\d$/ }).waitFor();
    const { onsets, shift, moved } = (await page.evaluate(WATCH_THE_LIGHT)) as Watched;
    await bench(face, { do: 'speed', speed: 1 });
    report(`${onsets} pulses in 3 s at 1,800 W, ten times real time; layout shift ${shift}`);
    assert.ok(onsets >= 13 && onsets <= 17, `${onsets} pulses, where 15 are due`);
    assert.is(shift, 0, moved.join('\n'));
  },
);

journey(
  'when nobody has touched the page then it is silent, and the switch silences it again',
  async (face) => {
    const { page } = face;
    await page.addInitScript(`globalThis.tones = 0;
    globalThis.OscillatorNode = class extends OscillatorNode {
      constructor(...given) { super(...given); globalThis.tones++; }
    };`);
    await openFace(face);
    const tones = () => page.evaluate('globalThis.tones') as Promise<number>;
    await bench(face, { do: 'keys', keys: '1' });
    await glass(page, /01 +1/).waitFor();
    assert.is(await tones(), 0);
    await page.getByRole('button', { name: '2', exact: true }).click();
    await page.waitForFunction('globalThis.tones === 1');
    await page.getByRole('switch', { name: 'Sound is on' }).click();
    await page.getByRole('button', { name: '3', exact: true }).click();
    await glass(page, /03 +123/).waitFor();
    assert.is(await tones(), 1);
    await page.reload();
    await page.locator('.sound[aria-checked=false]').waitFor();
  },
);

journey('when time is paused then single steps move it, and wires, dips and faults show', async (face) => {
  const { page } = face;
  await openFace(face);
  await page.getByRole('button', { name: 'Pause' }).click();
  const clock = page.locator('time.clock');
  const before = await clock.innerText();
  await page.getByRole('button', { name: '+1 min' }).click();
  await page.waitForFunction(`document.querySelector('time.clock').innerText !== ${JSON.stringify(before)}`);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.getByLabel('Feed and load exchanged').check();
  await page.getByLabel('Back by the earth').selectOption('0.5');
  await page.getByLabel('Contact welded').check();
  await page.getByLabel('Voltage of the grid').fill('210');
  await page.getByText('210 V').first().waitFor();
  await page.reload();
  assert.ok(await page.getByLabel('Feed and load exchanged').isChecked(), 'a page that comes anew shows it');
  assert.is(await page.getByLabel('Back by the earth').inputValue(), '0.5');
  await page.getByLabel('Feed and load exchanged').uncheck();
  await page.getByLabel('Back by the earth').selectOption('0');
  await page.getByLabel('Contact welded').uncheck();
  await page.getByLabel('Voltage of the grid').fill('230');
  await page.getByRole('button', { name: 'Reset the processor' }).click();
  await page.getByText('Starts of the processor: 3').waitFor();
  await page.getByRole('button', { name: 'Supply dies in the next write' }).click();
  await page.getByRole('button', { name: 'Terminal cover' }).click();
  await words(page, 'supply').getByText('The processor has stopped').waitFor();
  await page.getByRole('switch', { name: /Mains/ }).click();
  await page.getByRole('switch', { name: /Mains/ }).click();
  await glass(page, /OPEN/).waitFor();
  await page.getByRole('button', { name: 'Terminal cover' }).click();
  await bench(face, { do: 'speed', speed: 1 });
});

journey('when the meter is stopped and started then the page says so and goes on by itself', async (face) => {
  const { page, told } = face;
  await openFace(face);
  const before = (await stateOf(face)).balanceMilliWh;
  assert.is(await face.sandbox.stop(), 0);
  await page.getByRole('alert').getByText('The meter does not answer. Trying again…').waitFor();
  await page.keyboard.press('5');
  await page.locator('.stale').waitFor();
  face.sandbox = await startSandbox(face.folder, [portOf(told.server), portOf(told.meter)]);
  await page.locator('.bench:not(.stale)').waitFor();
  await page.getByRole('alert').getByText('The meter does not answer').waitFor({ state: 'detached' });
  await page.keyboard.type('12');
  await glass(page, /02 +12/).waitFor();
  const after = (await stateOf(face)).balanceMilliWh;
  assert.ok(after <= before && before - after < 100_000, `${before} mWh before, ${after} after`);
});

journey(
  'when another language is chosen then the meter’s page speaks it, by day and by night',
  async (face) => {
    const { page } = face;
    await openFace(face);
    await page.getByLabel('Language').selectOption('sw');
    await page.getByText('Kumbukumbu ya matukio').waitFor();
    await look(page, 'swahili', 'pictures');
    await page.getByLabel('Lugha').selectOption('fr');
    await page.getByText('Journal des événements').waitFor();
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    await look(page, 'french-dark');
  },
);

test.run();
