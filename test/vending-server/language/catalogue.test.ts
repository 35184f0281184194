import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CATALOGUE,
  LANGUAGES,
  say,
  sayDecimal,
  type TextName,
} from '../../../vending-server/language/catalogue.ts';

const test = suite('catalogue of texts');
const NAMES = Object.keys(CATALOGUE.en) as TextName[];

function valuesOf(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).sort();
}

test('when a text exists in English then every language has it, with the same values and not in English', () => {
  let compared = 0;
  for (const language of LANGUAGES) {
    const texts = CATALOGUE[language];
    assert.equal(Object.keys(texts).sort(), [...NAMES].sort(), language);
    for (const name of NAMES) {
      assert.ok(texts[name].trim() !== '', `${language} ${name}`);
      assert.equal(valuesOf(texts[name]), valuesOf(CATALOGUE.en[name]), `${language} ${name}`);
      compared += 1;
    }
    if (language === 'en') continue;
    // Codes of the trade are the same everywhere; sentences are not.
    const same = NAMES.filter((name) => texts[name] === CATALOGUE.en[name] && texts[name].includes(' '));
    assert.equal(same, ['kwh', 'step', 'block'], language);
  }
  console.log(`  ${compared} texts of ${LANGUAGES.length} languages compared`);
});

test('when a text is used then somebody says it', async () => {
  const { readFileSync, readdirSync } = await import('node:fs');
  const root = new URL('../../../vending-server/', import.meta.url);
  const code = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(receipt|notify)\/.*\.ts$/.test(file))
    .map((file) => readFileSync(new URL(file, root), 'utf8'))
    .join('\n');
  const reasons = ['paid', 'free', 'freeIssue', 'replacement', 'transfer'];
  const unsaid = NAMES.filter((name) => !code.includes(`'${name}'`) && !reasons.includes(name));
  assert.equal(unsaid, ['decimalMark']);
});

test('when a value is missing then it is refused, and numbers are written as the language does', () => {
  assert.throws(
    () => say('fr', 'kwh'),
    (error: unknown) => error instanceof RangeError && error.message.includes('amount'),
  );
  assert.is(say('sw', 'kwh', { amount: 5 }), '5 kWh');
  assert.equal([sayDecimal('fr', '12.5'), sayDecimal('en', '12.5')], ['12,5', '12.5']);
});

test.run();
