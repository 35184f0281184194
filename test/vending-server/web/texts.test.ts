import { suite } from 'uvu';
import * as operationEnglish from '../../../vending-server/web/client/control/operation/text-english.ts';
import * as operationFrench from '../../../vending-server/web/client/control/operation/text-french.ts';
import * as operationSwahili from '../../../vending-server/web/client/control/operation/text-swahili.ts';
import * as controlEnglish from '../../../vending-server/web/client/control/text-english.ts';
import * as controlFrench from '../../../vending-server/web/client/control/text-french.ts';
import * as controlSwahili from '../../../vending-server/web/client/control/text-swahili.ts';
import * as engineeringEnglish from '../../../vending-server/web/client/control/works/engineering/text-english.ts';
import * as engineeringFrench from '../../../vending-server/web/client/control/works/engineering/text-french.ts';
import * as engineeringSwahili from '../../../vending-server/web/client/control/works/engineering/text-swahili.ts';
import * as keysEnglish from '../../../vending-server/web/client/control/works/keys/text-english.ts';
import * as keysFrench from '../../../vending-server/web/client/control/works/keys/text-french.ts';
import * as keysSwahili from '../../../vending-server/web/client/control/works/keys/text-swahili.ts';
import * as metersEnglish from '../../../vending-server/web/client/control/works/meters/text-english.ts';
import * as metersFrench from '../../../vending-server/web/client/control/works/meters/text-french.ts';
import * as metersSwahili from '../../../vending-server/web/client/control/works/meters/text-swahili.ts';
import * as tariffsEnglish from '../../../vending-server/web/client/control/works/tariffs/text-english.ts';
import * as tariffsFrench from '../../../vending-server/web/client/control/works/tariffs/text-french.ts';
import * as tariffsSwahili from '../../../vending-server/web/client/control/works/tariffs/text-swahili.ts';
import * as worksEnglish from '../../../vending-server/web/client/control/works/text-english.ts';
import * as worksFrench from '../../../vending-server/web/client/control/works/text-french.ts';
import * as worksSwahili from '../../../vending-server/web/client/control/works/text-swahili.ts';
import * as counterEnglish from '../../../vending-server/web/client/counter/text-english.ts';
import * as counterFrench from '../../../vending-server/web/client/counter/text-french.ts';
import * as counterSwahili from '../../../vending-server/web/client/counter/text-swahili.ts';
import * as customerEnglish from '../../../vending-server/web/client/customer/text-english.ts';
import * as customerFrench from '../../../vending-server/web/client/customer/text-french.ts';
import * as customerSwahili from '../../../vending-server/web/client/customer/text-swahili.ts';
import * as commonEnglish from '../../../vending-server/web/client/text-english.ts';
import * as commonFrench from '../../../vending-server/web/client/text-french.ts';
import * as commonSwahili from '../../../vending-server/web/client/text-swahili.ts';
import { assertSameSpeech } from '../../support/texts.ts';

type Texts = Readonly<Record<string, string>>;

const SPEECHES: Readonly<Record<string, { ENGLISH: Texts; FRENCH: Texts; SWAHILI: Texts }>> = {
  common: { ...commonEnglish, ...commonFrench, ...commonSwahili },
  control: { ...controlEnglish, ...controlFrench, ...controlSwahili },
  works: { ...worksEnglish, ...worksFrench, ...worksSwahili },
  meters: { ...metersEnglish, ...metersFrench, ...metersSwahili },
  keys: { ...keysEnglish, ...keysFrench, ...keysSwahili },
  tariffs: { ...tariffsEnglish, ...tariffsFrench, ...tariffsSwahili },
  engineering: { ...engineeringEnglish, ...engineeringFrench, ...engineeringSwahili },
  operation: { ...operationEnglish, ...operationFrench, ...operationSwahili },
  counter: { ...counterEnglish, ...counterFrench, ...counterSwahili },
  customer: { ...customerEnglish, ...customerFrench, ...customerSwahili },
};

const test = suite('web: texts');

for (const [page, { ENGLISH, ...others }] of Object.entries(SPEECHES)) {
  test(`when a text of ${page} is said in another language then it stands there and has the same places to fill in`, () => {
    assertSameSpeech(ENGLISH, others);
  });
}

test.run();
