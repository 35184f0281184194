import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMinor, showMinor } from '../../../vending-server/web/client/money.ts';

const test = suite('web: money');

/** Browsers show the rupees and dinars of these without their hundredths and thousandths. */
test('when browsers leave the cents of a currency away then a page still counts as the server does', () => {
  for (const [currency, text, minor] of [
    ['PKR', '50', 5_000],
    ['IDR', '12.34', 1_234],
    ['IQD', '1.5', 1_500],
    ['UGX', '500', 500],
    ['ZAR', '49,90', 4_990],
  ] as const) {
    assert.is(parseMinor(text, currency), minor, currency);
  }
  assert.is(parseMinor('1.5', 'UGX'), undefined);
  assert.match(showMinor(5_000, 'PKR', 'en'), /50\.00$/);
  assert.match(showMinor(1_500, 'IQD', 'en'), /1\.500$/);
  assert.match(showMinor(500, 'UGX', 'en'), /[^.]500$/);
});

test.run();
