import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fillIn, languageFor, localeFor } from '../../../lib/pages/speech.ts';

const test = suite('pages: speech');

test('when a browser wants several languages then the first that the pages speak is taken', () => {
  assert.is(languageFor(['de-CH', 'sw-TZ', 'en']), 'sw');
  assert.is(languageFor(['', 'toString', 'constructor']), 'en');
});

test('when a browser names its country then numbers and dates follow it, but never a name that is no tag', () => {
  assert.is(localeFor('en', ['fr-CD', 'en-ZA']), 'en-ZA');
  assert.is(localeFor('en', ['en-US@posix', 'sw']), 'en');
});

test('when a text has places then they are filled in, and a place without a value stands empty', () => {
  assert.is(fillIn('{units} at {price}', { units: 3 }), '3 at ');
  assert.is(fillIn('plain'), 'plain');
});

test.run();
