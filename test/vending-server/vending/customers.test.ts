/** By which words customers are found, and what of them is shown to those who sell. */
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { beginningsIn, wordsIn } from '../../../vending-server/vending/customer-words.ts';
import { maskedCustomer } from '../../../vending-server/vending/customers.ts';

const test = suite('customers');

test('words are without case, accents and marks, and no longer than their place in the books', () => {
  for (const [text, words] of [
    ['Mokoéna-Dube', ['mokoena', 'dube']],
    ["O'Neill  ÅNGSTRÖM", ['o', 'neill', 'angstrom']],
    ['Straße 12/b', ['strasse', '12', 'b']],
    ['北京路 7', ['北京路', '7']],
    ['ﬁrst', ['first']],
    ['—…!', []],
    ['', []],
  ] as const)
    assert.equal(wordsIn(text), words, text);
  assert.equal(wordsIn('x'.repeat(300)), ['x'.repeat(64)]);
  // What a clerk writes in either form is found in either form.
  assert.equal(wordsIn('Zoe\u0301'), wordsIn('Zo\u00e9'));
});

test('a search must say enough, and what another word begins with says nothing', () => {
  assert.equal(beginningsIn('Thabo MAIN'), ['thabo', 'main']);
  assert.equal(beginningsIn('mo mok mokoena'), ['mokoena']);
  assert.equal(beginningsIn('12 road'), ['12', 'road']);
  assert.equal(beginningsIn('a b c d e fgh'), ['a', 'b', 'c', 'd', 'e', 'fgh']);
  for (const text of ['', '..', 'ab', '12 ab', 'a b c d e f ghi'])
    assert.is(beginningsIn(text), undefined, text);
});

test('those who sell see initials and streets, and no number, no length and no third line', () => {
  const shown = (name: string | null, addressLines: readonly string[]) =>
    maskedCustomer({ name, addressLines });
  assert.equal(shown('Thabo van der Moyo', ['14 Main Road', 'Flat 3B, Zone 6', 'Soweto', '1804']), {
    name: 'T**** v**** d**** M****',
    addressLines: ['Main Road', 'Flat Zone'],
  });
  assert.equal(shown('Bo', []).name, shown('Bartholomew', []).name);
  assert.equal(shown(null, ['12/7', 'PO Box 9']), { name: null, addressLines: ['PO Box'] });
  assert.equal(shown('𝒯homas', []), { name: '𝒯****', addressLines: [] });
});

test.run();
