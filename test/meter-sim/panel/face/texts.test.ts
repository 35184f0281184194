import { suite } from 'uvu';
import * as scopeEnglish from '../../../../meter-sim/panel/face/scope/text-english.ts';
import * as scopeFrench from '../../../../meter-sim/panel/face/scope/text-french.ts';
import * as scopeSwahili from '../../../../meter-sim/panel/face/scope/text-swahili.ts';
import { ENGLISH } from '../../../../meter-sim/panel/face/text-english.ts';
import { FRENCH } from '../../../../meter-sim/panel/face/text-french.ts';
import { SWAHILI } from '../../../../meter-sim/panel/face/text-swahili.ts';
import { assertSameSpeech } from '../../../support/texts.ts';

const test = suite('meter-sim/panel/face/texts');

test('when a text of the meter’s face is said in another language then it stands there and has the same places to fill in', () => {
  assertSameSpeech(ENGLISH, { FRENCH, SWAHILI });
});

test('when a text of the oscilloscope is said in another language then it stands there and has the same places', () => {
  assertSameSpeech(scopeEnglish.ENGLISH, { FRENCH: scopeFrench.FRENCH, SWAHILI: scopeSwahili.SWAHILI });
});

test.run();
