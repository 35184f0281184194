import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ENGLISH, type TextKey } from '../../../vending-server/web/client/text-english.ts';
import { FRENCH } from '../../../vending-server/web/client/text-french.ts';
import { SWAHILI } from '../../../vending-server/web/client/text-swahili.ts';

const test = suite('web: texts');

const placesIn = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

test('when a text is said in another language then it stands there and has the same places to fill in', () => {
  for (const [name, texts] of Object.entries({ FRENCH, SWAHILI })) {
    assert.equal(Object.keys(texts), Object.keys(ENGLISH), name);
    for (const key of Object.keys(ENGLISH) as TextKey[]) {
      assert.ok(texts[key].trim() !== '', `${name} ${key}`);
      assert.equal(placesIn(texts[key]), placesIn(ENGLISH[key]), `${name} ${key}`);
    }
  }
});

test.run();
