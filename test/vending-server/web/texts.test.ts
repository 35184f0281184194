import { suite } from 'uvu';
import * as counterEnglish from '../../../vending-server/web/client/counter/text-english.ts';
import * as counterFrench from '../../../vending-server/web/client/counter/text-french.ts';
import * as counterSwahili from '../../../vending-server/web/client/counter/text-swahili.ts';
import * as commonEnglish from '../../../vending-server/web/client/text-english.ts';
import * as commonFrench from '../../../vending-server/web/client/text-french.ts';
import * as commonSwahili from '../../../vending-server/web/client/text-swahili.ts';
import { assertSameSpeech } from '../../support/texts.ts';

type Texts = Readonly<Record<string, string>>;

const SPEECHES: Readonly<Record<string, { ENGLISH: Texts; FRENCH: Texts; SWAHILI: Texts }>> = {
  common: { ...commonEnglish, ...commonFrench, ...commonSwahili },
  counter: { ...counterEnglish, ...counterFrench, ...counterSwahili },
};

const test = suite('web: texts');

for (const [page, { ENGLISH, ...others }] of Object.entries(SPEECHES)) {
  test(`when a text of ${page} is said in another language then it stands there and has the same places to fill in`, () => {
    assertSameSpeech(ENGLISH, others);
  });
}

test.run();
