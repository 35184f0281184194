import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LANGUAGES } from '../../../vending-server/language/catalogue.ts';
import { widthOf } from '../../../vending-server/receipt/display-width.ts';
import type { ReceiptFacts, ReceiptToken } from '../../../vending-server/receipt/facts.ts';
import { printJson, printPdf, printText } from '../../../vending-server/receipt/print.ts';
import { qrMatrix } from '../../../vending-server/receipt/qr.ts';
import { checkSeal, parseQrText, qrText, sealReceipt } from '../../../vending-server/receipt/seal.ts';
import { fontOfTheBrowser } from '../../support/browser-font.ts';
import { chance, type Draw } from '../../support/chance.ts';
import { count, report, seedOf } from '../../support/counts.ts';
import { decodeQr, type Modules } from '../../support/qr-decoder.ts';
import { FACTS, freshKey, PRINT, SAMPLE_KEY } from './sample.ts';

const test = suite('receipts');
const README = readFileSync(new URL('../../../vending-server/receipt/README.md', import.meta.url), 'utf8');

function block(after: string): string {
  const at = README.indexOf(after);
  const from = README.indexOf('\n', README.indexOf('```', at)) + 1;
  return README.slice(from, README.indexOf('```', from));
}

test('when the README shows a slip then it is the one that is printed', () => {
  assert.is(block('### 32 columns'), printText(FACTS, PRINT, 32));
  assert.is(block('### 48 columns'), printText(FACTS, { ...PRINT, language: 'sw', isCopy: true }, 48));
});

const SCRIPTS = [
  'Mokoena',
  '山田太郎',
  '김철수',
  'መስፍን',
  'Ωμέγα',
  'e\u0301a\u0300',
  '👩‍👩‍👧',
  'مرحبا',
  'ab\u202ecd',
  '\u001b@x',
];

function words(draw: Draw): string {
  return Array.from({ length: 1 + draw(8) }, () => {
    const word = SCRIPTS[draw(SCRIPTS.length)]!;
    return word.repeat(1 + draw(6));
  }).join(' ');
}

function anyFacts(draw: Draw): ReceiptFacts {
  const some = <T>(value: T) => (draw(2) === 0 ? value : null);
  const tokens = Array.from({ length: draw(6) }, (_, index): ReceiptToken => {
    const tokenNo = Array.from({ length: 20 }, () => draw(10)).join('');
    return draw(3) === 0
      ? { kind: 'keyChange', tokenNo, section: index + 1, of: 4 }
      : {
          kind: 'credit',
          reason: 'paid',
          tokenNo,
          amount:
            draw(2) === 0
              ? { unit: 'kWh', amountDeciKwh: draw(18_201_624) }
              : { unit: 'money', amountHundredThousandth: draw(1_000_000_000) },
        };
  });
  return {
    ...FACTS,
    utility: {
      name: words(draw),
      addressLines: [words(draw)],
      taxNumber: some(words(draw)),
      supportNumber: null,
    },
    vendor: { vendorId: 'shop', name: words(draw), addressLines: [] },
    customer: some({
      name: words(draw),
      addressLines: [words(draw)],
      account: null,
      locationReference: words(draw),
    }),
    tokens,
    currency: ['ZAR', 'JPY', 'KWD'][draw(3)]!,
    message: some(words(draw)),
    carriedMinor: ['0', '0.3333333333', '12.75', '150'][draw(4)]!,
  };
}

test('when any receipt is printed as text then no line is longer, no token is broken, nothing commands the printer', () => {
  const seed = seedOf('receipts as text');
  const draw = chance(seed);
  const runs = count(5_000, 150);
  let lines = 0;
  let tokens = 0;
  for (let run = 0; run < runs; run += 1) {
    const facts = anyFacts(draw);
    const language = LANGUAGES[run % LANGUAGES.length]!;
    for (const columns of [32, 48] as const) {
      const printed = printText(facts, { ...PRINT, language, isCopy: run % 2 === 0 }, columns);
      assert.not.match(printed, /[^\P{Cc}\n]|\u202e/u);
      const printedLines = printed.split('\n');
      for (const line of printedLines) {
        assert.ok(widthOf(line) <= columns, `${widthOf(line)} columns of ${columns}: ${line}`);
        lines += 1;
      }
      for (const { tokenNo } of facts.tokens) {
        const grouped = tokenNo.replace(/(.{4})(?=.)/g, '$1 ');
        assert.ok(
          printedLines.some((line) => line.trim() === grouped),
          grouped,
        );
        tokens += 1;
      }
    }
  }
  report(`${runs} receipts, ${lines} lines, ${tokens} tokens`);
});

test('when there are key changes then they come first with what to do, however the facts stand', () => {
  const shuffled = { ...FACTS, tokens: [...FACTS.tokens].reverse() };
  for (const language of LANGUAGES) {
    const printed = printText(shuffled, { ...PRINT, language }, 48);
    const at = (tokenNo: string) => printed.indexOf(tokenNo.replace(/(.{4})(?=.)/g, '$1 '));
    const places = shuffled.tokens.map(({ kind, tokenNo }) => ({
      isChange: kind === 'keyChange',
      at: at(tokenNo),
    }));
    const lastChange = Math.max(...places.filter(({ isChange }) => isChange).map((place) => place.at));
    assert.ok(places.every((place) => place.at > 0 && (place.isChange || place.at > lastChange)));
  }
  assert.match(printText(FACTS, PRINT, 48), /First key in these 2 tokens, in this order/);
  assert.match(
    printText({ ...FACTS, tokens: [] }, PRINT, 48),
    /No token: this payment bought no electricity/,
  );
});

test('when a payment is explained then its parts sum to it and the blocks are told', () => {
  const printed = printText(FACTS, PRINT, 48);
  const why = printed.slice(printed.indexOf('How your payment'));
  const parts = [...why.matchAll(/^ZAR ([0-9.]+) /gm)].map(([, money]) => Math.round(Number(money) * 100));
  assert.is(
    parts.reduce((sum, part) => sum + part, 0),
    FACTS.paidMinor,
  );
  assert.is(parts.length, 5);
  for (const told of [
    '271.6 kWh left at this price.',
    'Blocks begin anew on 2026-12-01.',
    'from block 1 to 2',
  ]) {
    assert.ok(why.replaceAll('\n', ' ').includes(told), told);
  }
  const flat = { block: 1, pricePerKwh: '1.8652', leftDeciKwh: null };
  const plain = { ...FACTS, month: { unitsDeciKwh: 10, before: flat, after: flat, resetsOn: '2026-12-01' } };
  assert.not.match(printText(plain, PRINT, 48), /Block|begin anew/);
});

test('when the README shows a verifier then it accepts a receipt, and refuses it after any change', async () => {
  const code = block('## Checking a receipt');
  const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor;
  const body = code
    .replace(/^import \{(.*)\} from '(.*)';$/gm, "const {$1} = await import('$2');")
    .replace('export ', '');
  const verifier: (printed: unknown, publicKey: string) => string = await new AsyncFunction(
    `${body}\nreturn checkReceipt;`,
  )();
  const { publicKey } = SAMPLE_KEY;
  const printed = JSON.parse(printJson(FACTS, PRINT));
  assert.is(verifier(printed, publicKey), 'genuine');
  assert.is(verifier(printed, freshKey().publicKey), 'forged');
  let changes = 0;
  const change = (holder: Record<string, unknown>, name: string) => {
    const before = holder[name];
    holder[name] = typeof before === 'number' ? before + 1 : `${before ?? ''}0`;
    assert.is(verifier(printed, publicKey), 'forged', name);
    holder[name] = before;
    changes += 1;
  };
  const walk = (holder: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(holder)) {
      if (value !== null && typeof value === 'object') walk(value as Record<string, unknown>);
      else change(holder, name);
    }
  };
  walk(printed.receipt);
  for (const name of ['paidMinor', 'receiptNumber', 'currency', 'tokensDigest', 'receiptHash', 'keyId']) {
    change(printed.seal, name);
  }
  report(`${changes} changed fields found`);
});

test('when a QR code is read then it proves receipt, total and tokens with the public key alone', () => {
  const seal = sealReceipt(FACTS, SAMPLE_KEY);
  for (const address of [null, 'https://vend.example/v1/receipts/verify']) {
    const text = qrText(seal, address);
    const { size, isDark } = qrMatrix(text);
    const modules = Array.from({ length: size }, (_, row) =>
      Array.from({ length: size }, (_, column) => isDark(row, column)),
    );
    assert.is(decodeQr(modules), text);
    const read = parseQrText(decodeQr(modules))!;
    assert.equal(read, seal);
    assert.is(checkSeal(read, SAMPLE_KEY), 'genuine');
    const digits = FACTS.tokens.map(({ tokenNo }) => tokenNo);
    const digest = createHash('sha256')
      .update(['wattoken-tokens-1', ...digits].join('\n'))
      .digest('hex');
    assert.is(read.tokensDigest, digest);
    report(`${text.length} characters, ${size} modules`);
  }
});

test('when a character of the code is changed then it is not genuine', () => {
  const text = qrText(sealReceipt(FACTS, SAMPLE_KEY), null);
  let forged = 0;
  let unread = 0;
  for (let at = 0; at < text.length; at += 1) {
    const other = text[at] === 'A' ? 'B' : text[at] === '1' ? '2' : text[at] === '.' ? ',' : '1';
    const seal = parseQrText(`${text.slice(0, at)}${other}${text.slice(at + 1)}`);
    if (seal === undefined) unread += 1;
    else {
      assert.is(checkSeal(seal, SAMPLE_KEY), 'forged', `character ${at}`);
      forged += 1;
    }
  }
  for (const bad of [
    '',
    'WTR1',
    text.toLowerCase(),
    `${text}A`,
    text.replace('25000', '99999999999999999'),
  ]) {
    assert.is(parseQrText(bad), undefined);
  }
  assert.is(forged + unread, text.length);
  report(`${forged} forged, ${unread} unreadable`);
});

/** The modules of the QR code as a PDF draws them: rectangles `x y width height re`, a row of them under another. */
function modulesOf(pdf: string): Modules {
  const rects = [...pdf.matchAll(/^(\S+) (\S+) (\S+) (\S+) re$/gm)].map(([, ...parts]) => parts.map(Number));
  const side = Math.min(...rects.map(([, , , height]) => height!));
  const left = Math.min(...rects.map(([x]) => x!));
  const top = Math.min(...rects.map(([, y]) => y!));
  const size = Math.round((Math.max(...rects.map(([x, , width]) => x! + width!)) - left) / side);
  const modules = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [x, y, width] of rects) {
    const row = Math.round((y! - top) / side);
    const from = Math.round((x! - left) / side);
    for (let n = 0; n < Math.round(width! / side); n += 1) modules[row]![from + n] = true;
  }
  return modules;
}

/** Texts of a PDF with built-in fonts, each with its place: the streams are not packed. */
function textsOf(pdf: string): { x: number; y: number; text: string }[] {
  return [...pdf.matchAll(/1 0 0 1 (\S+) (\S+) Tm\n\/F\d+ \S+ Tf\n\[(.*?)\] TJ/g)].map(
    ([, x, y, parts = '']) => ({
      x: Number(x),
      y: Number(y),
      text: [...parts.matchAll(/<([0-9a-f]+)>/g)]
        .map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1'))
        .join(''),
    }),
  );
}

test('when a receipt is printed as PDF then it says what the text says, and its QR code verifies', async () => {
  for (const paper of ['roll80', 'a4'] as const) {
    for (const language of LANGUAGES) {
      const options = { ...PRINT, language, isCopy: true };
      const pdf = Buffer.from(await printPdf(FACTS, options, paper)).toString('latin1');
      const texts = textsOf(pdf);
      const squeezed = (text: string) => text.replace(/\s+/g, '');
      const all = squeezed(texts.map(({ text }) => text).join(''));
      const seal = qrText(sealReceipt(FACTS, SAMPLE_KEY), null);
      // Wide rules and the code are drawn in the one and written in the other.
      const said = squeezed(printText(FACTS, options, 48).replace(/^-+$/gm, '')).replace(seal, '');
      assert.is(all, said, `${paper} ${language}`);
      assert.is(decodeQr(modulesOf(pdf)), seal);
      const width = paper === 'a4' ? 595.28 : 226.77;
      assert.ok(texts.every(({ x, y }) => x >= 10 && x < width - 10 && y > 5));
      assert.is([...pdf.matchAll(/\/Type \/Page\n/g)].length, paper === 'a4' ? 2 : 1);
    }
  }
});

test('when a receipt is printed as PDF again then every byte is the same, whenever that is', async () => {
  const first = await printPdf(FACTS, PRINT, 'roll80');
  await new Promise((resolve) => setTimeout(resolve, 1100));
  assert.is(Buffer.compare(first, await printPdf(FACTS, PRINT, 'roll80')), 0);
  const hash = createHash('sha256').update(first).digest('hex');
  const copy = await printPdf(FACTS, { ...PRINT, isCopy: true }, 'roll80');
  assert.is.not(createHash('sha256').update(copy).digest('hex'), hash);
  const text = Buffer.from(first).toString('latin1');
  assert.ok(text.includes('(D:20261121120000Z)'), 'the date of the sale');
  assert.not.match(text, new RegExp(`D:${new Date().getUTCFullYear() + 1}|/ID \\[\\]`));
});

test('when the built-in font lacks a letter then it is a question mark, and with a font of its own it is there', async () => {
  const facts = { ...FACTS, customer: { ...FACTS.customer!, name: 'Иван 山田' } };
  const plain = textsOf(Buffer.from(await printPdf(facts, PRINT, 'roll80')).toString('latin1'));
  assert.ok(plain.some(({ text }) => text === '???? ??'));
  const font = fontOfTheBrowser();
  const own = await printPdf(facts, PRINT, 'roll80', font);
  const pdf = Buffer.from(own).toString('latin1');
  assert.match(pdf, /\/FontFile2/);
  assert.match(pdf, /<0418>/, 'the map back to text names И');
  assert.is(decodeQr(modulesOf(pdf)), qrText(sealReceipt(facts, SAMPLE_KEY), null));
  assert.is(Buffer.compare(own, await printPdf(facts, PRINT, 'roll80', font)), 0, 'the same bytes again');
});

test('when a receipt is a copy, in another language or on other paper then its signature is the same', () => {
  const first = JSON.parse(printJson(FACTS, PRINT));
  const copy = JSON.parse(printJson(FACTS, { ...PRINT, isCopy: true, language: 'fr' }));
  assert.equal(copy.seal, first.seal);
  assert.equal([first.isCopy, copy.isCopy], [false, true]);
});

test.run();
